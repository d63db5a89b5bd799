"""Leases of pilots whose identity was revoked, and of those whose worker is gone: taken back at once. Pure.

Guards: as many in one decision as a transaction takes well, the rest in the next; events about jobs of an organisation are of
that organisation, whichever one revoked.
"""

from collections import Counter

from commands.decision import Decision, FollowUp, accept
from commands.queue.groups import steps
from commands.queue.model import DispatchQueue, Lease
from identity.agents import subject_of_agent
from schemas.job import LoseJob
from schemas.queue import LeasesEnded, LoseLeases, RevokeLeases
from schemas.queue_classes import classes_of
from schemas.types import CommandEnvelope, EndedLease, LossCause

LEASES_MAX = 200


def revoke_leases(queue: DispatchQueue, command: RevokeLeases, by: CommandEnvelope) -> Decision:
    """Jobs of the revoked are lost to them."""
    held = {job_id: lease for job_id, lease in queue.leases.items() if _is_revoked(lease, command)}
    others = sorted({lease.vo for lease in held.values()} - {by.vo})
    mine = [job_id for job_id, lease in held.items() if lease.vo == by.vo]
    taken = mine[:LEASES_MAX]
    following = [by.vo] if len(mine) > len(taken) else others[:1]
    rest = [FollowUp(by.aggregate_id, command, vo=vo) for vo in following]
    if not taken:
        return accept(follow_ups=tuple(rest))
    lost = [
        FollowUp(
            str(job_id),
            LoseJob(lease_id=held[job_id].lease_id, cause=LossCause.HOLDER_REVOKED, last_seen_at=held[job_id].seen_at),
        )
        for job_id in taken
    ]
    leases = tuple(EndedLease(job_id=job_id, lease_id=held[job_id].lease_id) for job_id in taken)
    return accept(leases_ended(queue, leases), follow_ups=(*lost, *rest))


def lose_leases(queue: DispatchQueue, command: LoseLeases, by: CommandEnvelope) -> Decision:
    """What a worker held that ended is lost; where it had too little memory, with the memory that it had.

    A job that came with it and was not seen to begin is returned by its worker's end, and is not lost.
    """
    held = {
        job_id: lease
        for job_id, lease in queue.leases.items()
        if (lease.worker_id, lease.vo) == (command.worker_id, by.vo) and (lease.job is None or lease.seen_at is not None)
    }
    taken = list(held)[:LEASES_MAX]
    if not taken:
        return accept()
    rest = (FollowUp(by.aggregate_id, command),) if len(held) > len(taken) else ()
    lost = [
        FollowUp(
            str(job_id),
            LoseJob(
                lease_id=held[job_id].lease_id,
                cause=command.cause,
                last_seen_at=held[job_id].seen_at,
                memory_mb=_memory_mb(queue, held[job_id]) if command.cause is LossCause.OUT_OF_MEMORY else 0,
                reason=command.reason,
            ),
        )
        for job_id in taken
    ]
    leases = tuple(EndedLease(job_id=job_id, lease_id=held[job_id].lease_id) for job_id in taken)
    return accept(leases_ended(queue, leases), follow_ups=(*lost, *rest))


def leases_ended(queue: DispatchQueue, leases: tuple[EndedLease, ...]) -> LeasesEnded:
    """The event that these leases, all of which the queue has, are over."""
    by_class = Counter(queue.leases[one.job_id].slot_class for one in leases)
    by_share: Counter[str] = Counter()
    cores: Counter[str] = Counter()
    ended = [queue.leases[one.job_id] for one in leases]
    for lease in ended:
        by_share[lease.share] += 1
        cores[lease.share] += lease.cores
    return LeasesEnded(
        leases=leases,
        waiting=len(queue.waiting),
        leased=len(queue.leases) - len(leases),
        classes=queue.loads.told(leased={name: -count for name, count in by_class.items()}),
        shares=queue.shares.told({share: (0, -count, -cores[share]) for share, count in by_share.items()}),
        groups=queue.groups.told(*steps(((lease.group, lease.cores) for lease in ended), -1)),
    )


def _memory_mb(queue: DispatchQueue, lease: Lease) -> int:
    """What its worker was submitted with; 0 where the queue sets no limit."""
    if lease.job is not None:
        return max(lease.job.spec.memory_mb_asked, lease.job.spec.ram_mb_min)
    if queue.settings is None:
        return 0
    classes = {one.name: one.memory_mb for one in classes_of(queue.settings)}
    return classes.get(lease.slot_class, queue.settings.rss_mb_max)


def _is_revoked(lease: Lease, command: RevokeLeases) -> bool:
    if command.holder is not None and lease.holder == command.holder:
        return True
    return command.enrolment is not None and lease.holder == subject_of_agent(command.enrolment, lease.worker_id)
