"""Any event within its bounds is taken by every reader: reactions, projections, sentences, lists, pages, checker, exporter."""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given

from api.http.forms import with_times
from api.log.dead_letters import _letter
from api.log.live_events import LiveRecord
from api.monitor.pages.jobs import job_document
from api.monitor.pages.tasks import task_document
from api.monitor.rendering import environment, json_attribute, lasting, number, shown, value_of, when
from api.native.tail import FIELDS, conditions_from, document_of, searched
from api.panda.job_object import job_object
from api.panda.task_object import parameters_of, task_object
from api.pilots.job_dict import job_dict
from audit.log_export import Exported, write_avro, write_lines
from check.laws import Seen
from check.report import judge_log, laws_of_the_log
from eventlog.registry_client import SchemaRegistryError
from projections.catalogue import PROJECTIONS
from projections.engine.writing import column_types, json_of, rows_text
from schemas.bounds import problems_of
from schemas.catalog import CATALOG, CatalogEntry, messages
from schemas.reading import Recorded
from schemas.records import replace
from schemas.types import JobSpec
from schemas.wire import Codec, Decoded
from streams.engine.messages import OutgoingCommand, RecordRead
from streams.facts.snapshot import Parked, QueueFacts, Snapshot
from streams.jedi.outcomes import ENDINGS, roll_up
from streams.jedi.reactions import Generation, refine_submitted
from streams.jedi.wake import wake_all, wake_late
from streams.leases.ends import KINDS as LEASE_ENDS
from streams.leases.ends import ended_leases
from streams.leases.renewal import renewals
from streams.provisioning.demand import demands
from streams.provisioning.revoked import KINDS as REVOKED
from streams.provisioning.revoked import revoked_leases
from tests.projections.event_writer import a_codec
from tests.projections.tables_in_memory import Tables
from tests.readers.histories import EVENTS, history
from tests.schemas.within_bounds import SEEDS, a_message, a_part, an_event_envelope, examples, for_any_seed
from tests.streams.builders import a_submission

