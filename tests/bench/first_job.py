"""`python -m tests.bench.first_job [--queues N] [--tasks N] [--rate N] [--kinds N] [--apart]`: to the first job, in memory.

Set-up: the real decider and the real reactions in one process, without broker, HTTP and database; 500 queues, the broker of
production, 50 shares with jobs in every queue. Each task is submitted, refined, ordered, brokered and made into a job, which
waits at its queue from then on. Each task has a user of its own; `--kinds` is how many different memory requests they have, in
turn (default 10). A decision is cited as the log's clock and the loads allow, or never with `--apart`. Printed: CPU milliseconds
a task, how many decisions were made, and what these would make tasks wait that come at `--rate` a second to one such process
(each begins when it has come and the one before is done). The log's part of the way, and orders that come while a decision is on
its way to it, are not in it: `tests.bench.submit_to_dispatchable`.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from schemas.queue import JobQueued
from schemas.task import BrokerageDecided, JobsOrdered, SubmitTask, TaskSubmitted
from streams.engine.messages import RecordRead
from streams.facts.snapshot import QueueFacts, Snapshot
from streams.jedi.reactions import Generation, refine_submitted
from tests.bench.brokerage import a_production_grid
from tests.commands.in_memory import START, Culm, a_culm
from tests.streams.builders import a_submission

TASKS_TOPIC, API = "culm.task.events.v1", "http://127.0.0.1:25080"
FIRST = 10_000_001


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.first_job", description=__doc__)
    parser.add_argument("--queues", type=int, default=500)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--kinds", type=int, default=10)
    parser.add_argument("--apart", action="store_true")
    given = parser.parse_args()
    run = Run(a_production_grid(given.queues), apart=given.apart)
    milliseconds = [
        run.task(FIRST + number, 1000 + number % given.kinds, int(number * 1e6 / given.rate)) for number in range(given.tasks)
    ]
    waits = waits_at(milliseconds, given.rate)
    what = f"{given.tasks} tasks of {given.kinds} kinds, {given.queues} queues, {run.decisions} decisions, in memory"
    print(f"{what}: {sum(milliseconds) / given.tasks:.1f} CPU ms a task")
    print(f"at {given.rate:g} tasks/s: p50 {at(waits, 0.5):.0f} ms, p99 {at(waits, 0.99):.0f} ms, max {at(waits, 1.0):.0f} ms")


@dataclass(slots=True)
class Run:
    """One process with what it knows. apart: what was decided for one task is forgotten before the next."""

    grid: Snapshot
    apart: bool = False
    culm: Culm = field(default_factory=a_culm)
    generation: Generation = field(default_factory=Generation)
    decisions: int = 0

    def task(self, task_id: int, ram_mb: int, micros: int) -> float:
        """CPU milliseconds from the submission, at `micros` since the start, to the first job in a queue."""
        culm, user = self.culm, f"user{task_id}"
        name = f"user.{user}.{task_id}/"
        culm.now = START + micros
        if self.apart:
            self.generation = Generation()
        parameters = json.dumps(a_submission(taskName=name, prodSourceLabel="managed", nEvents=1, ramCount=ram_mb))
        parameters = parameters.replace("user.jdoe.test2", name.rstrip("/"))
        command = SubmitTask(
            task_id=task_id, name=name, user_name=user, nickname=user, label="managed", priority=500, parameters_json=parameters
        )
        since = len(culm.events)
        began = time.process_time()
        culm.send(command, str(task_id), actor=user)
        for made in refine_submitted(self._records(since, TaskSubmitted), API, self.grid):
            culm.send(made.command, str(task_id), role="system")
        for made in self.generation.choose(self._records(since, JobsOrdered), self.grid):
            culm.send(made.command, str(task_id), role="system", command_id=made.envelope.command_id)
        decided = self._records(since, BrokerageDecided)
        list(self.generation.choose(decided, self.grid))
        spent = (time.process_time() - began) * 1e3
        self.decisions += len(decided)
        queued = [message.spec.queue for message, _ in culm.events[since:] if isinstance(message, JobQueued)]
        assert queued, (culm.answers[-3:], culm.names(since))
        self.grid = with_fields(self.grid, queues=with_waiting(self.grid.queues, queued))
        return spent

    def _records(self, since: int, kind: type) -> list[RecordRead]:
        new = enumerate(self.culm.events[since:], since)
        found = [(number, *one) for number, one in new if isinstance(one[0], kind)]
        now = self.culm.now
        return [RecordRead(message, envelope, TASKS_TOPIC, 0, number, logged_at=now) for number, message, envelope in found]


def with_waiting(queues: Mapping[str, QueueFacts], names: Sequence[str]) -> dict[str, QueueFacts]:
    """With one more job that waits at each of `names`."""
    return {**queues, **{name: with_fields(queues[name], waiting=queues[name].waiting + 1) for name in names}}


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
