"""A dataset as its history describes it: files by name, open or closed."""

from dataclasses import dataclass, field

from commands.undo import UndoDict
from schemas.dataset import ContentsRequested, DatasetClosed, DatasetEvent, FilesRegistered
from schemas.types import DatasetFile, EventEnvelope


@dataclass(slots=True)
class Dataset:
    """Files by logical name. It exists once a file was registered."""

    vo: str | None = None
    owner: str | None = None
    closed: bool = False
    files: UndoDict[str, DatasetFile] = field(default_factory=UndoDict)


def initial() -> Dataset:
    """A dataset that does not exist."""
    return Dataset()


def evolve(dataset: Dataset, event: DatasetEvent, envelope: EventEnvelope) -> Dataset:
    """`dataset` after `event`."""
    match event:
        case FilesRegistered():
            if dataset.vo is None:
                dataset.vo, dataset.owner = envelope.vo, envelope.actor
            for file in event.files:
                dataset.files[file.lfn] = file
        case DatasetClosed():
            dataset.closed = True
        case ContentsRequested():
            pass
    return dataset


def is_closed(dataset: Dataset) -> bool:
    """A dataset may always be asked for its files."""
    return False
