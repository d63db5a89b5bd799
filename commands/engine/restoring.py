"""The states of a decider's shards as the log has them: from the rows of the snapshot, then the events behind it.

In: the log, acquired. Out: a store in which every aggregate is at the end of its events. Without a snapshot, or with one that
cannot be read, all events are folded; aggregates that closed leave memory on the way.
"""

from collections.abc import Callable, Mapping
from itertools import islice

import structlog

from commands.aggregates import AGGREGATES, event_topics
from commands.engine.closed_rows import ClosedRow
from commands.engine.decider import Decider
from commands.engine.entries import Key, Positions
from commands.engine.errors import SnapshotUnusable
from commands.engine.garbage import never_search, no_search
from commands.engine.log_port import DeciderLog
from commands.engine.records import OutputRecord
from commands.engine.rows import DECIDED, MARKER, named_by
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

    def __init__(self, store: StateStore, decider: Decider, writer: SnapshotWriter, codec: Codec) -> None:
        self._store = store
        self._decider = decider
        self._writer = writer
        self._codec = codec
        self.snapshots_unusable = 0
        self._distrusted: SnapshotUnusable | None = None

    def run(self, decider_log: DeciderLog, shards: frozenset[int], write: Callable[[], None]) -> int:
        """Number of events that were folded. write: commits the rows that are due, as far as a slice takes them."""
        self._writer.forget()
        self._store.forget(shards)
        distrusted, self._distrusted = self._distrusted, None
        try:
            if distrusted is not None:
                raise distrusted
            return self._from_rows(decider_log, shards, write)
        except (SnapshotUnusable, *DOES_NOT_FOLD) as problem:
            log.error("snapshot_unusable", exc_info=problem, remedy="every event is folded")
            self.snapshots_unusable += 1
        # If the events do not fold either, the fault is not in the rows.
        self._store.forget(shards)
        _end_all_rows(decider_log, shards)
        for (_, shard), end in decider_log.ends((CLOSED_ROWS,), shards).items():
            self._store.closed.of(shard).clear()
            self._store.closed.of(shard).reached(end)
        return self._fold(decider_log, shards, {}, write)

    def _from_rows(self, decider_log: DeciderLog, shards: frozenset[int], write: Callable[[], None]) -> int:
        self._fetch_closed_rows(decider_log, shards)
        positions = self._restore_live(decider_log, shards)
        return self._fold(decider_log, shards, positions, write)

    def distrust(self, problem: SnapshotUnusable) -> None:
        """A row was found unusable when its aggregate was asked for: the next run folds every event of its shards."""
        self._distrusted = problem

    def _fetch_closed_rows(self, decider_log: DeciderLog, shards: frozenset[int]) -> None:
        """Bring the copies on disk to the end of the log's closed rows."""
        ends = decider_log.ends((CLOSED_ROWS,), shards)
        known: Positions = {}
        for (topic, shard), end in ends.items():
            closed = self._store.closed.of(shard)
            if closed.position() > end:
                log.warning("closed_rows_of_another_log", shard=shard, remedy="they are fetched again")
                closed.clear()
            known[topic, shard] = closed.position()
        records = decider_log.read((CLOSED_ROWS,), known, shards)
        while some := list(islice(records, CLOSED_ROWS_AT_ONCE)):
            self._store.put_closed(_closed_row(record.key, record.value) for record in some)
        for (_, shard), end in ends.items():
            self._store.closed.of(shard).reached(end)

    def _restore_live(self, decider_log: DeciderLog, shards: frozenset[int]) -> Positions:
        """Every living aggregate as its rows have it; the positions from which events may be missing."""
        with no_search():
            positions = self._take_over(_live_rows(decider_log, shards))
            never_search(self._store.hot_count())
        return positions

    def _take_over(self, rows: Mapping[Key, Mapping[str, bytes]]) -> Positions:
        positions: Positions = {}
        for key, found in rows.items():
            if key[0] == MARKER:
                positions |= self._positions_of(found)
                continue
            if key[0] == DECIDED:
                self._restore_decided(key[1], found)
                continue
            if MAIN not in found:
                raise SnapshotUnusable(f"{key[0]} {key[1]} has parts and no main row")
            if len(found) == 1 and self._store.rows.may_stay_packed(found[MAIN]):
                self._store.put_packed(key, found[MAIN])
                continue
            has_closed = self._store.rows.names_closed_parts(found[MAIN])
            closed = self._store.closed.of(self._store.shard_of(key)).find(key) if has_closed else {}
            self._store.put(key, self._store.rows.entry(key, found, closed))
        return positions

    def _restore_decided(self, name: str, rows: Mapping[str, bytes]) -> None:
        shard, _, aggregate = name.partition(".")
        hours = AGGREGATES[aggregate].commands_remembered_hours if aggregate in AGGREGATES else 0
        if not hours:
            return
        decided = self._store.decided.of(int(shard), aggregate, hours)
        for page, value in rows.items():
            minutes, _, number = page.partition("-")
            try:
                decided.restore((int(minutes), int(number)), self._codec.decode(value).message)
            except (Poison, ValueError) as problem:
                raise SnapshotUnusable(f"row {page} of commands decided on {name} cannot be read: {problem}") from problem

    def _positions_of(self, rows: Mapping[str, bytes]) -> Positions:
        try:
            marker = self._codec.decode(rows[MAIN]).message
        except (Poison, LookupError) as problem:
            raise SnapshotUnusable(f"a marker cannot be read: {problem}") from problem
        self._store.writer_epoch = max(self._store.writer_epoch, marker.writer_epoch)
        return {(place.topic, place.partition): place.next_offset for place in marker.positions}

    def _fold(
        self, decider_log: DeciderLog, shards: frozenset[int], positions: Positions, write: Callable[[], None]
    ) -> int:
        folded = 0
        for record in decider_log.read(event_topics(), positions, shards):
            self._decider.replay(*record.place, self._codec.decode(record.value), record.timestamp)
            folded += 1
            if self._store.crowded or folded % FOLDED_AT_ONCE == 0:
                self._store.committed()
                write()
        self._store.writer_epoch += 1
        return folded


def _live_rows(decider_log: DeciderLog, shards: frozenset[int]) -> dict[Key, dict[str, bytes]]:
    """The rows of each living aggregate by name, the last of each."""
    rows: dict[Key, dict[str, bytes]] = {}
    for record in decider_log.read((LIVE_ROWS,), {}, shards):
        key, name = named_by(record.key)
        if record.value is not None:
            rows.setdefault(key, {})[name] = record.value
        elif key in rows:
            rows[key].pop(name, None)
            if not rows[key]:
                del rows[key]
    return rows


def _end_all_rows(decider_log: DeciderLog, shards: frozenset[int]) -> None:
    """End every row of the shards: none of them may count beside the states that are folded now."""
    records = decider_log.read((LIVE_ROWS, CLOSED_ROWS), {}, shards)
    while some := list(islice(records, CLOSED_ROWS_AT_ONCE)):
        ended = {(record.topic, record.partition, record.key or b"") for record in some if record.value is not None}
        decider_log.commit([OutputRecord(topic, key, None, partition=number) for topic, number, key in sorted(ended)], {})


def _closed_row(record_key: bytes | None, value: bytes | None) -> ClosedRow:
    key, name = named_by(record_key)
    return key, name, value