CODEC = a_codec()
#: Events that some processor reacts to.
REACTED = frozenset(
    ("TaskSubmitted", "TaskReloaded", "JobsOrdered", "TaskParked", "QueueConfigured", *ENDINGS, *LEASE_ENDS, *REVOKED)
)
#: Columns that Postgres computes; a reader of rows has them as well.
COMPUTED: Mapping[str, Any] = {"error_source": None, "error_code": None, "error_cluster": None, "due_at": 4_165_516_800_000_000}


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_every_projection_folds_any_event_and_every_row_is_shown(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        tables = Tables()
        for record in history(entry, seed):
            tables.take([record])
        for projection in PROJECTIONS.values():
            for name, table in projection.tables.items():
                rows = tables.all(name)
                assert orjson.loads(rows_text(table, rows)) is not None
                assert all(set(column_types(table)) == set(row) for row in rows)
                for row in rows:
                    show(name, {**COMPUTED, **joined(name, row, tables), **json.loads(json_of(row))})

    for_any_seed(check, 6)


def joined(table: str, row: dict[str, Any], tables: Tables) -> dict[str, Any]:
    """What the view adds to a row: a job's specification, null before its queue has it."""
    if table != "job":
        return {}
    specs = {one["job_id"]: json.loads(json_of(one))["spec"] for one in tables.all("job_spec")}
    return {"spec": specs.get(row["job_id"])}


def show(table: str, row: dict[str, Any]) -> None:
    """What the API and the pages make of a row."""
    assert orjson.dumps(with_times(row))
    for name, value in row.items():
        assert value_of(value, name) is not None
        assert shown(value) is not None
        assert json_attribute(value) is not None
        if name.endswith("_at"):
            assert when(value) is not None
        if isinstance(value, int | float) or value is None:
            assert number(value)
            assert lasting(value if value is None else int(value))
    if table == "task":
        assert orjson.dumps(task_object(row), default=str)
        assert orjson.dumps(parameters_of(row), default=str)
        assert orjson.dumps(task_document(row), default=str)
    if table == "job":
        assert orjson.dumps(job_object(row), default=str)
        assert orjson.dumps(job_document(row), default=str)


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_the_checker_judges_any_event(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        seen = [
            Seen(r.place, "events", r.aggregate, type(r.message).__name__, r.envelope, r.message) for r in history(entry, seed)
        ]

        assert judge_log(seen, laws_of_the_log({}))

    for_any_seed(check, 6)


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_any_event_is_exported(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        pairs = [exported(record) for record in history(entry, seed)]

        assert write_avro(io.BytesIO(), pairs, CODEC) == len(pairs)
        assert write_lines(io.BytesIO(), pairs) == len(pairs)

    for_any_seed(check, 4)


def exported(record: Recorded) -> tuple[Exported, Decoded]:
    """The event as the exporter reads it."""
    entry = CATALOG[f"culm.{record.aggregate}.{type(record.message).__name__}"]
    place, envelope = record.place, record.event
    value = CODEC.encode(record.message, envelope)
    event = Exported(place.topic, 0, place.offset, 0, envelope.aggregate_id, entry.full_name, value)
    return event, Decoded(entry, record.message, envelope)


@pytest.mark.parametrize("entry", [one for one in EVENTS if one.name in REACTED], ids=lambda entry: entry.name)
def test_every_reaction_takes_any_event_and_says_only_what_is_within_bounds(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        message = a_message(entry, seed)
        heard = [RecordRead(message, an_event_envelope(seed, key_of(entry, seed)), entry.topic, 0, 1)]
        for made in reacted(entry.name, heard, facts(seed)):
            assert (type(made.command).__name__, problems_of(made.command)) == (type(made.command).__name__, ())
            assert problems_of(made.envelope) == ()

    for_any_seed(check, 12)


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_the_tail_shows_any_event_and_its_filters_look_at_it(entry: CatalogEntry) -> None:
    conditions = conditions_from([f"{field}=!*nothing*" for field in FIELDS])

    def check(seed: int) -> None:
        message = a_message(entry, seed)
        envelope = an_event_envelope(seed, key_of(entry, seed))
        record = LiveRecord(entry.topic, 0, 1, Decoded(entry, message, envelope))

        assert all(one.holds(searched(record)) in (True, False) for one in conditions)
        assert orjson.dumps(document_of(record))

    for_any_seed(check, 4)


@examples(30)
@given(SEEDS)
def test_any_dead_letter_is_shown_with_any_record_that_it_repeats(seed: int) -> None:
    (entry,) = (one for one in CATALOG.values() if one.name == "DeadLetter")
    inside = EVENTS[seed % len(EVENTS)]
    repeated = CODEC.encode(a_message(inside, seed), an_event_envelope(seed, key_of(inside, seed)))
    drawn = a_message(entry, seed)

    def unknown(number: int) -> Mapping[str, Any]:
        raise SchemaRegistryError(404, 40403, f"schema {number} not found")

    codec = Codec({one.full_name: number for number, one in enumerate(messages(), start=1)}, unknown)
    for letter in (drawn, replace(drawn, value=repeated), replace(drawn, value=None)):
        found = _letter(codec, 0, 1, codec.encode(letter))
        assert found is not None
        assert orjson.dumps(found.document)


def key_of(entry: CatalogEntry, seed: int) -> str:
    """Key of the record."""
    *_, last = history(entry, seed)
    return last.event.aggregate_id


def reacted(name: str, heard: list[RecordRead], snapshot: Snapshot) -> Iterator[OutgoingCommand]:
    """What the processors say to an event of that name."""
    if name in ("TaskSubmitted", "TaskReloaded"):
        yield from refine_submitted(heard, "http://127.0.0.1:25080")
    if name == "JobsOrdered":
        yield from Generation().choose(heard, snapshot)
    if name == "TaskParked":
        yield from wake_late(heard, snapshot)
    if name == "QueueConfigured":
        yield from wake_all(heard, snapshot)
    if name in ENDINGS:
        yield from roll_up(heard, snapshot.retry_rules, {})
    if name in LEASE_ENDS:
        yield from ended_leases(heard)
    if name in REVOKED:
        yield from revoked_leases(heard, snapshot)


@examples(60)
@given(SEEDS)
def test_any_queues_make_demands_within_bounds(seed: int) -> None:
    snapshot = facts(seed)
    cause = RecordRead(None, an_event_envelope(seed, "Q"), "culm.queue.events.v1", 0, 1).cause

    for _, _, made in demands(snapshot.queues, {}, dict.fromkeys(snapshot.queues, cause)):
        assert (problems_of(made.command), problems_of(made.envelope)) == ((), ())


def facts(seed: int) -> Snapshot:
    """Queues, rules and parked tasks of any kind."""
    queues = [a_part("QueueSettings", seed + step) for step in range(3)]
    loads = (0, 1, 10**15)
    return Snapshot(
        {one.name: QueueFacts(one, loads[seed % 3], loads[seed // 3 % 3], loads[seed // 9 % 3]) for one in queues},
        tuple(a_part("RetryRule", seed + step) for step in range(3)) if seed % 2 else None,
        (Parked(10_000_001, "wlcg", "7f9c2ba4-e88f-527d-a8b1-5c6a3d2e1f00"),),
        "culm.policy.events.v1:0:1",
    )


@examples(40)
@given(SEEDS)
def test_any_parameters_are_refined_or_the_task_is_broken(seed: int) -> None:
    # Real parameters, one or two of them replaced by anything that JSON can say.
    # fmt: off
    odd: list[Any] = [
        None,
        True,
        -1,
        0,
        10**40,
        1e308,
        "NaN",
        "x" * 5_000,
        "\ud800",
        "\x00",
        [],
        [[]],
        {},
        {"a": [1]},
        ["a", 1],
        "(a",
        "é",
    ]
    parameters = a_submission()
    for step, key in enumerate(sorted(parameters)):
        if (seed >> step) % 7 == 0:
            parameters[key] = odd[(seed >> step) % len(odd)]
    message = a_message(CATALOG["culm.task.TaskSubmitted"], seed)
    message = type(message).from_avro(message.to_avro() | {"parameters_json": json.dumps(parameters)})
    heard = [RecordRead(message, an_event_envelope(seed, "10000001"), "culm.task.events.v1", 0, 1)]

    (made,) = refine_submitted(heard, "http://127.0.0.1:25080")

    assert problems_of(made.command) == ()


@examples(30)
@given(SEEDS)
def test_any_heartbeat_renews_a_lease(seed: int) -> None:
    beats = [a_message(CATALOG["culm.heartbeat.PilotHeartbeat"], seed + step) for step in range(3)]

    made = list(renewals([RecordRead(beat, None, "culm.pilot.heartbeats.v1", 0, step) for step, beat in enumerate(beats)]))

    assert [problems_of(one.command) + problems_of(one.envelope) for one in made] == [()] * len(made)


@examples(30)
@given(SEEDS)
def test_any_job_is_written_for_its_pilot(seed: int) -> None:
    spec: JobSpec = a_part("JobSpec", seed)

    assert orjson.dumps(job_dict(spec, "LOCAL_DISK", "http://127.0.0.1:25080"))


def test_the_pages_know_how_to_render() -> None:
    assert environment().filters["when"] is when
