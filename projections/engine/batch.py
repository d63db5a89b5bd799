"""A batch of records folded into row changes, before anything is written. Pure.

In: records in log order, the heads of their aggregates, the rows that projections remember, the aggregates that are set aside.
Out: the changes of every projection, the heads and positions reached, and which aggregates are set aside from now on. Guards: a
record that cannot be applied changes no row of any projection, sets its own aggregate aside and nothing else; what follows from
a log does not depend on where batches are cut.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from projections.catalogue import Projection
from projections.engine.changes import Key, Row, RowChanges
from projections.engine.errors import PartitionStopped
from projections.engine.kafka_log import RawRecord
from projections.engine.positions import Partition
from projections.engine.set_aside import SET_ASIDE_MAX, UNKNOWN_MAX, Mark, Marks, usable_id
from schemas.reading import Aggregate, Misplaced, Place, Recorded, aggregate_of, read_record
from schemas.topics import topics_of_role
from schemas.wire import Codec, Poison

EVENTS = frozenset(topics_of_role("events"))
Known = Mapping[str, Mapping[tuple[str, Key], Row | None]]
#: What a projection that fails on an event may raise; it does nothing but compute.
BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
SAID_MAX = 300


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no event we can apply. owner: the aggregate whose event it may be, by its key; None when of none."""

    place: Place
    message: str
    owner: Aggregate | None = None


