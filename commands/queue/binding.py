"""Jobs that travel with a worker that was started for them: given, taken back, waited for. Pure.

A queue of mode PUSH gives no job to a pilot that asks. Its harvester asks to start a worker, and the queue decides which job goes
with it: the lease and the intent of the worker are one decision, or neither is there.
Guards: a job has one such worker at a time: it waits again only when the one before is proven to be gone; a lease that no
one has begun in time is not taken back but prolonged, and the end of its worker is ordered.
Source: docs/decisions/0043.
"""

from collections.abc import Sequence
from typing import assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.queue.groups import GroupStep, group_of
from commands.queue.model import DispatchQueue, Lease
from commands.queue.shares import cores_of, is_by_age, order_by, rank_of
from commands.queue.waiting import WaitingJob
from schemas.instants import MICROSECONDS
from schemas.job import RecordLease
from schemas.queue import (
    BindJob,
    ExpireLease,
    JobLeased,
    JobQueued,
    LeaseEnded,
    LeaseProlonged,
    LeasesRenewed,
    UnbindJob,
    WatchBoundJob,
)
from schemas.resource_types import RAM_COMPENSATION
from schemas.types import CommandEnvelope, JobSpec, LeasedJob, LeaseEnding, QueueSettings, WorkerMode
from schemas.worker import IntendBoundWorker, StopWorker

#: Bounds of what a worker asks of a batch system (schemas/worker/commands/IntendBoundWorker.avsc).
MEMORY_MB_MAX, DISK_MB_MAX, WALLTIME_SECONDS_MAX = 1_000_000_000, (1 << 31) - 1, 31_536_000

#: A worker that runs has begun its job within so many seconds, or is cancelled.
BEGIN_SECONDS_MAX = 600


def pushes(settings: QueueSettings) -> bool:
    """True for a queue whose jobs travel with workers that are started for them."""
    return settings.mode is WorkerMode.PUSH


def decide_bound(queue: DispatchQueue, command: BindJob | UnbindJob | WatchBoundJob, by: CommandEnvelope) -> Decision:
    """What the queue says to what is about a job that travels with its worker."""
    match command:
        case BindJob():
            return bind(queue, command, by)
        case UnbindJob():
            return unbind(queue, command)
        case WatchBoundJob():
            return watch(queue, command, by)
        case _:
            assert_never(command)


def bind(queue: DispatchQueue, command: BindJob, by: CommandEnvelope) -> Decision:
    """The first waiting job of the harvester's organisation, with a worker of the job's own size.

    The worker is intended in the same decision: where that is refused, for an old epoch say, the job was never leased. Asked
    again for the same worker, it gives the same job.
    """
    settings = queue.settings
    if settings is None:
        return refuse("UNKNOWN_QUEUE", "no queue of this name is configured")
    held = queue.bound.get(command.worker_id)
    if held is not None:
        return _bound_before(queue, held, settings, command, by)
    if not pushes(settings):
        return refuse("NOT_PUSHED", f"queue {by.aggregate_id} is of mode {settings.mode}, expected PUSH: its pilots ask for jobs")
    order = order_by(command.ranks, queue.ranks_sequence, queue.given, settings.corepower)
    by_age = bool(order) and is_by_age(by.command_id)
    job = _first(queue, by.vo, order, by_age=by_age)
    if job is None:
        return refuse("NO_JOBS", "no job waits for a worker")
    spec, job_class = job.spec, queue.loads.class_of(job.needs)
    worker = _worker(command, spec, settings, job_class, by.command_id)
    due_at = by.issued_at + (command.submit_seconds + settings.start_seconds_max) * MICROSECONDS
    leased = JobLeased(
        job_id=spec.job_id,
        task_id=spec.task_id,
        attempt=spec.attempt,
        lease_id=by.command_id,
        pilot=command.worker_id,
        worker_id=command.worker_id,
        lease_seconds=settings.lease_seconds,
        due_at=due_at,
        waiting=len(queue.waiting) - 1,
        leased=len(queue.leases) + 1,
        classes=queue.loads.told(waiting={job_class: -1}, leased={job_class: 1}),
        job_class=job_class,
        slot_class=job_class,
        job_memory_mb=spec.ram_mb_min,
        slot_memory_mb=worker.memory_mb,
        holder=command.holder,
        bound=True,
        shares=queue.shares.told({job.needs.share: (-1, 1, cores_of(job.needs))}),
        groups=queue.groups.told(GroupStep(group_of(job), -1, 1, cores_of(job.needs))),
        share=job.needs.share,
        share_rank=rank_of(job.needs.share, order),
        ranks_sequence=command.ranks.sequence if command.ranks is not None else 0,
        by_age=by_age,
    )
    record = RecordLease(
        lease_id=by.command_id,
        queue=by.aggregate_id,
        pilot=command.worker_id,
        harvester_id=command.harvester_id,
        worker_id=command.worker_id,
        rebind_max=settings.rebind_max,
    )
    follow_ups = (
        FollowUp(by.aggregate_id, worker, required=True),
        FollowUp(str(spec.job_id), record, on_behalf_of=command.holder or None),
    )
    given = _given(spec, by.command_id, settings.lease_seconds, worker)
    return accept(leased, follow_ups=follow_ups, leased=given)


