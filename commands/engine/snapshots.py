"""States as rows in the log: written a slice at a time beside ordinary batches, so that any node restores them after any release.

In: what `StateStore` says is due. Out: rows for the transaction of the next batch, and at the end of a round a marker. A round
begins with the ends of the event topics, writes all that was due then, and ends with a marker of those positions: what stands
before the marker holds every event before them. Rows may hold newer events; their sequence tells, so folding from the marker's
positions repeats nothing. An aggregate's rows are committed together; those of much work are encoded ahead, some in each slice,
and one that changes meanwhile is encoded again. An aggregate that closed and rests moves to the closed rows, some parts at a time
if it is large. Guards: the work of a slice is bounded, for any history and any event; nothing counts as written, or encoded,
before its transaction is committed.
"""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import structlog

from commands.aggregates import AGGREGATES
from commands.engine.closed_rows import ClosedRow
from commands.engine.decided import CommandMemory, PageKey
from commands.engine.entries import EncodedParts, Entry, Key, Positions
from commands.engine.garbage import never_search
from commands.engine.records import OutputRecord
from commands.engine.rows import DECIDED, MARKER, key_of
from commands.engine.store import WORK_DUE_MAX, StateStore
from commands.snapshot import MAIN, Row
from schemas.catalog import LIVE_ROWS
from schemas.snapshot import SnapshotMarker
from schemas.types import PartitionPosition, SnapshotEnvelope
from schemas.wire import RECORD_BYTES_MAX, Codec

#: When a slice is full. Work is in rows of a few fields, 25 us each.
SLICE_WORK_MAX = 300
#: Work of a slice at most, with the rows of the aggregate that filled it; an aggregate that would be more is encoded ahead.
WORK_AT_ONCE_MAX = SLICE_WORK_MAX + WORK_DUE_MAX
#: A page of decided commands.
PAGE_WORK = 10
SLICE_BYTES_MAX = 1_000_000
#: Batches for which a closed aggregate stays in memory: late words about it come soon.
BATCHES_BEFORE_EVICTION = 100
#: Parts of this much work are worth one such rest: to read them again costs 25 us for each batch of rest, at most.
REST_WORK = 100
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Written:
    """What holds of an aggregate once its rows are committed. begun, ended: parts that stand among the live rows from then on,
    or no longer.
    """

    key: Key
    entry: Entry
    closed_parts: bool
    begun: Collection[str]
    ended: Collection[str]


@dataclass(slots=True)
class Slice:
    """Rows that were made for a transaction, and what is true once it is committed."""

    records: list[OutputRecord] = field(default_factory=list)
    closed: list[ClosedRow] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    evicted: list[Key] = field(default_factory=list)
    #: rows of parts, None for one that is no more, of aggregates that later slices write
    ahead: dict[Key, EncodedParts] = field(default_factory=dict)
    #: pages of decided commands, and the sets in which they stood for being written
    pages: list[tuple[set[PageKey], PageKey]] = field(default_factory=list)
    ends_round: bool = False
    work: int = 0
    bytes: int = 0

    def add(self, records: list[OutputRecord], work: int) -> None:
        """The rows of one aggregate."""
        self.records += records
        self.work += work
        self.bytes += sum(record.size for record in records)

    def has(self, key: Key) -> bool:
        """True when rows of a living aggregate are in it, or were encoded for a later one."""
        return key in self.ahead or any(one.key == key for one in self.written)

    @property
    def is_full(self) -> bool:
        """True when nothing more should be added."""
        return self.work >= SLICE_WORK_MAX or self.bytes >= SLICE_BYTES_MAX


