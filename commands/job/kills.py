"""What a job says to an order to kill it, by the code of the order and by who holds the job. Pure.

Guards: a job that ended stays as it is; a code is one of the table, and some are for a production role.
Source: docs/reference/jedi.md, "Kill codes".
"""

from commands.decision import Decision, FollowUp, accept, refuse
from commands.job.model import FINAL, WAITING, Job, JobStatus
from identity.rights import acts_for_others
from schemas.job import JobCancelled, JobClosed, JobKillOrdered, KillJob
from schemas.queue import EndLease, WithdrawJob
from schemas.types import CommandEnvelope, JobError, LeaseEnding
from schemas.worker import StopWorker

TO_BE_KILLED = "tobekilled"
KILL_ONLY_WAITING = frozenset({51, 55})
KILL_AT_ONCE = frozenset({9, 91, 99})
CLOSING_CODES = {2: "toreassign", 4: "toreassign", 10: "toreassign", 51: "toreassign", 55: "taskdone", 60: "pilot_closed"}
KILL_CODES = frozenset({2, 3, 4, 7, 8, 9, 10, 50, 51, 52, 55, 60, 91, 99})
OF_PRODUCTION = frozenset({91, 99})
KILL_ERROR_CODES = {2: 102, 3: 103, 4: 102, 7: 106, 8: 105, 10: 130}
#: Of the reason for which a worker is cancelled.
WHY_LENGTH_MAX = 1_000


def kill(job: Job, command: KillJob, by: CommandEnvelope) -> Decision:
    """Waiting jobs end at once; a held job is ordered to stop and ends when its pilot obeys or is lost."""
    if job.status is JobStatus.UNKNOWN:
        return unknown_job()
    if (refused := _refusal_of_kill(job, command, by)) is not None:
        return refused
    if job.status in FINAL:
        return accept()
    errors = (kill_error(command.code),)
    if job.status in WAITING:
        withdraw = (FollowUp(job.queue, WithdrawJob(job_id=job.job_id, reason=command.reason)),)
        if command.code in CLOSING_CODES:
            sub_status = command.sub_status or CLOSING_CODES[command.code]
            return accept(JobClosed(code=command.code, sub_status=sub_status, errors=errors), follow_ups=withdraw)
        return accept(_cancelled(command, errors), follow_ups=withdraw)
    if command.code in KILL_ONLY_WAITING:
        return refuse("HELD", f"job is {job.status}: a pilot holds it, code {command.code} takes waiting jobs only")
    if job.status is JobStatus.MERGING:
        return accept(_cancelled(command, errors))
    if command.code in KILL_AT_ONCE:
        ended = FollowUp(job.queue, EndLease(job_id=job.job_id, ending=LeaseEnding.REFUSED))
        return accept(_cancelled(command, errors), follow_ups=(ended,))
    if job.kill_code is not None:
        return accept()
    idle: tuple[FollowUp, ...] = ()
    if job.status is JobStatus.SENT and job.worker_id:
        why = f"its job was killed: {command.reason}"[:WHY_LENGTH_MAX]
        idle = (FollowUp(job.queue, StopWorker(worker_id=job.worker_id, why=why)),)
    ordered = JobKillOrdered(code=command.code, reason=command.reason, sub_status=command.sub_status)
    return accept(ordered, follow_ups=idle)


def _refusal_of_kill(job: Job, command: KillJob, by: CommandEnvelope) -> Decision | None:
    if command.code not in KILL_CODES:
        expected = ", ".join(str(code) for code in sorted(KILL_CODES))
        return refuse("BAD_CODE", f"kill code is {command.code}, expected one of {expected}")
    if command.code in OF_PRODUCTION and not acts_for_others(by):
        return refuse("NOT_PERMITTED", f"kill code {command.code} is for a production role")
    if command.keep_unmerged and job.status is JobStatus.MERGING:
        return refuse("UNMERGED", "job is merging: its outputs are to be kept")
    return None


def _cancelled(command: KillJob, errors: tuple[JobError, ...]) -> JobCancelled:
    return JobCancelled(code=command.code, errors=errors, reason=command.reason, sub_status=command.sub_status)


def unknown_job() -> Decision:
    """The refusal of a command on a job that there is not."""
    return refuse("UNKNOWN_JOB", "no such job", pilot_command=TO_BE_KILLED)


def kill_error(code: int) -> JobError:
    """What a job that was killed with `code` has as its error."""
    return JobError(source="taskbuffer", code=KILL_ERROR_CODES.get(code, 100), diagnostic=f"killed with code {code}")
