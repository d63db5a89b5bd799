"""The whole log folded again beside the read models, and both compared row by row; one hash of the state.

In: a running stack. Out: per table the number of rows, a hash, and the first rows that differ. The fold is the projections'
own, into schemas that no reader uses; the live rows are those of one moment, and the fold stops at exactly the positions stored
with them; an aggregate that is set aside is folded as far as it is in the live rows. Guards: nothing of the live tables is
touched; what a killed replay left is dropped by the next.

The hash is over rows in the order of their keys, each as canonical JSON of its columns (documents as they are stored: sorted
keys, no spaces), so it depends on the log and the meaning of the tables alone. `answer` is left out: its topic is not kept
for ever.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count

import orjson
import psycopg2
from sqlalchemy import JSON, Column, Table, Text

from projections.catalogue import PROJECTIONS, Projection, topics_of
from projections.config import ProjectorConfig
from projections.engine.live import create_tables, drop_schemas, engine_on, read_live
from projections.engine.positions import Connection, Cursor, Partition, lead_of, stored_positions
from projections.engine.replay import ReplayPart, replay_shards, split
from projections.engine.set_aside import Mark, read_marks
from schemas.reading import Aggregate

PREFIX = "replayed_"
SHOWN_MAX = 10
SET_ASIDE_SHOWN = 100
PAGE_ROWS = 5_000
LEFT_OUT = frozenset({"answers"})


class ReplayRefused(RuntimeError):
    """It cannot be compared now; the message says why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the log says. columns: name -> (found, expected); empty when the row is missing or too much."""

    table: str
    key: str
    what: str
    columns: Mapping[str, tuple[object, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableResult:
    """Of one table: rows that the log makes, their hash, how many live rows differ."""

    rows: int
    sha256: str
    different: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out. positions: up to where, by topic and partition. first: the first differences.

    set_aside: aggregates whose later events neither the live rows nor this fold have, each with the event it stands at.
    """

    state_hash: str
    records: int
    tables: Mapping[str, TableResult]
    positions: Mapping[str, int]
    first: tuple[Difference, ...]
    set_aside: tuple[str, ...] = ()


def replay(config: ProjectorConfig) -> Replayed:
    """Fold and compare; raises ReplayRefused."""
    projections = [projection for name, projection in PROJECTIONS.items() if name not in LEFT_OUT]
    engine = engine_on(config.postgres)
    try:
        with closing(psycopg2.connect(config.postgres)) as live, closing(psycopg2.connect(config.postgres)) as scratch:
            live.set_session(isolation_level="REPEATABLE READ", readonly=True)
            limits, schemas, marks = _moment(live, projections)
            _drop(scratch)
            try:
                for projection in projections:
                    create_tables(engine, projection, PREFIX + projection.name, indexes=False)
                records, met = _fold(config, projections, limits, marks)
                compared = _compared(live, scratch, projections, schemas, limits, records)
                shown = sorted(met.items())[:SET_ASIDE_SHOWN]
                return replace(compared, set_aside=tuple(_described(one, mark) for one, mark in shown))
            finally:
                _drop(scratch)
    finally:
        engine.dispose()


def _described(aggregate: Aggregate, mark: Mark) -> str:
    return f"{aggregate[0]} {aggregate[1][:200]} as of event {mark.sequence}: {mark.kind}: {mark.message[:300]}"


Marked = dict[Aggregate, Mark]


def _moment(
    live: Connection, projections: list[Projection]
) -> tuple[dict[Partition, int], dict[str, str], Marked]:
    """Positions and schemas of the live tables and what is set aside, as of the snapshot that the connection keeps."""
    with live.cursor() as cursor:
        stored, found = stored_positions(cursor), read_live(cursor)
        marks = {aggregate: mark for aggregate, mark in read_marks(cursor).items() if mark.is_firm}
    names = [projection.name for projection in projections]
    for name in names:
        if name not in found:
            raise ReplayRefused(f"the read model {name} is not built yet")
        if found[name].version != PROJECTIONS[name].version:
            raise ReplayRefused(
                f"the read model {name} is of version {found[name].version}, this code makes {PROJECTIONS[name].version};"
                " `culm rebuild` it first"
            )
    limits = lead_of(stored, names)
    for (name, topic, number), row in stored.items():
        if name in names and row.next_offset != limits[topic, number]:
            raise ReplayRefused(f"the read model {name} stands at {row.next_offset} of {topic}/{number}, others elsewhere")
    return limits, {name: found[name].tables_in for name in names}, marks


