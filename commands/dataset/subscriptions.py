"""Tasks that follow a dataset: each is sent the files that it has not had, and the next ones when they are registered. Pure.

A task asks for what comes after the files it has had, in the order in which they were registered. There is an answer at once when
there are such files, or when there will be none; else the dataset notes the task, and asks in its place with the next file or
when it closes. So a task has one chunk under way at most, of all that was registered meanwhile, and nothing comes between the
answer and the note. Guards: AWAITING_MAX tasks; each chunk is a decision of its own. Source: docs/decisions/0079.
"""

from collections.abc import Iterator
from itertools import islice

from commands.dataset.model import Dataset, stays_subscribed
from commands.decision import Decision, FollowUp, accept
from commands.limits import PART_BYTES_MAX
from commands.sizes import first_part
from schemas.dataset import (
    ContentsAwaited,
    ContentsRequested,
    ContentsSubscribed,
    EndSubscription,
    RequestContents,
    SubscribeContents,
    SubscriptionEnded,
)
from schemas.records import replace
from schemas.task import BreakTask, FeedContents
from schemas.types import CommandEnvelope, DatasetFile, Subscriber

FILES_PER_CHUNK = 500
#: Tasks that wait for the next files of one dataset, and tasks of one tenant that wait for its first.
AWAITING_MAX = 1_000
#: Files that a task is sent; every one of them is at least read by it.
FILES_OF_A_TASK_MAX = 1_000_000


def subscribe(dataset: Dataset, command: SubscribeContents, by: CommandEnvelope) -> Decision:
    """The files after those that the task has had, or a note that it waits for them; word when there is no such dataset."""
    if dataset.vo is None or dataset.vo != by.vo:
        return nothing_yet(dataset, command, by)
    if len(dataset.files) > FILES_OF_A_TASK_MAX:
        return too_many_files(dataset, command.task_id, by, FILES_OF_A_TASK_MAX)
    name, task = by.aggregate_id, str(command.task_id)
    chunk = first_part(_files_after(dataset, command.position), FILES_PER_CHUNK, PART_BYTES_MAX)
    position = min(command.position, len(dataset.files)) + len(chunk)
    last = position == len(dataset.files) and not _goes_on(dataset, command)
    if not chunk and not last:
        return _noted(dataset, command, by)
    contents = FeedContents(
        dataset=name,
        known=True,
        files=chunk,
        chunk=command.chunk,
        chunks=command.chunk + (1 if last else 2),
        reading=command.reading,
        position=position,
        stream=command.stream,
    )
    requested = (ContentsRequested(task_id=command.task_id, files_total=len(dataset.files)),) if not command.chunk else ()
    return accept(*requested, follow_ups=(FollowUp(task, contents),))


def is_followed(dataset: Dataset, *, until_closed: bool = False, until_parent_ends: bool = False) -> bool:
    """True while files may come for which a task waits: tasks write in the dataset, whose end closes it, or the task says that it
    waits for more. What a user closed is closed."""
    if dataset.closed and not dataset.closes_with_tasks:
        return False
    if until_parent_ends:
        return True
    return not dataset.closed and (until_closed or bool(dataset.writers))


def _goes_on(dataset: Dataset, command: SubscribeContents) -> bool:
    """True when the task is to wait for further files; one that did not ask for it is let go when too many wait already."""
    asked = command.until_closed or command.until_parent_ends
    if not asked and command.task_id not in dataset.subscribers and len(dataset.subscribers) >= AWAITING_MAX:
        return False
    return is_followed(dataset, until_closed=command.until_closed, until_parent_ends=command.until_parent_ends)


def woken(dataset: Dataset, name: str, *, closed_by: int | None = None, closes: bool = False) -> tuple[FollowUp, ...]:
    """The questions of the tasks that wait, asked once more. closes: with the end of a task (closed_by), or by a user."""
    staying = {task for task, one in dataset.subscribers.items() if closes and stays_subscribed(one, closed_by)}
    return tuple(FollowUp(name, question_of(one)) for task, one in dataset.subscribers.items() if task not in staying)


