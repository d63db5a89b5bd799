"""A job whose worker ended before it began: it waits again without using an attempt, so often and no oftener. Pure.

Guards: what has begun is judged by its pilot's reports and heartbeats alone.
Source: docs/decisions/0043.
"""

from commands.decision import Decision, FollowUp, accept, refuse
from commands.job.model import HELD, Job, JobStatus
from schemas.job import JobCancelled, JobLost, JobReturned, ReturnJob
from schemas.queue import EndLease, UnbindJob, WatchBoundJob
from schemas.types import JobError, LeaseEnding, LossCause

#: taskbuffer's code of a job whose worker was gone (docs/reference/jedi.md).
WORKER_GONE = 300


def return_job(job: Job, command: ReturnJob, kill_errors: tuple[JobError, ...]) -> Decision:
    """The worker is gone. kill_errors: of the kill that was ordered, if one was."""
    if job.status not in HELD or job.lease_id != command.lease_id:
        return refuse("NOT_LEASED", f"job is {job.status} and not held under lease {command.lease_id}")
    if job.status is not JobStatus.SENT:
        return refuse("STARTED", f"job is {job.status}: its reports and heartbeats say how it ends")
    over = FollowUp(job.queue, EndLease(job_id=job.job_id, ending=LeaseEnding.WORKER_ENDED))
    if job.kill_code is not None:
        cancelled = JobCancelled(code=job.kill_code, errors=kill_errors, reason="killed before its worker began it")
        return accept(cancelled, follow_ups=(over,))
    if job.returns >= job.rebind_max:
        lost = JobLost(lease_id=command.lease_id, cause=LossCause.WORKER_ENDED, errors=(_never_began(job, command),))
        return accept(lost, follow_ups=(over,))
    returned = JobReturned(
        lease_id=command.lease_id,
        worker_id=command.worker_id,
        worker_state=command.worker_state,
        reason=command.reason,
        returns=job.returns + 1,
    )
    return accept(returned, follow_ups=(FollowUp(job.queue, UnbindJob(job_id=job.job_id, lease_id=command.lease_id)),))


def begins(job: Job) -> tuple[FollowUp, ...]:
    """The queue is notified that a job that came with its worker has begun: from now on its lease ends as every other does.

    Heartbeats alone do not say it for certain, as one may be lost; a lease that is thought not to have begun is not ended.
    """
    if job.status is not JobStatus.SENT or job.rebind_max < 0:
        return ()
    begun = WatchBoundJob(job_id=job.job_id, lease_id=job.lease_id or "", begun=True)
    return (FollowUp(job.queue, begun, vo=job.vo),)


def _never_began(job: Job, command: ReturnJob) -> JobError:
    tries = job.returns + 1
    said = command.worker_state.lower().replace("_", " ") + (f": {command.reason}" if command.reason else "")
    workers = "1 worker" if tries == 1 else f"{tries} workers"
    sentence = f"{workers} ended before the job began, the last {command.worker_id} ({said})"
    return JobError(source="taskbuffer", code=WORKER_GONE, diagnostic=sentence)