def unbind(queue: DispatchQueue, command: UnbindJob) -> Decision:
    """Its worker is gone, and the job had not begun: it waits again, at its place in line."""
    lease = queue.leases.get(command.job_id)
    if lease is None or lease.lease_id != command.lease_id:
        return accept()
    assert lease.job is not None, f"job {command.job_id} did not travel with a worker"
    spec = lease.job.spec
    waiting, leased, left = len(queue.waiting), len(queue.leases) - 1, {lease.slot_class: -1}
    ended = LeaseEnded(
        job_id=command.job_id,
        lease_id=lease.lease_id,
        pilot=lease.pilot,
        ending=LeaseEnding.RETURNED,
        last_seen_at=lease.seen_at,
        waiting=waiting,
        leased=leased,
        classes=queue.loads.told(leased=left),
        shares=queue.shares.told({lease.share: (0, -1, -lease.cores)}),
        groups=queue.groups.told(GroupStep(lease.group, 0, -1, -lease.cores)),
    )
    queued = JobQueued(
        spec=spec,
        waiting=waiting + 1,
        leased=leased,
        classes=queue.loads.told(waiting={queue.loads.class_of(lease.job.needs): 1}, leased=left),
        shares=queue.shares.told({lease.share: (1, -1, -lease.cores)}),
        groups=queue.groups.told(GroupStep(lease.group, 0, -1, -lease.cores), GroupStep(group_of(lease.job), waiting=1)),
        quiet_since=queue.quiet_since,
    )
    return accept(ended, queued)


def watch(queue: DispatchQueue, command: WatchBoundJob, by: CommandEnvelope) -> Decision:
    """A job that has begun was seen; one whose worker runs must begin soon, however long the worker might have waited."""
    lease, now = queue.leases.get(command.job_id), by.issued_at
    if lease is None or lease.lease_id != command.lease_id or lease.job is None:
        return accept()
    if command.begun:
        is_news = (lease.seen_at or 0) < now
        return accept(LeasesRenewed(job_ids=(command.job_id,), seen_at=now)) if is_news else accept()
    due_at = now + BEGIN_SECONDS_MAX * MICROSECONDS
    if lease.seen_at is not None or lease.due_at <= due_at:
        return accept()
    return accept(_until(command.job_id, lease, due_at))


def prolong(lease: Lease, command: ExpireLease, by: CommandEnvelope) -> Decision:
    """Its worker has not begun in time and is cancelled; that it is gone is what its harvester proves."""
    prolonged = _until(command.job_id, lease, command.at + lease.lease_seconds * MICROSECONDS)
    return accept(prolonged, follow_ups=(cancelled(by.aggregate_id, lease, "its job did not begin in time"),))


def cancelled(queue: str, lease: Lease, why: str) -> FollowUp:
    """The order that the worker of a bound job ends."""
    return FollowUp(queue, StopWorker(worker_id=lease.worker_id, why=why), vo=lease.vo)


def _until(job_id: int, lease: Lease, due_at: int) -> LeaseProlonged:
    return LeaseProlonged(
        job_id=job_id,
        lease_id=lease.lease_id,
        worker_id=lease.worker_id,
        lease_seconds=lease.lease_seconds,
        due_at=due_at,
    )


def _bound_before(
    queue: DispatchQueue, job_id: int, settings: QueueSettings, command: BindJob, by: CommandEnvelope
) -> Decision:
    """The same question again, whose answer was lost: the same job, while no batch system has the worker, else a refusal."""
    lease = queue.leases[job_id]
    assert lease.job is not None, f"job {job_id} did not travel with worker {command.worker_id}"
    if (lease.holder, lease.vo) != (command.holder or by.actor, by.vo) or lease.seen_at is not None:
        return refuse("WORKER_KNOWN", f"there has been a worker {command.worker_id} before")
    spec = lease.job.spec
    worker = _worker(command, spec, settings, lease.slot_class, lease.lease_id)
    given = _given(spec, lease.lease_id, lease.lease_seconds, worker)
    return accept(follow_ups=(FollowUp(by.aggregate_id, worker, required=True),), leased=given)


def _first(queue: DispatchQueue, vo: str, order: Sequence[str], *, by_age: bool) -> WaitingJob | None:
    """Of the jobs of `vo` the first: by share as they are ranked, then by priority, then by age; or by age alone."""
    if by_age:
        oldest = min((line.ages[0] for needs, line in queue.lines.named(None) if needs.vo == vo), default=None)
        return queue.waiting[oldest] if oldest is not None else None
    shares = queue.lines.of_share
    ranked = [[share] for share in order if share in shares]
    for tier in (*ranked, [share for share in shares if share not in order]):
        heads = (line.heap[0] for share in tier for needs, line in shares[share].items() if needs.vo == vo)
        first = min(heads, default=None)
        if first is not None:
            return queue.waiting[first[1]]
    return None


def _worker(command: BindJob, spec: JobSpec, settings: QueueSettings, job_class: str, lease_id: str) -> IntendBoundWorker:
    """A worker with what was asked for the job, not less and not more."""
    asked_mb = spec.memory_mb_asked or round(spec.ram_mb_min / RAM_COMPENSATION)
    return IntendBoundWorker(
        worker_id=command.worker_id,
        tag=command.tag,
        harvester_id=command.harvester_id,
        epoch=command.epoch,
        class_name=job_class,
        cores=spec.core_count,
        memory_mb=min(asked_mb, MEMORY_MB_MAX),
        disk_mb=min(spec.disk_mb_max, DISK_MB_MAX),
        walltime_seconds=min(spec.walltime_seconds_max or settings.walltime_seconds_max, WALLTIME_SECONDS_MAX),
        submit_seconds=command.submit_seconds,
        job_id=spec.job_id,
        lease_id=lease_id,
    )


def _given(spec: JobSpec, lease_id: str, lease_seconds: int, worker: IntendBoundWorker) -> LeasedJob:
    """The job, and the size of the worker that it travels with."""
    return LeasedJob(
        spec=spec,
        lease_id=lease_id,
        lease_seconds=lease_seconds,
        class_name=worker.class_name,
        cores=worker.cores,
        memory_mb=worker.memory_mb,
        disk_mb=worker.disk_mb,
        walltime_seconds=worker.walltime_seconds,
    )
