"""`python -m tests.bench.growing_input [--files N] [--rate R]`: from the registration of a file to the child's job on its queue.

In memory: one task follows a dataset in which another task registers single files at a steady rate; the real decider and the
real choice of queues take turns on one core, records encoded as for the log. Time is that of arrivals, moved on by the CPU time
of each step: what waits behind it is counted, the ways over the broker are not. Writes `out/bench/growing_input.json`.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import structlog

from schemas.dataset import EndWriting, RegisterFiles
from schemas.queue import JobQueued
from schemas.task import GenerateJobs, JobsOrdered, RefineTask
from schemas.types import DatasetFile, SplitRules
from streams.facts.snapshot import Snapshot
from streams.jedi.generate import generate
from tests.commands.builders import TASK, a_definition, a_queue, a_submission, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.streams.builders import a_queue as a_known_queue

CHECKOUT = Path(__file__).parent.parent.parent
FILE = CHECKOUT / "out" / "bench" / "growing_input.json"
MADE, WRITER = "user.jdoe.made", 10_000_700
TENTHS = 10


def main(files: int, rate: float) -> int:
    """Exit code 0 after printing the figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    culm = _a_child()
    arrivals = [number / rate for number in range(files)]
    latencies, spent, now, arrived = [], [], 0.0, 0
    while arrived < files:
        now = max(now, arrivals[arrived])
        due = arrived
        while due < files and arrivals[due] <= now:
            due += 1
        began = time.process_time()
        for number in range(arrived, due):
            _register(culm, number)
        queued = _plan(culm)
        seconds = time.process_time() - began
        now += seconds
        assert queued == due - arrived, f"{due - arrived} files, {queued} jobs on the queue"
        latencies += [now - arrivals[number] for number in range(arrived, due)]
        spent += [seconds / (due - arrived)] * (due - arrived)
        arrived = due
    assert culm.send(EndWriting(task_id=WRITER), MADE, role="system").accepted
    assert the_task(culm).contents_complete
    assert len(the_task(culm).units) == files + 1
    found = _figures(latencies, spent, rate)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(found, indent=2))
    print("\n".join(f"{name}: {value}" for name, value in found.items()))
    return 0


def _a_child() -> Culm:
    culm = a_culm()
    a_queue(culm)
    _register(culm, 0, name="first")
    culm.send(a_submission(), str(TASK))
    definition = a_definition(
        rules=SplitRules(files_per_job=1), events_total=None, sequence_offset=None, parameters="", input_datasets=(MADE,)
    )
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    assert _plan(culm) == 1
    return culm


def _register(culm: Culm, number: int, name: str = "f") -> None:
    lfn = f"user.jdoe.made._{number:06d}.{name}.txt"
    file = DatasetFile(lfn=lfn, scope="user.jdoe", size_bytes=5, checksum="ad:00000001", endpoint="LOCAL_DISK")
    command = RegisterFiles(files=(file,), task_id=WRITER, until_task_ends=True)
    assert culm.send(command, MADE, role="system").accepted


def _plan(culm: Culm) -> int:
    """Every open order planned as the processor does it; how many jobs came to their queue."""
    facts = Snapshot({"LOCAL": a_known_queue("LOCAL")}, position="")
    at = 0
    while at < len(culm.events):
        message, _ = culm.events[at]
        if isinstance(message, JobsOrdered):
            planned = generate(message, "wlcg", facts, f"seed-{message.order}")
            assert isinstance(planned, GenerateJobs)
            answer = culm.send(planned, str(TASK), role="system")
            assert answer.accepted, answer
        at += 1
    queued = sum(isinstance(message, JobQueued) for message, _ in culm.events)
    culm.events.clear()
    culm.answers.clear()
    return queued


def _figures(latencies: list[float], spent: list[float], rate: float) -> dict[str, float]:
    ordered, tenth = sorted(latencies), max(1, len(spent) // TENTHS)
    first, last = sum(spent[:tenth]) / tenth, sum(spent[-tenth:]) / tenth
    return {
        "files": len(latencies),
        "files_per_second": rate,
        "p50_ms": round(1000 * ordered[len(ordered) // 2], 2),
        "p99_ms": round(1000 * ordered[int(0.99 * (len(ordered) - 1))], 2),
        "max_ms": round(1000 * ordered[-1], 2),
        "cpu_ms_a_file_first_tenth": round(1000 * first, 3),
        "cpu_ms_a_file_last_tenth": round(1000 * last, 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growing_input", description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=200.0)
    given = parser.parse_args()
    sys.exit(main(given.files, given.rate))
