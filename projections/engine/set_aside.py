"""Aggregates whose events cannot be applied: their rows stand still, those of all others go on.

In: marks that a batch made or lifted. Out: rows of `projection_set_aside`, one per aggregate, which no rebuild drops silently:
a rebuild tries the events again and replaces what it found. Guards: an aggregate that is set aside is the fold of its first
`sequence` events in every table; of a partition at most `SET_ASIDE_MAX` aggregates are set aside, beyond it stops.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg2.extensions
from psycopg2.extras import execute_values

from schemas.reading import Aggregate, Place

#: Aggregates of one partition that may be set aside; beyond, something is wrong with the partition and it stops.
SET_ASIDE_MAX = 10_000
#: Of these, aggregates of which nothing is known but a record under their key that cannot be read.
UNKNOWN_MAX = 1_000
#: An id is part of the key of rows, and Postgres can index 2,704 bytes of a row.
ID_BYTES_MAX = 2_000
MESSAGE_MAX = 1_000
Cursor = psycopg2.extensions.cursor
COLUMNS = "aggregate, aggregate_id, sequence, topic, partition, log_offset, kind, message, is_firm, vo"


@dataclass(frozen=True, slots=True)
class Mark:
    """Why the rows of an aggregate stand still.

    sequence: its last applied event, 0 for none. place: the record that could not be applied. kind: poison (cannot be read),
    hole (events before it are missing), bug (a projection failed on it) or value (Postgres refused it). is_firm: false while
    the next event may still show that the record was none of the aggregate's.
    """

    sequence: int
    place: Place
    kind: str
    message: str
    is_firm: bool = True
    vo: str = ""

    @property
    def partition(self) -> tuple[str, int]:
        """Where the events of the aggregate stand."""
        return self.place.topic, self.place.partition


Marks = Mapping[Aggregate, Mark]


def usable_id(aggregate_id: str) -> bool:
    """True for an id under which rows can be kept."""
    return 0 < len(aggregate_id) <= ID_BYTES_MAX and len(aggregate_id.encode()) <= ID_BYTES_MAX and "\x00" not in aggregate_id


def read_marks(cursor: Cursor) -> dict[Aggregate, Mark]:
    """Every aggregate that is set aside."""
    cursor.execute(f"SELECT {COLUMNS} FROM projection_set_aside")
    return {
        (aggregate, aggregate_id): Mark(sequence, Place(topic, partition, offset), kind, message, is_firm, vo)
        for aggregate, aggregate_id, sequence, topic, partition, offset, kind, message, is_firm, vo in cursor.fetchall()
    }


def put_marks(cursor: Cursor, changed: Mapping[Aggregate, Mark | None]) -> None:
    """Note the marks, take those back that are None; an aggregate that stays set aside keeps its `since`."""
    put = [(*aggregate, *_values(mark)) for aggregate, mark in changed.items() if mark is not None]
    gone = [aggregate for aggregate, mark in changed.items() if mark is None]
    if put:
        execute_values(
            cursor,
            f"INSERT INTO projection_set_aside ({COLUMNS}, since) VALUES %s ON CONFLICT (aggregate, aggregate_id) DO UPDATE SET"
            " sequence = EXCLUDED.sequence, topic = EXCLUDED.topic, partition = EXCLUDED.partition,"
            " log_offset = EXCLUDED.log_offset, kind = EXCLUDED.kind, message = EXCLUDED.message, is_firm = EXCLUDED.is_firm,"
            " vo = EXCLUDED.vo",
            put,
            template="(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, (extract(epoch from clock_timestamp()) * 1000000)::bigint)",
        )
    if gone:
        execute_values(
            cursor,
            "DELETE FROM projection_set_aside p USING (VALUES %s) v(aggregate, aggregate_id)"
            " WHERE p.aggregate = v.aggregate AND p.aggregate_id = v.aggregate_id",
            gone,
        )


def replace_marks(cursor: Cursor, marks: Marks) -> None:
    """These and no others are set aside."""
    gone: dict[Aggregate, Mark | None] = dict.fromkeys(read_marks(cursor).keys() - marks.keys())
    put_marks(cursor, {**gone, **marks})


def note_skipped(cursor: Cursor, skipped: Iterable[tuple[Place, str]]) -> None:
    """Count records that belong to no aggregate and were passed over; of each partition the last one is described."""
    by_partition: dict[tuple[str, int], list[tuple[Place, str]]] = {}
    for place, message in skipped:
        by_partition.setdefault((place.topic, place.partition), []).append((place, message))
    for partition, found in by_partition.items():
        place, message = found[-1]
        cursor.execute(
            "INSERT INTO projection_skipped (topic, partition, records, log_offset, message, at) VALUES (%s, %s, %s, %s, %s,"
            " (extract(epoch from clock_timestamp()) * 1000000)::bigint) ON CONFLICT (topic, partition) DO UPDATE SET"
            " records = projection_skipped.records + EXCLUDED.records, log_offset = EXCLUDED.log_offset,"
            " message = EXCLUDED.message, at = EXCLUDED.at",
            (*partition, len(found), place.offset, plain(message)),
        )


def plain(message: str) -> str:
    """A message as Postgres can hold it, of bounded length."""
    text = message.strip().replace("\x00", "\ufffd")[:MESSAGE_MAX]
    return text.encode("utf-8", "replace").decode("utf-8")


def _values(mark: Mark) -> tuple[object, ...]:
    place = mark.place
    shown = plain(mark.message)
    return mark.sequence, place.topic, place.partition, place.offset, mark.kind, shown, mark.is_firm, plain(mark.vo)
