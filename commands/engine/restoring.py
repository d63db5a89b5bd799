"""The states of a decider's partitions as the log has them: from the rows of the snapshot, then the events behind it.

In: the log, acquired. Out: a store in which every aggregate is at the end of its events. Without a snapshot, or with one that
cannot be read, all events are folded; aggregates that closed leave memory on the way.
"""

from collections.abc import Callable, Mapping
from itertools import islice

import structlog

from commands.aggregates import event_topics
from commands.engine.closed_rows import ClosedRow
from commands.engine.entries import Key, Positions
from commands.engine.errors import SnapshotUnusable
from commands.engine.garbage import never_search, no_search
from commands.engine.log_port import ShardLog
from commands.engine.records import OutputRecord
from commands.engine.rows import MARKER, named_by
from commands.engine.shard import Shard
from commands.engine.snapshots import SnapshotWriter
from commands.engine.store import StateStore
from commands.snapshot import MAIN
from schemas.catalog import CLOSED_ROWS, LIVE_ROWS
from schemas.wire import Codec, Poison

#: Events that are folded between two writings of rows.
FOLDED_AT_ONCE = 2_000
CLOSED_ROWS_AT_ONCE = 5_000
#: What folding an event raises that does not fit the state.
DOES_NOT_FOLD = (AssertionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
log = structlog.get_logger()


class Restoring:
    """Brings one store to the end of the log. `snapshots_unusable`: how often its rows were of no use."""

    def __init__(self, store: StateStore, shard: Shard, writer: SnapshotWriter, codec: Codec) -> None:
        self._store = store
        self._shard = shard
        self._writer = writer
        self._codec = codec
        self.snapshots_unusable = 0
        self._distrusted: SnapshotUnusable | None = None

    def run(self, shard_log: ShardLog, write: Callable[[], None]) -> int:
        """Number of events that were folded. write: commits the rows that are due, as far as a slice takes them."""
        self._forget()
        distrusted, self._distrusted = self._distrusted, None
        try:
            if distrusted is not None:
                raise distrusted
            self._fetch_closed_rows(shard_log)
            return self._fold(shard_log, self._restore_live(shard_log), write)
        except (SnapshotUnusable, *DOES_NOT_FOLD) as problem:
            log.error("snapshot_unusable", exc_info=problem, remedy="every event is folded")
            self.snapshots_unusable += 1
        # If the events do not fold either, the fault is not in the rows.
        self._forget()
        _end_all_rows(shard_log)
        self._store.closed.clear()
        self._store.closed.reached(shard_log.ends((CLOSED_ROWS,)))
        return self._fold(shard_log, {}, write)

    def distrust(self, problem: SnapshotUnusable) -> None:
        """A row was found unusable when its aggregate was asked for: the next run folds every event."""
        self._distrusted = problem

    def _forget(self) -> None:
        self._store.reload()
        self._writer.forget()

    def _fetch_closed_rows(self, shard_log: ShardLog) -> None:
        """Bring the copy on disk to the end of the log's closed rows."""
        closed = self._store.closed
        ends = shard_log.ends((CLOSED_ROWS,))
        known = {place: offset for place, offset in closed.positions().items() if place in ends}
        if any(offset > ends[place] for place, offset in known.items()):
            log.warning("closed_rows_of_another_log", remedy="they are fetched again")
            closed.clear()
            known = {}
        records = shard_log.read((CLOSED_ROWS,), known)
        while some := list(islice(records, CLOSED_ROWS_AT_ONCE)):
            closed.put([_closed_row(record.key, record.value) for record in some])
        closed.reached(ends)

    def _restore_live(self, shard_log: ShardLog) -> Positions:
        """Every living aggregate as its rows have it; the positions from which events may be missing."""
        with no_search():
            positions = self._take_over(_live_rows(shard_log))
            never_search(self._store.hot_count())
        return positions

    def _take_over(self, rows: Mapping[Key, Mapping[str, bytes]]) -> Positions:
        positions: Positions = {}
        for key, found in rows.items():
            if key[0] == MARKER:
                positions |= self._positions_of(found)
                continue
            if MAIN not in found:
                raise SnapshotUnusable(f"{key[0]} {key[1]} has parts and no main row")
            if len(found) == 1 and self._store.rows.may_stay_packed(found[MAIN]):
                self._store.put_packed(key, found[MAIN])
                continue
            closed = self._store.closed.find(key) if self._store.rows.names_closed_parts(found[MAIN]) else {}
            self._store.put(key, self._store.rows.entry(key, found, closed))
        return positions

    def _positions_of(self, rows: Mapping[str, bytes]) -> Positions:
        try:
            marker = self._codec.decode(rows[MAIN]).message
        except (Poison, LookupError) as problem:
            raise SnapshotUnusable(f"a marker cannot be read: {problem}") from problem
        self._store.writer_epoch = max(self._store.writer_epoch, marker.writer_epoch)
        return {(place.topic, place.partition): place.next_offset for place in marker.positions}

    def _fold(self, shard_log: ShardLog, positions: Positions, write: Callable[[], None]) -> int:
        folded = 0
        for record in shard_log.read(event_topics(), positions):
            self._shard.replay(record.topic, record.partition, record.offset, self._codec.decode(record.value))
            folded += 1
            if self._store.crowded or folded % FOLDED_AT_ONCE == 0:
                self._store.committed()
                write()
        self._store.writer_epoch += 1
        return folded


def _live_rows(shard_log: ShardLog) -> dict[Key, dict[str, bytes]]:
    """The rows of each living aggregate by name, the last of each."""
    rows: dict[Key, dict[str, bytes]] = {}
    for record in shard_log.read((LIVE_ROWS,), {}):
        key, name = named_by(record.key)
        if record.value is not None:
            rows.setdefault(key, {})[name] = record.value
        elif key in rows:
            rows[key].pop(name, None)
            if not rows[key]:
                del rows[key]
    return rows


def _end_all_rows(shard_log: ShardLog) -> None:
    """End every row that the log holds: none of them may count beside the states that are folded now."""
    records = shard_log.read((LIVE_ROWS, CLOSED_ROWS), {})
    while some := list(islice(records, CLOSED_ROWS_AT_ONCE)):
        ended = {(record.topic, record.partition, record.key or b"") for record in some if record.value is not None}
        shard_log.commit([OutputRecord(topic, key, None, partition=number) for topic, number, key in sorted(ended)], {})


def _closed_row(record_key: bytes | None, value: bytes | None) -> ClosedRow:
    key, name = named_by(record_key)
    return key, name, value
