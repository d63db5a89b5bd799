"""A dispatch queue as its history describes it: jobs that wait, jobs that pilots hold, and until when.

In: queue events. Out: `DispatchQueue`. Guards: a job waits or is leased, never both, never twice.
Waiting jobs stand in lines of nearly equal needs (`lines.py`), so that the best match for a pilot is found by looking at the head
of each line, for any number of jobs and users.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from sys import intern

from commands.queue.groups import GroupLoads, GroupStep, JobGroup, group_of
from commands.queue.lines import Lines
from commands.queue.loads import Loads
from commands.queue.shares import ShareLoads, cores_of
from commands.queue.waiting import WaitingJob, waiting_job
from commands.undo import UndoDict, UndoSet
from identity.ruling import Thing
from schemas.instants import MICROSECONDS
from schemas.queue import (
    DispatchConfigured,
    JobLeased,
    JobQueued,
    JobSharesAssigned,
    JobWithdrawn,
    LeaseEnded,
    LeaseProlonged,
    LeasesEnded,
    LeasesRenewed,
    QueueCommand,
    QueueEvent,
    TaskHeld,
    TaskReleased,
)
from schemas.share_tree import UNDEFINED
from schemas.types import CommandEnvelope, EventEnvelope, QueueSettings


@dataclass(frozen=True, slots=True)
class Lease:
    """A job in a pilot's hands; `due_at` moves with every heartbeat (microseconds UTC). holder, vo: who leased it.

    slot_class: class of the pilot; empty where there is none. share, cores: of the job; empty and 0 in rows of earlier releases.
    resource_type, owner, working_group: of the job, too.
    job: what waits again if the worker, which was started for it, ends before it begins; None for a pilot that asked.
    request_id: the pilot's own, of the request that it answers. given: what the pilot is given once more when it asks with that
    id; None without one, and from the first sign of life on.
    """

    lease_id: str
    pilot: str
    task_id: int
    lease_seconds: int
    due_at: int
    seen_at: int | None = None
    holder: str = ""
    vo: str = ""
    worker_id: str = ""
    slot_class: str = ""
    job: WaitingJob | None = None
    share: str = ""
    cores: int = 0
    request_id: str = ""
    given: WaitingJob | None = None
    resource_type: str = ""
    owner: str = ""
    working_group: str = ""

    @property
    def group(self) -> JobGroup:
        """The group of its job; one without an owner for a lease of a row of an earlier release."""
        return JobGroup(self.share, self.resource_type, self.vo, self.owner, self.working_group)

    @property
    def request(self) -> tuple[str, str, str]:
        """By what the pilot's request is found: its organisation, the pilot, its id of the request."""
        return self.vo, self.holder, self.request_id


@dataclass(slots=True)
class DispatchQueue:
    """All jobs of one computing queue that are not yet ended.

    waiting: every job that waits; by_task: the same by task. lines: those that may be leased, which jobs of `held_tasks` may not.
    loads: how many of both there are by class; shares: by global share; groups: by share, resource type and user.
    ranks_sequence: the newest ranking of shares by which a job was chosen; given: cores that each share was given since then.
    bound: the job that travels with a worker, by worker id. requests: the leased job by the pilot's request for it, of pilots
    that give these an id. quiet_since: the last time that a pilot took, held or ended a job, or the first job began to wait
    (microseconds UTC); 0 is not known.
    """

    name: str = ""
    settings: QueueSettings | None = None
    waiting: UndoDict[int, WaitingJob] = field(default_factory=UndoDict)
    by_task: UndoDict[int, UndoDict[int, None]] = field(default_factory=UndoDict)
    lines: Lines = field(default_factory=Lines, compare=False)
    leases: UndoDict[int, Lease] = field(default_factory=UndoDict)
    held_tasks: UndoSet[int] = field(default_factory=UndoSet)
    loads: Loads = field(default_factory=Loads, compare=False)
    bound: UndoDict[str, int] = field(default_factory=UndoDict, compare=False)
    requests: UndoDict[tuple[str, str, str], int] = field(default_factory=UndoDict, compare=False)
    quiet_since: int = field(default=0, compare=False)
    shares: ShareLoads = field(default_factory=ShareLoads, compare=False)
    ranks_sequence: int = 0
    given: UndoDict[str, int] = field(default_factory=UndoDict)
    groups: GroupLoads = field(default_factory=GroupLoads, compare=False)