def _fold(
    config: ProjectorConfig, projections: list[Projection], limits: Mapping[Partition, int], marks: Marked
) -> tuple[int, Marked]:
    """Number of records folded into the scratch tables, in processes of their own, and what is set aside in them."""
    wanted = {place: limit for place, limit in limits.items() if place[0] in topics_of(projections) and limit > 0}
    starts = dict.fromkeys(wanted, 0)
    shards = [
        ReplayPart(
            kafka=config.kafka,
            registry=config.registry,
            postgres=config.postgres,
            names=tuple(projection.name for projection in projections),
            tables_in={projection.name: PREFIX + projection.name for projection in projections},
            starts=dict.fromkeys(group, 0),
            limits={place: wanted[place] for place in group},
            records_max=config.rebuild_records_max // config.rebuild_processes,
            marks={aggregate: mark for aggregate, mark in marks.items() if mark.partition in group},
        )
        for group in split(wanted, starts, config.rebuild_processes)
    ]
    records, met = 0, dict[Aggregate, Mark]()
    for done in replay_shards(shards) if shards else ():
        for place, stop in done.stopped.items():
            if stop.place.offset < wanted[place]:
                raise ReplayRefused(f"the log cannot be folded: {stop}")
        records += done.records
        met.update(done.marks)
    return records, met


def _compared(
    live: Connection,
    scratch: Connection,
    projections: list[Projection],
    schemas: Mapping[str, str],
    limits: Mapping[Partition, int],
    records: int,
) -> Replayed:
    total = hashlib.sha256()
    tables: dict[str, TableResult] = {}
    first: list[Difference] = []
    for projection in projections:
        for name, table in sorted(projection.tables.items()):
            result = _compare_table(live, scratch, table, schemas[projection.name], PREFIX + projection.name, first)
            tables[name] = result
            total.update(f"{name} {result.rows} {result.sha256}\n".encode())
    positions = {f"{topic}/{number}": offset for (topic, number), offset in sorted(limits.items())}
    return Replayed(total.hexdigest(), records, tables, positions, tuple(first[:SHOWN_MAX]))


def _compare_table(
    live: Connection, scratch: Connection, table: Table, tables_in: str, expected_in: str, first: list[Difference]
) -> TableResult:
    digest, rows, different = hashlib.sha256(), 0, 0
    for key, found, expected in _side_by_side(_rows(live, table, tables_in), _rows(scratch, table, expected_in)):
        if expected is not None:
            rows += 1
            digest.update(orjson.dumps(expected) + b"\n")
        if found != expected:
            different += 1
            if len(first) < SHOWN_MAX:
                first.append(_difference(table, key, found, expected))
    return TableResult(rows, digest.hexdigest(), different)


Row = list[object]
Keyed = tuple[tuple[object, ...], Row]


def _side_by_side(
    found: Iterator[Keyed], expected: Iterator[Keyed]
) -> Iterator[tuple[tuple[object, ...], Row | None, Row | None]]:
    """Rows of two tables in key order, each with its like or None."""
    left, right = next(found, None), next(expected, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield left[0], left[1], None
            left = next(found, None)
        elif left is None or right[0] < left[0]:
            yield right[0], None, right[1]
            right = next(expected, None)
        else:
            yield left[0], left[1], right[1]
            left, right = next(found, None), next(expected, None)


_names = count()


def _rows(connection: Connection, table: Table, schema: str) -> Iterator[Keyed]:
    """Rows in key order, page by page; documents as their text."""
    columns = ", ".join(_selected(column) for column in table.columns)
    order = ", ".join(_ordered(column) for column in table.primary_key.columns)
    keys = [place for place, column in enumerate(table.columns) if column.primary_key]
    with connection.cursor(f"replay_{next(_names)}") as cursor:
        cursor.itersize = PAGE_ROWS
        cursor.execute(f"SELECT {columns} FROM {schema}.{table.name} ORDER BY {order}")
        for row in cursor:
            yield tuple(_sortable(row[place]) for place in keys), list(row)


def _sortable(value: object) -> object:
    """Texts in the order of their bytes, as the C collation has them."""
    return value.encode() if isinstance(value, str) else value


def _selected(column: "Column[object]") -> str:
    return f"{column.name}::text" if isinstance(column.type, JSON) else column.name


def _ordered(column: "Column[object]") -> str:
    return f'{column.name} COLLATE "C"' if isinstance(column.type, Text) else column.name


def _difference(table: Table, key: tuple[object, ...], found: Row | None, expected: Row | None) -> Difference:
    shown = ", ".join(part.decode() if isinstance(part, bytes) else str(part) for part in key)
    if found is None:
        return Difference(table.name, shown, "the row is missing")
    if expected is None:
        return Difference(table.name, shown, "the log knows no such row")
    columns = {
        column.name: (one, other)
        for column, one, other in zip(table.columns, found, expected, strict=True)
        if one != other
    }
    return Difference(table.name, shown, "the row differs", columns)


def _drop(connection: Connection) -> None:
    """Drop the scratch schemas, also those of a replay that was killed."""
    with connection, connection.cursor() as cursor:
        drop_schemas(cursor, _leftovers(cursor))


def _leftovers(cursor: Cursor) -> list[str]:
    cursor.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (PREFIX,))
    return [name for (name,) in cursor.fetchall()]
