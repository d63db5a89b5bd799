"""`python -m tests.bench.first_job [--queues N] [--tasks N] [--rate N]`: from submission to the first job in a queue, in memory.

Set-up: the real decider and the real reactions in one process, without broker, HTTP and database; 500 queues, the broker of
production, 50 shares with jobs in every queue. Each task is submitted, refined, ordered, brokered on its own and made into a job.
Printed: CPU milliseconds a task, and what these would make tasks wait that come at `--rate` a second to one such process (each
begins when it has come and the one before is done). The log's part of the way is not in it: `tests.bench.submit_to_dispatchable`.
"""

import argparse
import json
import time
from collections.abc import Sequence

from schemas.queue import JobQueued
from schemas.task import JobsOrdered, SubmitTask, TaskSubmitted
from streams.engine.messages import RecordRead
from streams.facts.snapshot import Snapshot
from streams.jedi.reactions import Generation, refine_submitted
from tests.bench.brokerage import a_production_grid
from tests.commands.in_memory import Culm, a_culm
from tests.streams.builders import a_submission

TASKS_TOPIC, API = "culm.task.events.v1", "http://127.0.0.1:25080"
FIRST = 10_000_001


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.first_job", description=__doc__)
    parser.add_argument("--queues", type=int, default=500)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100.0)
    given = parser.parse_args()
    grid = a_production_grid(given.queues)
    milliseconds = [cost_of_task(a_culm(), grid, FIRST + number) for number in range(given.tasks)]
    waits = waits_at(milliseconds, given.rate)
    print(f"{given.tasks} tasks, {given.queues} queues, in memory: {sum(milliseconds) / given.tasks:.1f} CPU ms a task")
    print(f"at {given.rate:g} tasks/s: p50 {at(waits, 0.5):.0f} ms, p99 {at(waits, 0.99):.0f} ms, max {at(waits, 1.0):.0f} ms")


def cost_of_task(culm: Culm, grid: Snapshot, task_id: int) -> float:
    """CPU milliseconds from the submission to the first job in a queue."""
    name = f"user.bench.{task_id}/"
    parameters = json.dumps(a_submission(taskName=name, prodSourceLabel="managed", nEvents=1))
    command = SubmitTask(
        task_id=task_id, name=name, user_name="b", nickname="b", label="managed", priority=500, parameters_json=parameters
    )
    generation = Generation()
    began = time.process_time()
    culm.send(command, str(task_id))
    for made in refine_submitted(_records(culm, TaskSubmitted), API, grid):
        culm.send(made.command, str(task_id), role="system")
    for made in generation.choose(_records(culm, JobsOrdered), grid):
        culm.send(made.command, str(task_id), role="system")
    spent = (time.process_time() - began) * 1e3
    assert any(isinstance(message, JobQueued) for message, _ in culm.events), culm.answers[-1]
    return spent


def _records(culm: Culm, kind: type) -> list[RecordRead]:
    found = [(number, *one) for number, one in enumerate(culm.events) if isinstance(one[0], kind)]
    return [RecordRead(message, envelope, TASKS_TOPIC, 0, number) for number, message, envelope in found]


def waits_at(milliseconds: Sequence[float], rate: float) -> list[float]:
    """From the arrival of each task to its first job, in milliseconds, in order of size; tasks come evenly."""
    done, found = 0.0, []
    for number, cost in enumerate(milliseconds):
        came = number * 1e3 / rate
        done = max(done, came) + cost
        found.append(done - came)
    return sorted(found)


def at(ordered: Sequence[float], part: float) -> float:
    """The value below which `part` of them lie."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


if __name__ == "__main__":
    main()