def initial() -> DispatchQueue:
    """A queue before its first event."""
    return DispatchQueue()


def evolve(queue: DispatchQueue, event: QueueEvent, envelope: EventEnvelope) -> DispatchQueue:
    """`queue` after `event`."""
    queue.name = envelope.aggregate_id
    queue.quiet_since = _quiet_since(event, envelope) or queue.quiet_since
    match event:
        case DispatchConfigured():
            queue.settings = event.settings
            queue.loads = Loads.of(event.settings, queue.waiting.values(), queue.leases.values())
        case JobQueued():
            _add(queue, waiting_job(event.spec.job_id, event.spec, event.spec, envelope.occurred_at))
        case JobWithdrawn():
            _remove(queue, event.job_id)
        case JobLeased():
            _lease(queue, event, envelope)
        case LeasesRenewed() | LeaseProlonged():
            _move(queue, event)
        case LeaseEnded():
            _end(queue, event.job_id)
        case LeasesEnded():
            for ended in event.leases:
                _end(queue, ended.job_id)
        case JobSharesAssigned():
            for job_id in event.job_ids:
                _move_share(queue, job_id, event.share)
        case TaskHeld() | TaskReleased():
            _hold(queue, event)
    return queue


def _hold(queue: DispatchQueue, event: TaskHeld | TaskReleased) -> None:
    jobs = _jobs_of(queue, event.task_id)
    if isinstance(event, TaskHeld):
        queue.held_tasks.add(event.task_id)
        queue.lines.remove(jobs, queue.waiting, queue.held_tasks)
    else:
        queue.lines.add(jobs, queue.waiting, queue.held_tasks)
        queue.held_tasks.discard(event.task_id)


def _quiet_since(event: QueueEvent, envelope: EventEnvelope) -> int:
    if isinstance(event, JobQueued | JobWithdrawn):
        return event.quiet_since
    return envelope.occurred_at if isinstance(event, JobLeased | LeaseEnded | LeasesEnded | LeasesRenewed) else 0


def _lease(queue: DispatchQueue, event: JobLeased, envelope: EventEnvelope) -> None:
    """The job leaves its line for a pilot."""
    job = queue.waiting[event.job_id]
    _remove(queue, event.job_id)
    lease = queue.leases[event.job_id] = Lease(
        event.lease_id,
        event.pilot,
        event.task_id,
        event.lease_seconds,
        event.due_at,
        holder=intern(event.holder or envelope.actor),
        vo=intern(envelope.vo),
        worker_id=event.worker_id or "",
        slot_class=event.slot_class or event.job_class,
        job=job if event.bound else None,
        share=job.needs.share,
        cores=cores_of(job.needs),
        request_id=event.request_id,
        given=job if event.request_id else None,
        resource_type=job.needs.resource_type,
        owner=job.owner,
        working_group=job.working_group,
    )
    queue.loads.lease(lease.slot_class, 1)
    queue.shares.count(lease.share, leased=1, cores=lease.cores)
    queue.groups.count(GroupStep(lease.group, leased=1, cores=lease.cores))
    if event.ranks_sequence:
        _give(queue, lease, event.ranks_sequence)
    if event.bound:
        queue.bound[lease.worker_id] = event.job_id
    if event.request_id:
        queue.requests[lease.request] = event.job_id


def _give(queue: DispatchQueue, lease: Lease, ranks_sequence: int) -> None:
    """Remember what the share was given, until a newer ranking counts it among its usage."""
    if ranks_sequence > queue.ranks_sequence:
        queue.ranks_sequence = ranks_sequence
        queue.given = UndoDict()
    if lease.share not in ("", UNDEFINED):
        queue.given[lease.share] = queue.given.get(lease.share, 0) + lease.cores


def _end(queue: DispatchQueue, job_id: int) -> None:
    """No pilot and no worker has the job any more."""
    lease = queue.leases.pop(job_id)
    queue.loads.lease(lease.slot_class, -1)
    queue.shares.count(lease.share, leased=-1, cores=-lease.cores)
    queue.groups.count(GroupStep(lease.group, leased=-1, cores=-lease.cores))
    if lease.job is not None:
        queue.bound.pop(lease.worker_id, None)
    if lease.request_id:
        queue.requests.pop(lease.request, None)


