"""A user's task that was tried often enough is not retried, unless the command says that limits are not asked."""

from typing import Any

import pytest

from commands.aggregates import AGGREGATES
from commands.snapshot import MAIN
from commands.task.transitions import TaskStatus
from schemas.task import RetryTask
from schemas.types import BrokerFigure, JobUsage, OutcomeKind, Requirements, TaskDefinition
from streams.jedi.scout_figures import with_retry_figures
from tests.commands.builders import TASK, a_definition, a_running_task, account, job, run_all, the_task
from tests.commands.in_memory import Culm


def a_failed_task(**limits: Any) -> Culm:
    """A task all of whose three units were given up after two attempts."""
    culm = a_running_task(a_definition(attempts_max=1, **limits))
    for job_id in run_all(culm, succeed=False):
        account(culm, job_id, OutcomeKind.FAILED)
    assert the_task(culm).status is TaskStatus.FAILED
    return culm


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"retry_task_attempts_max": 1}, "the task has had 1 attempts, expected fewer than 1"),
        ({"retry_task_attempts_max": 2}, ""),
        ({"retry_failed_percent_max": 100.0}, "3 of 3 jobs failed, expected less than 100 %"),
        ({"retry_unit_attempts_max": 1}, "an input unit has had 1 attempts, expected fewer than 1"),
        ({"retry_unit_attempts_max": 2}, ""),
        ({}, ""),
    ],
)
@pytest.mark.parametrize("parameters", [None, "{}"])
def test_a_limit_of_retries_refuses_the_retry_with_its_figures(
    limits: dict[str, Any], message: str, parameters: str | None
) -> None:
    culm = a_failed_task(**limits)

    answer = culm.send(RetryTask(parameters_json=parameters), str(TASK))

    assert (answer.accepted, answer.reason, answer.message or "") == (not message, "RETRY_LIMIT" if message else None, message)


def test_a_retry_beyond_the_limits_is_taken() -> None:
    culm = a_failed_task(retry_task_attempts_max=1)

    assert culm.send(RetryTask(beyond_limits=True), str(TASK)).accepted
    assert the_task(culm).attempt == 2


def figures_in(label: str, **figures: float) -> tuple[Any, Any, Any]:
    rows = [BrokerFigure(key=f"{key}_user", value=value) for key, value in figures.items()]
    found: TaskDefinition = with_retry_figures(a_definition(requirements=Requirements(label=label)), rows)
    return found.retry_task_attempts_max, found.retry_unit_attempts_max, found.retry_failed_percent_max


@pytest.mark.parametrize(("value", "limit"), [(60.0, 60.0), (0.0, None), (250.0, 100.0)])
def test_the_least_efficiency_is_that_of_the_policy_for_tasks_of_users(value: float, limit: float | None) -> None:
    rows = [BrokerFigure(key="MIN_CPU_EFFICIENCY_user", value=value)]
    user, managed = (a_definition(requirements=Requirements(label=label)) for label in ("user", "managed"))

    assert with_retry_figures(user, rows).retry_cpu_efficiency_percent_min == limit
    assert with_retry_figures(managed, rows).retry_cpu_efficiency_percent_min is None


def an_inefficient_task(limit: float | None, *cpu_seconds: float | None) -> Culm:
    """A task of four cores and three units, of which the first succeeded with so much CPU time in 100 s, and one failed."""
    required = Requirements(core_count=4)
    made = a_definition(attempts_max=1, requirements=required, retry_cpu_efficiency_percent_min=limit)
    culm = a_running_task(made)
    jobs = [job(number) for number in (1, 2, 3)]
    for job_id, seconds in zip(jobs, cpu_seconds, strict=False):
        usage = None if seconds is None else JobUsage(cpu_seconds=seconds)
        account(culm, job_id, OutcomeKind.FINISHED, usage=usage, walltime_seconds=100)
    for job_id in jobs[len(cpu_seconds) :]:
        account(culm, job_id, OutcomeKind.FAILED)
    return culm


@pytest.mark.parametrize(
    ("limit", "cpu_seconds", "message"),
    [
        (60.0, (300, 160), "the mean CPU efficiency of 2 jobs is 57.5 %, expected 60 % at least"),
        (57.5, (300, 160), ""),
        (60.0, (300, None), ""),
        (60.0, (None, None), ""),
        (None, (4, 4), ""),
    ],
)
def test_a_task_whose_jobs_used_little_of_their_cores_is_not_retried(
    limit: float | None, cpu_seconds: tuple[float | None, ...], message: str
) -> None:
    culm = an_inefficient_task(limit, *cpu_seconds)

    answer = culm.send(RetryTask(), str(TASK))

    assert (answer.accepted, answer.message or "") == (not message, message)


def test_the_efficiencies_come_back_from_the_rows_of_the_task() -> None:
    form, task = AGGREGATES["task"].snapshot, the_task(an_inefficient_task(60.0, 300, 160))

    assert (task.learning.efficiency_jobs, task.learning.efficiency_percents) == (2, 115.0)
    assert form.restored(dict(form.rows(task, {MAIN, *form.names(task)}))) == task


def test_the_limits_are_those_of_the_policy_for_tasks_of_users() -> None:
    every = {"TASK_MAX_ATTEMPT": 4.0, "JOB_MAX_ATTEMPT": 30.0, "MAX_JOB_FAILURE_RATE": 90.0}

    assert figures_in("user", **every) == (4, 30, 90.0)
    assert figures_in("managed", **every) == figures_in("user") == (None, None, None)
    assert figures_in("user", **dict.fromkeys(every, 0.0)) == (None, None, None)
    assert figures_in("user", **dict.fromkeys(every, 1e14)) == (1_000_000_000, 1_000_000_000, 100.0)
