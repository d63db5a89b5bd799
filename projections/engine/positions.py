"""How far each projection has read, and who may move it on.

One row per (projection, topic, partition): the offset after the last record applied, the epoch of the projector that
may write, the generation of live tables it must know. Guards: rows and position move together or not at all, only for
the one owner of the partition and only into the live tables, because a batch updates exactly the rows it read from
(docs/reference/kafka.md, "Positions in Postgres").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson
import psycopg2.extensions
from psycopg2.extras import execute_values

from projections.catalogue import Projection
from projections.engine.statements import Statement, send

Cursor = psycopg2.extensions.cursor
Connection = psycopg2.extensions.connection
Partition = tuple[str, int]
COLUMNS = "projection, topic, partition, next_offset, writer_epoch, generation"
PositionKey = tuple[str, str, int]
"""Projection, topic, partition."""
ADVANCE = (
    "UPDATE projection_position p SET next_offset = v.reached FROM json_to_recordset($1)"
    " v(projection text, topic text, partition int, reached bigint, expected bigint, epoch bigint, generation bigint)"
    " WHERE p.projection = v.projection AND p.topic = v.topic AND p.partition = v.partition"
    " AND p.next_offset = v.expected AND p.writer_epoch = v.epoch AND p.generation = v.generation"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of `projection_position`."""

    next_offset: int
    writer_epoch: int
    generation: int


def read_positions(connection: Connection) -> dict[Partition, int]:
    """By topic and partition, the offset below which every live projection has applied every record."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.topic, p.partition, min(p.next_offset) FROM projection_position p"
            " JOIN projection_live l ON l.projection = p.projection GROUP BY p.topic, p.partition"
        )
        return {(topic, partition): offset for topic, partition, offset in cursor.fetchall()}


def stored_positions(cursor: Cursor) -> dict[PositionKey, Stored]:
    """All rows."""
    cursor.execute(f"SELECT {COLUMNS} FROM projection_position")
    return {(name, topic, number): Stored(*rest) for name, topic, number, *rest in cursor.fetchall()}


def ensure_positions(cursor: Cursor, projections: Iterable[Projection], partitions: Mapping[str, int]) -> None:
    """A row at offset 0 wherever there is none. partitions: number of partitions by topic."""
    cursor.execute("SELECT coalesce(max(writer_epoch), 0), coalesce(max(generation), 0) FROM projection_position")
    found = cursor.fetchone()
    assert found is not None
    rows = [
        (projection.name, topic, number, 0, *found)
        for projection in projections
        for topic in projection.topics
        for number in range(partitions[topic])
    ]
    execute_values(cursor, f"INSERT INTO projection_position ({COLUMNS}) VALUES %s ON CONFLICT DO NOTHING", rows)


def forget_positions(cursor: Cursor, projection: str) -> None:
    """The projection has read nothing; a running projector must look at the live tables again."""
    cursor.execute("UPDATE projection_position SET next_offset = 0 WHERE projection = %s", (projection,))
    next_generation(cursor)


def forget_unknown(cursor: Cursor, known: Sequence[str]) -> None:
    """Projections that no longer exist hold up no one who waits for a position."""
    for table in ("projection_position", "projection_live"):
        cursor.execute(f"DELETE FROM {table} WHERE projection <> ALL(%s)", (list(known),))


def next_generation(cursor: Cursor) -> None:
    """Live tables or positions were changed from outside: a running projector must read them again."""
    cursor.execute("UPDATE projection_position SET generation = generation + 1")


def lock_positions(cursor: Cursor) -> dict[PositionKey, Stored]:
    """All rows, and no one moves them until the end of the transaction."""
    cursor.execute(f"SELECT {COLUMNS} FROM projection_position ORDER BY 1, 2, 3 FOR UPDATE")
    return {(name, topic, number): Stored(*rest) for name, topic, number, *rest in cursor.fetchall()}


def lead_of(stored: Mapping[PositionKey, Stored], order: Sequence[str]) -> dict[Partition, int]:
    """How far the read models are, by partition: the position of the first projection in `order` that reads it."""
    lead: dict[Partition, int] = {}
    for name in order:
        for slot, row in stored.items():
            if slot[0] == name:
                lead.setdefault(slot[1:], row.next_offset)
    return lead


def set_positions(cursor: Cursor, projection: str, offsets: Mapping[Partition, int]) -> None:
    """Put the projection where its tables are; raises AssertionError for a partition it has no row for."""
    rows = [(projection, *partition, offset) for partition, offset in sorted(offsets.items())]
    set_rows = execute_values(
        cursor,
        "UPDATE projection_position p SET next_offset = v.reached FROM (VALUES %s) v(projection, topic, partition, reached)"
        " WHERE p.projection = v.projection AND p.topic = v.topic AND p.partition = v.partition RETURNING 1",
        rows,
        page_size=max(1, len(rows)),
        fetch=True,
    )
    assert len(set_rows) == len(rows), f"{projection} has {len(set_rows)} positions, expected {len(rows)}"


def take_over(cursor: Cursor, projections: Sequence[str], share: Iterable[Partition]) -> dict[PositionKey, Stored]:
    """Become the owner of the positions of these partitions: the owner before cannot write any more."""
    mine = sorted(share)
    which = "projection = ANY(%s) AND (topic, partition) IN (SELECT * FROM unnest(%s::text[], %s::int[]))"
    values = (list(projections), [topic for topic, _ in mine], [number for _, number in mine])
    # In the order in which others lock them.
    cursor.execute(f"SELECT 1 FROM projection_position WHERE {which} ORDER BY projection, topic, partition FOR UPDATE", values)
    cursor.execute(
        f"UPDATE projection_position SET writer_epoch = writer_epoch + 1 WHERE {which} RETURNING {COLUMNS}", values
    )
    return {(name, topic, number): Stored(*rest) for name, topic, number, *rest in cursor.fetchall()}


def hold_still(cursor: Cursor, held: Mapping[PositionKey, Stored], partition: Partition) -> bool:
    """No one moves the positions of a partition until the end of the transaction; false when any of them is not ours."""
    cursor.execute(
        "SELECT projection, next_offset, writer_epoch, generation FROM projection_position"
        " WHERE topic = %s AND partition = %s ORDER BY 1 FOR UPDATE",
        partition,
    )
    found = {(name, *partition): Stored(*rest) for name, *rest in cursor.fetchall()}
    mine = {slot: stored for slot, stored in held.items() if slot[1:] == partition}
    return all(found.get(slot) == stored for slot, stored in mine.items())


def advance(cursor: Cursor, held: Mapping[PositionKey, Stored], reached: Mapping[PositionKey, int]) -> bool:
    """Move positions from what we hold to what we reached; false when any of them is not ours any more."""
    rows = [
        {
            "projection": slot[0],
            "topic": slot[1],
            "partition": slot[2],
            "reached": offset,
            "expected": held[slot].next_offset,
            "epoch": held[slot].writer_epoch,
            "generation": held[slot].generation,
        }
        for slot, offset in sorted(reached.items())
    ]
    return send(cursor, [Statement(ADVANCE, orjson.dumps(rows).decode())]) == len(rows)
