"""What a dispatch queue says to a command: the one place where a job is given to a pilot.

Guards: one attempt is leased once; a pilot that does not match gets nothing; a lease ends only when the job ended or when
the time without a heartbeat, as far as one could have been observed, is longer than the lease.
Source: docs/reference/jedi.md, "Dispatch".
"""

from typing import assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.queue.assigning import assign_shares
from commands.queue.binding import cancelled, decide_bound, prolong, pushes
from commands.queue.elsewhere import offer_elsewhere
from commands.queue.groups import GroupStep, group_of, group_of_spec
from commands.queue.matching import best_match
from commands.queue.missing import no_job, no_job_pushed
from commands.queue.model import DispatchQueue
from commands.queue.revoked import leases_ended, lose_leases, revoke_leases
from commands.queue.shares import cores_of, is_by_age, order_by, rank_of
from schemas.instants import MICROSECONDS
from schemas.job import LoseJob, RecordLease
from schemas.queue import (
    AssignJobShares,
    BindJob,
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
    LeasesRenewed,
    LoseLeases,
    OfferElsewhere,
    QueueCommand,
    ReleaseTask,
    RenewLeases,
    RevokeLeases,
    TaskHeld,
    TaskReleased,
    UnbindJob,
    WatchBoundJob,
    WithdrawJob,
)
from schemas.types import CommandEnvelope, EndedLease, LeasedJob, LeaseEnding, LossCause, PilotOffer
from schemas.worker import RecordFirstRequest


