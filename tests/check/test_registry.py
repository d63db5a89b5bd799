"""The checker finds a registry that was altered behind Culm's back."""

import json
from collections.abc import Collection
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from check.registry import RegistryUnaltered, altered
from eventlog.registry import connect, register_all
from schemas.catalog import messages, registered_text

ENTRIES = {entry.subject: entry for entry in messages()}
SUBJECT = next(subject for subject in ENTRIES if subject.endswith("TaskSubmitted"))


#: So many subjects are enough where one of them is wrong.
FEW = (SUBJECT, *[subject for subject in ENTRIES if subject != SUBJECT][:20])


def found(
    level: str = "FULL_TRANSITIVE",
    own: dict[str, str] | None = None,
    changed: dict[str, str] | None = None,
    subjects: Collection[str] = FEW,
) -> Any:
    """What the law finds at a registry of `subjects`. own: levels of subjects. changed: schemas of second versions."""
    changed = changed or {}

    def answer(request: httpx.Request) -> httpx.Response:
        match [unquote(part) for part in request.url.raw_path.decode().partition("?")[0].strip("/").split("/")]:
            case ["config"]:
                return httpx.Response(200, json={"compatibilityLevel": level})
            case ["config", subject]:
                return httpx.Response(200, json={"compatibilityLevel": (own or {}).get(subject, level)})
            case ["subjects"]:
                return httpx.Response(200, json=[*dict.fromkeys((*subjects, *changed)), "other.team-value"])
            case ["subjects", subject, "versions"]:
                return httpx.Response(200, json=[1, 2] if subject in changed else [1])
            case ["subjects", subject, "versions", version]:
                text = changed[subject] if version == "2" else registered_text(ENTRIES[subject])
                return httpx.Response(200, json={"schema": text})
        raise AssertionError(request.url)

    with httpx.Client(base_url="http://registry", transport=httpx.MockTransport(answer)) as client:
        law = RegistryUnaltered(client)
        violations = [(one.place, one.found) for one in law.violations()]
    assert law.checked >= len(subjects)
    return violations


def test_a_registry_as_culm_left_it_is_in_order() -> None:
    assert found(subjects=ENTRIES) == []


def test_a_level_that_was_loosened_is_found_wherever_it_stands() -> None:
    of_one = found(own={SUBJECT: "BACKWARD"})
    of_all = found(level="NONE")

    assert of_one == [(SUBJECT, "compatibility is 'BACKWARD', expected FULL_TRANSITIVE")]
    assert of_all[0] == ("the registry", "compatibility is 'NONE', expected FULL_TRANSITIVE")


def test_a_version_that_no_release_reads_is_found() -> None:
    schema = json.loads(registered_text(ENTRIES[SUBJECT]))
    schema["fields"].append({"name": "planted", "type": "string"})

    places = found(changed={SUBJECT: json.dumps(schema)})

    assert {place for place, _ in places} == {f"{SUBJECT} version 2"}
    assert any("planted" in why for _, why in places)


@pytest.mark.parametrize("text", ["{", '{"type": "nonsense"}', "[]"])
def test_a_version_that_is_no_schema_is_found(text: str) -> None:
    assert {place for place, _ in found(changed={SUBJECT: text})} == {f"{SUBJECT} version 2"}


def test_a_subject_in_culms_name_that_no_message_has_is_found() -> None:
    assert found(changed={"culm.task.events.v1-culm.task.Planted": "{}"}) == [
        ("culm.task.events.v1-culm.task.Planted", "no message of Culm has this subject"),
    ]


@pytest.mark.stack
def test_a_real_registry_is_in_order_until_one_request_loosens_it(registry: str) -> None:
    with connect(registry) as client:
        register_all(client)
    place = f"{registry}/config/{quote(SUBJECT, safe='')}"

    before = altered(registry)
    httpx.put(place, json={"compatibility": "BACKWARD"}).raise_for_status()
    loosened = altered(registry)
    httpx.delete(place).raise_for_status()
    httpx.put(f"{registry}/config", json={"compatibility": "NONE"}).raise_for_status()
    for_all = altered(registry)
    httpx.put(f"{registry}/config", json={"compatibility": "FULL_TRANSITIVE"}).raise_for_status()

    assert before == (len(ENTRIES), [])
    assert [(one.place, one.found) for one in loosened[1]] == [
        (SUBJECT, "compatibility is 'BACKWARD', expected FULL_TRANSITIVE"),
    ]
    assert for_all[1][0].place == "the registry"
    assert for_all[1][0].found == "compatibility is 'NONE', expected FULL_TRANSITIVE"
    assert altered(registry) == (len(ENTRIES), [])
