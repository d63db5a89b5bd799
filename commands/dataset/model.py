"""A dataset as its history describes it: files by name, open or closed."""

from bisect import insort
from dataclasses import dataclass, field

from commands.undo import UndoDict, UndoList
from identity.ruling import Thing
from schemas.dataset import (
    ContentsAwaited,
    ContentsRequested,
    ContentsSubscribed,
    DatasetClosed,
    DatasetCommand,
    DatasetEvent,
    FilesRegistered,
    SubscriptionEnded,
    WritingEnded,
)
from schemas.types import CommandEnvelope, DatasetFile, EventEnvelope, Subscriber

#: Tasks at work that a dataset remembers; one with more stays open until a user closes it.
WRITERS_MAX = 1_000


@dataclass(slots=True)
class Dataset:
    """Files by logical name; `names` are all of them in order. It exists once a file was registered.

    closes_with_tasks: only tasks that report their end added files, and no user closed it. writers: those of them that did not
    end, in the order of their first file. Closed with `closes_with_tasks` is closed until the next file.
    awaiting: before the first file, the tasks that wait for it, with their tenants. subscribers: tasks that had all files and
    wait for the next, by their ids; before the first file, those of `awaiting` that say how they will follow it.
    """

    vo: str | None = None
    owner: str | None = None
    closed: bool = False
    closes_with_tasks: bool = False
    writers: tuple[int, ...] = ()
    files: UndoDict[str, DatasetFile] = field(default_factory=UndoDict)
    names: UndoList[str] = field(default_factory=UndoList)
    awaiting: UndoDict[int, str] = field(default_factory=UndoDict)
    subscribers: UndoDict[int, Subscriber] = field(default_factory=UndoDict)


def initial() -> Dataset:
    """A dataset that does not exist."""
    return Dataset()


def evolve(dataset: Dataset, event: DatasetEvent, envelope: EventEnvelope) -> Dataset:
    """`dataset` after `event`."""
    match event:
        case FilesRegistered():
            _written(dataset, event)
            dataset.subscribers = UndoDict()  # each asks again
            if dataset.vo is None:
                dataset.vo, dataset.owner, dataset.awaiting = envelope.vo, envelope.actor, UndoDict()
            for file in event.files:
                if file.lfn not in dataset.files:
                    insort(dataset.names, file.lfn)
                dataset.files[file.lfn] = file
        case DatasetClosed():
            dataset.closed, dataset.writers = True, ()
            dataset.closes_with_tasks = dataset.closes_with_tasks and event.task_id is not None
            staying = {task: one for task, one in dataset.subscribers.items() if stays_subscribed(one, event.task_id)}
            dataset.subscribers = UndoDict(staying)
        case WritingEnded():
            dataset.writers = tuple(task for task in dataset.writers if task != event.task_id)
        case ContentsAwaited():
            dataset.awaiting[event.task_id] = envelope.vo
            if event.until_closed or event.until_parent_ends:
                dataset.subscribers[event.task_id] = _subscriber(event)
        case ContentsSubscribed():
            dataset.subscribers[event.task_id] = _subscriber(event, event.chunk, event.position)
        case SubscriptionEnded():
            dataset.subscribers.pop(event.task_id, None)
            dataset.awaiting.pop(event.task_id, None)
        case ContentsRequested():
            pass
    return dataset


def stays_subscribed(one: Subscriber, closed_by: int | None) -> bool:
    """True when a task waits on although the dataset closes: the end of a task closed it, and its parent may open it again."""
    return one.until_parent_ends and closed_by is not None


def _subscriber(event: ContentsAwaited | ContentsSubscribed, chunk: int = 0, position: int = 0) -> Subscriber:
    return Subscriber(
        task_id=event.task_id,
        chunk=chunk,
        position=position,
        reading=event.reading,
        stream=event.stream if isinstance(event, ContentsSubscribed) else "",
        until_closed=event.until_closed,
        until_parent_ends=event.until_parent_ends,
    )


def _written(dataset: Dataset, event: FilesRegistered) -> None:
    """Who writes, before the files of `event` are in it. A file of anyone else leaves the end of the dataset to its owner."""
    is_new = dataset.vo is None
    dataset.closed = dataset.closed and not event.reopened
    dataset.closes_with_tasks = event.until_task_ends and (is_new or dataset.closes_with_tasks)
    if dataset.closes_with_tasks and event.task_id is not None and event.task_id not in dataset.writers:
        dataset.writers += (event.task_id,)
    if not dataset.closes_with_tasks or len(dataset.writers) > WRITERS_MAX:
        dataset.closes_with_tasks, dataset.writers = False, ()


def is_closed(dataset: Dataset) -> bool:
    """True once anything happened to it, open or not: nothing happens in it by itself, so it is in memory only around
    the commands to it."""
    return dataset.vo is not None or bool(dataset.awaiting)


def belongs(dataset: Dataset, command: DatasetCommand, by: CommandEnvelope) -> Thing:
    """A dataset is of the one who registered its first file."""
    return Thing(f"dataset {by.aggregate_id}", dataset.vo or "", dataset.owner or "")
