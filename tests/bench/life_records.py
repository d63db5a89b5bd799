"""What a life costs the decider, in memory: records, bytes and CPU time of lease, running and end, with what makes the job.

`python -m tests.bench.life_records [--old CHECKOUT] [--jobs 300] [--rounds 10] [--together 10]` prints a line for each round and
writes `out/bench/life_records.json`. Leases of `--together` jobs end at once, as the processors gather them. With `--old`, both
checkouts take turns in processes of their own, which look for garbage as rarely as a decider of their code does. Other programs
on the machine change the times, so the least of what a checkout was measured counts, beside the yardstick: what a fixed loop cost
meanwhile.
"""

import argparse
import json
import logging
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog

from schemas import queue
from schemas.types import ReportedState
from tests.commands.builders import QUEUE, a_definition, a_running_task, end, lease, report
from tests.commands.in_memory import Culm, a_culm

HERE = Path(__file__).resolve().parent.parent.parent
TIMES_A_ROUND = 5
TITLES = {"cpu_us": "CPU of the decider, us", "records": "records", "bytes": "bytes", "yardstick_ms": "yardstick, ms"}
FILE = HERE / "out" / "bench" / "life_records.json"


def end_leases(culm: Culm, jobs: list[int]) -> None:
    """What processors say of jobs that ended together; an older checkout has no such command."""
    if hasattr(queue, "EndLeases"):
        culm.send(queue.EndLeases(job_ids=tuple(jobs)), QUEUE, role="system")
    jobs.clear()


def measured(jobs: int, together: int) -> dict[str, Any]:
    """Of one life: microseconds of CPU, records, bytes, and records by topic."""
    # Found by what it is for: the module and the class have other names in older checkouts.
    found: Any = a_culm()
    deciding = type(found.decider if hasattr(found, "decider") else found.slot)
    decide, seconds, records = deciding.handle, 0.0, Counter[str]()
    size = 0

    def counted(shard: Any, record: Any) -> Any:
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

    with patch.object(deciding, "handle", counted):
        culm = a_running_task(a_definition(events_total=jobs))
        ended: list[int] = []
        while (job_id := lease(culm)) is not None:
            report(culm, job_id, ReportedState.RUNNING)
            end(culm, job_id)
            ended.append(job_id)
            if len(ended) >= together:
                end_leases(culm, ended)
    return {
        "cpu_us": round(seconds / jobs * 1e6),
        "records": round(sum(records.values()) / jobs, 2),
        "bytes": round(size / jobs),
        "topics": {topic.removeprefix("culm."): round(count / jobs, 2) for topic, count in sorted(records.items())},
    }


def of_checkout(path: Path, jobs: int, together: int) -> dict[str, Any]:
    """The figures of the code in a checkout, from a process of its own."""
    # The script of this checkout with the code of the other: the module search path decides.
    run = [sys.executable, str(Path(__file__).resolve()), "--alone", "--jobs", str(jobs), "--together", str(together)]
    done = subprocess.run(run, cwd=path, env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def table(columns: list[dict[str, Any]]) -> Iterator[str]:
    """Markdown of the least of each checkout."""
    yield "| of one life | " + " | ".join(column["code"] for column in columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for name, title in TITLES.items():
        yield f"| {title} | " + " | ".join(f"{column[name]:,}" for column in columns) + " |"


def main() -> int:
    """Print a line for each round and checkout."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.life_records", description=__doc__)
    parser.add_argument("--old", type=Path, help="another checkout that takes turns with this one")
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--together", type=int, default=10)
    parser.add_argument("--alone", action="store_true", help="one round of this code, as JSON")
    given = parser.parse_args()
    if given.alone:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        if find_spec("process.collector"):
            import_module("process.collector").collect_rarely()
        measured(50, given.together)
        rounds = [measured(given.jobs, given.together) for _ in range(TIMES_A_ROUND)]
        print(json.dumps(min(rounds, key=lambda one: float(one["cpu_us"]))))
        return 0
    from tests.bench.yardstick import yardstick_ms  # not at the top: the code of an older checkout has none

    checkouts = {"before": given.old.resolve(), "now": HERE} if given.old else {"now": HERE}
    least: dict[str, dict[str, Any]] = {}
    for _ in range(given.rounds):
        for code, checkout in checkouts.items():
            found = {"code": code, **of_checkout(checkout, given.jobs, given.together), "yardstick_ms": yardstick_ms()}
            print(f"{code}: {json.dumps(found)}", flush=True)
            least[code] = min(found, least.get(code, found), key=lambda one: float(one["cpu_us"]))
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(list(least.values()), indent=2), encoding="utf-8")
    print("\n".join(table(list(least.values()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
