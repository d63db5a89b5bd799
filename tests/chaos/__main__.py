"""`python -m tests.chaos [--rate R] [--away S] [--only WORD ...] [--seed N] [--burst S]`: a campaign on the running stack.

Prints a table and writes `out/chaos/latest.md` and `.json`. Ends with 0 when work went on after every fault, everything came to
its end and the checker found nothing.
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from deploy.config import CHECKOUT
from deploy.stack import Stack
from tests.chaos.campaign import Report, run
from tests.chaos.faults import faults

FOLDER = CHECKOUT / "out" / "chaos"


def main() -> int:
    """0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rate", type=float, default=100.0, help="jobs a second")
    parser.add_argument("--away", type=float, default=300.0, help="seconds for which a server stays away")
    parser.add_argument("--burst", type=float, default=10.0, help="seconds of ten times the load")
    parser.add_argument("--seed", type=int, default=1, help="order of the faults")
    parser.add_argument("--only", nargs="*", default=[], help="faults whose name contains one of these words")
    given = parser.parse_args()
    stack = Stack.running()
    chosen = [fault for fault in faults(stack, given.away) if not given.only or any(word in fault.name for word in given.only)]
    report = run(stack, chosen, given.rate, seed=given.seed, burst_seconds=given.burst)
    setup = f"{datetime.now(UTC):%Y-%m-%d}, {stack.config.brokers} Kafka node(s), {given.rate:g} jobs/s, seed {given.seed}"
    setup += f", Python {platform.python_version()}"
    text = "\n".join(table(report, setup))
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = f"brokers-{stack.config.brokers}"
    (FOLDER / f"{name}.md").write_text(text + "\n", encoding="utf-8")
    (FOLDER / f"{name}.json").write_text(json.dumps({"setup": setup, **asdict(report)}, indent=2), encoding="utf-8")
    print(text)
    return 0 if holds(report) else 1


def holds(report: Report) -> bool:
    """True when nothing was lost, broken or left."""
    return not report.violations and not report.left_over and all(one.went_on for one in report.outcomes)


def table(report: Report, setup: str) -> Sequence[str]:
    """Lines of Markdown."""
    rows = [
        f"| {one.fault} | {one.seconds} | {one.stalled_seconds} | {'yes' if one.went_on else 'NO'} |" for one in report.outcomes
    ]
    left = ", ".join(report.left_over) or "nothing"
    broken = "; ".join(report.violations) or "no violation"
    return [
        f"{setup}. {report.jobs_finished} jobs finished, {report.trouble} calls had to be made again.",
        "",
        "| fault | lasted s | longest time without a finished job, s | went on |",
        "|---|---:|---:|---|",
        *rows,
        "",
        f"Everything ended {report.drain_seconds} s after the last task was submitted. Left over: {left}.",
        f"The checker looked at {report.checked} things and found {broken}.",
    ]


if __name__ == "__main__":
    sys.exit(main())
