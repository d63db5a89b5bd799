"""What a dispatch queue says to a command: the one place where a job is given to a pilot.

Guards: one attempt is leased once; a pilot that does not match gets nothing; a lease ends only when the job ended or when
the time without a heartbeat, as far as one could have been observed, is longer than the lease.
Source: docs/reference/jedi.md, "Dispatch".
"""

from typing import assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.queue.model import DispatchQueue
from commands.queue.waiting import Needs
from schemas.instants import MICROSECONDS
from schemas.job import LoseJob, RecordLease
from schemas.queue import (
    ConfigureDispatch,
    DispatchConfigured,
    EndLease,
    EndLeases,
    EnqueueJob,
    ExpireLease,
    HoldTask,
    JobLeased,
    JobQueued,
    JobWithdrawn,
    LeaseEnded,
    LeaseJob,
    LeasesEnded,
    LeasesRenewed,
    QueueCommand,
    ReleaseTask,
    RenewLeases,
    TaskHeld,
    TaskReleased,
    WithdrawJob,
)
from schemas.types import CommandEnvelope, EndedLease, JobSpec, LeasedJob, LeaseEnding, LossCause, PilotOffer

ANY_LABEL = frozenset({"unified", ""})
SERVED_LABELS = {
    "user": frozenset({"user", "panda", "install"}),
    "managed": frozenset({"managed", "test", "prod_test", "install"}),
    "test": frozenset({"prod_test", "install", "test"}),
}