class SnapshotWriter:
    """Writes rows of one store."""

    def __init__(self, store: StateStore, codec: Codec) -> None:
        self._store = store
        self._codec = codec
        self._round: deque[Key] | None = None
        self._pages: deque[tuple[int, str, CommandMemory, PageKey]] | None = None
        self._positions: Positions = {}
        self._incomplete = False

    @property
    def in_round(self) -> bool:
        """True from the beginning of a round until its marker is committed."""
        return self._round is not None

    def begin_round(self, positions: Positions) -> None:
        """Write everything that is due now; positions: the ends of the event topics, and of the closed rows."""
        self._round = deque(self._store.due)
        self._pages = None
        self._positions = positions
        self._incomplete = False

    def forget(self) -> None:
        """The states were thrown away, and a round with them."""
        self._round = self._pages = None

    def slice(self) -> Slice:
        """The next rows to write, perhaps none."""
        made = Slice()
        for key in list(self._store.crowded):
            if not made.is_full:
                self._write(made, key)
        while self._round and not made.is_full and self._write(made, self._round[0]):
            self._round.popleft()
        self._move_resting(made)
        if self._round is not None and not self._round and not made.is_full:
            self._write_pages(made)
            if not self._pages and not made.is_full:
                self._end_round(made)
        return made

    def committed(self, made: Slice) -> None:
        """The slice is in the log."""
        for one in made.written:
            there = one.entry.live_rows = set() if one.entry.live_rows is None else one.entry.live_rows
            there.update(one.begun)
            there.difference_update(one.ended)
            one.entry.closed_parts = one.closed_parts
            self._store.written(one.key)
        for key, parts in made.ahead.items():
            self._store.encoded.setdefault(key, {}).update(parts)
        for key in made.evicted:
            self._store.evict(key)
        if made.closed:
            self._store.put_closed(made.closed)
        for waiting, page in made.pages:
            waiting.discard(page)
        if made.ends_round:
            self._round = None
            never_search(self._store.hot_count())

    def not_written(self, made: Slice) -> None:
        """The slice is not in the log; its aggregates are still due."""
        if self._round is not None:
            self._round.extendleft(reversed([one.key for one in made.written]))
        # Pages are still changed: they are found again when the rest of the round is written.
        self._pages = None
        self._store.resting.extendleft((key, entry.batch) for key in made.evicted if (entry := self._store.find(key)))

    def _write_pages(self, made: Slice) -> None:
        """Rows of decided commands: after those of aggregates, so that what these hold is there whole."""
        if self._pages is None:
            self._pages = deque(
                (shard, aggregate, decided, page)
                for shard, aggregate, decided in self._store.decided.all()
                for page in sorted(decided.changed | decided.dropped)
            )
        while self._pages and not made.is_full:
            shard, aggregate, decided, page = self._pages.popleft()
            row = decided.row(page)
            value = None if row is None else self._codec.encode(row, SnapshotEnvelope(sequence=0))
            key = key_of((DECIDED, f"{shard}.{aggregate}"), f"{page[0]}-{page[1]}")
            made.add([OutputRecord(LIVE_ROWS, key, value, partition=shard)], PAGE_WORK)
            made.pages.append((decided.dropped if row is None else decided.changed, page))

    def _write(self, made: Slice, key: Key) -> bool:
        """The rows of a living aggregate that are behind; False when some of them were encoded and later slices go on."""
        entry, due = self._store.find(key), self._store.due.get(key)
        if entry is None or due is None:
            # What made it due was put back.
            self._store.written(key)
            return True
        if made.has(key):
            return key not in made.ahead
        form, encoded = AGGREGATES[key[0]].snapshot, self._store.encoded.get(key, {})
        left = due - encoded.keys()
        if made.work + form.work_of(left) > WORK_AT_ONCE_MAX:
            now, work = _first_of(key, sorted(left), SLICE_WORK_MAX - made.work)
            made.ahead[key] = self._encoded(entry, form.rows(entry.state, {*now}))
            made.add([], work)
            return False
        parts = encoded | (self._encoded(entry, form.rows(entry.state, left)) if left else {})
        ((_, message),) = form.rows(entry.state, {MAIN})
        rows = self._store.rows
        records = [rows.live(key, MAIN, rows.main(key[0], entry, message, closed_parts=entry.closed_parts))]
        begun, ended = [], []
        for name, value in parts.items():
            if value is not None or entry.closed_parts:
                records.append(rows.live(key, name, rows.gone(entry) if value is None else value))
                begun.append(name)
            elif entry.live_rows is not None and name in entry.live_rows:
                records.append(rows.live(key, name, None))
                ended.append(name)
        if self._fits(key, records):
            made.add(records, 1 + form.work_of(left))
            made.written.append(Written(key, entry, entry.closed_parts, begun, ended))
        return True

    def _encoded(self, entry: Entry, rows: Iterable[Row]) -> EncodedParts:
        """Rows of parts, each bearing the sequence of now: it stays the same part until it changes again."""
        return {name: None if message is None else self._store.rows.part(entry, message) for name, message in rows}

    def _fits(self, key: Key, records: list[OutputRecord]) -> bool:
        """False for rows that the log does not take: the aggregate stays due, and this round ends without a marker."""
        size = max(record.size for record in records)
        if size > RECORD_BYTES_MAX:
            log.error("row_too_large", aggregate=key[0], id=key[1], bytes=size, bytes_max=RECORD_BYTES_MAX)
            self._incomplete = True
            # Nor does it hold up what others do until it changes again.
            self._store.crowded.pop(key, None)
        return size <= RECORD_BYTES_MAX

    def _move_resting(self, made: Slice) -> None:
        """Aggregates that were closed for long enough become closed rows and leave memory."""
        store, written = self._store, {one.key for one in made.written}
        store.end_long_rests()
        resting = store.resting
        while resting and resting[0][1] + BATCHES_BEFORE_EVICTION < store.batch and not made.is_full:
            key, batch = resting.popleft()
            entry = store.find(key)
            if entry is None or entry.batch != batch or key in made.evicted:
                continue
            until = batch + _batches_of_rest(key, entry)
            if until >= store.batch:
                store.rest_until(until, (key, batch))
                continue
            if key in written or not self._moved(made, key, entry):
                resting.appendleft((key, batch))
                return

    def _moved(self, made: Slice, key: Key, entry: Entry) -> bool:
        """True when all rows of a closed aggregate are in the slice, or it stays; False when the next slice goes on with it."""
        due = self._store.due.get(key)
        if due is None and entry.live_rows is None:
            made.evicted.append(key)
            return True
        left = sorted((entry.live_rows or set()) | (due or set()))
        now, work = _first_of(key, left, SLICE_WORK_MAX)
        whole = len(now) == len(left)
        if due is not None and not whole:
            # Between two slices its rows must be those of one moment: what is behind is written before anything moves.
            return self._write(made, key) and not made.has(key)
        records, closed = self._closed_rows(key, entry, {*now, MAIN} if whole else {*now})
        if not whole:
            # The rest follows; until then it lives, with some of its parts among the closed rows.
            rows = self._store.rows
            ((_, main),) = AGGREGATES[key[0]].snapshot.rows(entry.state, {MAIN})
            records.append(rows.live(key, MAIN, rows.main(key[0], entry, main, closed_parts=True)))
        if not self._fits(key, records):
            return True
        made.add(records, 1 + work)
        made.closed += closed
        if whole:
            made.evicted.append(key)
        else:
            made.written.append(Written(key, entry, True, (), now))
        return whole

    def _closed_rows(self, key: Key, entry: Entry, names: set[str]) -> tuple[list[OutputRecord], list[ClosedRow]]:
        """Closed rows of these names, each with the end of its live row; and the same for the copy on disk."""
        rows, records, closed = self._store.rows, [], []
        there = set() if entry.live_rows is None else entry.live_rows | {MAIN}
        for name, message in AGGREGATES[key[0]].snapshot.rows(entry.state, names):
            value = None
            if message is not None:
                value = rows.main(key[0], entry, message, closed_parts=False) if name == MAIN else rows.part(entry, message)
            if value is not None or entry.closed_parts:
                records.append(rows.closed(key, name, value))
                closed.append((key, name, value))
            if name in there:
                records.append(rows.live(key, name, None))
        return records, closed

    def _end_round(self, made: Slice) -> None:
        if not self._incomplete:
            partitions = sorted({partition for _, partition in self._positions})
            made.add([self._marker(partition) for partition in partitions], len(partitions))
        made.ends_round = True

    def _marker(self, partition: int) -> OutputRecord:
        positions = tuple(
            PartitionPosition(topic=topic, partition=number, next_offset=offset)
            for (topic, number), offset in sorted(self._positions.items())
            if number == partition
        )
        message = SnapshotMarker(positions=positions, writer_epoch=self._store.writer_epoch)
        value = self._codec.encode(message, SnapshotEnvelope(sequence=0))
        return OutputRecord(LIVE_ROWS, key_of((MARKER, str(partition)), MAIN), value, partition=partition)


def _batches_of_rest(key: Key, entry: Entry) -> int:
    """Batches for which a closed aggregate stays in memory: the longer, the more it costs to read it again."""
    form = AGGREGATES[key[0]].snapshot
    return BATCHES_BEFORE_EVICTION * max(1, form.work_of(form.names(entry.state)) // REST_WORK)


def _first_of(key: Key, names: list[str], work_max: int) -> tuple[list[str], int]:
    """As many of the parts as `work_max` allows, at least one; and what they cost."""
    form, work = AGGREGATES[key[0]].snapshot, 0
    for place, name in enumerate(names):
        more = form.work_of((name,))
        if place and work + more > work_max:
            return names[:place], work
        work += more
    return names, work
