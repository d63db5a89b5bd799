"""`python -m tests.bench.restart [--events N] [--live-jobs N] [--rows] [--old CHECKOUT]`: a decider from its start to its first
decision, behind a log of N events and with N live jobs, on servers of its own.

The log is generated (`restart_log.py`): jobs that finished, and jobs that wait in a queue. Measured: with nothing but events;
with the rows of a snapshot, in a process that starts after a release or on another node (no file of its own); resident memory
after each; the longest slice of rows. With `--rows` the rows are generated too, and no decider folds all events first. With
`--old` the decider of another checkout starts on the same log in the same run, as after a release of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from deploy.config import CHECKOUT, StackConfig
from deploy.stack import Stack
from eventlog.declarations import apply_declarations
from eventlog.registry import codec_from
from tests.bench.restart_log import GeneratedLog

#: Starts a decider of the checkout it runs in, prints what it measured as JSON, and stops it in order.
STARTER = """
import json, resource, sys, time
from pathlib import Path
from commands.config import DeciderConfig
from commands.engine.loop import DeciderLoop
from commands.engine.kafka_log import KafkaShardLog
from commands.engine.store import StateStore
from eventlog.watchdog import Watchdog
try:
    from eventlog.registry import codec_from
except ImportError:
    from schemas.registry import codec_from
kafka, registry, home, stop = sys.argv[1:5]
config = DeciderConfig(kafka, registry, Path(home))
codec = codec_from(registry)
try:
    from commands.engine.closed_rows import ClosedRows
    from commands.engine.rows import RowCodec
    store = StateStore(RowCodec(codec), ClosedRows(config.closed_rows_file))
except ImportError:
    from commands.aggregates import AGGREGATES
    store = StateStore(config.state_file, "release", {name: one.initial for name, one in AGGREGATES.items()})
try:
    from commands.engine.garbage import search_rarely
    search_rarely()
except ImportError:
    pass
watchdog = Watchdog()
loop = DeciderLoop(config, codec, store, lambda: KafkaShardLog(config, watchdog))
log = KafkaShardLog(config, watchdog)
began, cpu = time.perf_counter(), time.process_time()
loop.take_over(log)
found = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu, "in_memory": store.hot_count()}
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
            measure(stack, given, Path(folder))
        finally:
            stack.down()
    return 0


def measure(stack: Stack, given: argparse.Namespace, folder: Path) -> None:
    """Generate the log, start deciders on it, print a line for each."""
    kafka, registry = stack.config.kafka, stack.config.registry
    apply_declarations(kafka, registry)
    began = time.perf_counter()
    count = GeneratedLog(kafka, codec_from(registry)).fill(given.events, given.live_jobs, rows=given.rows)
    seconds = time.perf_counter() - began
    print(f"{count:,} events of {given.events // 5:,} ended and {given.live_jobs:,} waiting jobs, written in {seconds:.0f} s")
    print(f"{'start':<44}{'s':>8}{'CPU s':>8}{'in memory':>12}{'RSS MB':>9}")
    if given.old:
        line("old code, after a release: every event", started(given.old, kafka, registry, folder / "old", "plain"))
    if not given.rows:
        first = started(CHECKOUT, kafka, registry, folder / "first", "rows")
        line("new code, without a snapshot: every event", first)
        longest = f"{first['slice_ms_max']:.0f} ms, {first['slice_cpu_ms_max']:.0f} ms of CPU"
        print(f"rows written in {first['slices']:,} slices, the longest {longest}")
    line("new code, another node, with the rows", started(CHECKOUT, kafka, registry, folder / "second", "plain"))
    line("new code, the same node, after a release", started(CHECKOUT, kafka, registry, folder / "second", "plain"))
    print("load of the machine: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))


def line(title: str, found: dict[str, Any]) -> None:
    """A row of the table."""
    print(f"{title:<44}{found['seconds']:>8.1f}{found['cpu_seconds']:>8.1f}{found['in_memory']:>12,}{found['rss_mb']:>9.0f}")


def started(checkout: Path, kafka: str, registry: str, home: Path, stop: str) -> dict[str, Any]:
    """What a decider of `checkout` needed to own everything."""
    home.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(checkout), "CULM_KAFKA": kafka, "CULM_REGISTRY": registry}
    applier = "eventlog" if (checkout / "eventlog" / "__main__.py").exists() else "schemas"
    subprocess.run([sys.executable, "-m", applier, "apply"], cwd=checkout, env=environment, check=True, capture_output=True)
    command = [sys.executable, "-W", "ignore", "-c", STARTER, kafka, registry, str(home), stop]
    done = subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
