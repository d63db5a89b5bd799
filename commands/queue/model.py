"""A dispatch queue as its history describes it: jobs that wait, jobs that pilots hold, and until when.

In: queue events. Out: `DispatchQueue`. Guards: a job waits or is leased, never both, never twice.
Waiting jobs stand in groups of equal requirements, each in dispatch order, so that the best match for a pilot is found by
looking at the head of each group, whatever the number of jobs.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, field

from schemas.queue import (
    DispatchConfigured,
    JobLeased,
    JobQueued,
    JobWithdrawn,
    LeaseEnded,
    LeasesRenewed,
    QueueEvent,
    TaskHeld,
    TaskReleased,
)
from schemas.types import EventEnvelope, JobSpec, QueueSettings

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Needs:
    """What a pilot must offer for a job; jobs with equal needs stand in one group."""

    vo: str
    label: str
    owner: str
    ram_mb: int
    disk_mb: int
    walltime_seconds: int
    resource_type: str


@dataclass(slots=True)
class Lease:
    """A job in a pilot's hands; `due_at` moves with every heartbeat (microseconds UTC)."""

    lease_id: str
    pilot: str
    task_id: int
    lease_seconds: int
    due_at: int
    seen_at: int | None = None


@dataclass(slots=True)
class DispatchQueue:
    """All jobs of one computing queue that are not yet ended. `held` are waiting jobs of tasks on hold."""

    name: str = ""
    settings: QueueSettings | None = None
    waiting: dict[int, JobSpec] = field(default_factory=dict)
    groups: dict[Needs, list[tuple[int, int]]] = field(default_factory=dict)
    leases: dict[int, Lease] = field(default_factory=dict)
    held_tasks: set[int] = field(default_factory=set)


def initial() -> DispatchQueue:
    """A queue before its first event."""
    return DispatchQueue()


def needs_of(spec: JobSpec) -> Needs:
    """The group a job stands in."""
    return Needs(
        spec.vo,
        spec.label,
        spec.owner,
        spec.ram_mb_min,
        spec.disk_mb_max,
        spec.walltime_seconds_max,
        spec.resource_type,
    )


def rank_of(spec: JobSpec) -> tuple[int, int]:
    """Dispatch order within a group, best last: priority, then age (docs/reference/jedi.md, "Dispatch")."""
    return (spec.priority, -spec.job_id)


def evolve(queue: DispatchQueue, event: QueueEvent, envelope: EventEnvelope) -> DispatchQueue:
    """`queue` after `event`."""
    queue.name = envelope.aggregate_id
    match event:
        case DispatchConfigured():
            queue.settings = event.settings
        case JobQueued():
            _add(queue, event.spec)
        case JobWithdrawn():
            _remove(queue, event.job_id)
        case JobLeased():
            _remove(queue, event.job_id)
            queue.leases[event.job_id] = Lease(
                event.lease_id, event.pilot, event.task_id, event.lease_seconds, event.due_at
            )
        case LeasesRenewed():
            for job_id in event.job_ids:
                lease = queue.leases[job_id]
                lease.seen_at = event.seen_at
                lease.due_at = event.seen_at + lease.lease_seconds * MICROSECONDS
        case LeaseEnded():
            del queue.leases[event.job_id]
        case TaskHeld():
            queue.held_tasks.add(event.task_id)
            for spec in _jobs_of(queue, event.task_id):
                _take_from_group(queue, spec)
        case TaskReleased():
            queue.held_tasks.discard(event.task_id)
            for spec in _jobs_of(queue, event.task_id):
                insort(queue.groups.setdefault(needs_of(spec), []), rank_of(spec))
    return queue


def is_closed(queue: DispatchQueue) -> bool:
    """A queue is never closed."""
    return False


def _jobs_of(queue: DispatchQueue, task_id: int) -> list[JobSpec]:
    return [spec for spec in queue.waiting.values() if spec.task_id == task_id]


def _add(queue: DispatchQueue, spec: JobSpec) -> None:
    assert spec.job_id not in queue.waiting, f"job {spec.job_id} is queued twice"
    assert spec.job_id not in queue.leases, f"job {spec.job_id} is queued while a pilot holds it"
    queue.waiting[spec.job_id] = spec
    if spec.task_id not in queue.held_tasks:
        insort(queue.groups.setdefault(needs_of(spec), []), rank_of(spec))


def _remove(queue: DispatchQueue, job_id: int) -> None:
    spec = queue.waiting.pop(job_id)
    if spec.task_id not in queue.held_tasks:
        _take_from_group(queue, spec)


def _take_from_group(queue: DispatchQueue, spec: JobSpec) -> None:
    group = queue.groups[needs_of(spec)]
    place = bisect_left(group, rank_of(spec))
    assert group[place] == rank_of(spec), f"job {spec.job_id} does not stand in its group"
    del group[place]
    if not group:
        del queue.groups[needs_of(spec)]
