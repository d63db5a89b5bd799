"""`python -m tests.bench.restart [--events N] [--live-jobs N] [--old CHECKOUT]`: a decider from its start to its first
decision, behind a log of N events and with N live jobs, on servers of its own.

The log is generated: jobs that finished, five events each, and jobs that wait in a queue. Measured: with nothing but events; with
the rows of a snapshot, in a process that starts after a release or on another node (no file of its own); resident memory after
each; the longest slice of rows. With `--old` the decider of another checkout starts on the same log in the same run, as after a
release of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from confluent_kafka import Producer

from commands.job.guarded import guarded
from deploy.config import CHECKOUT, StackConfig
from deploy.stack import Stack
from eventlog.declarations import apply_declarations
from eventlog.registry import codec_from
from schemas.ids import FIRST_TASK_ID, JOBS_PER_TASK, caused_command_id, event_id
from schemas.job import JobDefined, JobFinished, JobSent, JobStarted
from schemas.partition import PARTITIONER
from schemas.queue import DispatchConfigured, JobQueued
from schemas.types import EventEnvelope, JobUsage, QueueSettings
from schemas.wire import Codec, entry_of
from tests.commands.test_queue_lines import a_spec

QUEUES = 100
AT = 1_800_000_000_000_000
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
    count = fill(kafka, codec_from(registry), given.events, given.live_jobs)
    seconds = time.perf_counter() - began
    print(f"{count:,} events of {given.events // 5:,} ended and {given.live_jobs:,} waiting jobs, written in {seconds:.0f} s")
    print(f"{'start':<44}{'s':>8}{'CPU s':>8}{'in memory':>12}{'RSS MB':>9}")
    if given.old:
        line("old code, after a release: every event", started(given.old, kafka, registry, folder / "old", "plain"))
    first = started(CHECKOUT, kafka, registry, folder / "first", "rows")
    line("new code, without a snapshot: every event", first)
    line("new code, another node, with the rows", started(CHECKOUT, kafka, registry, folder / "second", "plain"))
    line("new code, the same node, after a release", started(CHECKOUT, kafka, registry, folder / "first", "plain"))
    longest = f"{first['slice_ms_max']:.0f} ms, {first['slice_cpu_ms_max']:.0f} ms of CPU"
    print(f"rows written in {first['slices']:,} slices, the longest {longest}")


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


def fill(kafka: str, codec: Codec, events: int, live_jobs: int) -> int:
    """Number of events that were written."""
    producer = Producer({"bootstrap.servers": kafka, "partitioner": PARTITIONER, "compression.type": "lz4", "linger.ms": 20})
    count = 0
    for message, envelope in chain(configured(), history(events // 5, live_jobs)):
        count += put(producer, codec, message, envelope)
    assert producer.flush(300) == 0
    return count


def put(producer: Producer, codec: Codec, message: Any, envelope: EventEnvelope) -> int:
    """One event."""
    while True:
        try:
            producer.produce(entry_of(message).topic, codec.encode(message, envelope), envelope.aggregate_id)
            return 1
        except BufferError:
            producer.poll(0.05)


def configured() -> Iterator[tuple[Any, EventEnvelope]]:
    """The queues."""
    for number in range(QUEUES):
        settings = QueueSettings(name=f"Q{number}", site="LOCAL", lease_seconds=60)
        yield DispatchConfigured(settings=settings), an_envelope(f"Q{number}", 1, number)


def history(ended: int, live: int) -> Iterator[tuple[Any, EventEnvelope]]:
    """Jobs that finished, and jobs that wait."""
    placed = [1] * QUEUES
    for number in range(ended + live):
        job_id = FIRST_TASK_ID * JOBS_PER_TASK + number + 1
        queue = number % QUEUES
        spec = a_spec(job_id, task_id=FIRST_TASK_ID, owner=f"user{number % 1000}")
        spec = replace(spec, queue=f"Q{queue}", parameters="-x 1 " * 60)
        events: list[Any] = [JobDefined(spec=guarded(spec))]
        if number < ended:
            sent = JobSent(lease_id=str(UUID(int=number)), queue=spec.queue, pilot="p", node="n")
            events += [sent, JobStarted(node="n", batch_id="1", pilot_id="p", started_at=AT), JobFinished(usage=JobUsage())]
        for sequence, event in enumerate(events, start=1):
            yield event, an_envelope(str(job_id), sequence, number)
        if number >= ended:
            placed[queue] += 1
            waiting = JobQueued(spec=spec, waiting=placed[queue], leased=0)
            yield waiting, an_envelope(spec.queue, placed[queue], number)


def an_envelope(aggregate_id: str, sequence: int, number: int) -> EventEnvelope:
    """An envelope of a decision of its own."""
    command = caused_command_id("restart", aggregate_id, sequence)
    return EventEnvelope(
        event_id=event_id(command, 0),
        aggregate_id=aggregate_id,
        sequence=sequence,
        decision_index=0,
        decision_size=1,
        command_id=command,
        correlation_id=command,
        occurred_at=AT + number,
        actor="jdoe",
        vo="wlcg",
        writer_epoch=1,
    )


if __name__ == "__main__":
    sys.exit(main())
