"""Every field has bounds, they are checked as the Avro files say, and they only ever widen."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import validator_for

from api.native.command_body import json_schema
from schemas.bounds import Problem, bounds_in_words, problems_of, sentence
from schemas.catalog import CATALOG, CatalogEntry, messages, self_contained
from schemas.evolution import narrowed_bounds
from schemas.queue import HoldTask, LeasesRenewed
from schemas.records import replace
from schemas.task import ChangeTaskPriority, SubmitTask
from schemas.types import (
    CommandEnvelope,
    DatasetRole,
    JobInput,
    JobSpec,
    JobUsage,
    OutputFile,
    OutputTemplate,
    SnapshotEnvelope,
    WorkerState,
)
from schemas.worker import ReportWorker
from tests.projections.event_writer import EventWriter, a_codec
from tests.schemas.within_bounds import a_message, for_any_seed

ID = "7f9c2ba4-e88f-527d-a8b1-5c6a3d2e1f00"
AT = 1_800_000_000_000_000
SUBMISSION = SubmitTask(
    task_id=10_000_001, name="user.jdoe.x/", user_name="Jürgen O'Doe", label="user", priority=1000, parameters_json="{}"
)
INPUT = JobInput(lfn="a.root", dataset="user.jdoe.in", scope="user.jdoe", size_bytes=1, checksum="ad:0", endpoint="DISK")
OUTPUT = OutputTemplate(
    stream="OUTPUT0", role=DatasetRole.OUTPUT, dataset="user.jdoe.out", scope="user.jdoe", name_template="a.root"
)
ENVELOPE = CommandEnvelope(command_id=ID, aggregate_id="10000001", correlation_id=ID, issued_at=AT, actor="jdoe", vo="wlcg")
AN_EVENT = EventWriter().envelope(HoldTask(task_id=1), "LOCAL")
NEEDED = {
    "string": ("characters", "length_max"),
    "int": ("min", "max"),
    "long": ("min", "max"),
    "double": ("min", "max"),
    "bytes": ("bytes_max",),
}


def _fields() -> Iterator[tuple[CatalogEntry, dict[str, Any]]]:
    for entry in CATALOG.values():
        for field in entry.schema.get("fields", ()):
            yield entry, field


def _needed(node: Any) -> tuple[str, ...]:
    match node:
        case [_, branch]:
            return _needed(branch)
        case {"type": "array", "items": items}:
            return ("items_max", *_needed(items))
        case {"type": str(primitive)}:
            return _needed(primitive)
        case _:
            return NEEDED.get(node, ())


def test_every_field_has_its_bounds_beside_its_type() -> None:
    missing = [
        f"{entry.name}.{field['name']}: {bound}"
        for entry, field in _fields()
        for bound in _needed(field["type"])
        if bound not in field
    ]

    assert missing == []


def test_no_number_is_allowed_that_its_avro_type_cannot_hold() -> None:
    bits = {"int": 31, "long": 63}
    wrong = [
        f"{entry.name}.{field['name']}"
        for entry, field in _fields()
        for kind, size in bits.items()
        if f'"{kind}"' in json.dumps(field["type"]) and not -(1 << size) <= field["min"] <= field["max"] < 1 << size
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (replace(SUBMISSION, task_id=0), Problem("task_id", "0", "1 to 900,000,000,000")),
        (replace(SUBMISSION, priority=1 << 31), Problem("priority", "2147483648", "-2,147,483,648 to 2,147,483,647")),
        (
            replace(SUBMISSION, name="i$(touch x)j"),
            Problem(
                "name",
                "'i$(touch x)j'",
                "a name of letters, digits and _.:+@-/#{}, neither beginning with - nor with a part . or ..",
            ),
        ),
        (
            replace(SUBMISSION, parameters_json='{"a": "\x00"}'),
            Problem(
                "parameters_json",
                "'\\x00' at place 7",
                "text without NUL, control characters other than tab and line breaks, surrogates and noncharacters",
            ),
        ),
        (
            replace(SUBMISSION, parameters_json="x" * 890_001),
            Problem(
                "parameters_json",
                "890,001 characters",
                "text without NUL, control characters other than tab and line breaks, surrogates and noncharacters, "
                "at most 890,000 characters",
            ),
        ),
        (
            replace(ENVELOPE, issued_at=253_402_300_799_000_000),
            Problem("issued_at", "253402300799000000", "a time from 1990-01-01 to 2100-01-01"),
        ),
        (replace(ENVELOPE, command_id="nope"), Problem("command_id", "'nope' (4 characters)", "a UUID, 36 characters")),
        (JobUsage(cpu_seconds=float("nan")), Problem("cpu_seconds", "nan", "0 to 1,000,000,000,000")),
        (JobUsage(cpu_seconds=float("inf")), Problem("cpu_seconds", "inf", "0 to 1,000,000,000,000")),
        (LeasesRenewed(job_ids=(1, 0), seen_at=AT), Problem("job_ids[1]", "0", "1 to 9,223,372,036,854,775,807")),
        (LeasesRenewed(job_ids=(1,) * 50_001, seen_at=AT), Problem("job_ids", "50,001 items", "at most 50,000 items")),
        (
            replace(SUBMISSION, priority="1"),  # as JSON may hold it
            Problem("priority", "'1'", "a whole number"),
        ),
        (
            replace(SUBMISSION, name=["a"]),  # likewise
            Problem("name", "list", "text"),
        ),
        (HoldTask(task_id=10**400), Problem("task_id", "a number of 1329 bits", "1 to 900,000,000,000")),
    ],
)
def test_a_value_out_of_bounds_is_named_with_what_was_expected(message: Any, problem: Problem) -> None:
    assert problems_of(message) == (problem,)


def test_a_message_within_bounds_has_no_problems() -> None:
    assert [problems_of(one) for one in (SUBMISSION, INPUT, OUTPUT, ENVELOPE)] == [(), (), (), ()]


def test_every_problem_is_named_up_to_a_limit_and_the_sentence_stays_short() -> None:
    inputs = tuple(replace(INPUT, lfn=f"a,b{'c' * 2000}") for _ in range(500))
    spec = JobSpec.from_avro(_job(inputs))

    problems = problems_of(spec)

    assert [problem.field for problem in problems] == [f"inputs[{number}].lfn" for number in range(20)]
    assert len(problems_of(spec, limit=3)) == 3
    assert len(sentence(problems)) < 2_000


@pytest.mark.parametrize(
    "name", ["", "a\nb", "a b", "a,b", "a=b", "a'b", 'a"b', "a`b", "a\\b", "$a", "a;b", "a|b", "-a", "\x00", "ä"]
)
def test_names_that_a_shell_or_a_list_would_read_otherwise_are_out_of_bounds(name: str) -> None:
    # fmt: off
    messages: list[Any] = [
        replace(SUBMISSION, name=name), replace(INPUT, lfn=name), replace(INPUT, dataset=name),
        replace(OUTPUT, name_template=name),
        ReportWorker(worker_id=name, harvester_id="h", state=WorkerState.RUNNING),
    ]
    # fmt: on

    assert [len(problems_of(one)) for one in messages] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("name", ["a/b", "a:b", "..", ".", ".a", "a%2Cb", "a[1]b", "a*b"])
def test_a_file_name_is_a_name_in_one_folder(name: str) -> None:
    assert [problem.field for problem in problems_of(replace(INPUT, lfn=name))] == ["lfn"]


@pytest.mark.parametrize("dataset", ["..", "a/../b", "../b", "a/..", "./a", "a/./b"])
def test_a_name_never_leads_out_of_its_folder(dataset: str) -> None:
    assert [problem.field for problem in problems_of(replace(INPUT, dataset=dataset))] == ["dataset"]


@pytest.mark.parametrize(
    "template",
    ["user.jdoe.$JEDITASKID._${SN/P}.out.root", "user.jdoe${MIDDLENAME}.${SN}.x", "log.tgz", "$JEDITASKID", "${MIDDLENAME}a"],
)
def test_file_names_with_known_placeholders_are_taken(template: str) -> None:
    assert problems_of(replace(OUTPUT, name_template=template)) == ()


@pytest.mark.parametrize(
    "template", ["${HOME}", "$HOME.x", "a${SN", "${MIDDLENAME}", "${MIDDLENAME}.a", "${MIDDLENAME}-a", "$(x)"]
)
def test_a_template_never_becomes_what_no_file_name_may_be(template: str) -> None:
    assert [problem.field for problem in problems_of(replace(OUTPUT, name_template=template))] == ["name_template"]


def test_an_optional_name_is_nothing_or_a_name_but_never_empty() -> None:
    assert problems_of(replace(ENVELOPE, causation_id=None)) == ()
    assert [problem.field for problem in problems_of(replace(ENVELOPE, causation_id=""))] == ["causation_id"]


def test_an_output_of_a_pilot_may_leave_open_what_the_decider_knows() -> None:
    output = OutputFile(lfn="a", dataset="", scope="", role=DatasetRole.UNKNOWN, size_bytes=0, checksum="", endpoint="D")

    assert problems_of(output) == ()


@pytest.mark.parametrize(
    ("bound", "value", "why"),
    [
        ("max", 10, "ChangeTaskPriority.priority: max is 10, was 2147483647; bounds may only widen"),
        ("min", 0, "ChangeTaskPriority.priority: min is 0, was -2147483648; bounds may only widen"),
        ("length_max", 3, "ChangeTaskPriority.reason: length_max is 3, was 4000; bounds may only widen"),
        ("length_min", 1, "ChangeTaskPriority.reason: length_min is 1, was 0; bounds may only widen"),
        ("characters", "LINE", "ChangeTaskPriority.reason: characters is LINE, was TEXT; bounds may only widen"),
    ],
)
def test_narrower_bounds_than_a_release_had_would_be_noticed(bound: str, value: object, why: str) -> None:
    old = self_contained(CATALOG["culm.task.ChangeTaskPriority"])
    new = json.loads(json.dumps(old))
    field = "priority" if bound in ("min", "max") else "reason"
    next(one for one in new["fields"] if one["name"] == field)[bound] = value

    assert list(narrowed_bounds(old, new)) == [why]
    assert list(narrowed_bounds(new, old)) == []


def test_bounds_of_nested_parts_are_compared_too() -> None:
    old = self_contained(CATALOG["culm.job.DefineJob"])
    new = json.loads(json.dumps(old).replace('"items_max": 10000', '"items_max": 9'))

    assert "JobSpec.inputs: items_max is 9, was 10000; bounds may only widen" in list(narrowed_bounds(old, new))


def test_a_field_tells_its_bounds_in_words() -> None:
    fields = {field["name"]: field for field in CATALOG["culm.task.SubmitTask"].schema["fields"]}
    requirements = {field["name"]: field for field in CATALOG["culm.task.Requirements"].schema["fields"]}

    assert bounds_in_words(fields["name"]) == "NAME, 1 to 512 characters"
    assert bounds_in_words(fields["priority"]) == "-2,147,483,648 to 2,147,483,647"
    assert bounds_in_words(requirements["included_sites"]) == "at most 2,000 items; each LINE, 1 to 255 characters"


def test_the_api_shows_the_bounds_in_its_schema() -> None:
    schema = json_schema(CATALOG["culm.task.SubmitTask"])
    name, priority = schema["properties"]["name"], schema["properties"]["priority"]
    validator = validator_for(schema)
    good = {"task_id": 1, "name": "user.x/", "user_name": "U", "label": "user", "priority": 1, "parameters_json": "{}"}

    assert (name["minLength"], name["maxLength"]) == (1, 512)
    assert (priority["minimum"], priority["maximum"]) == (-2_147_483_648, 2_147_483_647)
    assert list(validator.iter_errors(good)) == []
    assert [one.instance_path for one in validator.iter_errors(good | {"name": "a b"})] == [["name"]]
    assert json_schema(CATALOG["culm.queue.RenewLeases"])["properties"]["job_ids"]["maxItems"] == 50_000


def test_a_command_that_only_changes_a_priority_keeps_its_own_bounds() -> None:
    assert problems_of(ChangeTaskPriority(priority=-5, reason="because\nof that")) == ()


def _job(inputs: tuple[JobInput, ...]) -> dict[str, Any]:
    # fmt: off
    return {
        "job_id": 1, "task_id": 1, "attempt": 1, "serial": 1, "kind": "NORMAL", "name": "n", "queue": "Q", "transformation": "t",
        "parameters": "", "inputs": [one.to_avro() for one in inputs], "outputs": [], "core_count": 1, "ram_mb_min": 0,
        "disk_mb_max": 0, "walltime_seconds_max": 0, "priority": 0, "label": "user", "processing_type": "", "user_name": "u",
        "owner": "o", "vo": "v", "working_group": None, "share": "", "resource_type": "", "needs_merge": False,
        "use_local_io": False, "looping_check": True, "container_name": None, "multi_step_json": None, "events": None,
        "uses_secrets": False, "encoded_parameters": False, "memory_mb_asked": 0, "architecture": "", "release": "",
        "retry_rule_set": "", "takes_ranges": False,
    }
    # fmt: on


@pytest.mark.parametrize("entry", messages(), ids=lambda entry: entry.name)
def test_what_is_drawn_is_within_bounds_and_comes_back_from_bytes(entry: CatalogEntry) -> None:
    codec = a_codec()

    def check(seed: int) -> None:
        message = a_message(entry, seed)
        assert problems_of(message) == ()
        envelopes: dict[str, Any] = {
            "commands": ENVELOPE, "events": AN_EVENT, "facts": AN_EVENT, "snapshots": SnapshotEnvelope(sequence=7)
        }  # fmt: skip
        envelope = envelopes.get(entry.role)
        decoded = codec.decode(codec.encode(message, envelope))
        assert (decoded.message, decoded.envelope) == (message, envelope)

    for_any_seed(check, 10)
