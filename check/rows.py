"""Rows of the read model against this folder's own fold of the events, row by row at the position stored with them. Pure.

A `RowView` says of one table which events make its rows, and what they hold; only columns that follow from the events alone
and says something of the work are compared.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from check.deadlines import deadlines_after
from check.jobs import LEGAL
from check.laws import Seen, Violation
from check.tasks import LegalTasks

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class RowView:
    """A table: `projection` whose positions count, aggregate it follows, key and columns in SQL, and the fold.

    fold: enters a record into the rows by key. beside: other aggregates that it follows; none for most.
    """

    table: str
    projection: str
    aggregate: str
    key: str
    columns: tuple[str, ...]
    fold: Callable[[dict[str, Row], Seen], None]
    beside: tuple[str, ...] = ()


@dataclass
class RowsEqualEvents:
    """The rows of one table are what the events below its position make of them.

    set_aside: by id, the last event that is in the rows of an aggregate which stands still.
    """

    view: RowView
    positions: dict[tuple[str, int], int]
    rows: dict[str, Row]
    set_aside: Mapping[str, int] = field(default_factory=dict)
    checked: int = 0
    folded: dict[str, Row] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the law."""
        return f"rows of {self.view.table} equal the events"

    def see(self, record: Seen) -> Iterator[Violation]:
        """Fold it, if the rows know it already."""
        if record.role == "events" and record.aggregate in (self.view.aggregate, *self.view.beside):
            place, stands_at = record.place, self.set_aside.get(record.envelope.aggregate_id)
            if stands_at is not None and record.envelope.sequence > stands_at:
                return
            if place.offset < self.positions.get((place.topic, place.partition), 0):
                self.view.fold(self.folded, record)
        yield from ()

    def end(self) -> Iterator[Violation]:
        """Rows that differ, are missing, or should not be."""
        for key in sorted(self.folded.keys() | self.rows.keys()):
            self.checked += 1
            expected, found = self.folded.get(key), self.rows.get(key)
            if expected != found:
                sentence = f"({', '.join(self.view.columns)}) is {found}, the events say {expected}"
                yield Violation(self.name, f"{self.view.table} row {key}", sentence)


def _jobs(rows: dict[str, Row], record: Seen) -> None:
    job, event = record.envelope.aggregate_id, record.message
    status, queue, lease = rows.get(job, ("unknown", None, None))[:3]
    status = LEGAL[record.name][1] or status
    if record.name == "JobDefined":
        queue = event.spec.queue
    elif record.name in ("JobActivated", "JobSent"):
        queue = event.queue
    if record.name == "JobSent":
        lease = event.lease_id
    rows[job] = (status, queue, lease, record.envelope.sequence)


def _datasets(rows: dict[str, Row], record: Seen) -> None:
    name = record.envelope.aggregate_id
    state, files, _ = rows.get(name, ("open", 0, 0))
    if record.name == "FilesRegistered":
        files = record.message.files_total
        state = "open" if record.message.reopened else state
    elif name not in rows:
        return
    rows[name] = ("closed" if record.name == "DatasetClosed" else state, files, record.envelope.sequence)


def _queues(rows: dict[str, Row], record: Seen) -> None:
    name, event = record.envelope.aggregate_id, record.message
    waiting, leased, _ = rows.get(name, (0, 0, 0))
    rows[name] = (getattr(event, "waiting", waiting), getattr(event, "leased", leased), record.envelope.sequence)


def _leases(rows: dict[str, Row], record: Seen) -> None:
    if record.name == "JobLeased":
        rows[str(record.message.job_id)] = (record.envelope.aggregate_id, record.message.lease_id, record.message.pilot)
    elif record.name == "LeaseEnded":
        rows.pop(str(record.message.job_id), None)
    elif record.name == "LeasesEnded":
        for ended in record.message.leases:
            rows.pop(str(ended.job_id), None)


def _workers(rows: dict[str, Row], record: Seen) -> None:
    states = {"WorkerIntended": "intended", "WorkerPending": "pending", "WorkerHeld": "held", "WorkerRunning": "running"}
    if record.name in ("WorkerSubmitted", "WorkerEnded"):
        states[record.name] = record.message.state.value.lower()
    if record.name in states:
        rows[f"{record.envelope.aggregate_id}/{record.message.worker_id}"] = (states[record.name],)


def _tasks() -> Callable[[dict[str, Row], Seen], None]:
    """The fold of tasks needs the status machine of `check/tasks.py`, whose memory it keeps."""
    machine = LegalTasks()

    def fold(rows: dict[str, Row], record: Seen) -> None:
        list(machine.see(record))
        task = record.envelope.aggregate_id
        priority = rows[task][1] if task in rows else record.message.priority
        if record.name == "TaskPriorityChanged":
            priority = record.message.priority
        counted = rows[task][2:5] if task in rows else (0, 0, 0)
        if getattr(record.message, "accounts", None) is not None:
            accounts = record.message.accounts
            counted = (accounts.total, accounts.finished, accounts.jobs_total)
        rows[task] = (machine.status[task], priority, *counted, record.envelope.sequence)

    return fold


def views() -> tuple[RowView, ...]:
    """Every table that is compared; folds start empty."""
    return (
        RowView("job", "jobs", "job", "job_id", ("status", "queue", "lease_id", "sequence"), _jobs),
        RowView(
            "task",
            "tasks",
            "task",
            "task_id",
            ("status", "current_priority", "files_total", "files_finished", "jobs_total", "sequence"),
            _tasks(),
        ),
        RowView("dataset", "datasets", "dataset", "name", ("state", "files_total", "sequence"), _datasets),
        RowView("queue", "queues", "queue", "name", ("waiting", "leased", "sequence"), _queues),
        RowView("lease", "queues", "queue", "job_id", ("queue", "lease_id", "pilot"), _leases),
        RowView(
            "deadline",
            "deadlines",
            "task",
            "kind || '/' || aggregate || '/' || aggregate_id || '/' || key",
            ("counted_from", "sequence"),
            deadlines_after,
            beside=("queue", "workflow"),
        ),
        RowView("worker", "workers", "worker", "queue || '/' || worker_id", ("state",), _workers),
    )
