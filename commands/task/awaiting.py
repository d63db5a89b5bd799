"""What a task waits for before it has input: the end of its parent, input datasets that do not exist yet. Pure.

Guards: a task says that it has a parent before it waits for it, so the parent's end always finds it; a dataset notes who waits
for it in the decision that says that it does not exist, so no first file is missed. A wait for a dataset has a limit, but while
the parent is at work, whose own clocks hold. Source: docs/reference/jedi.md, "Waiting for input"; docs/decisions/0065.
"""

from commands.decision import Decision, FollowUp, accept
from commands.task.kills import broken
from commands.task.model import AT_WORK, Task
from commands.task.transitions import WORKING, TaskStatus
from schemas.boundaries import looked_at
from schemas.dataset import RequestContents
from schemas.task import FeedContents, InputAwaited, ParentAwaited, RegisterChild
from schemas.types import TaskDefinition

INPUT_SECONDS_MAX = 7 * 86_400


def follow_parent(task: Task, definition: TaskDefinition) -> tuple[tuple[ParentAwaited, ...], tuple[FollowUp, ...]]:
    """What a refinement begins where there is a parent: the task tells it of itself, and waits unless it does not want to."""
    parent = task.parent_task_id
    if parent is None or parent == task.task_id:
        return (), ()
    message = "" if definition.no_wait_parent else f"waits for the end of parent task {parent}"
    waits = bool(message) and task.status is not TaskStatus.WAITING
    awaited = ParentAwaited(parent_task_id=parent, status=TaskStatus.PENDING.value if waits else "", message=message)
    return (awaited,), (FollowUp(str(parent), RegisterChild(child_task_id=task.task_id)),)


def waits_for_parent(task: Task) -> bool:
    """True while a task whose other needs are met must not begin because its parent is at work."""
    return task.parent_status == AT_WORK and task.definition is not None and not task.definition.no_wait_parent


def ask_datasets(task: Task, definition: TaskDefinition, *, waits: bool, secondary: bool = True) -> tuple[FollowUp, ...]:
    """The request to each input dataset for its files. waits: one that does not exist is waited for. secondary: where there is
    secondary input it is read first, so the first dataset of it is asked instead."""
    if definition.secondaries and secondary:
        return _ask_secondary(task, definition, waits=waits, reading=task.reading)
    order = looked_at(definition.rules)
    request = RequestContents(task_id=task.task_id, waits=waits, reading=task.reading, ordered_by=order)
    return tuple(FollowUp(name, request) for name in definition.input_datasets)


def reads_again(task: Task) -> bool:
    """True for a task that began beside its parent and has datasets: what the parent made is known when it has ended."""
    definition = task.definition
    return definition is not None and definition.no_wait_parent and bool(definition.input_datasets or definition.secondaries)


def ask_again(task: Task) -> tuple[FollowUp, ...]:
    """The requests of the next reading."""
    assert task.definition is not None
    if task.definition.secondaries:
        return _ask_secondary(task, task.definition, waits=task.definition.wait_input, reading=task.reading + 1)
    order = looked_at(task.definition.rules)
    request = RequestContents(task_id=task.task_id, waits=task.definition.wait_input, reading=task.reading + 1, ordered_by=order)
    return tuple(FollowUp(name, request) for name in task.definition.input_datasets)


def _ask_secondary(task: Task, definition: TaskDefinition, *, waits: bool, reading: int) -> tuple[FollowUp, ...]:
    first = definition.secondaries[0]
    request = RequestContents(task_id=task.task_id, waits=waits, reading=reading, stream=first.stream)
    return (FollowUp(first.datasets[0], request),)


def is_fed(task: Task, command: FeedContents) -> bool:
    """True when the task takes files now: those of its present reading, and of a dataset that has come into existence."""
    if task.status is TaskStatus.DEFINED or (task.status is TaskStatus.PENDING and task.awaited):
        return task.reading == command.reading or command.dataset in task.awaited
    reads = task.status in WORKING | {TaskStatus.PAUSED} and task.reading > 0 and not task.contents_complete
    return reads and task.reading == command.reading


def missing_dataset(task: Task, definition: TaskDefinition, command: FeedContents) -> Decision:
    """An input dataset does not exist: it is waited for, or the task breaks."""
    dataset = command.dataset
    at_work = task.parent_status == AT_WORK
    if not command.awaits:
        return broken(task, "UNKNOWN_DATASET", f"input dataset {dataset} does not exist")
    if not (definition.wait_input or at_work):
        # It was asked while the parent was at work; the answer to this question comes after all that the parent registered.
        order = "" if command.stream else looked_at(definition.rules)
        request = RequestContents(task_id=task.task_id, reading=task.reading, stream=command.stream, ordered_by=order)
        return accept(follow_ups=(FollowUp(dataset, request),))
    until = f"parent task {task.parent_task_id} is at work" if at_work else "it is waited for 7 days"
    message = f"waits for input dataset {dataset}, which does not exist yet; {until}"
    limit_seconds = 0 if at_work else INPUT_SECONDS_MAX
    return accept(InputAwaited(dataset=dataset, message=message, limit_seconds=limit_seconds))


def status_once_fed(task: Task, dataset: str) -> str:
    """The status that files of `dataset` bring the task to: defined when it was the last that did not exist; else empty."""
    is_last = task.status is TaskStatus.PENDING and set(task.awaited) == {dataset}
    return TaskStatus.DEFINED.value if is_last else ""
