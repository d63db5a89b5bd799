"""A dataset: a main row, and its files in pages of the order in which they were registered. No page but the last ever changes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from commands.dataset.model import Dataset
from commands.snapshot import MAIN, PAGE, Row, SnapshotForm
from commands.undo import UndoDict, UndoList
from schemas.dataset import DatasetEvent, DatasetFilesSnapshot, DatasetSnapshot, FilesRegistered
from schemas.types import AwaitingTask

#: Files of a page: with names as long as they may be (about 2 kB a file) it still fits a record.
PAGE_FILES = 250


def changed(dataset: Dataset, event: DatasetEvent) -> Iterable[str]:
    """The pages that files are added to."""
    match event:
        case FilesRegistered():
            count = len(dataset.files)
            return (str(page) for page in range(count // PAGE_FILES, _pages(count + len(event.files))))
        case _:
            return ()


def names(dataset: Dataset) -> Iterable[str]:
    """Every page."""
    return (str(page) for page in range(_pages(len(dataset.files))))


def rows(dataset: Dataset, wanted: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    if MAIN in wanted:
        yield MAIN, DatasetSnapshot(
            vo=dataset.vo,
            owner=dataset.owner,
            closed=dataset.closed,
            closes_with_tasks=dataset.closes_with_tasks,
            writers=dataset.writers,
            awaiting=tuple(AwaitingTask(task_id=task_id, vo=vo) for task_id, vo in dataset.awaiting.items()),
            subscribers=tuple(dataset.subscribers.values()),
        )
    pages = sorted(int(name) for name in wanted if name != MAIN)
    if not pages:
        return
    files = islice(dataset.files.values(), pages[0] * PAGE_FILES, None)
    for page in range(pages[0], pages[-1] + 1):
        held = tuple(islice(files, PAGE_FILES))
        if str(page) in wanted:
            yield str(page), DatasetFilesSnapshot(files=held) if held else None


def restored(found: Mapping[str, Any]) -> Dataset:
    """The dataset of its rows."""
    main: DatasetSnapshot = found[MAIN]
    pages = sorted((int(name), row.files) for name, row in found.items() if name != MAIN)
    files = {file.lfn: file for _, held in pages for file in held}
    return Dataset(
        main.vo,
        main.owner,
        main.closed,
        main.closes_with_tasks,
        main.writers,
        UndoDict(files),
        UndoList(sorted(files)),
        UndoDict({one.task_id: one.vo for one in main.awaiting}),
        UndoDict({one.task_id: one for one in main.subscribers}),
    )


def _pages(files: int) -> int:
    return -(-files // PAGE_FILES)


SNAPSHOT = SnapshotForm(rows, restored, changed, names, work={PAGE: 40})