def decide(queue: DispatchQueue, command: QueueCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `queue`; never look anywhere else."""
    match command:
        case ConfigureDispatch():
            return configure(queue, command)
        case EnqueueJob():
            return enqueue(queue, command)
        case WithdrawJob():
            return withdraw(queue, command)
        case HoldTask():
            return accept() if command.task_id in queue.held_tasks else accept(TaskHeld(task_id=command.task_id))
        case ReleaseTask():
            known = command.task_id in queue.held_tasks
            return accept(TaskReleased(task_id=command.task_id)) if known else accept()
        case LeaseJob():
            return lease(queue, command, by)
        case RenewLeases():
            return renew(queue, command, by)
        case ExpireLease():
            return expire(queue, command)
        case EndLease():
            return end_lease(queue, command)
        case EndLeases():
            return end_leases(queue, command)
        case _:
            assert_never(command)


def configure(queue: DispatchQueue, command: ConfigureDispatch) -> Decision:
    """New settings hold for leases given from now on."""
    if queue.settings == command.settings:
        return accept()
    return accept(DispatchConfigured(settings=command.settings))


def enqueue(queue: DispatchQueue, command: EnqueueJob) -> Decision:
    """The job waits for a pilot."""
    job_id = command.spec.job_id
    if job_id in queue.waiting or job_id in queue.leases:
        return refuse("ALREADY_QUEUED", f"job {job_id} is on the queue already")
    return accept(JobQueued(spec=command.spec, waiting=len(queue.waiting) + 1, leased=len(queue.leases)))


def withdraw(queue: DispatchQueue, command: WithdrawJob) -> Decision:
    """A waiting job leaves the queue; one that a pilot holds stays with the pilot."""
    if command.job_id in queue.leases:
        return refuse("LEASED", f"job {command.job_id} is held by {queue.leases[command.job_id].pilot}")
    if command.job_id not in queue.waiting:
        return accept()
    return accept(
        JobWithdrawn(
            job_id=command.job_id, reason=command.reason, waiting=len(queue.waiting) - 1, leased=len(queue.leases)
        )
    )


def lease(queue: DispatchQueue, command: LeaseJob, by: CommandEnvelope) -> Decision:
    """The best waiting job that fits the pilot, leased in the same decision that picks it."""
    if queue.settings is None:
        return refuse("UNKNOWN_QUEUE", "no queue of this name is configured")
    spec = best_match(queue, command.offer, by.vo)
    if spec is None:
        return refuse("NO_JOBS", f"none of {len(queue.waiting)} waiting jobs fits the pilot")
    offer = command.offer
    seconds = offer.lease_seconds or queue.settings.lease_seconds
    leased = JobLeased(
        job_id=spec.job_id,
        task_id=spec.task_id,
        attempt=spec.attempt,
        lease_id=by.command_id,
        pilot=offer.pilot,
        node=offer.node,
        worker_id=offer.worker_id,
        lease_seconds=seconds,
        due_at=by.issued_at + seconds * MICROSECONDS,
        waiting=len(queue.waiting) - 1,
        leased=len(queue.leases) + 1,
    )
    record = RecordLease(lease_id=by.command_id, queue=by.aggregate_id, pilot=offer.pilot, node=offer.node)
    return accept(
        leased,
        follow_ups=(FollowUp(str(spec.job_id), record),),
        leased=LeasedJob(spec=spec, lease_id=by.command_id, lease_seconds=seconds),
    )


def best_match(queue: DispatchQueue, offer: PilotOffer, vo: str) -> JobSpec | None:
    """The waiting job of highest priority, then greatest age, that fits `offer`; None when none does."""
    heads = [rank for needs, rank in queue.lines.heads(offer.owner) if fits(needs, offer, vo)]
    if not heads:
        return None
    _, job_id = min(heads)
    return queue.waiting[job_id].spec


def fits(needs: Needs, offer: PilotOffer, vo: str) -> bool:
    """True when a pilot with `offer` may run jobs with `needs`; an offer of 0 is not tested (docs/reference/jedi.md).

    Whose jobs an offer may run is not looked at: the lines of that owner are (`Lines.heads`).
    """
    return (
        needs.vo == vo
        and (offer.label in ANY_LABEL or needs.label in SERVED_LABELS.get(offer.label, frozenset({offer.label})))
        and (not offer.memory_mb or needs.ram_mb <= offer.memory_mb)
        and (not offer.disk_mb or needs.disk_mb <= offer.disk_mb)
        and (not offer.walltime_seconds or needs.walltime_seconds <= offer.walltime_seconds)
        and (offer.resource_type is None or needs.resource_type == offer.resource_type)
    )


def renew(queue: DispatchQueue, command: RenewLeases, by: CommandEnvelope) -> Decision:
    """Heartbeats move the ends of the leases that their subject holds; those of other jobs mean nothing here."""
    alive = tuple(
        dict.fromkeys(
            job_id
            for beat in command.seen
            for job_id in beat.job_ids
            if (lease := queue.leases.get(job_id)) is not None
            and (lease.seen_at or 0) < command.seen_at
            # A row of an earlier release does not say who holds the lease.
            and (not lease.holder or (lease.holder, lease.vo) == (beat.actor, by.vo))
        )
    )
    return accept(LeasesRenewed(job_ids=alive, seen_at=command.seen_at)) if alive else accept()


def expire(queue: DispatchQueue, command: ExpireLease) -> Decision:
    """End a lease whose pilot was silent for the whole of it, while heartbeats could have been seen."""
    lease = queue.leases.get(command.job_id)
    if lease is None or lease.lease_id != command.lease_id:
        return refuse("NOT_LEASED", f"job {command.job_id} is not held under lease {command.lease_id}")
    blind_until = command.watched_since + lease.lease_seconds * MICROSECONDS
    if command.at < max(lease.due_at, blind_until):
        return refuse("LEASE_ALIVE", f"lease of job {command.job_id} runs until {max(lease.due_at, blind_until)}")
    lose = LoseJob(lease_id=lease.lease_id, cause=LossCause.LEASE_EXPIRED, last_seen_at=lease.seen_at)
    return accept(
        _ended(queue, command.job_id, LeaseEnding.EXPIRED), follow_ups=(FollowUp(str(command.job_id), lose),)
    )


def end_lease(queue: DispatchQueue, command: EndLease) -> Decision:
    """The job needs its pilot no more."""
    if command.job_id not in queue.leases:
        return accept()
    return accept(_ended(queue, command.job_id, command.ending))


def end_leases(queue: DispatchQueue, command: EndLeases) -> Decision:
    """Many jobs ended; those that no pilot holds any more mean nothing here."""
    held = dict.fromkeys(job_id for job_id in command.job_ids if job_id in queue.leases)
    if not held:
        return accept()
    leases = tuple(EndedLease(job_id=job_id, lease_id=queue.leases[job_id].lease_id) for job_id in held)
    return accept(LeasesEnded(leases=leases, waiting=len(queue.waiting), leased=len(queue.leases) - len(leases)))


def _ended(queue: DispatchQueue, job_id: int, ending: LeaseEnding) -> LeaseEnded:
    lease = queue.leases[job_id]
    return LeaseEnded(
        job_id=job_id,
        lease_id=lease.lease_id,
        pilot=lease.pilot,
        ending=ending,
        last_seen_at=lease.seen_at,
        waiting=len(queue.waiting),
        leased=len(queue.leases) - 1,
    )
