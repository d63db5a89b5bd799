"""`python -m tests.bench.restart [--events N] [--live-jobs N] [--rows] [--old CHECKOUT]`: a decider from its start to its first
decision, behind a log of N events and with N live jobs, on servers of its own.

The log is generated (`restart_log.py`): jobs that finished, and jobs that wait in a queue. Measured: with nothing but events;
with the rows of a snapshot, in a process that starts after a release or on another node (no file of its own); resident memory
after each; when all closed rows are there (fetched behind the start where many are missing); the longest slice of rows.
With `--rows` the rows are generated too, and no decider folds all events first. With
`--old` the decider of another checkout starts on the same log in the same run, as after a release of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.config import CHECKOUT, StackConfig
from deploy.stack import Stack
from eventlog.declarations import apply_declarations
from eventlog.registry import codec_from
from process.kafka_security import environment_of
from tests.bench.restart_log import GeneratedLog

FILE = CHECKOUT / "out" / "bench" / "restart.json"
#: Starts a decider of the checkout it runs in, prints what it measured as JSON, and stops it in order.
STARTER = """
import json, os, resource, sys, time
from pathlib import Path
from commands.config import DeciderConfig
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.kafka_log import KafkaDeciderLog
from commands.engine.loop import DeciderLoop
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from eventlog.registry import codec_from
from eventlog.watchdog import Watchdog
from process.collector import collect_rarely
kafka, registry, home, stop = sys.argv[1:5]
try:
    from process.servers import kafka_of
    from process.settings import Settings
    kafka = kafka_of(Settings(os.environ))
except ImportError:  # of an early release, which knows open brokers alone
    pass
config = DeciderConfig(kafka, registry, Path(home))
codec = codec_from(registry)
store = StateStore(RowCodec(codec), ClosedRowsOfShards(config.closed_rows_folder))
collect_rarely()
watchdog = Watchdog()
loop = DeciderLoop(config, codec, store, lambda: KafkaDeciderLog(config, watchdog))
log = KafkaDeciderLog(config, watchdog)
began, cpu = time.perf_counter(), time.process_time()
loop.join(log)
while not loop.shards:
    loop.step(log)
found = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu, "in_memory": store.hot_count()}
while getattr(loop, "is_behind", False):
    loop.step(log)
found |= {"whole_seconds": time.perf_counter() - began, "whole_cpu_seconds": time.process_time() - cpu}
slices, cpu_of_slices = [], []
if stop == "rows":
    loop._begin_round(log)
    while loop._writer.in_round:
        began, cpu = time.perf_counter(), time.thread_time()
        made = loop._writer.slice()
        slices.append(time.perf_counter() - began)
        cpu_of_slices.append(time.thread_time() - cpu)
        log.commit(made.records, {})
        store.committed()
        loop._writer.committed(made)
    found["slices"] = len(slices)
    found["slice_ms_max"] = max(slices) * 1000
    found["slice_cpu_ms_max"] = max(cpu_of_slices) * 1000
found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
log.release()
print(json.dumps(found))
"""


def main() -> int:
    """0 after the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.restart", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--live-jobs", type=int, default=100_000)
    parser.add_argument("--rows", action="store_true", help="write the rows with the events, instead of folding the events first")
    parser.add_argument("--old", type=Path, help="a checkout to compare with")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="culm-restart-") as folder:
        stack = Stack(StackConfig.from_environ(os.environ, home=Path(folder) / "stack"), os.environ)
        stack.up(only_servers=True, say=lambda line: print(line, file=sys.stderr))
        try:
            found = measure(stack, given, Path(folder))
        finally:
            stack.down()
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(kept | {"rows" if given.rows else "fold": found}, indent=1) + "\n", encoding="utf-8")
    return 0


def markdown(runs: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What was found, as tables."""
    for run in runs.values():
        yield f"{run['events']:,} events of {run['ended']:,} ended and {run['live']:,} waiting jobs, {run['measured_on']}:\n"
        yield "| start | s | CPU s | CPU us a live job | CPU s with all closed rows | load | aggregates in memory | resident MB |"
        yield "|---|---:|---:|---:|---:|---:|---:|---:|"
        for title, one in run["starts"].items():
            share = one["cpu_seconds"] * 1e6 / run["live"]
            whole = one.get("whole_cpu_seconds", one["cpu_seconds"])
            figures = f"{one['seconds']:.1f} | {one['cpu_seconds']:.1f} | {share:.0f} | {whole:.1f} | {one['load']}"
            yield f"| {title} | {figures} | {one['in_memory']:,} | {one['rss_mb']:.0f} |"
        yield ""
        for one in run["starts"].values():
            if "slices" in one:
                yield f"{one['slices']:,} slices of rows, the longest {one['slice_cpu_ms_max']:.0f} ms of CPU.\n"


def measure(stack: Stack, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Generate the log, start deciders on it, print a line for each; what was found."""
    kafka, registry = stack.config.kafka, stack.config.registry
    apply_declarations(kafka, registry)
    began = time.perf_counter()
    count = GeneratedLog(kafka, codec_from(registry)).fill(given.events, given.live_jobs, rows=given.rows)
    seconds = time.perf_counter() - began
    print(f"{count:,} events of {given.events // 5:,} ended and {given.live_jobs:,} waiting jobs, written in {seconds:.0f} s")
    print(f"{'start':<44}{'s':>8}{'CPU s':>8}{'whole s':>9}{'CPU s':>8}{'in memory':>12}{'RSS MB':>9}", flush=True)
    starts: dict[str, dict[str, Any]] = {}

    def line(title: str, checkout: Path, home: str, stop: str = "plain") -> None:
        found = starts[title] = started(checkout, kafka, registry, folder / home, stop) | {"load": round(os.getloadavg()[0], 1)}
        whole = f"{found['whole_seconds']:>9.1f}{found['whole_cpu_seconds']:>8.1f}"
        figures = f"{found['seconds']:>8.1f}{found['cpu_seconds']:>8.1f}{whole}{found['in_memory']:>12,}{found['rss_mb']:>9.0f}"
        print(f"{title:<44}{figures}", flush=True)

    if given.old:
        line("old code, after a release: every event", given.old, "old")
    if not given.rows:
        line("without a snapshot: every event", CHECKOUT, "first", "rows")
    line("another node, with the rows", CHECKOUT, "second")
    line("the same node, after a release", CHECKOUT, "second")
    for found in starts.values():
        if "slices" in found:
            longest = f"{found['slice_ms_max']:.0f} ms, {found['slice_cpu_ms_max']:.0f} ms of CPU"
            print(f"rows written in {found['slices']:,} slices, the longest {longest}")
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return {"measured_on": day, "events": count, "ended": given.events // 5, "live": given.live_jobs, "starts": starts}


def started(checkout: Path, kafka: str, registry: str, home: Path, stop: str) -> dict[str, Any]:
    """What a decider of `checkout` needed to own everything."""
    home.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(checkout), **environment_of(kafka), "CULM_REGISTRY": registry}
    applier = "eventlog" if (checkout / "eventlog" / "__main__.py").exists() else "schemas"
    subprocess.run([sys.executable, "-m", applier, "apply"], cwd=checkout, env=environment, check=True, capture_output=True)
    command = [sys.executable, "-W", "ignore", "-c", STARTER, kafka, registry, str(home), stop]
    done = subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
