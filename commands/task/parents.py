"""A task and the tasks that name it as their parent: who learns of its end, and what the end means for them. Pure.

Guards: only tasks of the same organisation follow each other; a task has at most CHILDREN_MAX children; the end of a parent is
recorded before anything follows from it. Source: docs/reference/jedi.md, "Parents"; docs/decisions/0065 and 0079.
"""

from commands.decision import Decision, FollowUp, accept, refuse
from commands.task.awaiting import ask_without_parent
from commands.task.feeding import begin_feeding
from commands.task.kills import KILL_TASK, broken, kills, releases
from commands.task.model import Task
from commands.task.transitions import ACTIVE, FINAL, TaskStatus
from schemas.task import (
    BreakTask,
    ChildRegistered,
    ParentEnded,
    RecordParentEnd,
    RegisterChild,
    TaskEvent,
    TaskKillOrdered,
)
from schemas.types import CommandEnvelope

CHILDREN_MAX = 1_000
#: Of a parent that does not exist for the organisation of the child.
NO_TASK = "unknown"
#: Of a parent with which its children end.
LOST = frozenset({"failed", "broken", "aborted"})
AFFECTED = ACTIVE | {TaskStatus.PAUSED, TaskStatus.FINISHING, TaskStatus.EXHAUSTED}


def register_child(task: Task, command: RegisterChild, by: CommandEnvelope) -> Decision:
    """Note the child, which learns at once where the task has ended, or does not exist."""
    child = str(command.child_task_id)
    if task.status is TaskStatus.UNKNOWN or task.vo != by.vo:
        return accept(follow_ups=(FollowUp(child, _end(int(by.aggregate_id), NO_TASK)),))
    told = (FollowUp(child, _end(task.task_id, task.status.value)),) if task.status in FINAL else ()
    if command.child_task_id in task.children:
        return accept(follow_ups=told)
    if len(task.children) >= CHILDREN_MAX:
        message = f"parent task {task.task_id} has {len(task.children):,} children, expected fewer than {CHILDREN_MAX:,}"
        return accept(follow_ups=(FollowUp(child, BreakTask(reason="TOO_MANY_CHILDREN", message=message)),))
    return accept(ChildRegistered(child_task_id=command.child_task_id), follow_ups=told)


def record_parent_end(task: Task, command: RecordParentEnd) -> Decision:
    """Begin when it was waited for; end with a parent that was lost (T5, T43), and with one that does not exist."""
    parent, status = command.parent_task_id, command.parent_status
    if parent != task.parent_task_id:
        return refuse("OTHER_PARENT", f"task {parent} ended, the parent is {task.parent_task_id}")
    if task.status not in AFFECTED or task.parent_status in ("", status):
        return accept()
    if status == NO_TASK:
        return broken(task, "UNKNOWN_PARENT", f"parent task {parent} does not exist")
    begins = task.status is TaskStatus.PENDING and task.awaits_parent
    ended = ParentEnded(
        parent_task_id=parent, parent_status=status, status=TaskStatus.DEFINED.value if begins else ""
    )
    if status in LOST:
        return _with_it(task, command, ended)
    if begins:
        assert task.definition is not None
        fed, starts = begin_feeding(task, task.definition, known=task.known_units)
        return accept(ended, *fed, follow_ups=starts)
    return accept(ended, follow_ups=ask_without_parent(task))


def _with_it(task: Task, command: RecordParentEnd, ended: ParentEnded) -> Decision:
    message = f"parent task {command.parent_task_id} is {command.parent_status}"
    if command.had_ended:
        lost = broken(task, "PARENT_FAILED", message)
        return accept(ended, *lost.events, follow_ups=lost.follow_ups)
    ordered: TaskEvent = TaskKillOrdered(reason=message)
    taken = kills(task, KILL_TASK, message, merging=True)
    return accept(ended, ordered, follow_ups=(*releases(task), *taken))


def _end(parent: int, status: str) -> RecordParentEnd:
    return RecordParentEnd(parent_task_id=parent, parent_status=status, had_ended=True)