Item = Recorded | Unreadable


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch comes to.

    reached: the offset after the last record by partition. marks: aggregates that were set aside, None for those that are not
    any more. skipped: records that belong to no aggregate. passed: events of aggregates that are set aside.
    """

    changes: Mapping[str, RowChanges]
    heads: Mapping[Aggregate, int]
    reached: Mapping[Partition, int]
    accepted: int
    marks: Mapping[Aggregate, Mark | None] = field(default_factory=dict)
    skipped: Sequence[Unreadable] = ()
    passed: int = 0


def decode(codec: Codec, raws: Iterable[RawRecord]) -> list[Item]:
    """The records, those that cannot be read as `Unreadable`."""
    return [_decoded(codec, raw) for raw in raws]


def _decoded(codec: Codec, raw: RawRecord) -> Item:
    try:
        record = read_record(codec, raw.place, raw.key, raw.value)
    except Misplaced as problem:
        return Unreadable(raw.place, str(problem))
    except Poison as problem:
        return Unreadable(raw.place, str(problem), _owner(raw))
    if record.envelope is not None and not usable_id(record.envelope.aggregate_id):
        shown = record.envelope.aggregate_id[:60]
        return Unreadable(raw.place, f"{shown!r} ({len(record.envelope.aggregate_id)} characters) cannot be the id of a row")
    return record


def _owner(raw: RawRecord) -> Aggregate | None:
    if raw.key is None or raw.place.topic not in EVENTS:
        return None
    try:
        name = raw.key.decode()
    except UnicodeDecodeError:
        return None
    return (aggregate_of(raw.place.topic), name) if usable_id(name) else None


def aggregates_of(items: Iterable[Item]) -> set[Aggregate]:
    """Aggregates whose heads the fold needs."""
    found = {owner_of(item) for item in items}
    return {aggregate for aggregate in found if aggregate is not None}


def owner_of(item: Item) -> Aggregate | None:
    """The aggregate that the record is about."""
    if isinstance(item, Unreadable):
        return item.owner
    return None if item.envelope is None else (item.aggregate, item.envelope.aggregate_id)


def rows_read(
    projection: Projection, items: Iterable[Item], marks: Marks | None = None, refused: Mapping[Place, str] | None = None
) -> dict[str, list[Key]]:
    """Keys by table that `projection` will ask about; nothing for records that `fold` will not apply."""
    if not projection.remembered:
        return {}
    keys: dict[str, dict[Key, None]] = {}
    for item in items:
        if isinstance(item, Unreadable) or item.place.topic not in projection.topics:
            continue
        if (marks and _is_passed(item, marks)) or (refused and item.place in refused):
            continue
        try:
            for table, key in projection.reads(item):
                keys.setdefault(table, {})[key] = None
        except BUGS:
            # It will fail again when it is applied, and only there it is distinguished from others.
            continue
    return {table: list(found) for table, found in keys.items()}


def _is_passed(record: Recorded, marks: Marks) -> bool:
    mark = marks.get((record.aggregate, record.event.aggregate_id))
    return mark is not None and mark.is_firm and record.event.sequence > mark.sequence


def fold(
    projections: Sequence[Projection],
    items: Sequence[Item],
    heads: Mapping[Aggregate, int],
    known: Known,
    marks: Marks | None = None,
    refused: Mapping[Place, str] | None = None,
) -> Folded:
    """All changes of the batch.

    marks: the aggregates that are set aside; of a firm one, events beyond its sequence are passed over. refused: records whose
    rows Postgres did not take, with what it said. Raises PartitionStopped when too many aggregates are set aside.
    """
    try:
        return _Fold(projections, heads, known, marks or {}, refused or {}).of(items)
    except _ToBeTakenBack:
        # Rare: only now is it worth remembering, record by record, what was there before.
        return _Fold(projections, heads, known, marks or {}, refused or {}, careful=True).of(items)


class _ToBeTakenBack(Exception):
    """A projection failed on a record after others had applied it."""


class _Fold:
    """The state of one fold."""

    def __init__(
        self,
        projections: Sequence[Projection],
        heads: Mapping[Aggregate, int],
        known: Known,
        marks: Marks,
        refused: Mapping[Place, str],
        *,
        careful: bool = False,
    ) -> None:
        self._changes = {p.name: RowChanges(p.shapes, known.get(p.name), p.remembered) for p in projections}
        self._by_topic: dict[str, list[tuple[Projection, RowChanges]]] = {}
        for projection in projections:
            for topic in projection.topics:
                self._by_topic.setdefault(topic, []).append((projection, self._changes[projection.name]))
        self._heads = dict(heads)
        self._marks, self._refused, self._careful = marks, refused, careful
        self._changed: dict[Aggregate, Mark | None] = {}
        self._counts: dict[Partition, int] = {}
        self._skipped: list[Unreadable] = []
        self._passed = self._accepted = 0

    def of(self, items: Sequence[Item]) -> Folded:
        """Fold the batch."""
        reached: dict[Partition, int] = {}
        for item in items:
            place = item.place
            if isinstance(item, Unreadable):
                self._unreadable(item)
            elif item.envelope is None:
                failed = self._apply(item)
                if failed is not None:
                    self._skipped.append(Unreadable(place, failed[1]))
            else:
                self._event(item)
            reached[place.topic, place.partition] = place.offset + 1
        return Folded(
            self._changes, self._heads, reached, self._accepted, self._changed, self._skipped, self._passed
        )

    def _event(self, record: Recorded) -> None:
        envelope = record.event
        aggregate = (record.aggregate, envelope.aggregate_id)
        last = self._heads.get(aggregate, 0)
        mark = self._mark(aggregate)
        if mark is not None and mark.is_firm and envelope.sequence > mark.sequence:
            self._passed += 1
        elif envelope.sequence > last + 1:
            # What was missed began at the latest with the record that could not be read.
            why = f"found event {envelope.sequence}, expected {last + 1}: events are missing"
            if mark is None:
                # A number that is too high may be wrong itself: the next event tells.
                missed = Mark(last, record.place, "hole", why, is_firm=False, vo=envelope.vo)
            else:
                missed = Mark(last, mark.place, mark.kind, f"{mark.message}; then {why}", vo=envelope.vo)
            self._put(aggregate, missed)
        elif envelope.sequence == last + 1:
            failed = self._apply(record)
            if failed is not None:
                self._put(aggregate, Mark(last, record.place, *failed, vo=envelope.vo))
                return
            self._heads[aggregate] = envelope.sequence
            self._accepted += 1
            if mark is not None and not mark.is_firm:
                # No event is missing: what could not be applied was none of this aggregate.
                self._count(mark.partition)
                self._counts[mark.partition] -= 1
                self._changed[aggregate] = None

    def _unreadable(self, item: Unreadable) -> None:
        if item.owner is None:
            self._skipped.append(item)
        elif self._mark(item.owner) is None:
            last = self._heads.get(item.owner, 0)
            partition = (item.place.topic, item.place.partition)
            if last == 0 and self._count(partition) >= UNKNOWN_MAX:
                self._skipped.append(item)
            else:
                self._put(item.owner, Mark(last, item.place, "poison", item.message, is_firm=False))

    def _apply(self, record: Recorded) -> tuple[str, str] | None:
        """Apply to every projection or to none; kind of failure and message when to none."""
        if self._refused and record.place in self._refused:
            return "value", self._refused[record.place]
        readers = self._by_topic.get(record.place.topic, ())
        if self._careful:
            for _, changes in readers:
                changes.remember()
        for projection, changes in readers:
            try:
                projection.apply(record, changes)
            except BUGS as bug:
                if not self._careful:
                    raise _ToBeTakenBack from bug
                for _, touched in readers:
                    touched.take_back()
                said = f"{type(bug).__name__}: {bug}"[:SAID_MAX]
                return "bug", f"{projection.name} fails on {type(record.message).__name__}: {said}"
        return None

    def _mark(self, aggregate: Aggregate) -> Mark | None:
        if aggregate in self._changed:
            return self._changed[aggregate]
        return self._marks.get(aggregate) if self._marks else None

    def _put(self, aggregate: Aggregate, mark: Mark) -> None:
        if self._mark(aggregate) is None:
            if self._count(mark.partition) >= SET_ASIDE_MAX:
                said = f"{SET_ASIDE_MAX} aggregates of the partition are set aside already; next would be {mark.message}"
                raise PartitionStopped(mark.place, "flood", said)
            self._counts[mark.partition] += 1
        self._changed[aggregate] = mark

    def _count(self, partition: Partition) -> int:
        """How many aggregates of the partition are set aside; counted when first asked, before any change of it."""
        if partition not in self._counts:
            self._counts[partition] = sum(mark.partition == partition for mark in self._marks.values())
        return self._counts[partition]


def without(items: Iterable[Item], stop: PartitionStopped) -> list[Item]:
    """The records that may still be applied when a partition stops."""
    place = stop.place
    return [
        item
        for item in items
        if (item.place.topic, item.place.partition) != (place.topic, place.partition) or item.place.offset < place.offset
    ]
