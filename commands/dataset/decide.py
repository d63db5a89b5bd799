"""What a dataset says to a command.

Guards: a file name means one content for ever; a dataset that a user closed stays as it is, one that the end of its tasks closed
opens with the next file; another tenant's dataset does not exist. Source: docs/reference/jedi.md, "Output datasets".
"""

from bisect import bisect_right
from heapq import nsmallest
from typing import assert_never

from commands.dataset.model import Dataset
from commands.dataset.subscriptions import (
    AWAITING_MAX,
    FILES_OF_A_TASK_MAX,
    FILES_PER_CHUNK,
    end_subscription,
    is_followed,
    nothing_yet,
    question_of,
    subscribe,
    too_many_files,
    woken,
)
from commands.decision import Decision, FollowUp, accept, refuse
from commands.limits import PART_BYTES_MAX
from commands.sizes import first_part
from identity.ruling import SYSTEM
from schemas.boundaries import number_of
from schemas.dataset import (
    CloseDataset,
    ContentsRequested,
    DatasetClosed,
    DatasetCommand,
    EndSubscription,
    EndWriting,
    FilesRegistered,
    RegisterFiles,
    RequestContents,
    SubscribeContents,
    WritingEnded,
)
from schemas.task import FeedContents
from schemas.types import CommandEnvelope, DatasetFile


def decide(dataset: Dataset, command: DatasetCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `dataset`; never look anywhere else."""
    match command:
        case RegisterFiles():
            return register(dataset, command, by)
        case EndWriting():
            return end_writing(dataset, command, by)
        case RequestContents():
            return send_contents(dataset, command, by)
        case SubscribeContents():
            return subscribe(dataset, command, by)
        case EndSubscription():
            return end_subscription(dataset, command)
        case CloseDataset():
            return close(dataset, command, by)
        case _:
            assert_never(command)


def register(dataset: Dataset, command: RegisterFiles, by: CommandEnvelope) -> Decision:
    """Add the files that are not there yet; tasks of the same tenant that wait for the first, or for further ones, get them.

    That a task will report its end is taken from Culm alone.
    """
    added: dict[str, DatasetFile] = {}
    for file in command.files:
        there = dataset.files.get(file.lfn) or added.setdefault(file.lfn, file)
        if there.checksum != file.checksum:
            found = f"{file.lfn} has checksum {there.checksum}, cannot be registered again with {file.checksum}"
            return refuse("CHECKSUM_DIFFERS", found)
        if there.scope != file.scope:
            found = f"{file.lfn} is in the dataset with scope {there.scope!r}, cannot be registered again with {file.scope!r}"
            return refuse("SCOPE_DIFFERS", found)
    new = tuple(added.values())
    if not new:
        return accept()
    if dataset.closed and not dataset.closes_with_tasks:
        return refuse("DATASET_CLOSED", f"dataset is closed with {len(dataset.files)} files")
    registered = FilesRegistered(
        files=new,
        role=command.role,
        task_id=command.task_id,
        files_total=len(dataset.files) + len(new),
        until_task_ends=command.until_task_ends and command.task_id is not None and by.role == SYSTEM,
        reopened=dataset.closed,
    )
    return accept(registered, follow_ups=_asked_again(dataset, by))


def _asked_again(dataset: Dataset, by: CommandEnvelope) -> tuple[FollowUp, ...]:
    """The questions that the next file answers."""
    if dataset.vo is not None:
        return woken(dataset, by.aggregate_id)
    subscribers, waiting = dataset.subscribers, [task for task, vo in dataset.awaiting.items() if vo == by.vo]
    return tuple(
        FollowUp(by.aggregate_id, question_of(subscribers[task]) if task in subscribers else RequestContents(task_id=task))
        for task in waiting
    )


def close(dataset: Dataset, command: CloseDataset, by: CommandEnvelope) -> Decision:
    """No file is added any more; not even by a retry of the task whose end had closed it."""
    if dataset.vo is None:
        return refuse("UNKNOWN_DATASET", "no such dataset")
    is_for_good = dataset.closed and not dataset.closes_with_tasks
    if is_for_good:
        return accept()
    return accept(DatasetClosed(reason=command.reason), follow_ups=woken(dataset, by.aggregate_id, closes=True))


def end_writing(dataset: Dataset, command: EndWriting, by: CommandEnvelope) -> Decision:
    """Close the dataset with the last task that wrote in it; nothing for a task that wrote nothing since it began or ended."""
    if command.task_id not in dataset.writers:
        return accept()
    if len(dataset.writers) > 1:
        return accept(WritingEnded(task_id=command.task_id, writers_left=len(dataset.writers) - 1))
    closed = DatasetClosed(reason=f"task {command.task_id} ended", task_id=command.task_id)
    return accept(closed, follow_ups=woken(dataset, by.aggregate_id, closed_by=command.task_id, closes=True))


def send_contents(dataset: Dataset, command: RequestContents, by: CommandEnvelope) -> Decision:
    """Send the task the chunk that it asks for, of files ordered by name; say so when this tenant has no such dataset.

    One that tasks write in is followed by every task that begins to read it, unless that takes what is there, or too many wait.
    """
    name, task = by.aggregate_id, str(command.task_id)
    if dataset.vo is None or dataset.vo != by.vo:
        return nothing_yet(dataset, command, by)
    followed = not (command.chunk or command.once) and is_followed(dataset)
    if followed and len(dataset.subscribers) < AWAITING_MAX:
        asked = SubscribeContents(task_id=command.task_id, reading=command.reading, stream=command.stream)
        return subscribe(dataset, asked, by)
    if len(dataset.files) > FILES_OF_A_TASK_MAX:
        return too_many_files(dataset, command.task_id, by, FILES_OF_A_TASK_MAX)
    files = _files_in_order(dataset, command) if command.ordered_by else _files_by_name(dataset, command.after)
    chunk = first_part(files, FILES_PER_CHUNK, PART_BYTES_MAX)
    last = len(chunk) == len(files)
    chunks = command.chunk + (1 if last else 2)
    contents = FeedContents(
        dataset=name,
        known=True,
        files=chunk,
        chunk=command.chunk,
        chunks=chunks,
        reading=command.reading,
        stream=command.stream,
        ordered_by=command.ordered_by,
    )
    feed = FollowUp(task, contents)
    if command.chunk:
        return accept(follow_ups=(feed,))
    return accept(ContentsRequested(task_id=command.task_id, files_total=len(dataset.files)), follow_ups=(feed,))


def _files_by_name(dataset: Dataset, after: str) -> list[DatasetFile]:
    """One more file than a chunk has, as far as there are any."""
    start = bisect_right(dataset.names, after) if after else 0
    return [dataset.files[lfn] for lfn in dataset.names[start : start + FILES_PER_CHUNK + 1]]


def _files_in_order(dataset: Dataset, command: RequestContents) -> list[DatasetFile]:
    """The same by number and name, files without a number first; costs a look at each file of the dataset."""

    def place(file: DatasetFile) -> tuple[int, str]:
        number = number_of(file, command.ordered_by, command.task_id)
        return -1 if number is None else number, file.lfn

    before = (-1 if command.after_number is None else command.after_number, command.after)
    left = (file for file in dataset.files.values() if not command.after or place(file) > before)
    return nsmallest(FILES_PER_CHUNK + 1, left, key=place)
