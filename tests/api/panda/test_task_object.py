"""A task as panda-client reads it."""

from typing import Any

import pytest

from api.panda.task_object import TASK_ATTRIBUTES, percent, split_rule, task_object
from tests.api.panda.builders import a_task_row


def test_a_task_has_every_attribute_of_the_reference() -> None:
    task = task_object(a_task_row())

    assert len(TASK_ATTRIBUTES) == 84
    assert set(TASK_ATTRIBUTES) <= set(task)
    assert task["ticketID"] is None


def test_what_pbook_prints_is_there() -> None:
    task = task_object(a_task_row())

    printed = ("jediTaskID", "reqID", "taskName", "userName", "status", "superStatus", "pctFinished", "pctFailed",
               "nFiles", "nFilesFinished", "nFilesFailed")  # fmt: skip
    assert {name: task[name] for name in printed} == {
        "jediTaskID": 10_000_001,
        "reqID": 10_000_001,
        "taskName": "user.jdoe.t1/",
        "userName": "Jane Doe",
        "status": "running",
        "superStatus": "running",
        "pctFinished": 33,
        "pctFailed": 33,
        "nFiles": 3,
        "nFilesFinished": 1,
        "nFilesFailed": 1,
    }


@pytest.mark.parametrize(
    ("given", "shown"), [("101", 101), ('"101"', 10_000_001), ("-1", 10_000_001), ("true", 10_000_001), ("null", 10_000_001)]
)
def test_the_request_that_came_with_a_task_is_kept(given: str, shown: int) -> None:
    task = task_object(a_task_row(parameters=f'{{"reqID": {given}}}'))

    assert (task["reqID"], task["jediTaskID"]) == (shown, 10_000_001)


def test_times_are_marked_and_have_whole_seconds() -> None:
    task = task_object(a_task_row())

    assert task["creationDate"] == {"__datetime__": "2026-01-31T12:00:00"}
    assert task["modificationTime"] == {"__datetime__": "2026-01-31T12:05:00"}
    assert task["endTime"] is None


def test_the_reason_of_a_failure_is_the_error_dialog() -> None:
    assert task_object(a_task_row(message="input dataset in does not exist"))["errorDialog"] == "input dataset in does not exist"
    assert task_object(a_task_row())["errorDialog"] is None


def test_parameters_are_shown_as_they_were_submitted() -> None:
    task = task_object(a_task_row())

    assert task["task_creation_arguments"] == "prun --exec x"
    assert task["raw_task_params"]["taskName"] == "user.jdoe.t1/"
    assert task["processingType"] == "panda-client-2.2.0-jedi-run"


@pytest.mark.parametrize("text", ["", "no JSON", "[]"])
def test_parameters_that_are_no_object_do_not_hide_the_task(text: str) -> None:
    assert task_object(a_task_row(parameters=text))["raw_task_params"] == {}


def test_a_task_without_parent_is_its_own_parent_as_in_the_reference() -> None:
    assert task_object(a_task_row())["parent_tid"] == 10_000_001
    assert task_object(a_task_row(parent_task_id=10_000_000))["parent_tid"] == 10_000_000


def test_requirements_come_from_the_refined_task() -> None:
    definition: dict[str, Any] = {
        "requirements": {"core_count": 8, "ram_mb": 2000, "ram_per_core": True},
        "rules": {"files_per_job": 5, "files_per_job_max": 200, "gigabytes_per_job": None},
    }

    task = task_object(a_task_row(definition=definition))

    assert (task["coreCount"], task["ramCount"], task["ramUnit"]) == (8, 2000, "MBPerCore")
    assert task["splitRule"] == "nFilesPerJob=5,nMaxFilesPerJob=200"


def test_no_rules_are_an_empty_text() -> None:
    assert split_rule({}) == ""


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"boundary": "lumi_block", "ordered_by": "lumi_block"}, "respectLB=1"),
        ({"boundary": "", "ordered_by": "lumi_block"}, "orderByLB=1"),
        ({"boundary": "boundary_id", "ordered_by": "boundary_id"}, "groupBoundaryID=1"),
        ({"boundary": "boundary_id", "boundary_mapped": True}, "groupBoundaryID=2"),
        ({"boundary": "boundary_id", "boundary_whole": True}, "groupBoundaryID=3"),
        ({"boundary": "boundary_id", "boundary_whole": True, "boundary_mapped": True}, "groupBoundaryID=4"),
        ({"boundary": "", "ordered_by": "", "boundary_whole": False}, ""),
    ],
)
def test_rules_of_boundaries_are_shown(rules: dict[str, Any], expected: str) -> None:
    assert split_rule(rules) == expected


def test_a_part_of_nothing_is_no_percent() -> None:
    assert percent(0, 0) == 0
    assert percent(2, 3) == 67
