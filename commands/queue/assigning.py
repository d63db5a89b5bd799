"""Jobs of a task that are put into another global share: those that wait, and those that pilots hold. Pure.

Guards: as many in one decision as a transaction takes well, the rest in the next; a job that has left meanwhile is passed over.
"""

from collections import defaultdict

from commands.decision import Decision, FollowUp, accept
from commands.queue.groups import GroupStep, group_of
from commands.queue.model import DispatchQueue
from schemas.queue import AssignJobShares, JobSharesAssigned
from schemas.types import CommandEnvelope

JOBS_MAX = 2_000


def assign_shares(queue: DispatchQueue, command: AssignJobShares, by: CommandEnvelope) -> Decision:
    """The jobs of the task that are of another share; those that pilots hold as well, if `running`."""
    waiting = [job_id for job_id in queue.by_task.get(command.task_id, ()) if queue.waiting[job_id].needs.share != command.share]
    held = [
        job_id
        for job_id, lease in queue.leases.items()
        # A lease of an earlier release does not say what it uses.
        if command.running and lease.task_id == command.task_id and lease.cores and lease.share != command.share
    ]
    found = sorted([*waiting, *held])
    taken = found[:JOBS_MAX]
    if not taken:
        return accept()
    changes: defaultdict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    moves: list[GroupStep] = []
    for job_id in taken:
        lease = queue.leases.get(job_id)
        before = lease.share if lease is not None else queue.waiting[job_id].needs.share
        change = (0, 1, lease.cores) if lease is not None else (1, 0, 0)
        group = lease.group if lease is not None else group_of(queue.waiting[job_id])
        moves.append(GroupStep(group, *_sum((0, 0, 0), change, -1)))
        moves.append(GroupStep(group._replace(share=command.share), *change))
        changes[before] = _sum(changes[before], change, -1)
        changes[command.share] = _sum(changes[command.share], change, 1)
    event = JobSharesAssigned(
        task_id=command.task_id,
        share=command.share,
        job_ids=tuple(taken),
        shares=queue.shares.told(changes),
        groups=queue.groups.told(*moves),
    )
    return accept(event, follow_ups=(FollowUp(by.aggregate_id, command),) if len(found) > len(taken) else ())


def _sum(one: tuple[int, int, int], other: tuple[int, int, int], sign: int) -> tuple[int, int, int]:
    return one[0] + sign * other[0], one[1] + sign * other[1], one[2] + sign * other[2]
