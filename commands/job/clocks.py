"""A job that stayed as it is for too long: it waits elsewhere, or it has failed. Pure.

Guards: what changed since the clock was read stays as it is. Source: docs/reference/jedi.md, "Clocks of jobs".
"""

from commands.decision import Decision, FollowUp, accept, refuse
from commands.job.model import WAITING, Job, JobStatus
from schemas.job import ExpireJobState, JobCancelled, JobClosed, JobLost
from schemas.queue import EndLease, WithdrawJob
from schemas.types import JobError, LeaseEnding, LossCause

SUB_STATUS = "toreassign"


def expire_state(job: Job, command: ExpireJobState) -> Decision:
    """End the job, whose task judges by the error whether its input is tried again."""
    if job.status is JobStatus.UNKNOWN:
        return refuse("UNKNOWN_JOB", "no such job")
    if job.status != command.status or job.lease_id != command.lease_id:
        return refuse("MOVED_ON", f"job is {job.status}, expected {command.status} as when clock {command.clock} was read")
    why = f"{command.status} for more than {command.seconds:,} seconds (clock {command.clock})"
    errors = (JobError(source="jobdispatcher", code=command.code, diagnostic=why),)
    if job.status in WAITING:
        withdraw = FollowUp(job.queue, WithdrawJob(job_id=job.job_id, reason=why))
        return accept(JobClosed(code=command.code, sub_status=SUB_STATUS, errors=errors), follow_ups=(withdraw,))
    if job.status is JobStatus.MERGING:
        return accept(JobCancelled(code=command.code, errors=errors, reason=why))
    over = FollowUp(job.queue, EndLease(job_id=job.job_id, ending=LeaseEnding.REFUSED))
    if job.kill_code is not None:
        return accept(JobCancelled(code=job.kill_code, errors=errors, reason=f"killed, and {why}"), follow_ups=(over,))
    return accept(JobLost(lease_id=command.lease_id or "", cause=LossCause.CLOCK, errors=errors), follow_ups=(over,))
