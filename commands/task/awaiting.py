"""What a task waits for: the end of its parent, input datasets that do not exist yet, files that are not registered yet. Pure.

Guards: a task says that it has a parent before it waits for it, so the parent's end always finds it; a dataset notes who waits
for it in the decision that says that it does not exist, so no first file is missed. A wait for a dataset has a limit, but while
the parent is at work, whose own clocks hold; files of a dataset that grows are asked for by how many the task has had, one
question at a time. Source: docs/reference/jedi.md, "Waiting for input" and "Growing input"; docs/decisions/0065 and 0079.
"""

from commands.decision import Decision, FollowUp, accept
from commands.task.kills import broken
from commands.task.model import AT_WORK, Task
from commands.task.secondaries import stream_to_read
from commands.task.transitions import WORKING, TaskStatus
from schemas.boundaries import RANDOM, looked_at
from schemas.dataset import EndSubscription, RequestContents, SubscribeContents
from schemas.records import replace
from schemas.task import FeedContents, InputAwaited, ParentAwaited, RegisterChild
from schemas.types import SecondaryInput, TaskDefinition

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


def ask_datasets(
    task: Task, definition: TaskDefinition, *, beside_parent: bool, secondary: bool = True
) -> tuple[FollowUp, ...]:
    """The request to each input dataset for its files. beside_parent: the task has a parent, which is at work. secondary: where
    there is secondary input it is read first, so the first dataset of it is asked instead.

    A dataset that grows is followed until its end where the task asks for that; without it, by the word of the dataset.
    """
    waits = definition.wait_input or beside_parent
    if definition.secondaries and secondary:
        first = definition.secondaries[0]
        return (ask_secondary(task, definition, first.datasets[0], first, waits=waits),)
    own = {template.dataset for template in definition.outputs}
    until_parent_ends = beside_parent and definition.no_wait_parent
    order = looked_at(definition.rules)
    once = RequestContents(task_id=task.task_id, waits=waits, reading=task.reading, once=True, ordered_by=order)
    if order == RANDOM:
        # An order that is drawn is one of all files: what is there is taken once.
        return tuple(FollowUp(name, once) for name in definition.input_datasets)
    asked: RequestContents | SubscribeContents = replace(once, once=False)
    if definition.run_until_closed or until_parent_ends:
        asked = SubscribeContents(
            task_id=task.task_id,
            reading=task.reading,
            until_closed=definition.run_until_closed,
            until_parent_ends=until_parent_ends,
            waits=waits,
        )
    # A task that followed what it writes itself would never end.
    return tuple(FollowUp(name, once if name in own else asked) for name in definition.input_datasets)


def ask_secondary(
    task: Task, definition: TaskDefinition, dataset: str, stream: SecondaryInput, *, waits: bool
) -> FollowUp:
    """The request for the files of a dataset of secondary input.

    While tasks write in it, it is read to its end before the next one; in an order that is drawn, or where the task writes in it
    itself, what it has now is all.
    """
    own = dataset in {template.dataset for template in definition.outputs}
    request = RequestContents(
        task_id=task.task_id,
        waits=waits,
        reading=task.reading,
        stream=stream.stream,
        once=own or stream.random,
        ordered_by=order_of(stream),
    )
    return FollowUp(dataset, request)


def order_of(stream: SecondaryInput) -> str:
    """What the files of a stream are ordered by before their names."""
    return RANDOM if stream.random else ""


def ask_for_next_of(task: Task, command: FeedContents) -> FollowUp:
    """The question for what comes after a chunk of secondary input of a dataset in which tasks are at work."""
    question = SubscribeContents(
        task_id=task.task_id,
        chunk=command.chunk + 1,
        position=command.position or 0,
        reading=task.reading,
        stream=command.stream,
    )
    return FollowUp(command.dataset, question)


def ask_for_next(task: Task, dataset: str, chunk: int, position: int) -> FollowUp:
    """The question for what comes after the files that the task has had of a dataset that it follows."""
    assert task.definition is not None
    question = SubscribeContents(
        task_id=task.task_id,
        chunk=chunk,
        position=position,
        reading=task.reading,
        until_closed=task.definition.run_until_closed,
        until_parent_ends=works_beside_parent(task),
    )
    return FollowUp(dataset, question)


