"""What follows by itself from a task's state: input is ordered made into jobs, merges are ordered, the task ends. Pure.

Called after every event of a decision, in the same decision; gives the next event, or None when the task is at rest.
Guards: a task at work always has an open order, a live job, or a clock. Source: docs/reference/jedi.md, "Final status" and
"Laws".
"""

from commands.limits import PART_BYTES_MAX
from commands.sizes import first_part
from commands.task.awaiting import works_beside_parent
from commands.task.for_orders import for_orders, texts_bytes
from commands.task.learning import learning_step
from commands.task.limits import JOBS_LIVE_MAX, ORDERS_OPEN_MAX, UNITS_PER_ORDER
from commands.task.model import AT_WORK, Ending, Task, accounts_of
from commands.task.portion import Portion, next_portion, problem_of_limit, waits_for_plan
from commands.task.progress import BUILD_ATTEMPTS_MAX
from commands.task.scouting import definition_in_force, priority_in_force, scouts_step
from commands.task.secondary_supply import LACKING, lacking_files
from commands.task.secondary_taking import load_of
from commands.task.transitions import WORKING, TaskStatus
from schemas.task import (
    InputHeld,
    InputReleased,
    JobsOrdered,
    RequirementsLearned,
    ScoutsJudged,
    TaskFinalized,
    TaskFinishOrdered,
)
from schemas.types import JobKind, TaskVerdict, UnmergedJob

#: Of the texts of all jobs of a task that are not ended.
TEXTS_LIVE_BYTES_MAX = 500_000_000
#: Names of the files that one merge job takes: they stand in one command line.
MERGED_NAMES_BYTES_MAX = 90_000
SettledEvent = (
    JobsOrdered | TaskFinalized | TaskFinishOrdered | InputHeld | InputReleased | ScoutsJudged | RequirementsLearned
)
#: The whole input, in thousandths: a task that wants all of it has no goal.
WHOLE_PERMILLE = 1000
PLANNING = WORKING | {TaskStatus.DEFINED}


def settle(task: Task) -> SettledEvent | None:
    """The next thing that must happen to `task` without a command."""
    if task.status in (TaskStatus.TOBROKEN, TaskStatus.ABORTING):
        if task.jobs.counted():
            return None
        broken = task.status is TaskStatus.TOBROKEN
        return _final(task, TaskVerdict.BROKEN, task.message) if broken else _final(task, TaskVerdict.ABORTED, "killed")
    if task.status is TaskStatus.FINISHING:
        return _end(task)
    if task.status not in PLANNING or not (task.contents_complete or task.grows):
        return None
    if task.grows and definition_in_force(task).rules.jobs_max:
        return None  # how many units a job has depends on all of them
    step = scouts_step(task)
    if isinstance(step, InputReleased):
        return learning_step(task) or step  # the rest is ordered with what the scouts taught
    following = step or learning_step(task) or _goal_reached(task) or _build_order(task) or _normal_order(task)
    return following or (None if task.grows or works_beside_parent(task) else _end(task))


def _goal_reached(task: Task) -> TaskFinishOrdered | None:
    """The task has what it wants: jobs that no pilot has taken are left out, those that run are awaited (T36).

    Not while input waits for its first or another attempt, or grows, nor beside a parent at work, which may add to it.
    """
    definition = task.definition
    if definition is None or not 0 < definition.goal_permille < WHOLE_PERMILLE or task.grows or task.parent_status == AT_WORK:
        return None
    if task.to_do or task.orders or task.retrying or not task.jobs.counted():
        return None
    total = len(task.units) - task.units.dropped
    if not task.finished or WHOLE_PERMILLE * task.finished < definition.goal_permille * total:
        return None
    reason = f"{task.finished} of {total} input units are done, the goal is {definition.goal_permille / 10:g} %"
    return TaskFinishOrdered(soft=True, reason=reason)


def _build_order(task: Task) -> JobsOrdered | TaskFinalized | None:
    """Sources are built once, before anything that needs them."""
    if not _needs_build(task) or not (task.to_do or task.unmerged):
        return None
    if task.orders or task.jobs.has(JobKind.BUILD):
        return None
    if task.build_failures >= BUILD_ATTEMPTS_MAX:
        return None if task.jobs else _verdict(task, f"the build failed {task.build_failures} times")
    return _order(task, JobKind.BUILD)


def _normal_order(task: Task) -> JobsOrdered | TaskFinalized | None:
    if not task.ready or _needs_build(task):
        return None
    if task.status is TaskStatus.THROTTLED or len(task.orders) >= ORDERS_OPEN_MAX or not _has_room(task) or waits_for_plan(task):
        return None
    if problem := problem_of_limit(task):
        return None if task.jobs or task.orders else _final(task, TaskVerdict.BROKEN, problem)
    portion = next_portion(task, UNITS_PER_ORDER)
    return _order(task, JobKind.NORMAL, portion, more=task.ready > len(portion.units)) if portion.units else None


