"""A task whose input fails again and again rests for a while, longer each time, and goes on by itself. Pure.

Guards: only what the input that is left failed counts, so that a task ends with what it can; the end of a throttle ends no other
pause. The clock is a command that is ordered for later. Source: docs/reference/jedi.md, "Clocks of tasks" (T32, T33).
"""

import json
from collections.abc import Mapping
from typing import Any

from commands.task.model import Task
from commands.task.transitions import TaskStatus
from identity.ruling import SYSTEM
from schemas.ids import caused_command_id
from schemas.instants import DAY, MINUTE
from schemas.task import ResumeTask, TaskCommandScheduled, TaskPaused
from schemas.times import utc
from schemas.types import CommandEnvelope, UnitChange

#: Failures of a unit, in the mean, from one throttle to the next.
FAILURES_A_THROTTLE = 5
FIRST_MICROS = 120 * MINUTE
#: Beyond it a throttle would last longer than the clocks of tasks allow them to wait.
LAST_MICROS = 7 * DAY


def throttled_for_failures(
    task: Task, changes: Mapping[int, UnitChange], done: int, by: CommandEnvelope
) -> tuple[Any, ...]:
    """The throttle that follows from `changes` and the order of its end; none where it does not.

    done: units that are finished or given up with them. The number n of a throttle is one more than those so far; it is due when
    the failures of the units that are left, in the mean, are 5 (n + 1), and lasts 120 min x n^2, at most 7 days. The first one of
    JEDI, at 5 failures, lasts for no time.
    """
    left, number = len(task.units) - done, task.throttles + 1
    if task.status is not TaskStatus.RUNNING or left <= 0:
        return ()
    failures = task.units.open_failures[0] + sum(_failures_added(task, one) for one in changes.values())
    expected = FAILURES_A_THROTTLE * (number + 1)
    if failures < expected * left:
        return ()
    at = by.issued_at + min(LAST_MICROS, FIRST_MICROS * number**2)
    found = f"the input that is left failed {failures / left:.1f} times in the mean"
    reason = f"throttle {number}: {found}, expected less than {expected}; it goes on at {utc(at)}"
    scheduled = TaskCommandScheduled(
        schedule_id=caused_command_id(by.command_id, ResumeTask.__name__, str(task.task_id), number),
        at=at,
        at_text=utc(at),
        command=ResumeTask.__name__,
        fields_json=json.dumps({"throttle": number, "reason": f"throttle {number} is over"}),
        role=SYSTEM,
        reason=reason,
    )
    return TaskPaused(reason=reason, throttle=number), scheduled


def _failures_added(task: Task, change: UnitChange) -> int:
    """To the failures of the units that are left, by a unit that was one of them."""
    had = task.units.failed_attempt_of(change.unit_id)
    return -had if change.finished or change.failed else change.failed_attempt - had
