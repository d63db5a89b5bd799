"""Which jobs a task takes with it. Pure."""

from commands.decision import FollowUp
from commands.task.model import Task
from schemas.job import KillJob
from schemas.types import JobKind

#: Codes of jedi-logic 2.4.
KILL_TASK, KILL_FINISH, KILL_FINISH_SOFT, KILL_REBROKER, KILL_REASSIGN = 50, 52, 55, 8, 51


def kills(task: Task, code: int, reason: str, *, merging: bool) -> tuple[FollowUp, ...]:
    """A kill for every live job; with `merging`, for merge jobs and for those that wait for them too."""
    jobs = [job.job_id for job in task.jobs.values() if merging or job.kind is not JobKind.MERGE]
    if merging:
        jobs += [unmerged.job.job_id for unmerged in task.unmerged.values()]
    return tuple(FollowUp(str(job_id), KillJob(code=code, reason=reason)) for job_id in jobs)
