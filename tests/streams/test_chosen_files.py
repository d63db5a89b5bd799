"""Parameters that choose the files of a task, in the forms in which clients send them."""

from typing import Any

import pytest

from schemas.types import KeptRule, SplitRules, TaskDefinition
from streams.jedi.refine import refine
from streams.jedi.task_parameters import Refusal
from tests.streams.builders import a_submission, a_submission_with_input

API = "http://127.0.0.1"


def refined(given: dict[str, Any]) -> TaskDefinition:
    outcome = refine(given, API)
    assert isinstance(outcome, TaskDefinition), outcome
    return outcome


def master_with(**more: Any) -> dict[str, Any]:
    given = a_submission_with_input()
    next(item for item in given["jobParameters"] if item.get("param_type") == "input").update(more)
    return given


def second_with(**more: Any) -> dict[str, Any]:
    """Parameters as `prun --secondaryDSs IN2:1:user.jdoe.b` makes them."""
    given = a_submission_with_input()
    item = {"type": "template", "param_type": "input", "value": "${IN2}", "dataset": "user.jdoe.b", "expand": True}
    given["jobParameters"].append(item | more)
    return given


@pytest.mark.parametrize(
    ("value", "tasks"),
    [("12", (12,)), ("12, 10000001,12", (12, 10_000_001)), (12, (12,)), ("", ()), (None, ()), ("9" * 11, (99_999_999_999,))],
)
def test_tasks_whose_files_are_left_out_come_as_a_comma_list_or_a_number(value: object, tasks: tuple[int, ...]) -> None:
    assert refined(a_submission_with_input(skipFilesUsedBy=value)).skips_files_of == tasks


@pytest.mark.parametrize("value", ["x", "-1", "0", "1.5", "900000000001", "1" * 100, ",".join(map(str, range(1, 22))), {"a": 1}])
def test_what_is_no_list_of_tasks_is_refused_by_name(value: object) -> None:
    outcome = refine(a_submission_with_input(skipFilesUsedBy=value), API)

    assert isinstance(outcome, Refusal)
    assert outcome.reason == "BAD_PARAMETERS"
    assert outcome.message.startswith("skipFilesUsedBy is ")
    assert outcome.message.endswith("expected a comma list of at most 20 ids of tasks")


def test_empty_files_are_left_out_as_prun_asks_for_it() -> None:
    assert refined(a_submission_with_input(skipEmptyInput=True)).skip_empty_files
    assert not refined(a_submission_with_input()).skip_empty_files


def test_input_in_random_order() -> None:
    assert refined(master_with(random=True)).rules == SplitRules(ordered_by="random")
    assert refined(second_with(random=True)).secondaries[0].random


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (master_with(random=True, offset=2), "jobParameters[2].random is true beside offset 2, expected one of them"),
        (master_with(random=True) | {"respectLB": True}, "random is true beside groupBoundaryID, respectLB or orderByLB, "),
    ],
)
def test_a_random_order_beside_another_one_is_refused(given: dict[str, Any], message: str) -> None:
    outcome = refine(given, API)

    assert isinstance(outcome, Refusal)
    assert outcome.message.startswith(message)


def test_secondary_input_by_events_and_by_number() -> None:
    assert refined(second_with(eventRatio=0.5)).secondaries[0].event_ratio == 0.5
    assert refined(second_with(indexConsistent=True)).secondaries[0].index_consistent
    assert refined(master_with(indexConsistent=True)) == refined(a_submission_with_input())


def test_input_that_is_made_up_is_joined_with_nothing() -> None:
    item = {"type": "template", "param_type": "input", "value": "${IN2}", "dataset": "user.jdoe.b", "indexConsistent": True}
    outcome = refine(a_submission(jobParameters=[item]), API)

    assert isinstance(outcome, Refusal)
    assert outcome.message == "jobParameters[0].indexConsistent is true beside noInput, expected master input to join it with"


def test_rules_of_jedi_that_change_nothing_are_kept_by_their_codes() -> None:
    given = a_submission(messageDriven=True, nChunksToWait=3, avoidVP=0, t1Weight="x", pushStatusChanges=None)

    assert refined(given).rules.kept == (KeptRule(code="MD", value=1), KeptRule(code="NT", value=3))
