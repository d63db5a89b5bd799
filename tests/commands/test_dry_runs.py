"""A dry run is decided as the command itself, and touches nothing; what it counts is what the command then touches."""

from collections.abc import Callable

import pytest

from commands.task.limits import JOBS_PER_KILL
from schemas.job import JobCancelled, JobClosed, JobKillOrdered, KillJob
from schemas.task import (
    ChangeTaskPriority,
    DropInput,
    FinishTask,
    HoldInput,
    IncreaseAttempts,
    KillTask,
    PauseTask,
    ReassignTask,
    ReleaseInput,
    ResumeTask,
    RetryTask,
    TaskRetried,
)
from schemas.types import OutcomeKind, UnitRange
from tests.commands.builders import TASK, a_definition, a_running_task, account, lease, run_all, the_task
from tests.commands.in_memory import Culm

ENDS_OF_JOBS = (JobCancelled, JobClosed, JobKillOrdered)


def a_failed_task() -> Culm:
    """All three units were given up."""
    culm = a_running_task(a_definition(attempts_max=1))
    for job_id in run_all(culm, succeed=False):
        account(culm, job_id, OutcomeKind.FAILED)
    return culm


def a_task_with_held_input() -> Culm:
    """Two of its three units are held."""
    culm = a_running_task()
    culm.send(HoldInput(units=(UnitRange(first=2, last=3),)), str(TASK))
    return culm


def hit(culm: Culm, since: int) -> int:
    """Jobs that ended or were ordered to since then."""
    return sum(isinstance(message, ENDS_OF_JOBS) for message, _ in culm.events[since:])


@pytest.mark.parametrize(
    ("make", "command", "jobs", "units"),
    [
        (a_running_task, KillTask(reason="why"), 3, 3),
        (a_running_task, FinishTask(soft=False), 3, 3),
        (a_running_task, ReassignTask(site="OTHER"), 3, 0),
        (a_running_task, ReassignTask(site="OTHER", mode="nokill"), 0, 0),
        (a_running_task, PauseTask(), 3, 3),
        (a_running_task, IncreaseAttempts(increase=2), 0, 3),
        (a_failed_task, RetryTask(), 0, 3),
        (a_running_task, HoldInput(units=(UnitRange(first=2, last=1_000_000),)), 0, 2),
        (a_task_with_held_input, ReleaseInput(units=(UnitRange(first=1, last=1_000_000),)), 0, 2),
        (a_task_with_held_input, HoldInput(units=(UnitRange(first=1, last=2),)), 0, 1),
        (a_running_task, DropInput(units=(UnitRange(first=1, last=1), UnitRange(first=3, last=9))), 0, 2),
    ],
)
def test_a_dry_run_counts_what_the_command_then_touches(
    make: Callable[[], Culm], command: object, jobs: int, units: int
) -> None:
    culm = make()
    before = len(culm.events)

    tried = culm.send(command, str(TASK), dry_run=True)

    assert (tried.accepted, tried.dry_run, tried.jobs_hit, tried.units_hit) == (True, True, jobs, units)
    assert culm.names(before) == []
    real = culm.send(command, str(TASK))
    assert (real.accepted, real.dry_run, real.jobs_hit, real.units_hit) == (True, False, jobs, units)
    if not isinstance(command, PauseTask):
        assert hit(culm, before) == jobs


def test_the_count_holds_beyond_one_slice_of_a_kill() -> None:
    events = JOBS_PER_KILL + 7
    culm = a_running_task(a_definition(events_total=events))
    before = len(culm.events)

    tried = culm.send(KillTask(), str(TASK), dry_run=True)
    culm.send(KillTask(), str(TASK))

    assert tried.jobs_hit == events
    assert hit(culm, before) == events


def test_units_of_a_retry_are_those_that_it_revives() -> None:
    culm = a_failed_task()

    tried = culm.send(RetryTask(), str(TASK), dry_run=True)
    culm.send(RetryTask(), str(TASK))

    assert len(culm.last(TaskRetried).units) == tried.units_hit


def test_a_dry_run_is_refused_as_the_command_would_be() -> None:
    culm = a_running_task()

    status = culm.send(ResumeTask(), str(TASK), dry_run=True)
    stranger = culm.send(KillTask(), str(TASK), actor="stranger", dry_run=True)
    role = culm.send(ChangeTaskPriority(priority=5), str(TASK), dry_run=True)

    assert (status.reason, stranger.reason, role.reason) == ("WRONG_STATUS", "NOT_PERMITTED", "NOT_PERMITTED")
    assert "running status" in (status.message or "")


def test_after_a_dry_run_the_same_command_id_is_still_carried_out() -> None:
    culm = a_running_task()
    number = "00000000-0000-0000-0000-00000000abcd"

    culm.send(KillTask(), str(TASK), dry_run=True, command_id=number)
    culm.send(KillTask(), str(TASK), command_id=number)

    assert the_task(culm).status == "aborting"


def test_a_job_counts_itself_once() -> None:
    culm = a_running_task()
    job_id = lease(culm)

    first = culm.send(KillJob(), str(job_id), dry_run=True)
    culm.send(KillJob(), str(job_id))
    again = culm.send(KillJob(), str(job_id), dry_run=True)

    assert (first.jobs_hit, again.jobs_hit) == (1, 0)
