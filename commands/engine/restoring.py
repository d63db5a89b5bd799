"""The states of a decider's shards as the log has them: from the rows of the snapshot, then the events behind it.

In: the log, acquired. Out: a store in which every aggregate is at the end of its events. Without a snapshot, or with one that
cannot be read, all events are folded; aggregates that closed leave memory on the way. Where many closed rows are missing, the
store is at the end of its events but for aggregates of which closed rows are needed: these follow while commands are decided.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice

import structlog

from commands.aggregates import AGGREGATES, event_topics
from commands.engine.closed_fetch import ClosedRowsFetch
from commands.engine.decider import Decider
from commands.engine.entries import Key, Positions
from commands.engine.errors import SnapshotUnusable
from commands.engine.garbage import never_search, no_search
from commands.engine.log_port import DeciderLog
from commands.engine.records import InputRecord, OutputRecord
from commands.engine.rows import DECIDED, MARKER, named_by
from commands.engine.snapshots import SnapshotWriter
from commands.engine.store import StateStore
from commands.snapshot import MAIN
from schemas.catalog import CLOSED_ROWS, LIVE_ROWS
from schemas.types import EventEnvelope
from schemas.wire import Codec, Decoded, Poison

#: Events that are folded between two writings of rows.
FOLDED_AT_ONCE = 2_000
#: Rows that are ended in one transaction.
ROWS_ENDED_AT_ONCE = 5_000
#: More records than any log of closed rows has.
NEVER_BEHIND = 2**63
#: What folding an event raises that does not fit the state.
DOES_NOT_FOLD = (AssertionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
log = structlog.get_logger()


@dataclass(slots=True)
class Pending:
    """An aggregate that cannot be made before its closed rows are here: its live rows, if any, and the events behind them."""

    live: Mapping[str, bytes] | None = None
    events: list[tuple[InputRecord, Decoded]] = field(default_factory=list)


class Restoring:
    """Brings one store to the end of the log. `snapshots_unusable`: how often its rows were of no use."""

    def __init__(
        self,
        store: StateStore,
        decider: Decider,
        writer: SnapshotWriter,
        codec: Codec,
        closed_rows_at_once_max: int = 20_000,
        closed_rows_portion: int = 2_000,
    ) -> None:
        """closed_rows_at_once_max: records that are fetched before commands are decided; where more are missing, they are fetched
        beside deciding, a portion at a time.
        """
        self._store = store
        self._decider = decider
        self._writer = writer
        self._codec = codec
        self._fetch = ClosedRowsFetch(store.closed, closed_rows_portion)
        self._at_once_max = closed_rows_at_once_max
        self._pending: dict[Key, Pending] = {}
        #: aggregates whose first event was folded before their closed rows, if they have any, were here
        self._begun: set[Key] = set()
        self.snapshots_unusable = 0
        self._distrusted: SnapshotUnusable | None = None

    def run(self, decider_log: DeciderLog, shards: frozenset[int], write: Callable[[], None]) -> int:
        """Number of events that were folded. write: commits the rows that are due, as far as a slice takes them."""
        self._writer.forget()
        self.forget(shards)
        distrusted, self._distrusted = self._distrusted, None
        try:
            if distrusted is not None:
                raise distrusted
            return self._from_rows(decider_log, shards, write)
        except (SnapshotUnusable, *DOES_NOT_FOLD) as problem:
            log.error("snapshot_unusable", exc_info=problem, remedy="every event is folded")
            self.snapshots_unusable += 1
        # If the events do not fold either, the fault is not in the rows.
        self.forget(shards)
        _end_all_rows(decider_log, shards)
        for (_, shard), end in decider_log.ends((CLOSED_ROWS,), shards).items():
            self._store.closed.of(shard).clear()
            self._store.closed.of(shard).reached(end)
        return self._fold(decider_log, shards, {}, write)

    def _from_rows(self, decider_log: DeciderLog, shards: frozenset[int], write: Callable[[], None]) -> int:
        rows = _live_rows(decider_log, shards)
        # Without a marker every event is folded, and what closed on the way can only leave memory when its rows may be looked up.
        has_rows = all((MARKER, str(shard)) in rows for shard in shards)
        self._fetch.begin(decider_log, shards, self._at_once_max if has_rows else NEVER_BEHIND)
        with no_search():
            positions = self._take_over(rows)
            never_search(self._store.hot_count())
        return self._fold(decider_log, shards, positions, write)

    @property
    def is_behind(self) -> bool:
        """True while closed rows are fetched behind the start: `go_on` is to be called, and no round of rows may begin."""
        return bool(self._store.closed.behind)

    def go_on(self, decider_log: DeciderLog) -> bool:
        """Fetch some of the closed rows that are missing; True when all are here and every state is at the end of its events.

        Raises SnapshotUnusable for rows that make no states.
        """
        behind = frozenset(self._store.closed.behind)
        if not self._fetch.go_on(decider_log, behind):
            return False
        for key, pending in self._pending.items():
            try:
                self._make(key, pending)
            except DOES_NOT_FOLD as problem:
                raise SnapshotUnusable(f"events do not fold onto the rows of {key[0]} {key[1]}: {problem}") from problem
        for key in self._begun:
            entry = self._store.find(key)
            if entry is not None and not self._store.closed.of(self._store.shard_of(key)).find(key):
                entry.closed_parts = False
        self._pending.clear()
        self._begun.clear()
        self._store.committed()
        return True

    def _make(self, key: Key, pending: Pending) -> None:
        if pending.live is not None:
            closed = self._store.closed.of(self._store.shard_of(key)).find(key)
            self._store.put(key, self._store.rows.entry(key, pending.live, closed))
        for record, decoded in pending.events:
            self._decider.replay(*record.place, decoded, record.timestamp)

    def forget(self, shards: Collection[int]) -> None:
        """These shards are restored again, or are another decider's."""
        self._fetch.stop()
        self._pending = {key: found for key, found in self._pending.items() if self._store.shard_of(key) not in shards}
        self._begun = {key for key in self._begun if self._store.shard_of(key) not in shards}
        self._store.forget(shards)

    def reset(self) -> None:
        """Nothing is known of any shard."""
        self._fetch.stop()
        self._pending.clear()
        self._begun.clear()
        self._store.reload()

    def distrust(self, problem: SnapshotUnusable) -> None:
        """A row was found unusable when its aggregate was asked for: the next run folds every event of its shards."""
        self._distrusted = problem

    def _take_over(self, rows: Mapping[Key, Mapping[str, bytes]]) -> Positions:
        """Every living aggregate as its rows have it; the positions from which events may be missing."""
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
            if has_closed and self._store.is_behind(key):
                self._pending[key] = Pending(found)
                continue
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
            decoded = self._codec.decode(record.value)
            if not self._waits(record, decoded):
                self._decider.replay(*record.place, decoded, record.timestamp)
            folded += 1
            if self._store.crowded or folded % FOLDED_AT_ONCE == 0:
                self._store.committed()
                write()
        self._store.writer_epoch += 1
        return folded

    def _waits(self, record: InputRecord, decoded: Decoded) -> bool:
        """True for an event that is folded when the closed rows of its aggregate are here."""
        envelope: EventEnvelope = decoded.envelope
        key = (decoded.entry.aggregate, envelope.aggregate_id)
        if not self._store.is_behind(key) or self._store.has(key):
            return False
        if envelope.sequence == 1 and key not in self._pending:
            # It begins here, even if all of it may be closed already: that is made of the events which follow.
            self._store.begin(key)
            self._begun.add(key)
            return False
        self._pending.setdefault(key, Pending()).events.append((record, decoded))
        self._store.writer_epoch = max(self._store.writer_epoch, envelope.writer_epoch)
        return True


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
    while some := list(islice(records, ROWS_ENDED_AT_ONCE)):
        ended = {(record.topic, record.partition, record.key or b"") for record in some if record.value is not None}
        decider_log.commit([OutputRecord(topic, key, None, partition=number) for topic, number, key in sorted(ended)], {})

