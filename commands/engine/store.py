"""Aggregate states: live ones in memory, closed ones on disk, all of it a cache of the event log.

In: what the shard decides and folds. Out: the state of any aggregate by id. What changed is noted for `snapshots.py`, which
writes it to the log as rows. Invariant: a state is, part for part, its live row or else its closed one, and the events behind.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from heapq import heapify, heappop, heappush

from commands import undo
from commands.aggregates import AGGREGATES
from commands.engine.closed_rows import ClosedRow, ClosedRowsOfShards
from commands.engine.decided import CommandMemories, CommandMemory
from commands.engine.entries import EncodedParts, Entry, Key
from commands.engine.errors import NotYetKnown
from commands.engine.rows import RowCodec
from commands.snapshot import MAIN
from schemas.partition import partition_of

#: Work that the rows of an aggregate may be before it is written out of turn, so that no writing takes long.
WORK_DUE_MAX = 400


class StateStore:
    """Entries by (aggregate, id). One that was not asked for since it was restored is still its main row.

    due: aggregates whose rows are behind, with the parts that changed, the longest behind first. crowded: those of them with so
    much to write that it should be written soon. encoded: rows of their parts that did not change since they were encoded.
    resting: (key, batch) of aggregates that were closed, or looked up closed, then; of those that rest longer, until which
    batch is noted apart from it.
    """

    def __init__(self, rows: RowCodec, closed: ClosedRowsOfShards, partitions: int = 1) -> None:
        """partitions: of every topic; they place an aggregate in its shard."""
        self.rows = rows
        self.closed = closed
        self.partitions = partitions
        self.due: dict[Key, set[str]] = {}
        self.crowded: dict[Key, None] = {}
        self.encoded: dict[Key, EncodedParts] = {}
        self._work: dict[Key, int] = {}
        self.resting: deque[tuple[Key, int]] = deque()
        self._rest_longer: list[tuple[int, int, Key]] = []
        self.batch = 0
        self.writer_epoch = 0
        self.decided = CommandMemories()
        self._hot: dict[Key, Entry | bytes] = {}

    def get(self, aggregate: str, aggregate_id: str) -> Entry:
        """The entry, from memory or from its closed rows; a new one for an aggregate without history.

        Raises NotYetKnown while the closed rows of its shard are fetched: it may have a history.
        """
        key = (aggregate, aggregate_id)
        entry = self.find(key)
        if entry is None:
            entry = self._looked_up(key) or Entry(AGGREGATES[aggregate].initial())
            self._hot[key] = entry
            undo.note(self._hot.pop, key, None)
        return entry

    def begin(self, key: Key) -> None:
        """Begin an aggregate whose first event is at hand, while nothing can be said of closed rows that it may have."""
        self._hot[key] = Entry(AGGREGATES[key[0]].initial(), closed_parts=True)

    def is_behind(self, key: Key) -> bool:
        """True when an aggregate may have closed rows that are not here yet; one that never ends has none."""
        if not self.closed.behind or AGGREGATES[key[0]].commands_remembered_hours:
            return False
        return self.shard_of(key) in self.closed.behind

    def has(self, key: Key) -> bool:
        """True when it is in memory."""
        return key in self._hot

    def find(self, key: Key) -> Entry | None:
        """The entry if it is in memory."""
        entry = self._hot.get(key)
        if isinstance(entry, bytes):
            # First of what is put back last: the making of the state may note steps of its own.
            undo.note(self._hot.__setitem__, key, entry)
            entry = self._hot[key] = self.rows.entry(key, {MAIN: entry}, {})
        return entry

    def entries(self) -> Iterator[tuple[Key, Entry]]:
        """Everything in memory; what is still a row stays one."""
        for key, entry in list(self._hot.items()):
            yield key, self.rows.entry(key, {MAIN: entry}, {}) if isinstance(entry, bytes) else entry

    def put(self, key: Key, entry: Entry) -> None:
        """Take over an entry that was restored from its rows."""
        self._hot[key] = entry
        if AGGREGATES[key[0]].is_closed(entry.state):
            self.resting.append((key, entry.batch))

    def put_packed(self, key: Key, main_row: bytes) -> None:
        """Take over a living aggregate that is one row; the row is read when the aggregate is asked for."""
        self._hot[key] = main_row

    def touched(self, aggregate: str, aggregate_id: str, entry: Entry, parts: Collection[str], *, closed: bool) -> None:
        """Note that an event was applied to `entry`, and which of its parts it changed."""
        key = (aggregate, aggregate_id)
        entry.batch = self.batch
        due = self.due.get(key)
        if due is None:
            due = self.due[key] = set()
        for part in parts if key in self.encoded else ():
            self.encoded[key].pop(part, None)
        if new := [part for part in parts if part not in due]:
            due.update(new)
            work = self._work[key] = self._work.get(key, 0) + AGGREGATES[aggregate].snapshot.work_of(new)
            if work > WORK_DUE_MAX:
                self.crowded[key] = None
        if closed:
            self.resting.append((key, self.batch))
            undo.note(self.resting.pop)

    def forget_untouched(self, aggregate: str, aggregate_id: str) -> None:
        """Drop an entry without history, so that questions about what does not exist cost no memory."""
        entry = self._hot.get((aggregate, aggregate_id))
        if isinstance(entry, Entry) and entry.sequence == 0:
            del self._hot[(aggregate, aggregate_id)]

    def written(self, key: Key) -> None:
        """The rows of an aggregate are in the log."""
        self.due.pop(key, None)
        self.crowded.pop(key, None)
        self.encoded.pop(key, None)
        self._work.pop(key, None)

    def evict(self, key: Key) -> None:
        """An aggregate that is closed and written leaves memory."""
        self._hot.pop(key, None)
        self.written(key)

    def rest_until(self, batch: int, resting: tuple[Key, int]) -> None:
        """Put one that was taken from `resting` off until this batch is behind."""
        key, since = resting
        heappush(self._rest_longer, (batch, since, key))

    def end_long_rests(self) -> None:
        """Put those that were put off until now back to the head of `resting`."""
        while self._rest_longer and self._rest_longer[0][0] < self.batch:
            _, since, key = heappop(self._rest_longer)
            self.resting.appendleft((key, since))

    def committed(self) -> None:
        """A batch is in the log."""
        undo.forget()
        self.decided.forget_old()
        self.batch += 1

    def shard_of(self, key: Key) -> int:
        """The shard that an aggregate belongs to."""
        return partition_of(key[1], self.partitions)

    def put_closed(self, rows: Iterable[ClosedRow]) -> None:
        """Take committed rows of closed aggregates over; where earlier ones are still fetched, they will be fetched as well."""
        by_shard: dict[int, list[ClosedRow]] = {}
        for row in rows:
            by_shard.setdefault(self.shard_of(row[0]), []).append(row)
        for shard, some in by_shard.items():
            if shard in self.closed.behind:
                self.closed.missed.add(shard)
            else:
                self.closed.of(shard).put(some)

    def forget(self, shards: Collection[int]) -> None:
        """Drop everything of these shards from memory, and let go of their files."""
        undo.forget()
        gone = [key for key in self._hot if self.shard_of(key) in shards]
        for key in gone:
            self.evict(key)
        for key in [key for key in self.due if self.shard_of(key) in shards]:
            self.evict(key)
        self.resting = deque((key, batch) for key, batch in self.resting if key in self._hot)
        self._rest_longer = [rest for rest in self._rest_longer if rest[2] in self._hot]
        heapify(self._rest_longer)
        self.closed.let_go(shards)
        self.decided.let_go(shards)

    def decided_on(self, aggregate: str, aggregate_id: str) -> CommandMemory | None:
        """Commands that were decided on aggregates like this one; None for one that ends, which knows its own."""
        hours = AGGREGATES[aggregate].commands_remembered_hours
        return self.decided.of(self.shard_of((aggregate, aggregate_id)), aggregate, hours) if hours else None

    def reload(self) -> None:
        """Forget everything that is in memory, and let go of the files."""
        undo.forget()
        self.closed.close()
        self.decided.clear()
        self._hot.clear()
        self.due.clear()
        self.crowded.clear()
        self.encoded.clear()
        self._work.clear()
        self.resting.clear()
        self._rest_longer.clear()
        self.writer_epoch = 0

    def hot_count(self) -> int:
        """Aggregates in memory."""
        return len(self._hot)

    def close(self) -> None:
        """Close the files."""
        self.closed.close()

    def _looked_up(self, key: Key) -> Entry | None:
        if self.is_behind(key):
            raise NotYetKnown(*key)
        rows = self.closed.of(self.shard_of(key)).find(key)
        if not rows:
            return None
        entry = self.rows.entry(key, None, rows)
        entry.batch = self.batch
        self.resting.append((key, self.batch))
        undo.note(self.resting.pop)
        return entry
