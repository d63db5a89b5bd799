"""Commands on tasks that are ordered for later: decided in the name of their sender, against the task as it is by then."""

import json
from typing import Any

import pytest

from schemas.instants import DAY, HOUR
from schemas.task import (
    CancelScheduled,
    CarryOutScheduled,
    KillTask,
    ScheduledCommandEnded,
    ScheduleTaskCommand,
    TaskKillOrdered,
)
from tests.commands.builders import TASK, a_running_task, the_task
from tests.commands.in_memory import START, Culm

NUMBER = "00000000-0000-0000-0000-00000000beef"


def order(culm: Culm, command: str = "KillTask", fields: Any = None, at: int = START + HOUR, **who: Any) -> Any:
    """The answer to an order of a command for later."""
    text = json.dumps(fields or {}) if not isinstance(fields, str) else fields
    return culm.send(
        ScheduleTaskCommand(at=at, command=command, fields_json=text, reason="ticket 7"), str(TASK), command_id=NUMBER, **who
    )


def come(culm: Culm, at: int = START + HOUR) -> Any:
    """The answer to the timers, at that time."""
    culm.now = at
    return culm.send(CarryOutScheduled(schedule_id=NUMBER), str(TASK), actor="culm-timers", role="system")


def test_a_kill_that_was_ordered_is_carried_out_at_its_time_with_its_reason() -> None:
    culm = a_running_task()

    assert order(culm, fields={"reason": "ticket 7"}).accepted
    assert the_task(culm).status == "running"
    early = come(culm, START + HOUR - 1)
    assert (early.accepted, early.reason) == (False, "NOT_DUE")
    assert come(culm).accepted

    assert the_task(culm).status == "aborting"
    assert culm.last(TaskKillOrdered).reason == "ticket 7"
    ended = culm.last(ScheduledCommandEnded)
    assert (ended.command, ended.actor, ended.outcome) == ("KillTask", "jdoe", "carried out")
    assert dict(the_task(culm).scheduled) == {}


def test_a_command_that_no_longer_fits_is_kept_with_the_status_that_it_met() -> None:
    culm = a_running_task()
    order(culm, "ResumeTask")

    assert come(culm).accepted

    met = "WRONG_STATUS: the resume command is not accepted if the task is in running status"
    assert culm.last(ScheduledCommandEnded).outcome == met
    assert the_task(culm).status == "running"


def test_a_time_that_has_come_twice_carries_out_once() -> None:
    culm = a_running_task()
    order(culm)
    come(culm)

    again = come(culm)

    assert (again.accepted, again.reason) == (False, "NOT_SCHEDULED")


def test_an_order_that_was_taken_back_does_not_happen() -> None:
    culm = a_running_task()
    order(culm)

    assert culm.send(CancelScheduled(schedule_id=NUMBER, reason="no need"), str(TASK)).accepted
    late = come(culm)

    assert (late.reason, the_task(culm).status) == ("NOT_SCHEDULED", "running")
    assert culm.last(ScheduledCommandEnded).outcome == "taken back: no need"


def test_a_stranger_and_one_without_the_role_order_nothing() -> None:
    culm = a_running_task()

    stranger = order(culm, actor="stranger")
    role = culm.send(
        ScheduleTaskCommand(at=START + HOUR, command="ChangeTaskPriority", fields_json='{"priority": 5}'), str(TASK)
    )
    operator = order(culm, "ChangeTaskPriority", {"priority": 5}, actor="ops", role="operator")

    assert (stranger.reason, role.reason, operator.accepted) == ("NOT_PERMITTED", "NOT_PERMITTED", True)
    come(culm)
    assert the_task(culm).priority == 5


@pytest.mark.parametrize(
    ("command", "fields", "at", "reason", "said"),
    [
        ("SubmitTask", {}, START + HOUR, "BAD_COMMAND", "command is 'SubmitTask', expected one of KillTask"),
        ("KillTask", "[1]", START + HOUR, "BAD_COMMAND", "fields_json is a JSON list, expected an object"),
        ("KillTask", "{", START + HOUR, "BAD_COMMAND", "fields_json is no JSON"),
        ("KillTask", {"why": 1}, START + HOUR, "BAD_COMMAND", "KillTask has no field 'why', expected reason"),
        ("KillTask", {"reason": 7}, START + HOUR, "BAD_COMMAND", "KillTask: Expected `str | null`, got `int` - at `$.reason`"),
        ("ChangeTaskPriority", {}, START + HOUR, "BAD_COMMAND", "missing required field `priority`"),
        ("KillTask", {"reason": "x" * 4_001}, START + HOUR, "BAD_COMMAND", "KillTask: reason"),
        ("KillTask", {}, START, "BAD_TIME", "expected a time within a year from now"),
        ("KillTask", {}, START + 367 * DAY, "BAD_TIME", "expected a time within a year from now"),
    ],
)
def test_an_order_that_could_never_be_carried_out_is_refused(
    command: str, fields: Any, at: int, reason: str, said: str
) -> None:
    culm = a_running_task()

    answer = order(culm, command, fields, at, actor="ops", role="operator")

    assert (answer.accepted, answer.reason) == (False, reason)
    assert said in (answer.message or "")


def test_a_task_keeps_twenty_orders() -> None:
    culm = a_running_task()
    for _ in range(20):
        assert culm.send(ScheduleTaskCommand(at=START + HOUR, command="KillTask"), str(TASK)).accepted

    answer = culm.send(ScheduleTaskCommand(at=START + HOUR, command="KillTask"), str(TASK))

    assert (answer.accepted, answer.reason) == (False, "TOO_MANY")


def test_an_order_outlives_the_end_of_its_task() -> None:
    culm = a_running_task()
    order(culm, "ReloadTask")
    culm.send(KillTask(), str(TASK))

    come(culm)

    assert culm.last(ScheduledCommandEnded).outcome.startswith("WRONG_STATUS: the incexec command is not accepted")
