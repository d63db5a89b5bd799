"""Sentences of events: the format, its errors, and that every event reads as it always did."""

import json
from pathlib import Path
from typing import Any

import pytest

from projections.timeline.body import body_of
from schemas.catalog import CATALOG, CatalogEntry, self_contained
from schemas.declarations import declaration_problems
from schemas.evolution import releases
from schemas.job import JobFailed, JobFinished
from schemas.sentences import BadTemplate, compiled, sentence_of
from schemas.task import TaskReassigned
from schemas.types import JobError
from schemas.wire import message_class

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "sentences.json").read_text(encoding="utf-8"))
REASSIGNED = TaskReassigned(site=None, cloud="US", mode="soft")


@pytest.mark.parametrize("recorded", GOLDEN, ids=lambda recorded: recorded["event"].rpartition(".")[2])
def test_an_event_reads_as_it_did_when_its_sentence_was_first_recorded(recorded: dict[str, Any]) -> None:
    entry = CATALOG[recorded["event"]]
    event = message_class(entry.full_name).from_avro(with_defaults(entry.full_name, recorded["message"]))

    body = json.loads(json.dumps(body_of(event)))

    assert sentence_of(event) == recorded["sentence"]
    assert without_additions(body, recorded["body"]) == recorded["body"]


def without_additions(found: Any, recorded: Any) -> Any:
    """`found` without what was added since it was recorded, also within it."""
    if isinstance(found, dict) and isinstance(recorded, dict):
        return {name: without_additions(found.get(name), value) for name, value in recorded.items()}
    if isinstance(found, list) and isinstance(recorded, list) and len(found) == len(recorded):
        return [without_additions(one, before) for one, before in zip(found, recorded, strict=True)]
    return found


def with_defaults(full_name: str, recorded: dict[str, Any]) -> dict[str, Any]:
    """What was recorded, with the defaults of fields that were added since, also in records (or null) and lists within it."""
    found = {}
    for field in CATALOG[full_name].schema["fields"]:
        value = recorded.get(field["name"], field.get("default"))
        kind = field["type"][-1] if isinstance(field["type"], list) else field["type"]
        if isinstance(kind, str) and isinstance(value, dict):
            value = with_defaults(kind, value)
        elif isinstance(kind, dict) and kind["type"] == "array" and isinstance(value, list):
            value = [with_defaults(kind["items"], one) if isinstance(one, dict) else one for one in value]
        found[field["name"]] = value
    return found


def test_the_record_of_sentences_has_every_event_of_the_first_release() -> None:
    events = {name for name in dict(releases())[1] if CATALOG[name].role == "events"}

    assert {recorded["event"] for recorded in GOLDEN} >= events


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Site {site|else:none}.", "Site none."),
        ("To {site|or:cloud|lower}.", "To us."),
        ("{mode|choose:with/without} mode{site|why}{mode|why}.", "with mode: soft."),
        ([{"when": "site", "say": "at {site}"}, {"when": "cloud", "say": "in {cloud}"}, {"say": "anywhere"}], "in US"),
    ],
)
def test_a_template_is_filled_from_the_fields_of_its_event(template: Any, text: str) -> None:
    assert compiled(template)(REASSIGNED) == text


def test_a_part_is_shown_by_its_own_sentence() -> None:
    errors = (JobError(source="pilot", code=1099, diagnostic="stage-in failed."), JobError(source="exe", code=65))

    assert sentence_of(JobFailed(errors=errors)) == "Failed: pilot 1099 stage-in failed; exe 65 ."
    assert sentence_of(JobFinished()) == "Finished with 0 files."


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("{mode", "found '{mode', expected braces only as {field|filter:argument}"),
        ("{mode.__class__}", "found '{mode.__class__}', expected braces only"),
        ("{mode|upper}", "found the filter 'upper', expected one of lower, words"),
        ("{mode|count}", "found the filter 'count', expected one of lower"),
        ("{mode|choose:yes}", "found choose:yes, expected two texts with one / between them"),
        ([{"when": "mode", "say": "x"}], "expected an object of say"),
        ([], "found [], expected a template or a list of them"),
    ],
)
def test_a_template_that_cannot_be_read_is_refused_with_what_was_found(template: Any, found: str) -> None:
    with pytest.raises(BadTemplate) as raised:
        compiled(template)

    assert found in str(raised.value)


def test_everything_that_is_declared_fits_its_schema() -> None:
    assert declaration_problems() == []


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"sentence": "{sitr|why}"}, "sentence: found {sitr}, expected a field"),
        ({"sentence": "At {site}."}, "sentence: found {site}, which may be missing, expected one of the filters why"),
        ({"sentence": "{mode|each:name}"}, "sentence: found each:name of mode, expected a field of the records in a list"),
        ({"sentence": "{mode|told}"}, "sentence: found {mode|told}, expected a part that has a sentence"),
        ({"timeline": "no", "sentence": "x"}, "timeline: found 'no', expected true or false"),
        ({"right": {"class": "root"}}, "right: found {'class': 'root'}, expected an object with class, one of user"),
        ({"right": {"class": "user"}}, "right: found {'class': 'user'}, expected a scope for user, internal, pilot, operator"),
        ({"key": "id"}, "key: found 'id', expected a field"),
    ],
)
def test_what_is_declared_wrongly_is_named_with_its_file(attributes: dict[str, Any], problem: str) -> None:
    entry = CATALOG["culm.task.TaskReassigned"]
    wrong = CatalogEntry(entry.name, entry.full_name, entry.aggregate, entry.role, {**entry.schema, **attributes}, entry.path)

    (found,) = declaration_problems([wrong])

    assert found.startswith(f"TaskReassigned.avsc: {problem}")


def test_an_event_without_a_sentence_is_named() -> None:
    entry = CATALOG["culm.task.TaskReassigned"]
    silent = {name: value for name, value in entry.schema.items() if name != "sentence"}
    wrong = CatalogEntry(entry.name, entry.full_name, entry.aggregate, entry.role, silent, entry.path)

    assert declaration_problems([wrong]) == [
        "TaskReassigned.avsc: sentence: found none, expected what happened in words, or timeline: false"
    ]


def test_another_sentence_is_no_new_version_of_a_message() -> None:
    text = json.dumps([self_contained(entry) for entry in CATALOG.values()])

    assert [word for word in ('"sentence"', '"right"', '"refers"', '"shown"', '"timeline"') if word in text] == []
