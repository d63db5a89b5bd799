"""A dataset as its history describes it: files by name, open or closed."""

from bisect import insort
from dataclasses import dataclass, field

from commands.undo import UndoDict, UndoList
from identity.ruling import Thing
from schemas.dataset import ContentsAwaited, ContentsRequested, DatasetClosed, DatasetCommand, DatasetEvent, FilesRegistered
from schemas.types import CommandEnvelope, DatasetFile, EventEnvelope


@dataclass(slots=True)
class Dataset:
    """Files by logical name; `names` are all of them in order. It exists once a file was registered.

    awaiting: before that, the tasks that wait for it, with their tenants.
    """

    vo: str | None = None
    owner: str | None = None
    closed: bool = False
    files: UndoDict[str, DatasetFile] = field(default_factory=UndoDict)
    names: UndoList[str] = field(default_factory=UndoList)
    awaiting: UndoDict[int, str] = field(default_factory=UndoDict)


def initial() -> Dataset:
    """A dataset that does not exist."""
    return Dataset()


def evolve(dataset: Dataset, event: DatasetEvent, envelope: EventEnvelope) -> Dataset:
    """`dataset` after `event`."""
    match event:
        case FilesRegistered():
            if dataset.vo is None:
                dataset.vo, dataset.owner, dataset.awaiting = envelope.vo, envelope.actor, UndoDict()
            for file in event.files:
                if file.lfn not in dataset.files:
                    insort(dataset.names, file.lfn)
                dataset.files[file.lfn] = file
        case DatasetClosed():
            dataset.closed = True
        case ContentsAwaited():
            dataset.awaiting[event.task_id] = envelope.vo
        case ContentsRequested():
            pass
    return dataset


def is_closed(dataset: Dataset) -> bool:
    """True once anything happened to it, open or not: nothing happens in it by itself, so it is in memory only around
    the commands to it."""
    return dataset.vo is not None or bool(dataset.awaiting)


def belongs(dataset: Dataset, command: DatasetCommand, by: CommandEnvelope) -> Thing:
    """A dataset is of the one who registered its first file."""
    return Thing(f"dataset {by.aggregate_id}", dataset.vo or "", dataset.owner or "")
