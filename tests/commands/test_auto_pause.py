"""A task of whose jobs too many fail is paused until a person resumes it. Without Kafka."""

from typing import Any

import pytest

from commands.aggregates import AGGREGATES
from commands.snapshot import MAIN
from commands.task.transitions import TaskStatus
from schemas.brokers import FIGURES
from schemas.records import replace
from schemas.task import ResumeTask, TaskPaused
from schemas.types import BrokerFigure, OutcomeKind, Requirements, RetryAction
from streams.jedi.scout_figures import with_pause_figures
from tests.commands.builders import TASK, a_definition, a_running_task, account, generate_all, job, lease, the_task
from tests.commands.in_memory import Culm

FAILED, FINISHED = OutcomeKind.FAILED, OutcomeKind.FINISHED
RATE = BrokerFigure(key="MAX_JOB_FAILURE_RATE_TO_PAUSE_managed", value=40)


def after(*kinds: OutcomeKind, units: int = 20, **figures: Any) -> Culm:
    """A task whose first jobs ended so; it is paused from 40 % on, with 5 jobs that ended and 10 units left."""
    figures = {"pause_failed_percent": 40.0, "pause_jobs_min": 5, "pause_units_min": 10, **figures}
    culm = a_running_task(a_definition(events_total=units, attempts_max=9, **figures))
    end_jobs(culm, 1, *kinds)
    return culm


def end_jobs(culm: Culm, first: int, *kinds: OutcomeKind) -> None:
    for number, kind in enumerate(kinds, start=first):
        account(culm, job(number), kind, action=RetryAction.RETRY)
        generate_all(culm)


def test_a_task_of_whose_jobs_too_many_fail_is_paused_with_the_figures_and_its_jobs_are_held() -> None:
    culm = after(FINISHED, FINISHED, FINISHED, FAILED, FAILED)

    assert the_task(culm).status is TaskStatus.PAUSED
    assert culm.last(TaskPaused).reason == "2 of 5 jobs failed, expected less than 40 %; 17 input units are left"
    assert lease(culm) is None


@pytest.mark.parametrize(
    ("kinds", "units", "figures"),
    [
        ((FINISHED, FINISHED, FINISHED, FINISHED, FAILED), 20, {}),
        ((FINISHED, FINISHED, FAILED, FAILED), 20, {}),
        ((FINISHED, FINISHED, FINISHED, FAILED, FAILED), 12, {}),
        ((FINISHED, FINISHED, FINISHED, OutcomeKind.CLOSED, OutcomeKind.CANCELLED, FAILED), 20, {"pause_jobs_min": 4}),
        ((FAILED,) * 6, 20, {"pause_failed_percent": None}),
    ],
    ids=["fewer failed", "too few jobs", "too little is left", "jobs that were stopped do not count", "no figure"],
)
def test_a_task_goes_on_below_its_figures(kinds: tuple[OutcomeKind, ...], units: int, figures: dict[str, Any]) -> None:
    assert the_task(after(*kinds, units=units, **figures)).status is TaskStatus.RUNNING


def test_a_resumed_task_is_paused_for_what_fails_from_then_on() -> None:
    culm = after(FINISHED, FINISHED, FINISHED, FAILED, FAILED)

    culm.send(ResumeTask(), str(TASK))
    generate_all(culm)
    end_jobs(culm, 6, FAILED, FAILED, FAILED, FAILED)
    before = the_task(culm).status
    end_jobs(culm, 10, FAILED)

    assert (before, the_task(culm).status) == (TaskStatus.RUNNING, TaskStatus.PAUSED)


def test_the_counts_come_back_from_the_rows_of_the_task() -> None:
    form, task = AGGREGATES["task"].snapshot, the_task(after(FINISHED, FAILED))

    assert (task.jobs_finished, task.jobs_failed) == (1, 1)
    assert form.restored(dict(form.rows(task, {MAIN, *form.names(task)}))) == task


def test_only_production_tasks_that_do_not_ask_otherwise_have_the_figure_of_the_policy() -> None:
    user = a_definition()
    managed = replace(user, requirements=replace(Requirements(), label="managed"))

    found = with_pause_figures(managed, [RATE], left_out=False)

    assert (found.pause_failed_percent, found.pause_jobs_min, found.pause_units_min) == (40.0, 1_000, 100)
    assert with_pause_figures(managed, [RATE], left_out=True) == managed
    assert with_pause_figures(managed, (), left_out=False) == managed
    assert with_pause_figures(user, [RATE], left_out=False) == user
    assert FIGURES["MAX_JOB_FAILURE_RATE_TO_PAUSE_managed"] >= 1e15