def _has_room(task: Task) -> bool:
    """True when every unit of one more order may become a job; with nothing at work there always is room."""
    assert task.definition is not None
    at_work = len(task.jobs) + sum(len(order.units) for order in task.orders.values())
    # Every waiting job stands in its queue with its texts.
    jobs_max = min(JOBS_LIVE_MAX, max(UNITS_PER_ORDER, TEXTS_LIVE_BYTES_MAX // texts_bytes(task.definition)))
    return at_work == 0 or at_work + UNITS_PER_ORDER <= jobs_max


def _end(task: Task) -> JobsOrdered | TaskFinalized | None:
    if task.jobs or task.orders:
        return None
    lacking = lacking_files(task)
    if ((task.to_do and not lacking) or task.retrying) and task.ending is None:
        return None
    return _merge_order(task) if task.unmerged else _verdict(task, lacking)


def _merge_order(task: Task) -> JobsOrdered | None:
    if task.ending is Ending.KILL:
        return None
    waiting = (task.unmerged[serial].job for serial in task.jobs.awaiting_merge())
    jobs = first_part(waiting, UNITS_PER_ORDER, PART_BYTES_MAX)
    if not jobs:
        return None
    return _order(task, JobKind.MERGE, unmerged=first_part(jobs, UNITS_PER_ORDER, MERGED_NAMES_BYTES_MAX, _names_bytes))


def _verdict(task: Task, reason: str = "") -> TaskFinalized:
    """The end of a task by its counters (docs/reference/jedi.md, "Final status"); `reason` names what stood in the way."""
    dropped = task.units.dropped
    total, done = len(task.units) - dropped, task.finished
    completeness = 1000 * done // total if total else 0
    is_empty = not task.units and task.definition is not None and task.definition.allow_empty_input
    if done == total and (total or (is_empty and task.contents_complete)):
        return _final(task, *verdict_beside_parent(task))
    message = f"{task.failed} of {total} input units failed, {total - done - task.failed} were not processed"
    if dropped:
        message += f", {dropped} were dropped"
    message = f"{message}; {reason}" if reason.startswith(LACKING) else reason or message
    if not done:
        return _final(task, TaskVerdict.FAILED, message)
    definition = task.definition
    if definition and definition.fail_goal_unreached and task.ending is None and completeness < definition.goal_permille:
        return _final(task, TaskVerdict.FAILED, f"{message}; goal {definition.goal_permille / 10:g} % missed")
    return _final(task, TaskVerdict.FINISHED, message)


def verdict_beside_parent(task: Task) -> tuple[TaskVerdict, str]:
    """Verdict and sentence of a task all of whose units are done: not better than its parent, nor than input that is open."""
    if task.parent_status in ("", TaskStatus.DONE) and task.followed:
        return TaskVerdict.FINISHED, f"all input units are done, but input dataset {next(iter(task.followed))} is open"
    if task.parent_status in ("", TaskStatus.DONE):
        return TaskVerdict.DONE, ""
    state = "at work" if task.parent_status == AT_WORK else task.parent_status
    message = f"all input units are done, but parent task {task.parent_task_id} is {state}"
    lost = task.parent_status in (TaskStatus.FAILED, TaskStatus.BROKEN, TaskStatus.ABORTED)
    return (TaskVerdict.FAILED if lost else TaskVerdict.FINISHED), message


def _final(task: Task, verdict: TaskVerdict, message: str) -> TaskFinalized:
    cause = f"; last error: {task.last_error}" if task.last_error and verdict in _WITH_CAUSE else ""
    return TaskFinalized(
        verdict=verdict, message=message + cause, accounts=accounts_of(task), children=tuple(task.children)
    )


_WITH_CAUSE = frozenset({TaskVerdict.FAILED, TaskVerdict.FINISHED})


def _needs_build(task: Task) -> bool:
    assert task.definition is not None
    return task.definition.build is not None and task.library is None


def _names_bytes(job: UnmergedJob) -> int:
    return sum(len(file.lfn.encode("utf-8", "replace")) + 1 for file in job.outputs)


def _order(
    task: Task,
    kind: JobKind,
    portion: Portion = Portion((), continues=False, units_per_job=None),
    unmerged: tuple[UnmergedJob, ...] = (),
    *,
    more: bool = False,
) -> JobsOrdered:
    definition = definition_in_force(task)
    return JobsOrdered(
        order=task.last_order + 1,
        kind=kind,
        units=portion.units,
        unmerged=unmerged,
        definition=for_orders(definition),
        task_id=task.task_id,
        priority=priority_in_force(task),
        queues_used=task.queues_used,
        more=more,
        continues=portion.continues,
        units_per_job=portion.units_per_job,
        secondary=load_of(definition.secondaries, task.secondaries, portion.units) if kind is JobKind.NORMAL else None,
        owner=task.owner,
        working_group=task.working_group or "",
    )
