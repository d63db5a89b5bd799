"""Law about datasets: those in which only tasks write close with the last of them, and open again with the next file. Pure.

Written from docs/reference/jedi.md, "Output datasets", not from the decider. Datasets of before Culm knew which tasks write are
left out: their events do not say `until_task_ends`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Settled, Violation, is_settled
from schemas.reading import Place

#: Beyond it, a dataset no longer follows its tasks.
WRITERS_MAX = 1_000


@dataclass(slots=True)
class WriterLedger:
    """What one dataset's events say. follows: it closes with its tasks; a task stands with the place of its last file."""

    follows: bool = True
    closed: bool = False
    writers: dict[int, Place | None] = field(default_factory=dict)


@dataclass
class OutputsCloseWithTasks:
    """A dataset closes when its last task ended, not before and not later; a closed one gets no file unless it opens."""

    settled: Settled
    name: str = "outputs close with their tasks"
    checked: int = 0
    datasets: dict[str, WriterLedger] = field(default_factory=dict)
    ended: dict[int, Place] = field(default_factory=dict)
    #: (dataset, task) that a decider is still to be asked about.
    under_way: set[tuple[str, int]] = field(default_factory=set)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A file in a closed dataset, or a dataset that closes while a task is at work."""
        if record.role == "commands" and record.name == "EndWriting" and not is_settled(record, self.settled):
            self.under_way.add((record.envelope.aggregate_id, record.message.task_id))
        elif record.role == "events" and record.aggregate == "task":
            self._task(record)
        elif record.role == "events" and record.aggregate == "dataset":
            self.checked += 1
            yield from (Violation(self.name, str(record.place), f"dataset {found}") for found in self._dataset(record))

    def end(self) -> Iterator[Violation]:
        """A dataset that waits for a task which ended."""
        for name, ledger in self.datasets.items():
            for task, place in ledger.writers.items():
                if task in self.ended and place is not None and (name, task) not in self.under_way:
                    yield Violation(self.name, str(place), f"dataset {name} waits for task {task}, which ended")

    def _task(self, record: Seen) -> None:
        task = int(record.envelope.aggregate_id)
        if record.name in ("TaskRetried", "TaskReloaded"):
            self.ended.pop(task, None)
        elif record.name == "TaskFinalized" and record.message.verdict.value != "EXHAUSTED" and is_settled(record, self.settled):
            self.ended[task] = record.place

    def _dataset(self, record: Seen) -> Iterator[str]:
        name, event = record.envelope.aggregate_id, record.message
        is_new = name not in self.datasets
        ledger = self.datasets.setdefault(name, WriterLedger())
        match record.name:
            case "FilesRegistered":
                if ledger.closed != event.reopened:
                    yield f"{name} gets a file, reopened is {event.reopened}, closed was {ledger.closed}"
                ledger.closed = False
                self._registered(ledger, record, is_new=is_new)
            case "WritingEnded":
                if event.task_id not in ledger.writers or len(ledger.writers) != event.writers_left + 1:
                    left = f"task {event.task_id} leaves {event.writers_left} writers"
                    yield f"{name}: {left}, its writers are {sorted(ledger.writers)}"
                ledger.writers.pop(event.task_id, None)
            case "DatasetClosed":
                if event.task_id is not None and (ledger.closed or list(ledger.writers) != [event.task_id]):
                    yield f"{name} closes with task {event.task_id}, its writers are {sorted(ledger.writers)}"
                ledger.closed, ledger.writers = True, {}
                ledger.follows = ledger.follows and event.task_id is not None
            case _:
                pass

    def _registered(self, ledger: WriterLedger, record: Seen, *, is_new: bool) -> None:
        event = record.message
        ledger.follows = event.until_task_ends and (is_new or ledger.follows)
        if ledger.follows:
            ledger.writers[event.task_id] = record.place if is_settled(record, self.settled) else None
        if not ledger.follows or len(ledger.writers) > WRITERS_MAX:
            ledger.follows, ledger.writers = False, {}