def decide(queue: DispatchQueue, command: QueueCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `queue`; never look anywhere else."""
    match command:
        case ConfigureDispatch():
            return configure(queue, command)
        case EnqueueJob():
            return enqueue(queue, command, by)
        case WithdrawJob():
            return withdraw(queue, command)
        case HoldTask() | ReleaseTask() | AssignJobShares():
            return assign_shares(queue, command, by) if isinstance(command, AssignJobShares) else hold(queue, command)
        case LeaseJob():
            return lease(queue, command, by)
        case BindJob() | UnbindJob() | WatchBoundJob():
            return decide_bound(queue, command, by)
        case RenewLeases():
            return renew(queue, command, by)
        case RevokeLeases():
            return revoke_leases(queue, command, by)
        case LoseLeases() | OfferElsewhere():
            return lose_leases(queue, command, by) if isinstance(command, LoseLeases) else offer_elsewhere(queue, command, by)
        case ExpireLease():
            return expire(queue, command, by)
        case EndLease() | EndLeases():
            return end_lease(queue, command, by) if isinstance(command, EndLease) else end_leases(queue, command)
        case _:
            assert_never(command)


def configure(queue: DispatchQueue, command: ConfigureDispatch) -> Decision:
    """New settings hold for leases given from now on."""
    if queue.settings == command.settings:
        return accept()
    return accept(DispatchConfigured(settings=command.settings))


def enqueue(queue: DispatchQueue, command: EnqueueJob, by: CommandEnvelope) -> Decision:
    """The job waits for a pilot."""
    job_id = command.spec.job_id
    if job_id in queue.waiting or job_id in queue.leases:
        return refuse("ALREADY_QUEUED", f"job {job_id} is on the queue already")
    classes = queue.loads.told(waiting={queue.loads.class_of_spec(command.spec): 1})
    begins = not queue.waiting and not queue.leases
    return accept(
        JobQueued(
            spec=command.spec,
            waiting=len(queue.waiting) + 1,
            leased=len(queue.leases),
            classes=classes,
            shares=queue.shares.told({command.spec.share: (1, 0, 0)}),
            groups=queue.groups.told(GroupStep(group_of_spec(command.spec), waiting=1)),
            quiet_since=by.issued_at if begins else queue.quiet_since or by.issued_at,
        )
    )


def withdraw(queue: DispatchQueue, command: WithdrawJob) -> Decision:
    """A waiting job leaves the queue; one that a pilot holds stays with the pilot."""
    if command.job_id in queue.leases:
        return refuse("LEASED", f"job {command.job_id} is held by {queue.leases[command.job_id].pilot}")
    if command.job_id not in queue.waiting:
        return accept()
    withdrawn = JobWithdrawn(
        job_id=command.job_id,
        reason=command.reason,
        waiting=len(queue.waiting) - 1,
        leased=len(queue.leases),
        classes=queue.loads.told(waiting={queue.loads.class_of(queue.waiting[command.job_id].needs): -1}),
        shares=queue.shares.told({queue.waiting[command.job_id].needs.share: (-1, 0, 0)}),
        groups=queue.groups.told(GroupStep(group_of(queue.waiting[command.job_id]), waiting=-1)),
        quiet_since=queue.quiet_since,
    )
    return accept(withdrawn)


def hold(queue: DispatchQueue, command: HoldTask | ReleaseTask) -> Decision:
    """Waiting jobs of a task on hold are leased to no one."""
    is_held, wanted = command.task_id in queue.held_tasks, isinstance(command, HoldTask)
    if is_held == wanted:
        return accept()
    return accept(TaskHeld(task_id=command.task_id) if wanted else TaskReleased(task_id=command.task_id))


def lease(queue: DispatchQueue, command: LeaseJob, by: CommandEnvelope) -> Decision:
    """The best waiting job that fits the pilot, leased in the same decision that picks it."""
    if queue.settings is None:
        return refuse("UNKNOWN_QUEUE", "no queue of this name is configured")
    offer = command.offer
    before = _given_before(queue, offer, by)
    if before is not None:
        return before
    if pushes(queue.settings):
        return no_job_pushed(by.aggregate_id)
    corepower = queue.settings.corepower
    order = order_by(command.ranks, queue.ranks_sequence, queue.given, corepower)
    by_age = bool(order) and is_by_age(by.command_id)
    match = best_match(queue, offer, by.vo, by.issued_at, order, by_age=by_age)
    request = _first_request(command, by)
    if match is None:
        return no_job(queue, offer, by.vo, request)
    job = queue.waiting[match.job_id]
    spec, share = job.spec, job.needs.share
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
        classes=queue.loads.told(waiting={match.job_class: -1}, leased={match.slot_class or match.job_class: 1}),
        job_class=match.job_class,
        slot_class=match.slot_class,
        job_memory_mb=spec.ram_mb_min,
        slot_memory_mb=offer.memory_mb,
        reason=match.reason,
        shares=queue.shares.told({share: (-1, 1, cores_of(job.needs))}),
        groups=queue.groups.told(GroupStep(group_of(job), -1, 1, cores_of(job.needs))),
        share=share,
        share_rank=rank_of(share, order),
        ranks_sequence=command.ranks.sequence if command.ranks is not None else 0,
        by_age=by_age,
        request_id=offer.request_id,
    )
    record = RecordLease(
        lease_id=by.command_id,
        queue=by.aggregate_id,
        pilot=offer.pilot,
        node=offer.node,
        harvester_id=offer.harvester_id or "",
        worker_id=offer.worker_id or "",
    )
    return accept(
        leased,
        follow_ups=(FollowUp(str(spec.job_id), record), *request),
        leased=LeasedJob(spec=spec, lease_id=by.command_id, lease_seconds=seconds),
    )


def _given_before(queue: DispatchQueue, offer: PilotOffer, by: CommandEnvelope) -> Decision | None:
    """The same request of the same pilot again: the same job until its first sign of life, none after it; None if it is new."""
    job_id = queue.requests.get((by.vo, by.actor, offer.request_id)) if offer.request_id else None
    if job_id is None:
        return None
    lease = queue.leases[job_id]
    if lease.given is None:
        return refuse("NO_JOBS", f"this request was answered with job {job_id}, which has begun; ask with another request_id")
    return accept(leased=LeasedJob(spec=lease.given.spec, lease_id=lease.lease_id, lease_seconds=lease.lease_seconds))


def _first_request(command: LeaseJob, by: CommandEnvelope) -> tuple[FollowUp, ...]:
    """The workers of the queue are notified that this one came as far as to ask for work."""
    if not command.is_first_request or not command.offer.worker_id:
        return ()
    return (FollowUp(by.aggregate_id, RecordFirstRequest(worker_id=command.offer.worker_id)),)


def renew(queue: DispatchQueue, command: RenewLeases, by: CommandEnvelope) -> Decision:
    """Heartbeats move the ends of the leases that their subject holds; those of other jobs mean nothing here."""
    alive = tuple(
        dict.fromkeys(
            job_id
            for beat in command.seen
            for job_id in beat.job_ids
            if (lease := queue.leases.get(job_id)) is not None
            and (lease.seen_at or 0) < command.seen_at
            and (lease.holder, lease.vo) == (beat.actor, by.vo)
        )
    )
    return accept(LeasesRenewed(job_ids=alive, seen_at=command.seen_at)) if alive else accept()


def expire(queue: DispatchQueue, command: ExpireLease, by: CommandEnvelope) -> Decision:
    """End a lease whose pilot was silent for the whole of it, while heartbeats could have been seen."""
    lease = queue.leases.get(command.job_id)
    if lease is None or lease.lease_id != command.lease_id:
        return refuse("NOT_LEASED", f"job {command.job_id} is not held under lease {command.lease_id}")
    blind_until = command.watched_since + lease.lease_seconds * MICROSECONDS
    if command.at < max(lease.due_at, blind_until):
        return refuse("LEASE_ALIVE", f"lease of job {command.job_id} runs until {max(lease.due_at, blind_until)}")
    if lease.job is not None and lease.seen_at is None:
        return prolong(lease, command, by)
    lose = LoseJob(lease_id=lease.lease_id, cause=LossCause.LEASE_EXPIRED, last_seen_at=lease.seen_at)
    return accept(_ended(queue, command.job_id, LeaseEnding.EXPIRED), follow_ups=(FollowUp(str(command.job_id), lose),))


def end_lease(queue: DispatchQueue, command: EndLease, by: CommandEnvelope) -> Decision:
    """The job needs its pilot no more; a worker that was started for a job that no one wants is cancelled."""
    lease = queue.leases.get(command.job_id)
    if lease is None:
        return accept()
    is_idle = lease.job is not None and command.ending is LeaseEnding.REFUSED
    follow_ups = (cancelled(by.aggregate_id, lease, "its job is over"),) if is_idle else ()
    return accept(_ended(queue, command.job_id, command.ending), follow_ups=follow_ups)


def end_leases(queue: DispatchQueue, command: EndLeases) -> Decision:
    """Many jobs ended; those that no pilot holds any more mean nothing here."""
    held = dict.fromkeys(job_id for job_id in command.job_ids if job_id in queue.leases)
    if not held:
        return accept()
    leases = tuple(EndedLease(job_id=job_id, lease_id=queue.leases[job_id].lease_id) for job_id in held)
    return accept(leases_ended(queue, leases))


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
        classes=queue.loads.told(leased={lease.slot_class: -1}),
        shares=queue.shares.told({lease.share: (0, -1, -lease.cores)}),
        groups=queue.groups.told(GroupStep(lease.group, 0, -1, -lease.cores)),
    )
