"""Anything at any key of a task's parameters: a definition within bounds or a broken task, and no exception."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.bounds import problems_of
from schemas.catalog import messages
from schemas.task import BreakTask, RefineTask, TaskReloaded, TaskSubmitted
from schemas.wire import Codec
from streams.engine.messages import OutgoingCommand
from streams.jedi.known_keys import TASK
from streams.jedi.reactions import DEFINITION_BYTES_MAX, refine_submitted
from tests.doses import dose
from tests.streams.builders import a_submission, a_submission_with_input, record_read
from tests.streams.naughty import NAUGHTY, naughty

API = "http://127.0.0.1:25080"
CODEC = Codec({entry.full_name: number for number, entry in enumerate(messages(), start=1)}, lambda number: {})
RECORDED = json.loads((Path(__file__).parent / "recorded" / "doma-task-parameters.json").read_text(encoding="utf-8"))
PLACE = "the place of the value"
KEYS = (
    "nFilesPerJob", "nMaxFilesPerJob", "nEvents", "nEventsPerJob", "nEventsPerFile", "nFiles", "nGBPerJob",
    "nGBPerMergeJob", "nFilesPerMergeJob", "maxNumJobs", "totNumJobs", "nJobs", "maxAttempt", "maxFailure", "coreCount",
    "ramCount", "ramCountUnit", "ramUnit", "outDiskCount", "outDiskUnit", "workDiskCount", "workDiskUnit", "maxWalltime",
    "walltime", "goal", "site", "cloud", "includedSite", "excludedSite", "architecture", "processingType",
    "prodSourceLabel", "transPath", "sourceURL", "container_name", "multiStepExec", "buildSpec", "mergeSpec", "mergeOutput",
    "log", "log_merge", "jobParameters", "pfnList", "dsForIN", "noInput", "waitInput", "useLocalIO", "noLoopingCheck",
    "failGoalUnreached", "noWaitParent", "disableAutoRetry", "taskName", "vo",
)  # fmt: skip


def without_the_unsupported(given_: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given_.items() if key not in TASK.unsupported} | {"processingType": "panda"}


EXAMPLES = (
    a_submission(buildSpec={"jobParameters": "-o ${OUT}", "archiveName": "sources.1.tar.gz"}),
    a_submission_with_input(
        mergeOutput=True, mergeSpec={"jobParameters": "${TRN_OUTPUT:OUTPUT}"}, multiStepExec={"preprocess": {}}
    ),
    *map(without_the_unsupported, RECORDED),
    *RECORDED,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value stands in an example: every key and every member, at every depth, and keys that are not there yet."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield (*path, key)
        yield from places(inner, (*path, key))


def all_places() -> list[tuple[int, tuple[Any, ...]]]:
    found = [(number, path) for number, example in enumerate(EXAMPLES) for path in places(example)]
    return found + [(number, (key,)) for number, example in enumerate(EXAMPLES) for key in KEYS if key not in example]


def changed(example: Any, path: tuple[Any, ...], text: str) -> str:
    """The example as JSON with `text` at `path`."""
    copy = json.loads(json.dumps(example))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = PLACE
    return json.dumps(copy).replace(json.dumps(PLACE), text)


def answer_to(parameters_json: str) -> OutgoingCommand:
    """The one command; fails for a record that the broker, or the bounds of the command, would refuse."""
    event = TaskReloaded(parameters_json=parameters_json, parameters_revision=1, retried=False, task_attempt=2)
    (made,) = refine_submitted([record_read(event)], API)
    assert isinstance(made.command, RefineTask | BreakTask)
    assert problems_of(made.command) == ()
    size = len(CODEC.encode(made.command, made.envelope))
    assert size <= (DEFINITION_BYTES_MAX + 1_000 if isinstance(made.command, RefineTask) else 10_000)
    return made


@settings(max_examples=dose(400, fast=40), deadline=None)
@given(st.sampled_from(all_places()), naughty())
def test_any_value_at_any_key_gives_a_definition_or_breaks_the_task(place: tuple[int, tuple[Any, ...]], text: str) -> None:
    number, path = place

    answer_to(changed(EXAMPLES[number], path, text))


def test_every_known_oddity_at_every_key_gives_a_definition_or_breaks_the_task() -> None:
    keys = sorted({*((key,) for key in KEYS), *places(EXAMPLES[0]["jobParameters"][4], ("jobParameters", 4))}, key=repr)
    for path in keys[:: dose(1, fast=8)]:
        for text in NAUGHTY:
            answer_to(changed(EXAMPLES[0], path, text))


@settings(max_examples=dose(200, fast=20), deadline=None)
@given(naughty())
def test_any_json_instead_of_parameters_gives_a_definition_or_breaks_the_task(text: str) -> None:
    answer_to(text)


def test_the_examples_themselves_are_refined() -> None:
    answers = [answer_to(json.dumps(example)).command for example in EXAMPLES[: 2 + len(RECORDED)]]

    assert [type(answer) for answer in answers] == [RefineTask] * len(answers)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("coreCount", "10000000000", "coreCount is 10000000000, expected a whole number of at most 100000"),
        ("coreCount", "1e400", "coreCount is inf, expected a whole number of at least 0"),
        ("maxWalltime", "1e11", "maxWalltime is 100000000000.0, expected a wall time of 0 to 2147483647 seconds"),
        ("ramCount", "[1]", "ramCount is [1], expected a number"),
        ("goal", "NaN", "goal is nan, expected a finite number"),
        ("goal", "1e308", "goal is 1e+308, expected a number of at most 1,000,000,000,000"),
        ("nFiles", "1" * 400, "nFiles is a number beyond 1e30, expected a whole number of at most 2147483647"),
        ("site", '"(a)\\\\1"', "site: pattern '(a)\\\\1' has the backreference \\1, which cannot be matched in linear time"),
        ("transPath", '"a\\u0000b"', "transPath holds the character U+0000 ('a\\x00b'), expected text without control"),
        (
            "multiStepExec",
            '{"preprocess": {"args": ' + "[" * 40 + "]" * 40 + "}}",
            "multiStepExec is nested more than 30 deep, expected at most that",
        ),
        ("multiStepExec", '{"preprocess": NaN}', "multiStepExec holds NaN, Infinity or an endless number, expected JSON"),
    ],
)
def test_an_absurd_value_breaks_the_task_with_key_value_and_what_was_expected(key: str, text: str, message: str) -> None:
    made = answer_to(changed(EXAMPLES[0], (key,), text)).command

    assert isinstance(made, BreakTask)
    assert message in made.message


def test_parameters_that_are_nested_without_end_break_the_task() -> None:
    event = TaskSubmitted(
        task_id=10_000_001, name="t", user_name="u", nickname="u", label="user", priority=1, parameters_json='{"a":' * 100_000
    )
    (made,) = refine_submitted([record_read(event)], API)

    assert made.command == BreakTask(reason="BAD_PARAMETERS", message="the parameters are nested too deeply to be read")
