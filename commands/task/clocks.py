"""A task whose time is over: it waited for a queue, or for input, for as long as its clock allows. Pure.

Guards: what changed since the clock was read stays as it is; a task whose parent is at work is not given up. What becomes of it
is `exhausted`: a person decides, or a clock finishes it. Source: docs/reference/jedi.md, "Clocks of tasks" (T31).
"""

from commands.decision import Decision, accept, refuse
from commands.task.model import AT_WORK, Task, accounts_of
from commands.task.transitions import TaskStatus
from schemas.clocks import in_words
from schemas.instants import MICROSECONDS
from schemas.task import ExpireInput, ExpirePending, TaskFinalized
from schemas.times import utc
from schemas.types import CommandEnvelope, TaskVerdict


def expire_pending(task: Task, command: ExpirePending, by: CommandEnvelope) -> Decision:
    """No queue was found for so long: the task is exhausted."""
    if task.status is not TaskStatus.PENDING or not any(order.parked for order in task.orders.values()):
        return refuse("NOT_PARKED", f"task is {task.status} and waits for no queue")
    # A task that was parked by an earlier release does not know since when: 0.
    if by.issued_at - task.blocked_at < command.seconds * MICROSECONDS:
        return refuse("MOVED_ON", f"task waits for a queue since {utc(task.blocked_at)}, not for {in_words(command.seconds)}")
    if task.parent_status == AT_WORK:
        return refuse("PARENT_AT_WORK", f"parent task {task.parent_task_id} is at work")
    return accept(exhausted(task, f"no queue could take its jobs for {in_words(command.seconds)}"))


def expire_input(task: Task, command: ExpireInput) -> Decision:
    """The datasets that did not exist did not come: a person decides (T31)."""
    if not task.awaited or task.status is not TaskStatus.PENDING or task.parent_status == AT_WORK:
        return refuse("NOT_AWAITING", f"task is {task.status} and waits for no dataset")
    names = sorted(task.awaited)
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    message = f"input dataset {names[0]}{more} did not come into existence within {in_words(command.seconds)}"
    return accept(exhausted(task, message))


def exhausted(task: Task, message: str) -> TaskFinalized:
    """The end of a task that reached its limits."""
    return TaskFinalized(
        verdict=TaskVerdict.EXHAUSTED,
        message=message,
        accounts=accounts_of(task),
        waits_for_person=task.definition is not None and not task.definition.auto_finish,
    )
