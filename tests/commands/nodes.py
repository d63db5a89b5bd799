"""Deciders as nodes beside a log in memory: what they hold, write as rows and restore."""

from pathlib import Path
from typing import Any

from commands.aggregates import AGGREGATES, event_topics
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.decider import Decider
from commands.engine.entries import Key
from commands.engine.restoring import Restoring
from commands.engine.rows import RowCodec, named_by
from commands.engine.snapshots import BATCHES_BEFORE_EVICTION, SnapshotWriter
from commands.engine.store import StateStore
from schemas.catalog import LIVE_ROWS
from schemas.dataset import RegisterFiles
from schemas.types import DatasetFile, DatasetRole
from tests.commands.in_memory import Culm, a_codec, a_culm
from tests.sim.deciders import a_config
from tests.sim.faults import Faults
from tests.sim.memory_log import MemoryDeciderLog, MemoryLog

NAME = "user.jdoe.in"
SHARDS = frozenset({0})


class Node:
    """A decider's memory and disk, beside a log that holds the rows and the events of a system in memory."""

    def __init__(self, culm: Culm, folder: Path | None = None) -> None:
        self.culm = culm
        self.log = MemoryLog(1)
        self.owner = MemoryDeciderLog(self.log, a_config(), Faults())
        self.owner.join()
        self.owner.change()
        self.owner.start_reading()
        self.writer = SnapshotWriter(culm.store, culm.codec)
        culm.store.closed = ClosedRowsOfShards(folder)
        self._events = 0

    def write(self) -> int:
        """Commit a slice, after the events that are new; the number of its rows."""
        for message, envelope in self.culm.events[self._events :]:
            value = self.culm.codec.encode(message, envelope)
            name = self.culm.codec.name_of(value).split(".")[1]
            self.log.append(f"culm.{name}.events.v1", envelope.aggregate_id.encode(), value)
        self._events = len(self.culm.events)
        made = self.writer.slice()
        self.owner.commit(made.records, {})
        self.culm.store.committed()
        self.writer.committed(made)
        return len(made.records)

    def round(self) -> int:
        """A whole round; the number of slices it took."""
        self.write()
        self.writer.begin_round(self.owner.ends(event_topics(), SHARDS))
        slices = 0
        while self.writer.in_round:
            self.write()
            slices += 1
        return slices

    def rows_of(self, aggregate: str, aggregate_id: str) -> dict[str, bytes]:
        """The live rows of an aggregate by name, as the log has them."""
        rows = ((named_by(record.key), record.value) for record in self.owner.read((LIVE_ROWS,), {}, SHARDS))
        return {name: value for (key, name), value in rows if key == (aggregate, aggregate_id) and value is not None}

    def rest(self) -> None:
        """Batches pass in which nothing happens."""
        for _ in range(BATCHES_BEFORE_EVICTION + 2):
            self.culm.store.committed()

    def restored(self, folder: Path | None = None) -> tuple[StateStore, int]:
        """The states that another node finds in the log, and the number of events that it folded."""
        other = OtherNode(folder)
        return other.store, other.restore(self)


class OtherNode:
    """A node that restores the states of a log. `work`: of the slices that it wrote meanwhile."""

    def __init__(self, folder: Path | None = None) -> None:
        codec = a_codec()
        self.store = StateStore(RowCodec(codec), ClosedRowsOfShards(folder))
        self.writer = SnapshotWriter(self.store, codec)
        self.restoring = Restoring(self.store, Decider(self.store, codec), self.writer, codec)
        self.work: list[int] = []

    def restore(self, node: Node) -> int:
        """The number of events that it folded."""
        return self.restoring.run(node.owner, SHARDS, self.write)

    def write(self) -> None:
        """A slice, which does not reach the log."""
        made = self.writer.slice()
        self.work.append(made.work)
        self.store.committed()
        self.writer.committed(made)


def states(store: StateStore) -> dict[Key, tuple[Any, int, list[int]]]:
    """Every state in memory that has a history."""
    return {key: (entry.state, entry.sequence, list(entry.recent)) for key, entry in store.entries() if entry.sequence}


def a_dataset(files: int) -> Culm:
    """A dataset with files, of as many registrations."""
    culm = a_culm()
    for first in range(0, files, 100):
        some = tuple(a_file(number) for number in range(first, min(first + 100, files)))
        assert culm.send(RegisterFiles(files=some, role=DatasetRole.INPUT), NAME).accepted
    return culm


def a_file(number: int) -> DatasetFile:
    return DatasetFile(lfn=f"f{number:06}.root", scope="user.jdoe", size_bytes=1, checksum="ad:0", endpoint="DISK")


def a_dataset_state(culm: Culm) -> Any:
    """The dataset as its events make it."""
    evolve, state = AGGREGATES["dataset"].evolve, AGGREGATES["dataset"].initial()
    for message, envelope in culm.events:
        state = evolve(state, message, envelope)
    return state
