"""How much a command on a task touches, by the state that it is decided on. Pure.

The answer of the command has it, and so has that of the same command sent as a dry run: one function counts for both.
"""

from commands.decision import Hits
from commands.task.input_units import UnitStatus
from commands.task.model import Task
from schemas.intervals import Intervals, difference, intersection, intervals_of, size
from schemas.task import (
    ChangeSplitRule,
    ChangeTaskAttribute,
    ChangeTaskPriority,
    DropInput,
    FinishTask,
    HoldInput,
    IncreaseAttempts,
    KillTask,
    PauseTask,
    ReassignTask,
    ReleaseInput,
    ReloadTask,
    ResumeTask,
    RetryTask,
    RevertRequirements,
    TaskCommand,
)


def hits_of(task: Task, command: TaskCommand) -> Hits | None:
    """Jobs that get a command of their own or are held in their queues, and input units whose way changes; None for commands
    of the engine."""
    match command:
        case KillTask():
            return Hits(_killed(task, merging=True), _unfinished(task))
        case FinishTask():
            return Hits(_killed(task, merging=False), _unfinished(task))
        case ReassignTask():
            return Hits(0 if command.mode == "nokill" else _killed(task, merging=False), _without_job(task))
        case RetryTask() | ReloadTask():
            return Hits(0, task.failed)
        case PauseTask() | ResumeTask():
            return Hits(len(task.jobs), _unfinished(task))
        case IncreaseAttempts():
            return Hits(0, len(task.units))
        case ChangeTaskPriority() | ChangeTaskAttribute() | ChangeSplitRule() | RevertRequirements():
            return Hits(0, _without_job(task))
        case ReleaseInput():
            return Hits(0, _fed(task, task.units.gate.held_of(intervals_of(command.units))))
        case HoldInput():
            return Hits(0, _fed(task, difference(intervals_of(command.units), task.units.gate.held)))
        case DropInput():
            return Hits(0, _fed(task, difference(intervals_of(command.units), task.units.gate.dropped)))
        case _:
            return None


def _fed(task: Task, units: Intervals) -> int:
    """How many of `units` the task has by now."""
    return size(intersection(units, ((1, len(task.units)),)))


def _killed(task: Task, *, merging: bool) -> int:
    return sum(1 for _ in task.jobs.to_kill(0, task.last_serial, merging=merging))


def _unfinished(task: Task) -> int:
    return len(task.units) - task.finished - task.failed


def _without_job(task: Task) -> int:
    return task.ready + task.units.count(UnitStatus.ORDERED)
