"""What a task that ends takes with it: its jobs, and a hold that a pause put on them. Pure."""

from commands.decision import FollowUp
from commands.task.model import Task
from commands.task.transitions import TaskStatus
from schemas.job import KillJob
from schemas.queue import ReleaseTask
from schemas.types import JobKind

#: Codes of jedi-logic 2.4.
KILL_TASK, KILL_FINISH, KILL_FINISH_SOFT, KILL_REBROKER, KILL_REASSIGN = 50, 52, 55, 8, 51


def kills(task: Task, code: int, reason: str, *, merging: bool) -> tuple[FollowUp, ...]:
    """A kill for every live job; with `merging`, for merge jobs and for those that wait for them too."""
    jobs = [job.job_id for job in task.jobs.values() if merging or job.kind is not JobKind.MERGE]
    if merging:
        jobs += [row.job.job_id for row in task.unmerged.values() if not row.ended]
    return tuple(FollowUp(str(job_id), KillJob(code=code, reason=reason)) for job_id in sorted(jobs))


def releases(task: Task) -> tuple[FollowUp, ...]:
    """The end of a pause to every queue that holds jobs of the task; none when it is not paused."""
    if task.status is not TaskStatus.PAUSED:
        return ()
    return tuple(FollowUp(queue, ReleaseTask(task_id=task.task_id)) for queue in task.queues_used)