def question_of(one: Subscriber) -> SubscribeContents:
    """What a task asked when it was noted."""
    return SubscribeContents(
        task_id=one.task_id,
        chunk=one.chunk,
        position=one.position,
        reading=one.reading,
        stream=one.stream,
        until_closed=one.until_closed,
        until_parent_ends=one.until_parent_ends,
    )


def end_subscription(dataset: Dataset, command: EndSubscription) -> Decision:
    """The task ended: nothing more is sent to it."""
    known = command.task_id in dataset.subscribers or command.task_id in dataset.awaiting
    return accept(SubscriptionEnded(task_id=command.task_id)) if known else accept()


def nothing_yet(dataset: Dataset, command: RequestContents | SubscribeContents, by: CommandEnvelope) -> Decision:
    """The task is sent word that there is no such dataset, and noted where it waits for one.

    One that exists for another tenant is waited for like any other, and nothing of the wait is recorded there.
    """
    name, task = by.aggregate_id, str(command.task_id)
    answer = FeedContents(
        dataset=name,
        known=False,
        chunk=0,
        chunks=1,
        awaits=command.waits,
        reading=command.reading,
        stream=command.stream,
    )
    if not command.waits or dataset.vo is not None or command.task_id in dataset.awaiting:
        return accept(follow_ups=(FollowUp(task, answer),))
    if len(dataset.awaiting) >= AWAITING_MAX and list(dataset.awaiting.values()).count(by.vo) >= AWAITING_MAX:
        message = f"input dataset {name} does not exist, and {AWAITING_MAX:,} tasks of {by.vo} wait for it already"
        return accept(follow_ups=(FollowUp(task, BreakTask(reason="UNKNOWN_DATASET", message=message)),))
    awaited = ContentsAwaited(task_id=command.task_id)
    if isinstance(command, SubscribeContents):
        awaited = ContentsAwaited(
            task_id=command.task_id,
            reading=command.reading,
            until_closed=command.until_closed,
            until_parent_ends=command.until_parent_ends,
        )
    return accept(awaited, follow_ups=(FollowUp(task, answer),))


def too_many_files(dataset: Dataset, task_id: int, by: CommandEnvelope, files_max: int) -> Decision:
    """A task cannot use a dataset of more files than a task may have: it breaks."""
    message = f"input dataset {by.aggregate_id} has {len(dataset.files):,} files, expected at most {files_max:,}"
    return accept(follow_ups=(FollowUp(str(task_id), BreakTask(reason="TOO_MANY_FILES", message=message)),))


def _noted(dataset: Dataset, command: SubscribeContents, by: CommandEnvelope) -> Decision:
    known = dataset.subscribers.get(command.task_id)
    if known is not None and question_of(known) == replace(command, waits=False):
        return accept()
    if known is None and len(dataset.subscribers) >= AWAITING_MAX:
        message = f"{AWAITING_MAX:,} tasks wait for further files of input dataset {by.aggregate_id} already"
        return accept(follow_ups=(FollowUp(str(command.task_id), BreakTask(reason="TOO_MANY_READERS", message=message)),))
    subscribed = ContentsSubscribed(
        task_id=command.task_id,
        chunk=command.chunk,
        position=command.position,
        reading=command.reading,
        stream=command.stream,
        until_closed=command.until_closed,
        until_parent_ends=command.until_parent_ends,
    )
    return accept(subscribed)


def _files_after(dataset: Dataset, position: int) -> Iterator[DatasetFile]:
    """Files in the order in which they were registered, without the first `position`; costs the nearer end."""
    files, count = dataset.files.values(), len(dataset.files)
    if position * 2 < count:
        return islice(files, position, None)
    return iter(list(islice(reversed(files), max(0, count - position)))[::-1])