def _move_share(queue: DispatchQueue, job_id: int, share: str) -> None:
    """The job is of another share, at its place in line or in its pilot's hands."""
    share = intern(share)
    job = queue.waiting.get(job_id)
    if job is not None:
        _remove(queue, job_id)
        _add(queue, job._replace(needs=job.needs._replace(share=share)))
        return
    lease = queue.leases[job_id]
    queue.shares.count(lease.share, leased=-1, cores=-lease.cores)
    queue.shares.count(share, leased=1, cores=lease.cores)
    bound = lease.job._replace(needs=lease.job.needs._replace(share=share)) if lease.job is not None else None
    moved = queue.leases[job_id] = replace(lease, share=share, job=bound)
    queue.groups.count(GroupStep(lease.group, leased=-1, cores=-lease.cores))
    queue.groups.count(GroupStep(moved.group, leased=1, cores=moved.cores))


def _move(queue: DispatchQueue, event: LeasesRenewed | LeaseProlonged) -> None:
    """Leases run longer."""
    if isinstance(event, LeaseProlonged):
        queue.leases[event.job_id] = replace(queue.leases[event.job_id], due_at=event.due_at)
        return
    for job_id in event.job_ids:
        lease = queue.leases[job_id]
        due_at = event.seen_at + lease.lease_seconds * MICROSECONDS
        queue.leases[job_id] = replace(lease, seen_at=event.seen_at, due_at=due_at, given=None)


def belongs(queue: DispatchQueue, command: QueueCommand, by: CommandEnvelope) -> Thing:
    """A queue serves several organisations; pilots get jobs of their own one alone, and Culm itself commands the rest."""
    return Thing(f"queue {by.aggregate_id}")


def is_closed(queue: DispatchQueue) -> bool:
    """A queue is never closed."""
    return False


def rebuilt(
    name: str,
    settings: QueueSettings | None,
    waiting: Iterable[WaitingJob],
    leases: Mapping[int, Lease],
    held_tasks: Iterable[int],
    quiet_since: int,
    ranks_sequence: int = 0,
    given: Mapping[str, int] | None = None,
) -> DispatchQueue:
    """A queue with these jobs and leases, as its snapshot has them."""
    queue = DispatchQueue(
        name, settings, leases=UndoDict(leases), held_tasks=UndoSet(held_tasks), quiet_since=quiet_since
    )
    queue.ranks_sequence = ranks_sequence
    queue.given.update(given or {})
    for lease in leases.values():
        queue.shares.count(lease.share, leased=1, cores=lease.cores)
        queue.groups.count(GroupStep(lease.group, leased=1, cores=lease.cores))
    queue.bound.update({lease.worker_id: job_id for job_id, lease in leases.items() if lease.job is not None})
    queue.requests.update({lease.request: job_id for job_id, lease in leases.items() if lease.request_id})
    if settings is not None:
        queue.loads = Loads.of(settings, (), leases.values())
    for job in waiting:
        _add(queue, job)
    return queue


def _jobs_of(queue: DispatchQueue, task_id: int) -> list[WaitingJob]:
    return [queue.waiting[job_id] for job_id in queue.by_task.get(task_id, ())]


def _add(queue: DispatchQueue, job: WaitingJob) -> None:
    assert job.job_id not in queue.waiting, f"job {job.job_id} is queued twice"
    assert job.job_id not in queue.leases, f"job {job.job_id} is queued while a pilot holds it"
    if job.task_id not in queue.held_tasks:
        # Before it waits: what is put back comes in the opposite order, and a line is tidied by what waits then.
        queue.lines.add((job,), queue.waiting, queue.held_tasks)
    queue.waiting[job.job_id] = job
    queue.loads.wait(job.needs, 1)
    queue.shares.count(job.needs.share, waiting=1)
    queue.groups.count(GroupStep(group_of(job), waiting=1))
    queue.by_task.setdefault(job.task_id, UndoDict())[job.job_id] = None


def _remove(queue: DispatchQueue, job_id: int) -> None:
    job = queue.waiting.pop(job_id)
    queue.loads.wait(job.needs, -1)
    queue.shares.count(job.needs.share, waiting=-1)
    queue.groups.count(GroupStep(group_of(job), waiting=-1))
    siblings = queue.by_task[job.task_id]
    del siblings[job_id]
    if not siblings:
        del queue.by_task[job.task_id]
    if job.task_id not in queue.held_tasks:
        queue.lines.remove((job,), queue.waiting, queue.held_tasks)
