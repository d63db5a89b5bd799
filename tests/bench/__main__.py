"""`python -m tests.bench [a b c d e f g h i j k] [--seconds S] [--pilots N] [--live-jobs N]`: figures of the running local stack.

Prints a table and writes `out/bench/latest.json`. Parts: a whole life cycles a second and their cost; b latency at 100 and
200 jobs a second; c each part alone, replay, rebuild; d memory after that, and at each of `--finished` finished jobs; e idle
cost; f cold start with live jobs; g the monitor; h a life cycle with one and with two of each process; i verification
of tokens; j a full queue; k waits beside a task of very many names. On a stack that is idle otherwise; machines are noisy:
compare within one run.
"""

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from confluent_kafka import libversion
from rich.console import Console
from rich.table import Table

from deploy.config import CHECKOUT
from deploy.stack import Stack
from tests.bench import full_queue, instances, latency, life_cycles, pages, parts, tokens
from tests.bench.loading import fill
from tests.bench.report import full_queue as full_queue_lines
from tests.bench.yardstick import yardstick_ms
from tests.load.accounts import CpuAccounts, events_in_log

FILE = CHECKOUT / "out" / "bench" / "latest.json"
PARTS = "abcdefghijk"
RATES = (100.0, 200.0)
IDLE_SECONDS = 20.0


def main() -> int:
    """0 after the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help="which parts, in the order a to k")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement under load")
    parser.add_argument("--pilots", type=int, default=150, help="connections in the closed loop of part a")
    parser.add_argument("--finished", type=int, nargs="*", default=[], help="marks of part d, for example 100000 300000")
    parser.add_argument("--live-jobs", type=int, default=5_000, help="in the log at the cold start of part f")
    parser.add_argument("--waiting-jobs", type=int, default=100_000, help="on the full queue of part j")
    parser.add_argument("--names", type=int, default=200_000, help="of the large task of part k")
    given = parser.parse_args()
    found = measured(Stack.running(), given)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    # Parts that were not measured now keep what they last said.
    before = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() and set(given.parts) != set(PARTS) else {}
    found["measured_on"] = before.get("measured_on", {}) | dict.fromkeys(given.parts, datetime.now(UTC).date().isoformat())
    FILE.write_text(json.dumps({**before, **found}, indent=2), encoding="utf-8")
    show(found)
    return 0


def measured(stack: Stack, given: argparse.Namespace) -> dict[str, Any]:
    """Figures by name."""
    found: dict[str, Any] = {"set_up": set_up(stack, given)}
    if "a" in given.parts:
        cycles = life_cycles.measure(stack, given.seconds, given.pilots)
        found |= {"life_cycles_per_second": cycles.per_second, "life_cycles": asdict(cycles)}
    if "b" in given.parts:
        waits = [latency.measure(stack, rate, given.seconds) for rate in RATES]
        found |= {"latency": [asdict(one) for one in waits]}
        found["submit_to_dispatchable_p99_ms"] = waits[-1].submit_to_dispatchable_p99_ms
        found["get_job_p99_ms"] = waits[-1].get_job_p99_ms
    if "c" in given.parts:
        events = events_in_log(stack.config.kafka)
        found |= {"alone": asdict(parts.alone()), "replay_events_per_second": parts.replay(stack)}
        found |= {"rebuild_events_per_second": parts.rebuild(stack, events), "events_in_log": events}
    if "d" in given.parts:
        found["resident_mb"] = CpuAccounts(stack).resident_mb()
        found["resident_mb_by_finished_jobs"] = parts.memory(stack, given.finished, given.pilots)
    if "e" in given.parts:
        cost = parts.idle(stack, IDLE_SECONDS)
        found |= {"idle_percent_by_process": cost, "idle_cpu_percent": round(sum(cost.values()), 2)}
    if "g" in given.parts:
        found["pages"] = asdict(pages.measure(stack))
    if "h" in given.parts:
        found["with_instances"] = [asdict(one) for one in instances.measure(stack, given.seconds, given.pilots)]
    if "i" in given.parts:
        found |= {f"token_{name}_us": round(micros, 1) for name, micros in tokens.measure().items()}
    if "k" in given.parts:
        alone, beside = full_queue.beside_a_large_task(stack, given.names, RATES[0], given.seconds)
        found["beside_a_large_task"] = {"names": given.names, "alone": asdict(alone), "beside": asdict(beside)}
    if "j" in given.parts:
        found["full_queue"] = asdict(full_queue.measure(stack, given.waiting_jobs, given.seconds))
    if "f" in given.parts:
        live = fill(stack, given.live_jobs)
        found |= {"cold_start_seconds": parts.cold_start(stack), "cold_start_live_jobs": live}
    return found


def set_up(stack: Stack, given: argparse.Namespace) -> dict[str, Any]:
    """What was measured on."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "librdkafka": libversion()[0],
        "faust": version("faust-streaming"),
        "kafka_nodes": stack.config.brokers,
        "seconds": given.seconds,
        "pilots": given.pilots,
        "yardstick_ms": yardstick_ms(),
        "seed": "none: closed loop, arrival at a fixed rate",
    }


def show(found: dict[str, Any]) -> None:
    """The table."""
    console = Console()
    table = Table("figure", "value")
    for name, value in found.items():
        if isinstance(value, (int, float)):
            table.add_row(name, f"{value:,}")
    for one in found.get("latency", ()):
        text = f"{one['submit_to_dispatchable_p50_ms']} / {one['submit_to_dispatchable_p99_ms']}"
        at = f"at {one['jobs_per_second']:.0f}/s, p50/p99 ms"
        table.add_row(f"submit to dispatchable {at}", text)
        table.add_row(f"getJob {at}", f"{one['get_job_p50_ms']} / {one['get_job_p99_ms']}")
    for path, (middle, slow) in found.get("pages", {}).get("milliseconds", {}).items():
        table.add_row(f"page {path} over a million jobs, p50/p95 ms", f"{middle} / {slow}")
    if "pages" in found:
        text = f"{found['pages']['cores_without_pages']} / {found['pages']['cores_with_pages']}"
        table.add_row("cores of the API under load without / with 200 open pages", text)
    for one in found.get("with_instances", ()):
        text = ", ".join(f"{name} {cost}" for name, cost in one["costs"].items())
        table.add_row(f"{one['of_each']} of each: life cycles a second; CPU us a job", f"{one['per_second']}; {text}")
    for mark, sizes in found.get("resident_mb_by_finished_jobs", {}).items():
        text = ", ".join(f"{name} {size}" for name, size in sizes.items())
        table.add_row(f"resident MB after {int(mark):,} finished jobs", text)
    for name, value in found.get("alone", {}).items():
        table.add_row(name, f"{value:,.0f}")
    console.print(table)
    for line in full_queue_lines(found):
        console.print(line.strip())
    if "life_cycles" in found:
        costs = Table("process", "CPU us per finished job", "cores used", "resident MB", "idle %")
        for name, cost in found["life_cycles"]["costs"].items():
            beside = (found["life_cycles"]["cores"], found.get("resident_mb", {}), found.get("idle_percent_by_process", {}))
            costs.add_row(name, str(cost), *(str(one.get(name, "")) for one in beside))
        total = sum(found["life_cycles"]["costs"].values())
        costs.add_row("sum", str(total), str(round(sum(found["life_cycles"]["cores"].values()), 2)), "", "")
        console.print(costs)


if __name__ == "__main__":
    sys.exit(main())
