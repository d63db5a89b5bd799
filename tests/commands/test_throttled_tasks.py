"""An order that waits for a level: the task is throttled, can be commanded, and goes on when it is woken or resumed."""

import pytest

from schemas.policy import SetThrottles
from schemas.task import (
    FinishTask,
    JobsOrdered,
    KillTask,
    PauseTask,
    ReassignTask,
    RefineTask,
    ResumeTask,
    TaskThrottled,
    ThrottleOrder,
    WakeTask,
)
from schemas.types import AccountCap, Throttle, ThrottleLimits, ThrottleRule
from tests.commands.builders import TASK, a_definition, a_queue, a_submission, generate_all
from tests.commands.in_memory import Culm, a_culm

THROTTLE = Throttle(rule=ThrottleRule.IDLE, share="Analysis", limit=10, value=11, released_at=9, waiting=11)


def throttle(culm: Culm, order: int = 1) -> str | None:
    command = ThrottleOrder(order=order, throttle=THROTTLE, message="11 jobs waiting, limit 10")
    return culm.send(command, str(TASK), actor="system", role="system").reason


def a_throttled_task() -> Culm:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")
    assert throttle(culm) is None
    return culm


def status(culm: Culm) -> str:
    return str(culm.state("task", TASK).status)


def test_a_throttled_order_makes_the_task_wait_with_its_figures() -> None:
    culm = a_throttled_task()

    assert status(culm) == "throttled"
    assert culm.last(TaskThrottled).throttle == THROTTLE


def test_an_order_says_whose_it_is() -> None:
    culm = a_throttled_task()

    assert culm.last(JobsOrdered).owner == "jdoe"


def test_a_level_that_is_crossed_orders_the_same_input_again() -> None:
    culm = a_throttled_task()
    before = culm.last(JobsOrdered)

    answer = culm.send(WakeTask(cause="LEVEL_CROSSED"), str(TASK), actor="system", role="system")

    assert answer.accepted
    assert culm.last(JobsOrdered).units == before.units
    assert status(culm) == "ready"
    generate_all(culm)
    assert status(culm) == "running"


def test_a_wake_up_that_comes_twice_is_refused() -> None:
    culm = a_throttled_task()
    culm.send(WakeTask(cause="LEVEL_CROSSED"), str(TASK), actor="system", role="system")

    answer = culm.send(WakeTask(cause="LEVEL_CROSSED"), str(TASK), actor="system", role="system")

    assert answer.reason == "NOT_PARKED"


def test_a_throttled_task_that_is_paused_orders_again_when_it_is_resumed() -> None:
    culm = a_throttled_task()
    culm.send(PauseTask(), str(TASK))
    assert culm.send(WakeTask(cause="LEVEL_CROSSED"), str(TASK), actor="system", role="system").reason == "WRONG_STATUS"

    answer = culm.send(ResumeTask(), str(TASK))

    assert answer.event_types == ("TaskResumed", "TaskWoken", "JobsOrdered")
    assert status(culm) == "ready"


def test_an_order_that_waits_beside_jobs_is_made_again_when_its_task_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.task.settle.UNITS_PER_ORDER", 2)
    culm = a_throttled_task()
    generate_all(culm)
    assert (culm.last(JobsOrdered).order, status(culm)) == (2, "running")
    culm.send(PauseTask(), str(TASK))

    answer = culm.send(ResumeTask(), str(TASK))

    assert answer.event_types == ("TaskResumed", "TaskWoken", "JobsOrdered")
    assert (status(culm), culm.last(JobsOrdered).order) == ("running", 3)


def test_a_throttled_task_that_is_reassigned_orders_again_at_once() -> None:
    culm = a_throttled_task()

    answer = culm.send(ReassignTask(site="CERN", mode="nokill"), str(TASK))

    assert answer.event_types == ("TaskWoken", "TaskReassigned", "JobsOrdered")
    assert (status(culm), culm.last(JobsOrdered).order) == ("ready", 2)
    generate_all(culm)
    assert status(culm) == "running"


@pytest.mark.parametrize("command", [KillTask(), FinishTask(soft=False)])
def test_a_throttled_task_ends_at_its_owner_s_command(command: KillTask | FinishTask) -> None:
    culm = a_throttled_task()

    assert culm.send(command, str(TASK)).accepted
    assert status(culm) in ("aborted", "failed")


def test_an_order_is_throttled_once_and_only_while_it_is_open() -> None:
    culm = a_throttled_task()

    assert throttle(culm) == "UNKNOWN_ORDER"
    assert throttle(culm, order=9) == "UNKNOWN_ORDER"


LIMITS = (ThrottleLimits(share="Analysis", queue_limit=5),)
CAPS = (AccountCap(name="ada", jobs_max=5),)


def test_limits_are_set_once_and_known() -> None:
    culm, command = a_culm(), SetThrottles(limits=LIMITS, caps=CAPS)

    assert culm.send(command, "throttles", role="administrator").event_types == ("ThrottlesSet",)
    assert culm.send(command, "throttles", role="administrator").event_types == ()
    assert culm.state("policy", "throttles").throttle_limits == LIMITS
    assert culm.state("policy", "throttles").account_caps == CAPS


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            SetThrottles(limits=(ThrottleLimits(queue_limit=5, queue_cap=4),)),
            "limits 0: queue_cap is 4, expected 0 or at least queue_limit 5",
        ),
        (SetThrottles(limits=LIMITS * 2), "limits: a share with a resource_type stands twice, expected each at most once"),
        (SetThrottles(caps=CAPS * 2), "caps: a name stands twice, expected each at most once"),
        (SetThrottles(caps=(AccountCap(),)), "caps 0: jobs_max and cores_max are 0, expected one of them above 0"),
    ],
)
def test_limits_that_mean_nothing_are_refused(command: SetThrottles, message: str) -> None:
    answer = a_culm().send(command, "throttles", role="administrator")

    assert (answer.reason, answer.message) == ("BAD_THROTTLES", message)


def test_limits_under_another_key_or_from_an_operator_are_refused() -> None:
    answer = a_culm().send(SetThrottles(limits=LIMITS), "shares", role="administrator")

    assert (answer.reason, answer.message) == ("BAD_KEY", "throttles were sent to 'shares', expected 'throttles'")
    assert a_culm().send(SetThrottles(limits=LIMITS), "throttles", role="operator").accepted is False
