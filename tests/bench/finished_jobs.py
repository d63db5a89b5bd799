"""`python -m tests.bench.finished_jobs [--jobs N] [--tasks]`: memory of a decider while N jobs are defined, run and finished.

The decider's own code in memory, on the events of `restart_log.py`, or with `--tasks` on those of tasks of 100 jobs that register
an output and a log each; with its rows written as beside batches and its closed rows in a file. Flat columns are the claim.
"""

import argparse
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.decider import Decider
from commands.engine.rows import RowCodec
from commands.engine.snapshots import SnapshotWriter
from commands.engine.store import StateStore
from process.collector import collect_rarely
from schemas.types import EventEnvelope
from schemas.wire import Decoded, entry_of
from tests.bench.finished_tasks import history_of_tasks
from tests.bench.restart_log import history
from tests.commands.in_memory import a_codec

EVENTS_OF_A_BATCH = 200
MARKS = 10


def main() -> int:
    """0 after the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.finished_jobs", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--tasks", action="store_true", help="with the tasks and datasets of the jobs")
    given = parser.parse_args()
    collect_rarely()
    events = history_of_tasks(given.jobs) if given.tasks else history(given.jobs, 0)
    with tempfile.TemporaryDirectory(prefix="culm-finished-") as folder:
        measure(given.jobs, events, Path(folder))
    return 0


def measure(jobs: int, events: Iterator[tuple[Any, EventEnvelope]], folder: Path) -> None:
    """Print a line for each tenth."""
    codec = a_codec()
    store = StateStore(RowCodec(codec), ClosedRowsOfShards(folder))
    decider, writer = Decider(store, codec), SnapshotWriter(store, codec)
    print(f"{'finished jobs':>14}{'in memory':>12}{'peak RSS MB':>14}{'closed rows MB':>16}", flush=True)
    finished = 0
    for number, (message, envelope) in enumerate(events, start=1):
        decider.replay("", 0, number, Decoded(entry_of(message), message, envelope), envelope.occurred_at)
        finished += type(message).__name__ == "JobFinished"
        if number % EVENTS_OF_A_BATCH == 0:
            write(store, writer)
        if type(message).__name__ == "JobFinished" and finished % (jobs // MARKS) == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            size = sum(part.stat().st_size for part in folder.iterdir()) / 1e6
            print(f"{finished:>14,}{store.hot_count():>12,}{peak:>14.0f}{size:>16.0f}", flush=True)


def write(store: StateStore, writer: SnapshotWriter) -> None:
    """A batch is committed, with the rows that are due."""
    made = writer.slice()
    store.committed()
    writer.committed(made)


if __name__ == "__main__":
    sys.exit(main())
