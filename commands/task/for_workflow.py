"""What a task that is a work of a workflow says to it: that it is there, which units ended for good, and how it ended. Pure.

Guards: only a task that was submitted as a work says anything; its end comes after its units, so that the workflow counts them
before it gives up the rest. Source: docs/reference/idds.md, "Works as tasks"; docs/decisions/0108.
"""

from collections.abc import Iterable
from typing import assert_never

from commands.decision import FollowUp
from commands.task.limits import UNITS_MAX
from commands.task.model import Task
from schemas.intervals import joined
from schemas.task import InputHeld, SubmitTask, TaskFinalized
from schemas.types import TaskVerdict, UnitChange, UnitRange, WorkEnd
from schemas.workflow import RecordUnitEnds, RecordWorkEnd, StartWork

#: Units in one report, and so its ranges: what `RecordUnitEnds` has room for.
UNITS_PER_REPORT = 10_000
HELD = "waits for other jobs of its workflow"
MESSAGE_CHARACTERS_MAX = 4_000


def input_held(command: SubmitTask) -> tuple[InputHeld, ...]:
    """All input waits from the beginning, before any of it is fed, where the workflow releases it."""
    if not command.input_held:
        return ()
    return (InputHeld(units=(UnitRange(first=1, last=UNITS_MAX),), reason=HELD, standing="from 1 on"),)


def work_started(command: SubmitTask) -> tuple[FollowUp, ...]:
    """The workflow learns which task its work has."""
    if command.request_id is None or command.work is None:
        return ()
    return (FollowUp(str(command.request_id), StartWork(work=command.work, task_id=command.task_id)),)


def unit_ends(task: Task, changes: Iterable[UnitChange]) -> tuple[FollowUp, ...]:
    """Units that are done and units that are given up; those that run again are no news."""
    if task.request_id is None:
        return ()
    ended = sorted((one.unit_id, one.finished) for one in changes if one.finished or one.failed)
    return tuple(
        _to_workflow(task, _report(task, ended[start : start + UNITS_PER_REPORT]))
        for start in range(0, len(ended), UNITS_PER_REPORT)
    )


def work_ended(task: Task, event: TaskFinalized) -> tuple[FollowUp, ...]:
    """The end of the task; one that is exhausted has not ended, it is continued or finished."""
    end = None if task.request_id is None else _end_of(event.verdict)
    if end is None:
        return ()
    message = (event.message or "")[:MESSAGE_CHARACTERS_MAX]
    return (_to_workflow(task, RecordWorkEnd(task_id=task.task_id, end=end, message=message)),)


def _end_of(verdict: TaskVerdict) -> WorkEnd | None:
    match verdict:
        case TaskVerdict.DONE:
            return WorkEnd.FINISHED
        case TaskVerdict.FINISHED:
            return WorkEnd.SUBFINISHED
        case TaskVerdict.FAILED | TaskVerdict.BROKEN:
            return WorkEnd.FAILED
        case TaskVerdict.ABORTED:
            return WorkEnd.CANCELLED
        case TaskVerdict.EXHAUSTED | TaskVerdict.UNKNOWN:
            return None
        case _:
            assert_never(verdict)


def _report(task: Task, ended: list[tuple[int, bool]]) -> RecordUnitEnds:
    finished, failed = (
        tuple(UnitRange(first=first, last=last) for first, last in joined((unit, unit) for unit, well in ended if well is wanted))
        for wanted in (True, False)
    )
    return RecordUnitEnds(task_id=task.task_id, finished=finished, failed=failed)


def _to_workflow(task: Task, command: RecordUnitEnds | RecordWorkEnd) -> FollowUp:
    return FollowUp(str(task.request_id), command, on_behalf_of=task.owner, vo=task.vo)
