"""What can be asked about: a task, a job, a queue, a worker; which events make it, and into which rows. Pure.

In: the words of a person (`task 10000001`, `worker SLAC/w-7`). Out: a `Subject`. Guards: an id that cannot be one is refused with
what was expected.
"""

from dataclasses import dataclass
from enum import StrEnum


class NotUnderstood(ValueError):
    """What was asked for cannot be meant; the message says what was found and what was expected."""


class Kind(StrEnum):
    """What has a past that can be asked for."""

    TASK = "task"
    JOB = "job"
    QUEUE = "queue"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing with a past. name: as people write it. aggregate_id: key of its events. worker_id: only of workers."""

    kind: Kind
    name: str
    aggregate_id: str
    worker_id: str | None = None

    @property
    def aggregate(self) -> str:
        """The aggregate whose events make it."""
        return self.kind.value

    @property
    def topic(self) -> str:
        """Where these events stand."""
        return f"culm.{self.kind.value}.events.v1"

    @property
    def number(self) -> int:
        """Id of a task or a job."""
        assert self.kind in (Kind.TASK, Kind.JOB), f"{self.kind} has no number"
        return int(self.aggregate_id)


#: The projection that folds the events of a kind, and the tables of it that belong to one subject, the main one first.
ROWS_OF: dict[Kind, tuple[str, tuple[str, ...]]] = {
    Kind.TASK: ("tasks", ("task", "task_dataset", "task_file")),
    Kind.JOB: ("jobs", ("job",)),
    Kind.QUEUE: ("queues", ("queue", "held_task")),
    Kind.WORKER: ("workers", ("worker",)),
}


def subject_from(kind: str, name: str) -> Subject:
    """The subject that `kind` and `name` mean; raises NotUnderstood."""
    try:
        known = Kind(kind)
    except ValueError as problem:
        raise NotUnderstood(f"kind: found {kind[:40]!r}, expected one of {', '.join(Kind)}") from problem
    match known:
        case Kind.TASK | Kind.JOB:
            if not name.isdecimal() or len(name) > 18:
                raise NotUnderstood(f"{kind}: found {name[:60]!r}, expected its number")
            return Subject(known, str(int(name)), str(int(name)))
        case Kind.QUEUE:
            return Subject(known, name, name)
        case Kind.WORKER:
            queue, slash, worker = name.partition("/")
            if not (queue and slash and worker):
                raise NotUnderstood(f"worker: found {name[:80]!r}, expected QUEUE/WORKER_ID")
            return Subject(known, name, queue, worker)
