"""A batch of records folded into row changes, before anything is written. Pure.

In: records in log order, the heads of their aggregates, the rows that projections remember. Out: the changes of every
projection, the heads and the positions reached. A record that cannot be applied raises PartitionStopped; the caller
folds again without it and what follows it in its partition.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from projections.catalogue import Projection
from projections.changes import Key, Row, RowChanges
from projections.errors import PartitionStopped
from projections.kafka_log import RawRecord
from projections.positions import Partition
from schemas.reading import Aggregate, LogHole, Recorded, SequenceGuard, read_record
from schemas.wire import Codec, Poison

Known = Mapping[str, Mapping[tuple[str, Key], Row | None]]


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch comes to. `reached` is the offset after the last record by partition, duplicates included."""

    changes: Mapping[str, RowChanges]
    heads: Mapping[Aggregate, int]
    reached: Mapping[Partition, int]
    accepted: int


def decode(codec: Codec, raws: Iterable[RawRecord]) -> tuple[list[Recorded], list[PartitionStopped]]:
    """The records up to the first unreadable one of each partition, and those first unreadable ones."""
    records: list[Recorded] = []
    stopped: dict[Partition, PartitionStopped] = {}
    for raw in raws:
        place = raw.place
        if stopped and (place.topic, place.partition) in stopped:
            continue
        try:
            records.append(read_record(codec, place, raw.key, raw.value))
        except Poison as problem:
            stopped[place.topic, place.partition] = PartitionStopped(place, "poison", str(problem))
    return records, list(stopped.values())


def aggregates_of(records: Iterable[Recorded]) -> set[Aggregate]:
    """Aggregates whose heads the fold needs."""
    return {(record.aggregate, record.envelope.aggregate_id) for record in records if record.envelope is not None}


def rows_read(projection: Projection, records: Iterable[Recorded]) -> dict[str, list[Key]]:
    """Keys by table that `projection` will ask about."""
    if not projection.remembered:
        return {}
    keys: dict[str, dict[Key, None]] = {}
    for record in records:
        if record.place.topic in projection.topics:
            for table, key in projection.reads(record):
                keys.setdefault(table, {})[key] = None
    return {table: list(found) for table, found in keys.items()}


def fold(
    projections: Sequence[Projection], records: Sequence[Recorded], heads: Mapping[Aggregate, int], known: Known
) -> Folded:
    """All changes of the batch; raises PartitionStopped at a hole, or at a record that a projection fails on."""
    guard = SequenceGuard(dict(heads))
    changes = {p.name: RowChanges(p.shapes, known.get(p.name)) for p in projections}
    by_topic: dict[str, list[tuple[Projection, RowChanges]]] = {}
    for projection in projections:
        for topic in projection.topics:
            by_topic.setdefault(topic, []).append((projection, changes[projection.name]))
    reached: dict[Partition, int] = {}
    accepted = 0
    for record in records:
        place = record.place
        try:
            is_next = guard.accepts(record)
        except LogHole as hole:
            raise PartitionStopped(place, "hole", str(hole)) from hole
        if is_next:
            accepted += 1
            _apply(record, by_topic.get(place.topic, ()))
        reached[place.topic, place.partition] = place.offset + 1
    return Folded(changes, guard.heads, reached, accepted)


def without(records: Iterable[Recorded], stop: PartitionStopped) -> list[Recorded]:
    """The records that may still be applied when a partition stops."""
    place = stop.place
    return [
        record
        for record in records
        if (record.place.topic, record.place.partition) != (place.topic, place.partition)
        or record.place.offset < place.offset
    ]


def _apply(record: Recorded, readers: Sequence[tuple[Projection, RowChanges]]) -> None:
    for projection, changes in readers:
        try:
            projection.apply(record, changes)
        except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as bug:
            message = f"{projection.name} fails on {type(record.message).__name__}: {type(bug).__name__}: {bug}"
            raise PartitionStopped(record.place, "bug", message) from bug
