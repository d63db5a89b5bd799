"""Law about input that grows: each file of a dataset that a task follows is fed to it once, none is passed by. Pure.

Written from docs/reference/jedi.md, "Growing input", not from the decider: a task has had the first so many files of a dataset,
in the order in which they were registered; it is noted as waiting when it has had all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Violation
from schemas.reading import Place


@dataclass(frozen=True, slots=True)
class FedChunk:
    """What a task took of a dataset: its files from number `first` on up to `last`, with these names."""

    place: Place
    first: int
    last: int
    names: tuple[str, ...]
    complete: bool


@dataclass(slots=True)
class FollowingLedger:
    """What one task took of one dataset that it follows: how many files since its last refinement, and every chunk."""

    had: int = 0
    names: list[str] = field(default_factory=list)
    chunks: list[FedChunk] = field(default_factory=list)


@dataclass(slots=True)
class DatasetLedger:
    """The names in a dataset in the order of their registration. by_tasks: tasks alone write in it, and it did not open again."""

    names: list[str] = field(default_factory=list)
    by_tasks: bool = True
    closed: bool = False


@dataclass
class FollowedFilesTakenOnce:
    """Each registered file of a followed dataset is fed to the task once."""

    name: str = "each file of followed input is taken once"
    checked: int = 0
    datasets: dict[str, DatasetLedger] = field(default_factory=dict)
    following: dict[tuple[str, str], FollowingLedger] = field(default_factory=dict)
    keys: dict[str, set[tuple[str, str, int]]] = field(default_factory=dict)
    """By task: dataset, file and first event of every unit."""
    takes_all: dict[str, bool] = field(default_factory=dict)
    """By task: whether no file is left out by its own rules."""

    def see(self, record: Seen) -> Iterator[Violation]:
        """A file that is fed twice, or a task that is noted as waiting while there are files."""
        if record.role != "events" or record.aggregate not in ("task", "dataset"):
            return
        name = record.envelope.aggregate_id
        found = self._dataset(name, record) if record.aggregate == "dataset" else self._task(name, record)
        yield from (Violation(self.name, str(record.place), one) for one in found)

    def end(self) -> Iterator[Violation]:
        """A file that was passed by, or that is not in the dataset; judged when all registrations are known."""
        for (task, dataset), ledger in self.following.items():
            known = self.datasets.get(dataset, DatasetLedger())
            taken: set[str] = set()
            for chunk in ledger.chunks:
                taken |= set(chunk.names)
                for found in self._chunk(task, dataset, known, chunk, taken):
                    yield Violation(self.name, str(chunk.place), found)

    def _dataset(self, name: str, record: Seen) -> Iterator[str]:
        ledger, event = self.datasets.setdefault(name, DatasetLedger()), record.message
        match record.name:
            case "FilesRegistered":
                ledger.names += (file.lfn for file in event.files)
                ledger.by_tasks = ledger.by_tasks and event.until_task_ends and not event.reopened
                ledger.closed = False
            case "DatasetClosed":
                ledger.closed = True
            case "ContentsSubscribed" if event.position != len(ledger.names):
                yield f"task {event.task_id} has had {event.position} files of {name} and waits, {len(ledger.names)} are there"
            case _:
                pass

    def _task(self, task: str, record: Seen) -> Iterator[str]:
        if record.name == "TaskRefined":
            self.takes_all[task] = _takes_all(record.message.definition)
            for (of_task, _), ledger in self.following.items():
                ledger.had = 0 if of_task == task else ledger.had
        elif record.name == "ContentsFed" and record.message.position is not None:
            yield from self._fed(task, record)

    def _fed(self, task: str, record: Seen) -> Iterator[str]:
        event = record.message
        self.checked += 1
        keys, ledger = self.keys.setdefault(task, set()), self.following.setdefault((task, event.dataset), FollowingLedger())
        for unit in event.units:
            key = (event.dataset, unit.lfn, -1 if unit.start_event is None else unit.start_event)
            if key in keys:
                yield f"{unit.lfn} of {event.dataset} is fed to task {task} twice"
            keys.add(key)
            ledger.names.append(unit.lfn)
        if event.chunk_complete:
            chunk = FedChunk(record.place, ledger.had, event.position, tuple(ledger.names), event.dataset_complete)
            ledger.chunks.append(chunk)
            ledger.had, ledger.names = event.position, []

    def _chunk(self, task: str, dataset: str, known: DatasetLedger, chunk: FedChunk, taken: set[str]) -> Iterator[str]:
        there = known.names[chunk.first : chunk.last]
        if not chunk.first <= chunk.last <= len(known.names):
            yield f"task {task} has files {chunk.first} to {chunk.last} of {dataset}, which has {len(known.names)}"
        for name in dict.fromkeys(chunk.names):
            if name not in there:
                yield f"{name} is fed to task {task}, and is not among files {chunk.first} to {chunk.last} of {dataset}"
        if not self.takes_all.get(task):
            return
        for name in there:
            if name not in taken:
                yield f"{name} of {dataset} was passed by and is not fed to task {task}"
        if chunk.complete and known.by_tasks and known.closed and chunk.last != len(known.names):
            yield f"task {task} has {chunk.last} files of {dataset}, which closed with {len(known.names)}"


def _takes_all(definition: Any) -> bool:
    """False when the task leaves files out by names, patterns, numbers, events, or because of other tasks or streams."""
    chosen = (definition.input_include, definition.input_exclude, definition.input_files, definition.listed)
    limits = (definition.input_offset, definition.input_files_max, definition.input_events_max)
    others = (definition.skips_files_of, definition.skip_empty_files, [s for s in definition.secondaries if s.index_consistent])
    return not any(chosen) and not any(limits) and not any(others)
