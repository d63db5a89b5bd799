"""What a task that ends takes with it: its jobs, slice by slice, and a hold that a pause put on them. Pure."""

from itertools import islice

from commands.decision import Decision, FollowUp, accept
from commands.task.limits import JOBS_PER_KILL
from commands.task.model import Task
from commands.task.transitions import TaskStatus
from schemas.ids import job_id_of
from schemas.job import KillJob
from schemas.queue import ReleaseTask
from schemas.task import KillTaskJobs, TaskBroken

#: Codes: docs/reference/jedi.md, "Kill codes".
KILL_TASK, KILL_FINISH, KILL_FINISH_SOFT, KILL_REBROKER, KILL_REASSIGN = 50, 52, 55, 8, 51


def kills(task: Task, code: int, reason: str, *, merging: bool) -> tuple[FollowUp, ...]:
    """A kill for every live job; with `merging`, for merge jobs and for those that wait for them too.

    For more than JOBS_PER_KILL jobs the last follow-up is the command for the next of them; jobs that are made later are spared.
    """
    return _slice(task, KillTaskJobs(code=code, reason=reason, merging=merging, after=0, last=task.last_serial))


def kill_jobs(task: Task, command: KillTaskJobs) -> Decision:
    """The next slice of a kill."""
    return accept(follow_ups=_slice(task, command))


def _slice(task: Task, kill: KillTaskJobs) -> tuple[FollowUp, ...]:
    serials = list(islice(task.jobs.to_kill(kill.after, kill.last, merging=kill.merging), JOBS_PER_KILL + 1))
    follow_ups = [
        FollowUp(str(job_id_of(task.task_id, serial)), KillJob(code=kill.code, reason=kill.reason))
        for serial in serials[:JOBS_PER_KILL]
    ]
    if len(serials) > JOBS_PER_KILL:
        more = KillTaskJobs(
            code=kill.code, reason=kill.reason, merging=kill.merging, after=serials[JOBS_PER_KILL - 1], last=kill.last
        )
        follow_ups.append(FollowUp(str(task.task_id), more))
    return tuple(follow_ups)


def releases(task: Task) -> tuple[FollowUp, ...]:
    """The end of a pause to every queue that holds jobs of the task; none when it is not paused."""
    if task.status is not TaskStatus.PAUSED:
        return ()
    return tuple(FollowUp(queue, ReleaseTask(task_id=task.task_id)) for queue in task.queues_used)


def broken(task: Task, reason: str, message: str) -> Decision:
    """The task breaks and takes its jobs with it, those that wait for a merge included."""
    taken = kills(task, KILL_TASK, "task broken", merging=True)
    return accept(TaskBroken(reason=reason, message=message), follow_ups=(*releases(task), *taken))
