"""All that an event may hold by its schema, the rows can hold, and pages can show."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Double, Integer, Table, Text

from projections.catalogue import PROJECTIONS, Projection
from projections.engine.changes import Key, Row, RowChanges
from projections.engine.lengths import INDEX_ROW_BYTES_MAX, limits_of
from projections.engine.writing import json_of, rows_text
from projections.timeline.body import body_of
from schemas.catalog import CATALOG, CatalogEntry, messages
from schemas.reading import Place, Recorded
from schemas.records import replace
from schemas.sentences import sentence_of
from schemas.times import utc, utc_words
from schemas.wire import Codec, Poison, message_class
from tests.projections.event_writer import EventWriter
from tests.projections.sample_history import a_task, world
from tests.projections.stage import FIRST, a_stage, catch_up

EVENTS = [entry for entry in messages() if entry.role == "events"]
YEAR_1, YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999
LONG = "Ω\x00\u2028" * 4000
EXTREMES = {
    "least": {"string": "", "int": -(2**31), "long": -(2**63), "time": YEAR_1, "double": -1.7e308, "list": 0},
    "most": {"string": LONG, "int": 2**31 - 1, "long": 2**63 - 1, "time": YEAR_9999, "double": 1.7e308, "list": 2},
    "not a number": {"string": "'; --", "int": 0, "long": 0, "time": 0, "double": float("nan"), "list": 1},
}

#: A time less the length of a lease, and the number of a work after the first of its chunk; within their bounds they fit.
COUNTED = {"seen_at", "counted_from", "length_micros", "work"}


def extreme(node: Any, of: dict[str, Any]) -> Any:
    """A value of a schema at one of its ends."""
    if isinstance(node, list):
        return extreme(node[1], of) if of["list"] else None
    if isinstance(node, dict) and node["type"] == "array":
        return [extreme(node["items"], of) for _ in range(of["list"])]
    if isinstance(node, dict):
        return of["time"] if "logicalType" in node else extreme(node["type"], of)
    if node in CATALOG:
        schema = CATALOG[node].schema
        if schema["type"] == "enum":
            return schema["symbols"][-1]
        return {field["name"]: extreme(field["type"], of) for field in schema["fields"]}
    return {"boolean": True, "bytes": b"\xff", "null": None}.get(node, of.get(node))


def an_extreme(entry: CatalogEntry, which: str) -> Recorded:
    """An event with every field at an end."""
    record = {f["name"]: extreme(f["type"], EXTREMES[which]) for f in entry.schema["fields"] if f["name"] != "envelope"}
    if entry.name == "JobsGenerated":
        # Of a merge these are serials of jobs, whose range is part of what a job's id is.
        record["jobs"] = [{**job, "unit_ids": [1, 9_999_999]} for job in record["jobs"]]
    message = message_class(entry.full_name).from_avro(record)
    envelope = EventWriter().envelope(message, FIRST if entry.aggregate in ("task", "job", "workflow", "ranges") else "an id")
    return Recorded(Place(entry.topic, 0, 0), message, envelope)


class AnyRow(RowChanges):
    """Changes over tables in which every row is there."""

    def known(self, table: str, key: Key) -> Row | None:
        """See `RowChanges`."""
        row = {"status": "ready", "old_status": None, "super_status": "ready", "started_at": 1, "dataset": "d"}
        workflow = {"attempt": 1, "bounds": [0], "states": ""}
        ranges = {"tries": [[[1, 2]]], "file_id": 1, "ranges": [[1, 2, 1, "s"]], "is_over": False}
        return {**row, **workflow, **ranges, "message": None, "changed": None, "nucleus": None}


def rows_of(projection: Projection, record: Recorded) -> Iterator[tuple[Table, Row]]:
    """Every row, whole or in part, that the event writes."""
    changes = AnyRow(projection.shapes)
    projection.apply(record, changes)
    for shape, of_table in changes:
        for key, change in of_table.items():
            for row in (change.row, change.patch):
                if row:
                    yield projection.tables[shape.name], {**dict(zip(shape.key, key, strict=True)), **row}


@pytest.mark.parametrize("which", EXTREMES)
@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_a_column_is_as_wide_as_what_events_write_into_it(entry: CatalogEntry, which: str) -> None:
    record = an_extreme(entry, which)
    readers = [p for p in PROJECTIONS.values() if entry.topic in p.topics]

    found = [written for projection in readers for written in rows_of(projection, record)]

    for table, row in found:
        for name, value in row.items():
            if value is None:
                continue
            match table.columns[name].type:
                case BigInteger():
                    assert -(2**63) <= value < 2**63 or name in COUNTED, (table.name, name)
                case Integer():
                    assert -(2**31) <= value < 2**31, (table.name, name)
                case Text():
                    assert isinstance(value, str), (table.name, name)
                case Boolean():
                    assert isinstance(value, bool), (table.name, name)
                case Double():
                    assert isinstance(value, float), (table.name, name)
                case _:
                    json_of(value)
        if not COUNTED & set(row):
            rows_text(table, [row], are_whole=False)


@pytest.mark.parametrize("which", EXTREMES)
@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_every_event_has_a_sentence(entry: CatalogEntry, which: str) -> None:
    message = an_extreme(entry, which).message

    assert isinstance(sentence_of(message), str)
    assert json_of(body_of(message))


def test_no_index_over_texts_can_be_too_long_for_postgres() -> None:
    fixed = {"kind": 50, "queue": 2000, "error_source": 4 * 50, "error_cluster": 4 * 200, "aggregate_id": 2000}
    for projection in PROJECTIONS.values():
        for table in projection.tables.values():
            limits = fixed | dict(limits_of(table))
            for index in table.indexes:
                texts = [str(column.name) for column in index.columns if isinstance(column.type, Text)]
                assert sum(limits[name] for name in texts) <= INDEX_ROW_BYTES_MAX, index.name


def test_long_names_around_a_task_are_cut_where_they_are_indexed_and_nowhere_else(database: str) -> None:
    stage = a_stage(database)
    # Random enough that Postgres cannot compress it below the limit.
    name = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(3000))
    said = list(a_task(FIRST))
    stage.say(world(), said[:1], [(replace(said[1][0], name=name, user_name=name, label=name), FIRST)], said[2:])

    catch_up(stage.projector())

    assert stage.rows("SELECT count(*) FROM projection_set_aside") == [(0,)]
    assert stage.rows("SELECT left(name, 666) = left(%s, 666), octet_length(user_name) FROM task", name) == [(True, 498)]
    assert stage.rows("SELECT status FROM task") == [("finished",)]


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (YEAR_1, "0001-01-01T00:00:00.000Z"),
        (YEAR_9999, "9999-12-31T23:59:59.999Z"),
        (YEAR_1 - 3_600_000_000, "-62135600400000000 microseconds since 1970"),
        (2**63 - 1, "9223372036854775807 microseconds since 1970"),
        (-(2**63), "-9223372036854775808 microseconds since 1970"),
    ],
)
def test_every_time_has_a_text(micros: int, text: str) -> None:
    assert utc(micros) == text
    assert utc_words(micros) == text.removesuffix("Z").split(".")[0].replace("T", " ")


def test_a_schema_that_the_registry_does_not_know_makes_a_record_poison_and_is_seldom_asked_for() -> None:
    asked = []

    def fetch(number: int) -> dict[str, Any]:
        asked.append(number)
        raise Poison(f"schema {number} is not in the registry")

    codec = Codec({}, fetch)

    for _ in range(150):
        with pytest.raises(Poison, match="schema 77 is not in the registry"):
            codec.decode(b"\x00\x00\x00\x00\x4drubbish")

    assert asked == [77, 77]


@pytest.mark.parametrize("schema", [{}, {"namespace": "a", "name": "b"}, {"namespace": "a", "name": "b", "type": "nonsense"}])
def test_a_schema_that_is_no_record_of_ours_makes_a_record_poison(schema: dict[str, Any]) -> None:
    codec = Codec({}, lambda _: schema)

    with pytest.raises(Poison, match="schema 77 is no record of ours"):
        codec.decode(b"\x00\x00\x00\x00\x4drubbish")


def test_a_schema_that_cannot_become_ours_makes_a_record_poison() -> None:
    foreign = {"namespace": "culm.task", "name": "TaskPaused", "type": "record", "fields": [{"name": "reason", "type": "long"}]}
    codec = Codec({}, lambda _: foreign)

    with pytest.raises(Poison, match=r"culm\.task\.TaskPaused"):
        codec.decode(b"\x00\x00\x00\x00\x4d\x02")

