"""A task that waits because a record of it became a dead letter, and goes on when that was tried again. Pure.

Guards: a task is set aside once for each letter; what it was doing goes on beside; with the last letter its status comes
back. Nothing wakes it but the retry of a letter: its order is not parked, and no clock runs for it.
"""

from commands.decision import Decision, accept, refuse
from commands.task.model import Task
from commands.task.transitions import ACTIVE, ENDING, WORKING, TaskStatus
from schemas.task import RestoreTask, SetTaskAside, TaskRestored, TaskSetAside, TaskWoken

#: Letters remembered for one task; one that has more needs a fixed Culm, not a longer list.
LETTERS_MAX = 100
#: A task in one of these is pending while it is set aside, and goes back; in any other it stays in its status.
INTERRUPTED = WORKING | {TaskStatus.REGISTERED, TaskStatus.REREFINE}
SETTABLE = ACTIVE | ENDING | {TaskStatus.PAUSED}


def set_aside(task: Task, command: SetTaskAside) -> Decision:
    """A record of the task could not be handled: say so, once."""
    if task.status not in SETTABLE:
        return refuse("WRONG_STATUS", f"task is {task.status} and waits for nothing")
    if command.dead_letter_id in task.aside:
        return accept()
    if len(task.aside) >= LETTERS_MAX:
        return refuse("TOO_MANY_LETTERS", f"task is set aside for {len(task.aside)} dead letters, expected at most {LETTERS_MAX}")
    message = sentence({**task.aside, command.dead_letter_id: command.message})
    return accept(TaskSetAside(dead_letter_id=command.dead_letter_id, message=message, cause=command.message))


def restore(task: Task, command: RestoreTask) -> Decision:
    """A letter of the task is settled."""
    if command.dead_letter_id not in task.aside:
        return refuse("NOT_SET_ASIDE", f"task is not set aside for dead letter {command.dead_letter_id}")
    left = {letter: cause for letter, cause in task.aside.items() if letter != command.dead_letter_id}
    held = task.old_status if task.status is TaskStatus.PAUSED else task.status
    waits = bool(task.awaited) or task.awaits_parent
    interrupted = task.aside_from in INTERRUPTED and held is TaskStatus.PENDING
    back = task.aside_from if not left and interrupted and not waits else ""
    message = sentence(left) if left else ""
    restored = TaskRestored(dead_letter_id=command.dead_letter_id, message=message, status=back)
    # A pause took away what says that a throttled order waits, and a task that was set aside ordered nothing when it was resumed.
    again = back not in ("", TaskStatus.PENDING) and task.status is not TaskStatus.PAUSED
    waits_on = again and any(order.parked for order in task.orders.values())
    return accept(restored, *((TaskWoken(cause="RESTORED"),) if waits_on else ()))


def sentence(aside: dict[str, str]) -> str:
    """What people read while letters hold the task: the latest one, and how many more there are."""
    letter, cause = list(aside.items())[-1]
    more = f" (and {len(aside) - 1} more dead letters)" if len(aside) > 1 else ""
    return f"set aside: dead letter {letter}, {cause}{more}"
