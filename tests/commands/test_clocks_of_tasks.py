"""Tasks whose time is over: no queue was found for a week, the goal is reached, an exhausted one is to stay."""

import pytest

from commands.task.transitions import TaskStatus
from schemas.instants import DAY
from schemas.job import JobClosed
from schemas.task import (
    ExpirePending,
    FinishTask,
    GenerateJobs,
    ParkTask,
    PauseTask,
    ReassignTask,
    RefineTask,
    ResumeTask,
    TaskFinalized,
    TaskFinishOrdered,
    WakeTask,
)
from schemas.types import BrokerageEvidence, JobPlan, OutcomeKind, TaskVerdict
from tests.commands.builders import (
    QUEUE,
    TASK,
    a_definition,
    a_queue,
    a_running_task,
    a_submission,
    account,
    end,
    job,
    lease,
    the_order,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm

WEEK_SECONDS = 7 * 86_400
EXPIRE = ExpirePending(seconds=WEEK_SECONDS)


def parked(culm: Culm | None = None) -> Culm:
    """A task of three units that finds no queue."""
    if culm is None:
        culm = a_culm()
        a_queue(culm)
        culm.send(a_submission(), str(TASK))
        culm.send(RefineTask(definition=a_definition(events_total=3), parameters_revision=0), str(TASK), role="system")
    park = ParkTask(order=the_order(culm).order, brokerage=BrokerageEvidence(seed="s"), message="no queue")
    assert culm.send(park, str(TASK), role="system").accepted
    return culm


def generated(culm: Culm) -> None:
    order = the_order(culm)
    plans = tuple(JobPlan(queue=QUEUE, unit_ids=(unit.unit_id,)) for unit in order.units)
    made = GenerateJobs(order=order.order, kind=order.kind, plans=plans, brokerage=BrokerageEvidence(seed="s"))
    assert culm.send(made, str(TASK), role="system").accepted


def test_a_task_that_finds_no_queue_for_a_week_is_exhausted() -> None:
    culm = parked()

    culm.now += 7 * DAY
    assert culm.send(EXPIRE, str(TASK), role="system").accepted

    assert the_task(culm).status is TaskStatus.EXHAUSTED
    ended = culm.last(TaskFinalized)
    assert (ended.verdict, ended.message) == (TaskVerdict.EXHAUSTED, "no queue could take its jobs for 7 days")
    assert ended.waits_for_person is False


def test_trying_again_in_vain_does_not_begin_the_week_again() -> None:
    culm = parked()
    first = the_task(culm).blocked_at

    culm.now += 6 * DAY
    assert culm.send(WakeTask(cause="TIMER"), str(TASK), role="system").accepted
    parked(culm)

    assert the_task(culm).blocked_at == first
    culm.now += DAY
    assert culm.send(EXPIRE, str(TASK), role="system").accepted


@pytest.mark.parametrize("way", ["jobs", "pause", "reassign"])
def test_what_happened_meanwhile_begins_the_week_again(way: str) -> None:
    culm = parked()
    culm.now += 6 * DAY
    if way == "pause":
        assert culm.send(PauseTask(), str(TASK)).accepted
        assert culm.send(ResumeTask(), str(TASK)).accepted
    elif way == "reassign":
        assert culm.send(ReassignTask(site="OTHER", mode="nokill"), str(TASK)).accepted
        parked(culm)
    else:
        assert culm.send(WakeTask(cause="TIMER"), str(TASK), role="system").accepted
        generated(culm)
        assert lease(culm) == job(1)
        end(culm, job(1), succeeded=False)
        account(culm, job(1), OutcomeKind.FAILED)
        parked(culm)

    culm.now += DAY
    answer = culm.send(EXPIRE, str(TASK), role="system")

    assert (answer.accepted, answer.reason) == (False, "MOVED_ON")
    assert the_task(culm).status is TaskStatus.PENDING


def test_a_task_that_has_jobs_is_not_given_up() -> None:
    culm = a_running_task()

    culm.now += 8 * DAY
    answer = culm.send(EXPIRE, str(TASK), role="system")

    assert (answer.accepted, answer.reason) == (False, "NOT_PARKED")


def test_a_task_that_is_not_to_be_finished_by_a_clock_says_so_when_it_is_exhausted() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    definition = a_definition(events_total=3, auto_finish=False)
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    parked(culm)

    culm.now += 7 * DAY
    culm.send(EXPIRE, str(TASK), role="system")

    assert culm.last(TaskFinalized).waits_for_person is True
    assert culm.send(FinishTask(soft=False), str(TASK)).accepted


def finished(culm: Culm, job_id: int | None) -> None:
    assert job_id is not None
    end(culm, job_id)
    account(culm, job_id, OutcomeKind.FINISHED)


def test_a_task_that_has_reached_its_goal_ends_softly_with_what_runs() -> None:
    culm = a_running_task(a_definition(events_total=4, goal_permille=500))
    jobs = [lease(culm), lease(culm), lease(culm)]

    finished(culm, jobs[0])
    assert the_task(culm).status is TaskStatus.RUNNING
    finished(culm, jobs[1])

    ordered = culm.last(TaskFinishOrdered)
    assert (ordered.soft, ordered.reason) == (True, "2 of 4 input units are done, the goal is 50 %")
    assert the_task(culm).status is TaskStatus.FINISHING
    closed = culm.last(JobClosed)
    assert closed.code == 55
    account(culm, job(4), OutcomeKind.CLOSED)
    finished(culm, jobs[2])
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FINISHED


@pytest.mark.parametrize("goal", [1000, 0, 501])
def test_a_task_without_a_goal_or_below_it_goes_on(goal: int) -> None:
    culm = a_running_task(a_definition(events_total=4, goal_permille=goal))

    for _ in range(2):
        finished(culm, lease(culm))

    assert "TaskFinishOrdered" not in culm.names()
    assert the_task(culm).status is TaskStatus.RUNNING


def test_input_that_has_another_attempt_is_tried_before_the_goal_ends_the_task() -> None:
    culm = a_running_task(a_definition(events_total=3, goal_permille=600, attempts_max=2))
    failing, *others = (lease(culm), lease(culm), lease(culm))
    assert failing is not None
    end(culm, failing, succeeded=False)
    account(culm, failing, OutcomeKind.FAILED)

    for job_id in others:
        finished(culm, job_id)

    assert "TaskFinishOrdered" not in culm.names()
    generated(culm)
    assert "TaskFinishOrdered" in culm.names()
