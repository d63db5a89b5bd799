"""What follows for jobs from workers that were started for them: from their ends, and from their start. Pure."""

from collections.abc import Sequence

from commands.decision import FollowUp
from commands.worker.model import Worker, Workers
from schemas.job import ReturnJob
from schemas.queue import LoseLeases, WatchBoundJob
from schemas.types import LossCause, WorkerState
from schemas.worker import WorkerEnded

REASON_LENGTH_MAX = 1_000
#: Fingerprints of ends for want of memory, where the state does not say it (docs/sites/fingerprints.md, action "memory").
FOR_MEMORY = frozenset({"out-of-memory", "allocation-refused"})


def returns(workers: Workers, ends: Sequence[WorkerEnded]) -> tuple[FollowUp, ...]:
    """Each job is notified that its worker is gone, and why; one that has begun or ended takes no notice."""
    return tuple(follow_up for end in ends if (follow_up := _return(workers, end)) is not None)


def lost(queue: str, workers: Workers, end: WorkerEnded) -> tuple[FollowUp, ...]:
    """The queue is notified that a worker is gone, for certain, so that no job waits for its heartbeats.

    Its batch system says so, in a word of its own: the pilot's processes are gone by then, and what it had to say was taken
    before. A worker that was only seen no more, and one of a foreign Harvester, is judged by heartbeats.
    """
    worker = workers.live.get(end.worker_id)
    is_starved = end.state is WorkerState.OUT_OF_MEMORY or end.fingerprint in FOR_MEMORY
    if worker is None or not (is_starved or (worker.is_intended and end.native_state)):
        return ()
    cause = LossCause.OUT_OF_MEMORY if is_starved else LossCause.WORKER_ENDED
    return (FollowUp(queue, LoseLeases(worker_id=end.worker_id, reason=_reason(end), cause=cause), vo=worker.vo),)


def runs(queue: str, worker: Worker | None) -> tuple[FollowUp, ...]:
    """The queue is notified that the worker of one of its jobs runs, so that the job must begin soon."""
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
        reason=_reason(end),
    )
    return FollowUp(str(worker.job_id), command, vo=worker.vo)


def _reason(end: WorkerEnded) -> str:
    return (end.reason or end.diagnostic or "")[:REASON_LENGTH_MAX]
