"""What a life costs the decider, in memory: records, bytes and CPU time of lease, running and end, with what makes the job.

`python -m tests.bench.life_records [--old CHECKOUT] [--jobs 300] [--rounds 3] [--together 10]`. Leases of `--together` jobs end
at once, as the processors gather them. With `--old`, both checkouts take turns in processes of their own, because other programs
on the machine change the times.
"""

import argparse
import logging
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import structlog

from commands.engine.records import InputRecord, OutputRecord
from commands.engine.shard import Shard
from schemas import queue
from schemas.types import ReportedState
from tests.commands.builders import QUEUE, a_definition, a_running_task, end, lease, report
from tests.commands.in_memory import Culm

HERE = Path(__file__).resolve().parent.parent.parent


def end_leases(culm: Culm, jobs: list[int]) -> None:
    """What processors say of jobs that ended together; an older checkout has no such command."""
    if hasattr(queue, "EndLeases"):
        culm.send(queue.EndLeases(job_ids=tuple(jobs)), QUEUE, role="system")
    jobs.clear()


def measured(jobs: int, together: int) -> str:
    """One line: microseconds of CPU, records and bytes a life, and records by topic."""
    decide, seconds, records = Shard.handle, 0.0, Counter[str]()
    size = 0

    def counted(shard: Shard, record: InputRecord) -> list[OutputRecord]:
        nonlocal seconds, size
        began = time.process_time()
        made = decide(shard, record)
        seconds += time.process_time() - began
        # A command is counted when it is read.
        outputs = [one for one in made if ".commands." not in one.topic]
        records[record.topic] += 1
        records.update(one.topic for one in outputs)
        size += len(record.key or b"") + len(record.value or b"") + sum(len(one.key) + len(one.value or b"") for one in outputs)
        return made

    with patch.object(Shard, "handle", counted):
        culm = a_running_task(a_definition(events_total=jobs))
        ended: list[int] = []
        while (job_id := lease(culm)) is not None:
            report(culm, job_id, ReportedState.RUNNING)
            end(culm, job_id)
            ended.append(job_id)
            if len(ended) >= together:
                end_leases(culm, ended)
    topics = ", ".join(f"{topic.removeprefix('culm.')} {count / jobs:.2f}" for topic, count in sorted(records.items()))
    return f"{seconds / jobs * 1e6:.0f} us, {sum(records.values()) / jobs:.2f} records, {size / jobs:.0f} bytes a life ({topics})"


def main() -> int:
    """Print a line for each round and checkout."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.life_records", description=__doc__)
    parser.add_argument("--old", type=Path, help="another checkout that takes turns with this one")
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--together", type=int, default=10)
    given = parser.parse_args()
    if given.old is None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        measured(50, given.together)
        for _ in range(given.rounds):
            print(measured(given.jobs, given.together), flush=True)
        return 0
    for _ in range(given.rounds):
        for name, checkout in (("old", given.old), ("new", HERE)):
            # The script of this checkout with the code of the other: the module search path decides.
            run = [sys.executable, str(Path(__file__).resolve()), "--jobs", str(given.jobs), "--rounds", "1"]
            run += ["--together", str(given.together)]
            path = {"PYTHONPATH": str(checkout)}
            done = subprocess.run(run, cwd=checkout, env=path, capture_output=True, text=True, check=True)
            print(f"{name}: {done.stdout.strip()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