def works_beside_parent(task: Task) -> bool:
    """True for a task that began while its parent is at work, which may add to its input: it does not end before that."""
    definition = task.definition
    follows = definition is not None and definition.no_wait_parent and bool(definition.input_datasets)
    return follows and task.parent_status == AT_WORK


def ask_without_parent(task: Task) -> tuple[FollowUp, ...]:
    """With the end of the parent beside which the task works: a question to each dataset of which it waits for files, which are
    followed no longer for the parent's sake; one that does not exist is waited for where the task says so."""
    definition = task.definition
    if definition is None or not definition.no_wait_parent:
        return ()
    until_closed, reading = definition.run_until_closed, task.reading
    number = stream_to_read(task.secondaries, definition.secondaries)
    if number is not None:
        stream = definition.secondaries[number]
        dataset = stream.datasets[task.secondaries[number].place]
        if dataset not in task.awaited:
            return ()
        return (ask_secondary(task, definition, dataset, stream, waits=definition.wait_input),)
    questions = []
    for name in (*task.followed, *sorted(task.awaited)):
        question = SubscribeContents(
            task_id=task.task_id,
            chunk=task.fed.get(name, 0),
            position=task.followed.get(name, 0),
            reading=reading,
            until_closed=until_closed,
            waits=name in task.awaited and definition.wait_input,
        )
        questions.append(FollowUp(name, question))
    return tuple(questions)


def ends_of_subscriptions(task: Task) -> tuple[FollowUp, ...]:
    """Word to each dataset of which a task that ended may wait for files."""
    if task.definition is None:
        return ()
    beside = [name for stream in task.definition.secondaries for name in stream.datasets] if not task.contents_complete else []
    named = (*task.definition.input_datasets, *beside, *task.awaited)
    unread = dict.fromkeys(name for name in named if name not in task.fed_whole)
    return tuple(FollowUp(name, EndSubscription(task_id=task.task_id)) for name in unread)


def is_fed(task: Task, command: FeedContents) -> bool:
    """True when the task takes files now: those of its present reading, and of a dataset that has come into existence."""
    if task.status is TaskStatus.DEFINED or (task.status is TaskStatus.PENDING and task.awaited):
        return task.reading == command.reading or command.dataset in task.awaited
    # A task of which a parent's end began another reading (of before 0079) knows its datasets and follows none of them.
    reads = task.status in WORKING | {TaskStatus.PAUSED} and not task.contents_complete
    return reads and (task.reading > 0 or command.dataset in task.followed) and task.reading == command.reading


def missing_dataset(task: Task, definition: TaskDefinition, command: FeedContents) -> Decision:
    """An input dataset does not exist: it is waited for, or the task breaks."""
    dataset = command.dataset
    at_work = task.parent_status == AT_WORK
    if not command.awaits:
        return broken(task, "UNKNOWN_DATASET", f"input dataset {dataset} does not exist")
    if not (definition.wait_input or at_work):
        # It was asked while the parent was at work; the answer to this question comes after all that the parent registered.
        stream = next((one for one in definition.secondaries if one.stream == command.stream), None)
        order = looked_at(definition.rules) if stream is None else order_of(stream)
        once = order == RANDOM
        request = RequestContents(
            task_id=task.task_id, reading=task.reading, stream=command.stream, ordered_by=order, once=once
        )
        return accept(follow_ups=(FollowUp(dataset, request),))
    until = f"parent task {task.parent_task_id} is at work" if at_work else "it is waited for 7 days"
    message = f"waits for input dataset {dataset}, which does not exist yet; {until}"
    limit_seconds = 0 if at_work else INPUT_SECONDS_MAX
    return accept(InputAwaited(dataset=dataset, message=message, limit_seconds=limit_seconds))


def status_once_fed(task: Task, dataset: str) -> str:
    """The status that files of `dataset` bring the task to: defined when it was the last that did not exist; else empty."""
    is_last = task.status is TaskStatus.PENDING and set(task.awaited) == {dataset}
    return TaskStatus.DEFINED.value if is_last else ""
