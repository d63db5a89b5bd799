"""New attempts for input units that were given up, slice by slice; and more attempts for all of them. Pure.

Guards: a task does not end while units of a retry are still to be given their attempts (`Task.retrying`).
"""

from itertools import islice

from commands.decision import Decision, FollowUp, accept, refuse
from commands.task.input_units import UnitStatus
from commands.task.limits import UNITS_PER_RETRY
from commands.task.model import Task
from commands.task.transitions import WORKING, TaskStatus
from schemas.task import AttemptsIncreased, IncreaseAttempts, RetryTaskUnits, TaskRetried

ATTEMPTS_OF_RETRY = 5


def revival(
    task: Task, task_attempt: int, reason: str | None = None, after: int = 0, attempts_max: int = ATTEMPTS_OF_RETRY
) -> tuple[TaskRetried, tuple[FollowUp, ...]]:
    """The event that makes the first failed units with ids beyond `after` ready, and the command for the next of them."""
    failed = tuple(islice(task.units.with_status(UnitStatus.FAILED, after + 1), UNITS_PER_RETRY + 1))
    units, more = failed[:UNITS_PER_RETRY], len(failed) > UNITS_PER_RETRY
    retried = TaskRetried(
        units=units, attempts_max=attempts_max, task_attempt=task_attempt, reason=reason, continues=after > 0, more=more
    )
    if not more:
        return retried, ()
    rest = RetryTaskUnits(after=units[-1], attempts_max=attempts_max, task_attempt=task_attempt)
    return retried, (FollowUp(str(task.task_id), rest),)


def limit_of_retries(task: Task) -> str:
    """Why the task has been tried enough, by the limits of its definition; empty when it has not."""
    definition = task.definition
    if definition is None:
        return ""
    if definition.retry_task_attempts_max is not None and task.attempt >= definition.retry_task_attempts_max:
        return f"the task has had {task.attempt:,} attempts, expected fewer than {definition.retry_task_attempts_max:,}"
    jobs, percent = task.jobs_finished + task.jobs_failed, definition.retry_failed_percent_max
    if percent is not None and jobs and 100 * task.jobs_failed >= percent * jobs:
        return f"{task.jobs_failed:,} of {jobs:,} jobs failed, expected less than {percent:g} %"
    most = definition.retry_unit_attempts_max
    had = 0 if most is None else max(map(task.units.attempt_of, task.units.with_status(UnitStatus.FAILED)), default=0)
    if most is not None and had >= most:
        return f"an input unit has had {had:,} attempts, expected fewer than {most:,}"
    return _inefficient(task)


def _inefficient(task: Task) -> str:
    least = None if task.definition is None else task.definition.retry_cpu_efficiency_percent_min
    found = task.learning
    if least is None or not found.efficiency_jobs:
        return ""
    mean = found.efficiency_percents / found.efficiency_jobs
    what = f"the mean CPU efficiency of {found.efficiency_jobs:,} jobs is {mean:.1f} %, expected {least:g} % at least"
    return what if mean < least else ""


def retry_units(task: Task, command: RetryTaskUnits) -> Decision:
    """The next slice of a retry."""
    if not task.retrying or command.task_attempt != task.attempt:
        return refuse("STALE", f"retry of attempt {command.task_attempt}, the task is {task.status} in attempt {task.attempt}")
    retried, rest = revival(task, task.attempt, after=command.after, attempts_max=command.attempts_max)
    return accept(retried, follow_ups=rest)


def increase_attempts(task: Task, command: IncreaseAttempts) -> Decision:
    """More attempts for every input unit of a task at work."""
    if command.increase < 0:
        return refuse("BAD_NUMBER", f"increase is {command.increase}, expected 0 or more")
    if task.status not in WORKING | {TaskStatus.PAUSED}:
        return refuse("WRONG_STATUS", f"the increase_attempts command is not accepted if the task is in {task.status} status")
    return accept(AttemptsIncreased(increase=command.increase, reason=command.reason))
