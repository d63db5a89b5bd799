"""How a task comes to be: submitted, at once or with its long lists of names in chunks, or given up unfinished. Pure.

Guards: see `names.py`. The definition may be made while names arrive; input is fed when both are there.
"""

from commands.decision import Decision, FollowUp, accept, refuse
from commands.limits import PART_BYTES_MAX
from commands.sizes import bytes_of
from commands.task.awaiting import ask_datasets, waits_for_parent
from commands.task.for_workflow import input_held, work_started
from commands.task.kills import broken
from commands.task.model import AT_WORK, Task
from commands.task.names import announced, are_complete, arrived, expected_next
from commands.task.transitions import TaskStatus
from commands.task.units import PSEUDO_DATASET
from schemas.task import AddInputNames, ExpireSubmission, FeedContents, InputNamesAdded, SubmitTask, TaskSubmitted
from schemas.types import CommandEnvelope, TaskDefinition

UNFINISHED = "SUBMISSION_UNFINISHED"


def submit(task: Task, command: SubmitTask, by: CommandEnvelope) -> Decision:
    """A new task; one with long lists waits for their names. A work of a workflow says so to it."""
    if task.status is not TaskStatus.UNKNOWN:
        return refuse("ALREADY_EXISTS", f"task {command.task_id} exists and is {task.status}")
    if len({one.list for one in command.lists}) < len(command.lists):
        return refuse("BAD_LISTS", f"a list is announced twice: {', '.join(one.list for one in command.lists)}")
    return accept(
        TaskSubmitted(
            task_id=command.task_id,
            name=command.name,
            user_name=command.user_name,
            nickname=command.nickname,
            linked_actors=by.linked_actors,
            label=command.label,
            working_group=command.working_group,
            priority=command.priority,
            parent_task_id=command.parent_task_id,
            parameters_json=command.parameters_json,
            lists=command.lists,
            request_id=command.request_id,
            work=command.work,
        ),
        *input_held(command),
        follow_ups=work_started(command),
    )


def add_names(task: Task, command: AddInputNames, by: CommandEnvelope) -> Decision:
    """The next names of a list; a chunk that the task has already is accepted without effect."""
    if (by.vo, by.actor) != (task.vo, task.owner):
        return refuse("NOT_PERMITTED", "names are added by the one who submitted the task")
    known = task.names.get(command.chunk)
    if known is not None and (known.list, tuple(known.names)) == (command.list, command.names):
        return accept()
    if task.status is not TaskStatus.WAITING:
        return refuse("WRONG_STATUS", f"task is {task.status}, expected waiting")
    expected, place = expected_next(task.lists, task.names)
    if (command.chunk, command.list) != (len(task.names), expected.list):
        found = f"chunk {command.chunk} of {command.list}"
        return refuse("OUT_OF_ORDER", f"{found}, expected chunk {len(task.names)} of {expected.list}")
    if not 1 <= len(command.names) <= expected.count - place:
        return refuse("BAD_COUNT", f"{len(command.names)} names, expected 1 to {expected.count - place} of {expected.list}")
    if (size := bytes_of(command.names)) > PART_BYTES_MAX:
        return refuse("TOO_LARGE", f"the names have {size:,} bytes, expected at most {PART_BYTES_MAX:,}")
    left = announced(task.lists) - arrived(task.lists, task.names) - len(command.names)
    reached = TaskStatus.WAITING if left else _status_with_names(task)
    added = InputNamesAdded(
        chunk=command.chunk, list=command.list, names=command.names, names_left=left, status=reached.value
    )
    starts = _first_feeds(task, task.definition) if reached is TaskStatus.DEFINED and task.definition is not None else ()
    return accept(added, follow_ups=starts)


def expire(task: Task, command: ExpireSubmission) -> Decision:
    """Names that did not come in time end the task."""
    if task.status is not TaskStatus.WAITING:
        return refuse("WRONG_STATUS", f"task is {task.status}, expected waiting")
    came, expected = arrived(task.lists, task.names), announced(task.lists)
    message = f"{came:,} of {expected:,} names of its input arrived within an hour, so it did not start; submit it again"
    return broken(task, UNFINISHED, message)


def refused_unfinished(task: Task) -> Decision | None:
    """The refusal of what needs a whole submission; None when the task has one."""
    if are_complete(task.lists, task.names):
        return None
    return refuse(UNFINISHED, "the names of its input never arrived in full; submit it again")


def _status_with_names(task: Task) -> TaskStatus:
    """Where the task stands once it has every name."""
    if task.definition is None:
        return TaskStatus.REGISTERED
    return TaskStatus.PENDING if waits_for_parent(task) else TaskStatus.DEFINED


def _first_feeds(task: Task, definition: TaskDefinition) -> tuple[FollowUp, ...]:
    """What brings the input of a task that was refined before its last name came."""
    if definition.input_datasets or definition.secondaries:
        return ask_datasets(task, definition, beside_parent=task.parent_status == AT_WORK)
    return (FollowUp(str(task.task_id), FeedContents(dataset=PSEUDO_DATASET, known=True, chunk=0, chunks=1)),)
