"""What follows for jobs from workers that were started for them: from their ends, and from their start. Pure."""

from collections.abc import Sequence

from commands.decision import FollowUp
from commands.worker.model import Worker, Workers
from schemas.job import ReturnJob
from schemas.queue import WatchBoundJob
from schemas.worker import WorkerEnded

REASON_LENGTH_MAX = 1_000


def returns(workers: Workers, ends: Sequence[WorkerEnded]) -> tuple[FollowUp, ...]:
    """Each job hears that its worker is gone, and why; one that has begun or ended takes no notice."""
    return tuple(follow_up for end in ends if (follow_up := _return(workers, end)) is not None)


def runs(queue: str, worker: Worker | None) -> tuple[FollowUp, ...]:
    """The queue hears that the worker of one of its jobs runs, so that the job must begin soon."""
    if worker is None or worker.job_id is None:
        return ()
    return (FollowUp(queue, WatchBoundJob(job_id=worker.job_id, lease_id=worker.lease_id), vo=worker.vo),)


def _return(workers: Workers, end: WorkerEnded) -> FollowUp | None:
    worker = workers.live.get(end.worker_id)
    if worker is None or worker.job_id is None:
        return None
    command = ReturnJob(
        lease_id=worker.lease_id,
        worker_id=end.worker_id,
        worker_state=end.state,
        reason=(end.reason or end.diagnostic or "")[:REASON_LENGTH_MAX],
    )
    return FollowUp(str(worker.job_id), command, vo=worker.vo)
