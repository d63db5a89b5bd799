"""What follows by itself from a task's state: input is ordered made into jobs, merges are ordered, the task ends. Pure.

Called after every event of a decision, in the same decision; gives the next event, or None when the task is at rest.
Guards: a task at work always has an open order, a live job, or a clock (jedi-logic appendix C.3). Source: jedi-logic 1.5, 3.8.
"""

from commands.task.model import Ending, Task, accounts_of
from commands.task.progress import BUILD_ATTEMPTS_MAX, MERGE_ATTEMPTS_MAX
from commands.task.transitions import WORKING, TaskStatus
from schemas.task import JobsOrdered, TaskFinalized
from schemas.types import InputUnit, JobKind, TaskVerdict, UnmergedJob

UNITS_PER_ORDER = 500
PLANNING = WORKING | {TaskStatus.DEFINED}


def settle(task: Task) -> JobsOrdered | TaskFinalized | None:
    """The next thing that must happen to `task` without anybody's wish."""
    if task.status in (TaskStatus.TOBROKEN, TaskStatus.ABORTING):
        if task.jobs or any(not row.ended for row in task.unmerged.values()):
            return None
        broken = task.status is TaskStatus.TOBROKEN
        return _final(task, TaskVerdict.BROKEN, task.message) if broken else _final(task, TaskVerdict.ABORTED, "killed")
    if task.status is TaskStatus.FINISHING:
        return _end(task)
    if task.status not in PLANNING or not task.contents_complete:
        return None
    return _build_order(task) or _normal_order(task) or _end(task)


def _build_order(task: Task) -> JobsOrdered | TaskFinalized | None:
    """Sources are built once, before anything that needs them."""
    if not _needs_build(task) or not (task.ready or task.unmerged):
        return None
    if any(job.kind is JobKind.BUILD for job in task.jobs.values()) or task.orders:
        return None
    if task.build_failures >= BUILD_ATTEMPTS_MAX:
        return None if task.jobs else _verdict(task, f"the build failed {task.build_failures} times")
    return _order(task, JobKind.BUILD)


def _normal_order(task: Task) -> JobsOrdered | None:
    if not task.ready or _needs_build(task):
        return None
    chosen = [task.units[unit_id].spec for unit_id in list(task.ready)[:UNITS_PER_ORDER]]
    return _order(task, JobKind.NORMAL, units=tuple(chosen), more=len(task.ready) > len(chosen))


def _end(task: Task) -> JobsOrdered | TaskFinalized | None:
    if task.jobs or task.orders or (task.ready and task.ending is None):
        return None
    return _merge_order(task) if task.unmerged else _verdict(task)


def _merge_order(task: Task) -> JobsOrdered | None:
    rows = (row for _, row in sorted(task.unmerged.items()))
    waiting = [row for row in rows if not row.merging and row.merge_attempt < MERGE_ATTEMPTS_MAX]
    if not waiting or task.ending is Ending.KILL:
        return None
    return _order(task, JobKind.MERGE, unmerged=tuple(row.job for row in waiting[:UNITS_PER_ORDER]))


def _verdict(task: Task, reason: str = "") -> TaskFinalized:
    """The end of a task by its counters (jedi-logic 1.5); `reason` names what stood in the way."""
    total, done = len(task.units), task.finished
    completeness = 1000 * done // total if total else 0
    if total and done == total:
        return _final(task, TaskVerdict.DONE, "")
    message = reason or f"{task.failed} of {total} input files failed, {total - done - task.failed} were not processed"
    if not done:
        return _final(task, TaskVerdict.FAILED, message)
    definition = task.definition
    if definition and definition.fail_goal_unreached and task.ending is None and completeness < definition.goal_permille:
        return _final(task, TaskVerdict.FAILED, f"{message}; goal {definition.goal_permille / 10:g} % missed")
    return _final(task, TaskVerdict.FINISHED, message)


def _final(task: Task, verdict: TaskVerdict, message: str) -> TaskFinalized:
    cause = f"; last error: {task.last_error}" if task.last_error and verdict in _WITH_CAUSE else ""
    return TaskFinalized(verdict=verdict, message=message + cause, accounts=accounts_of(task))


_WITH_CAUSE = frozenset({TaskVerdict.FAILED, TaskVerdict.FINISHED})


def _needs_build(task: Task) -> bool:
    assert task.definition is not None
    return task.definition.build is not None and task.library is None


def _order(
    task: Task,
    kind: JobKind,
    units: tuple[InputUnit, ...] = (),
    unmerged: tuple[UnmergedJob, ...] = (),
    *,
    more: bool = False,
) -> JobsOrdered:
    assert task.definition is not None
    return JobsOrdered(
        order=task.last_order + 1,
        kind=kind,
        units=units,
        unmerged=unmerged,
        definition=task.definition,
        task_id=task.task_id,
        priority=task.priority,
        queues_used=task.queues_used,
        more=more,
    )
