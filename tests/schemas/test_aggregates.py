"""What is declared of aggregates, and what a file that says it wrongly is answered."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit.subject import NotUnderstood, Subject, subject_from
from schemas.aggregates import AGGREGATES, ASKED, read_aggregates
from schemas.topics import topics_of_role

GOOD: dict[str, Any] = {"title": "A text.", "key": {"title": "vo"}}


def written(folder: Path, document: Any) -> Path:
    (folder / "banner" / "commands").mkdir(parents=True)
    (folder / "banner" / "aggregate.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_aggregates_come_in_their_place_and_with_their_topics() -> None:
    assert tuple(AGGREGATES)[:7] == ("task", "task_name", "dataset", "job", "queue", "worker", "policy")
    assert ASKED[:4] == ("task", "job", "queue", "worker")
    assert topics_of_role("events") == tuple(f"culm.{name}.events.v1" for name in AGGREGATES)


def test_an_aggregate_needs_a_title_and_a_key(tmp_path: Path) -> None:
    (found,) = read_aggregates(written(tmp_path, GOOD)).values()

    assert (found.name, found.commands_remembered, found.topic("events")) == ("banner", 64, "culm.banner.events.v1")
    assert (found.subject, found.key.public, found.key.problem("anything")) == (None, False, "")


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"title": "A text."}, "the file: found title, expected title, key and any of"),
        (GOOD | {"colour": "red"}, "the file: found colour, key, title, expected title, key and any of"),
        (GOOD | {"key": {"title": "vo", "max": 5}}, "key: found a number without its bounds or name, expected"),
        (GOOD | {"key": {"title": "vo", "characters": "RUNES"}}, "key.characters: found 'RUNES', expected one of"),
        (GOOD | {"key": {"title": "vo", "refers": "planet"}}, "key.refers: found 'planet', expected one of banner"),
        (GOOD | {"subject": {"within": "x"}}, "subject: found within, expected named and any of"),
    ],
)
def test_a_declaration_that_says_something_else_is_named(tmp_path: Path, document: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=r"banner/aggregate\.json") as raised:
        read_aggregates(written(tmp_path, document))

    assert problem in str(raised.value)


def test_messages_without_a_declared_aggregate_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "banner" / "events").mkdir(parents=True)

    with pytest.raises(ValueError, match=r"banner/aggregate\.json: not there, expected with events/ beside it"):
        read_aggregates(tmp_path)


@pytest.mark.parametrize(
    ("kind", "name", "subject"),
    [
        ("task", "0010000001", Subject("task", "10000001", "10000001")),
        ("job", "9000000000000000001", Subject("job", "9000000000000000001", "9000000000000000001")),
        ("queue", "SLAC", Subject("queue", "SLAC", "SLAC")),
        ("worker", "SLAC/w/7", Subject("worker", "SLAC/w/7", "SLAC", "w/7")),
    ],
)
def test_a_subject_is_understood_by_its_kind_and_name(kind: str, name: str, subject: Subject) -> None:
    assert subject_from(kind, name) == subject


@pytest.mark.parametrize(
    ("kind", "name", "error"),
    [
        ("planet", "x", "kind: found 'planet', expected one of task, job, queue, worker, harvester"),
        ("dataset", "x", "kind: found 'dataset', expected one of task, job, queue, worker, harvester"),
        ("job", "x1", "job: found 'x1', expected its number"),
        ("job", "9223372036854775808", "job: found '9223372036854775808', expected its number"),
        ("job", "\u0661", "job: found '\u0661', expected its number"),
        ("worker", "SLAC", "worker: found 'SLAC', expected QUEUE/WORKER_ID"),
    ],
)
def test_what_cannot_be_a_subject_is_refused_with_what_was_expected(kind: str, name: str, error: str) -> None:
    with pytest.raises(NotUnderstood) as raised:
        subject_from(kind, name)

    assert str(raised.value).startswith(error)
