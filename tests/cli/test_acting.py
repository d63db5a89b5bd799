"""`culm kill`, `retry`, ...: one, many, or all that fit; with the reason; tried before it is done."""

import json
from typing import Any

import pytest

from schemas.job import KillJob
from schemas.task import ChangeTaskPriority, FinishTask, KillTask, PauseTask, ResumeTask, RetryTask
from tests.api.builders import an_answer
from tests.cli.conftest import CulmAtHand, accepted
from tests.cli.rows import a_row_of_jobs, a_task, counted

OWNED = {"owner": "subject-jane", "vo": "wlcg"}


def test_a_task_is_killed_with_the_reason(culm: CulmAtHand) -> None:
    culm.tables["select owner, vo from task"] = [OWNED]
    culm.answer(accepted(jobs_hit=3, units_hit=4))

    told = culm("kill", "task", "10000001", "--reason", "wrong input")

    assert told.code == 0, told.err
    assert culm.log.sent == [(KillTask(reason="wrong input"), "10000001")]
    assert told.err == "1 of 1 tasks were changed: 3 jobs and 4 input units touched\n"


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("retry", "task"), RetryTask(reason="r")),
        (("finish", "task"), FinishTask(soft=True, reason="r")),
        (("finish", "task", "--now"), FinishTask(soft=False, reason="r")),
        (("pause", "task"), PauseTask(reason="r")),
        (("resume", "tasks"), ResumeTask(reason="r")),
        (("set-priority", "task", "--to", "950"), ChangeTaskPriority(priority=950, reason="r")),
    ],
)
def test_each_verb_is_its_command(culm: CulmAtHand, words: tuple[str, ...], command: Any) -> None:
    culm.tables["select owner, vo from task"] = [OWNED]
    culm.answer(accepted())

    told = culm(*words, "10000001", "-r", "r")

    assert told.code == 0, told.err
    assert culm.log.sent == [(command, "10000001")]


def test_nothing_is_done_without_a_reason(culm: CulmAtHand) -> None:
    told = culm("kill", "task", "10000001", "--reason", "  ")

    assert (told.code, culm.log.sent) == (2, [])
    assert "must say something" in told.err


def test_a_dry_run_over_a_filter_says_the_count_and_changes_nothing(culm: CulmAtHand) -> None:
    culm.tables |= {
        "select owner, vo from task": [OWNED], "grouping sets": counted("status", running=2), "from task": [a_task(2), a_task(1)],
    }  # fmt: skip
    culm.answer(accepted(jobs_hit=3, units_hit=4, dry_run=True))

    told = culm("kill", "tasks", "status=running", "--dry-run")

    assert told.err == "2 of 2 tasks would be changed: 6 jobs and 8 input units touched\n"
    assert (culm.log.sent, sorted(key for _, key in culm.log.tried)) == ([], ["1", "2"])


def test_all_that_fit_a_filter_are_changed_after_a_yes_alone(culm: CulmAtHand) -> None:
    culm.tables |= {
        "select owner, vo from job": [OWNED], "grouping sets": counted("jobstatus", running=1), "as example": [],
        "from job": [a_row_of_jobs(7)],
    }  # fmt: skip
    culm.answer(accepted())

    refused = culm("kill", "jobs", "jobstatus=running", "-r", "r", typed="n\n")
    sent_before = list(culm.log.sent)
    told = culm("kill", "jobs", "jobstatus=running", "-r", "r", typed="y\n")

    assert (refused.code, sent_before) == (1, [])
    assert "KillJob for 1 jobs?" in refused.err
    assert (told.code, culm.log.sent) == (0, [(KillJob(reason="r"), "7")])


def test_what_is_refused_is_said_for_each_and_ends_with_1(culm: CulmAtHand) -> None:
    culm.tables["select owner, vo from task"] = [OWNED]

    def decided(_: Any, key: str) -> Any:
        return an_answer(aggregate_id=key, accepted=key == "1", reason="WRONG_STATE", message="it is \x1b[1mdone")

    culm.answer(decided)

    told = culm("pause", "tasks", "1", "2", "2", "-r", "r", "--json")

    assert told.code == 1
    assert [(row["id"], row["accepted"]) for row in json.loads(told.out)] == [(1, True), (2, False)]
    assert json.loads(told.out)[1]["message"] == "WRONG_STATE: it is \x1b[1mdone"
    assert "\x1b" not in culm("pause", "tasks", "2", "-r", "r").out


def test_what_is_anothers_is_refused_by_the_api(culm: CulmAtHand) -> None:
    told = culm("kill", "task", "10000009", "-r", "r")

    assert (told.code, culm.log.sent) == (1, [])
    assert "no task 10000009 in wlcg" in told.out


def test_numbers_and_filters_are_not_mixed(culm: CulmAtHand) -> None:
    assert "numbers or a filter, not both" in culm("kill", "tasks", "1", "status=running", "-r", "r").err
    assert "expected the number" in culm("kill", "tasks", "one", "-r", "r").err
    assert culm("pause", "jobs", "1", "-r", "r").code == 2
