"""What a task says to a command: the dispatch, and the commands of users (kill, finish, retry, reload, pause ...).

Guards: one command at a time against the state as it is; only the owner or a production role commands a task.
What begins a task is in `submission.py`, the choices of the engine in `feeding.py` (refine, contents), `progress.py` (jobs) and
`outcomes.py` (their ends), which input may become jobs in `input_release.py`, what follows by itself in `settle.py`; what is too
much for one decision goes on in `kills.py` and `retries.py`, what operators change in `changes.py`.
Source: docs/reference/jedi.md, "Task commands" and "Retry and reload".
"""

import json
from dataclasses import replace
from typing import Any, assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.task.aside import restore, set_aside
from commands.task.changes import change_attribute, change_priority, change_split_rule
from commands.task.clocks import expire_input, expire_pending
from commands.task.feeding import feed_contents, refine
from commands.task.follows import ends_of_writing
from commands.task.hits import hits_of
from commands.task.input_release import drop_input, hold_input, release_input
from commands.task.kills import (
    KILL_FINISH,
    KILL_FINISH_SOFT,
    KILL_REASSIGN,
    KILL_REBROKER,
    KILL_TASK,
    kill_jobs,
    kills,
    releases,
)
from commands.task.later import cancel_scheduled, carry_out, schedule
from commands.task.learning import revert
from commands.task.model import Task
from commands.task.nucleus import assign_nucleus, nucleus_by_person, status_with_nucleus
from commands.task.outcomes import record_outcomes
from commands.task.parents import record_parent_end, register_child
from commands.task.progress import break_task, generate, park, throttle, wake
from commands.task.retries import increase_attempts, limit_of_retries, retry_units, revival
from commands.task.submission import add_names, expire, refused_unfinished, submit
from commands.task.transitions import ACTIVE, HELD, RELOADABLE, RETRIABLE, WORKING, TaskStatus
from commands.task.used_files import mark_files_used
from identity.rights import acts_for_others
from schemas.queue import AssignJobShares, HoldTask
from schemas.task import (
    AddInputNames,
    AssignNucleus,
    AssignShare,
    AvalancheForced,
    BreakTask,
    CancelScheduled,
    CarryOutScheduled,
    ChangeSplitRule,
    ChangeTaskAttribute,
    ChangeTaskPriority,
    DropInput,
    ExpireInput,
    ExpirePending,
    ExpireSubmission,
    FeedContents,
    FinishTask,
    ForceAvalanche,
    GenerateJobs,
    HoldInput,
    IncreaseAttempts,
    KillTask,
    KillTaskJobs,
    MarkFilesUsed,
    ParkTask,
    PauseTask,
    ReassignTask,
    RecordJobOutcomes,
    RecordParentEnd,
    RefineTask,
    RegisterChild,
    ReleaseInput,
    ReloadTask,
    RestoreTask,
    ResumeTask,
    RetryTask,
    RetryTaskUnits,
    RevertRequirements,
    ScheduleTaskCommand,
    SetTaskAside,
    SubmitTask,
    TaskCommand,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskPaused,
    TaskReassigned,
    TaskReloaded,
    TaskResumed,
    TaskShareAssigned,
    TaskWoken,
    ThrottleOrder,
    WakeTask,
)
from schemas.types import CommandEnvelope

#: Label of the tasks of users.
OF_USERS = "user"


def decide(task: Task, command: TaskCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `task`, and how much it touches; never look anywhere else."""
    decision = _decide(task, command, by)
    if decision.refusal is not None or (hits := hits_of(task, command)) is None:
        return decision
    return replace(decision, hits=hits)


def _decide(task: Task, command: TaskCommand, by: CommandEnvelope) -> Decision:
    if isinstance(command, SubmitTask):
        return submit(task, command, by)
    if isinstance(command, RegisterChild):
        return register_child(task, command, by)
    if isinstance(command, MarkFilesUsed):
        return mark_files_used(task, command, by)
    if task.status is TaskStatus.UNKNOWN:
        return refuse("UNKNOWN_TASK", f"no task {by.aggregate_id}")
    match command:
        case AddInputNames():
            return add_names(task, command, by)
        case ExpireSubmission():
            return expire(task, command)
        case RefineTask():
            return refine(task, command)
        case BreakTask():
            return break_task(task, command)
        case FeedContents():
            return feed_contents(task, command)
        case RecordParentEnd():
            return record_parent_end(task, command)
        case ExpireInput():
            return expire_input(task, command)
        case ExpirePending():
            return expire_pending(task, command, by)
        case GenerateJobs():
            return generate(task, command)
        case ParkTask() | ThrottleOrder():
            return park(task, command) if isinstance(command, ParkTask) else throttle(task, command)
        case AssignNucleus():
            return assign_nucleus(task, command)
        case WakeTask():
            return wake(task, command)
        case RecordJobOutcomes():
            return record_outcomes(task, command, by)
        case KillTaskJobs():
            return kill_jobs(task, command)
        case RetryTaskUnits():
            return retry_units(task, command)
        case CarryOutScheduled():
            return carry_out(task, command, by, _decide)
        case SetTaskAside():
            return set_aside(task, command)
        case RestoreTask():
            return restore(task, command)
        case _:
            pass
    match command:
        case KillTask():
            return kill(task, command)
        case FinishTask():
            return finish(task, command)
        case RetryTask():
            return retry(task, command, by)
        case ReloadTask():
            return reload(task, command)
        case ReassignTask():
            return reassign(task, command)
        case PauseTask():
            return pause(task, command)
        case ResumeTask():
            return resume(task, command)
        case IncreaseAttempts():
            return increase_attempts(task, command)
        case ChangeTaskPriority():
            return change_priority(task, command)
        case ChangeTaskAttribute():
            return change_attribute(task, command)
        case ChangeSplitRule():
            return change_split_rule(task, command)
        case ForceAvalanche():
            return force_avalanche(task, command)
        case RevertRequirements():
            return revert(task, command)
        case ReleaseInput():
            return release_input(task, command)
        case HoldInput():
            return hold_input(task, command)
        case DropInput():
            return drop_input(task, command)
        case ScheduleTaskCommand():
            return schedule(task, command, by)
        case CancelScheduled():
            return cancel_scheduled(task, command)
        case AssignShare():
            return assign_share(task, command)
        case _:
            assert_never(command)


def kill(task: Task, command: KillTask) -> Decision:
    """Order every job killed; the task ends when the last of them has."""
    if task.status not in ACTIVE | {TaskStatus.PAUSED, TaskStatus.FINISHING, TaskStatus.EXHAUSTED}:
        return _wrong_status(task, "kill")
    taken = kills(task, KILL_TASK, "task killed", merging=True)
    return accept(TaskKillOrdered(reason=command.reason), follow_ups=(*releases(task), *taken))


def finish(task: Task, command: FinishTask) -> Decision:
    """End with what there is: soft waits for jobs that pilots hold."""
    if task.status not in ACTIVE | {TaskStatus.PAUSED, TaskStatus.FINISHING, TaskStatus.EXHAUSTED}:
        return _wrong_status(task, "finish")
    code = KILL_FINISH_SOFT if command.soft else KILL_FINISH
    taken = kills(task, code, "task finished", merging=False)
    return accept(TaskFinishOrdered(soft=command.soft, reason=command.reason), follow_ups=(*releases(task), *taken))


def retry(task: Task, command: RetryTask, by: CommandEnvelope) -> Decision:
    """New attempts for failed input; with new parameters it is an incexec, which more statuses allow, and a new refinement."""
    changed = command.parameters_json is not None
    if task.status not in (RELOADABLE if changed else RETRIABLE):
        return _wrong_status(task, "incexec" if changed else "retry")
    if task.status is TaskStatus.EXHAUSTED and not changed and task.label != OF_USERS and not acts_for_others(by):
        return refuse("NOT_PERMITTED", f"an exhausted task of label {task.label} is retried by a production role")
    if not command.beyond_limits and (limit := limit_of_retries(task)):
        return refuse("RETRY_LIMIT", limit)
    if changed or not task.contents_complete:
        # Without its whole input, as after a reload that was cut short, it has to be refined first.
        return _reload(task, command.parameters_json or "{}", command.reason, retried=True)
    if not task.failed and not task.to_do and not task.unmerged:
        return refuse("NOTHING_TO_RETRY", "no input of the task is left to do")
    retried, rest = revival(task, task.attempt + 1, command.reason)
    return accept(retried, follow_ups=rest)


def reload(task: Task, command: ReloadTask) -> Decision:
    """Execute again over old and new input (incexec)."""
    if task.status is not TaskStatus.WAITING and (refused := refused_unfinished(task)) is not None:
        return refused
    if command.only_held:
        is_held = task.request_id is not None and task.status in HELD and not task.orders and not task.jobs.counted()
        if not is_held:
            return refuse("WRONG_STATUS", f"the task is in {task.status} status, expected a work's that waits for its workflow")
        return _reload(task, command.parameters_json or "{}", command.reason, retried=False, attempt=task.attempt)
    if task.status not in RELOADABLE:
        return _wrong_status(task, "incexec")
    return _reload(task, command.parameters_json or "{}", command.reason, retried=False)


def reassign(task: Task, command: ReassignTask) -> Decision:
    """Other queues, or another nucleus, from now on; by mode, waiting jobs or all jobs are taken back."""
    if task.status not in ACTIVE | {TaskStatus.EXHAUSTED} or (command.nucleus and task.definition is None):
        return _wrong_status(task, "reassign")
    if command.mode not in ("kill", "soft", "nokill"):
        return refuse("BAD_MODE", f"mode is {command.mode!r}, expected kill, soft or nokill")
    taken: tuple[FollowUp, ...] = ()
    if command.mode != "nokill":
        code = KILL_REBROKER if command.mode == "kill" else KILL_REASSIGN
        taken = kills(task, code, "task reassigned", merging=False)
    reassigned = TaskReassigned(
        site=command.site,
        cloud=command.cloud,
        mode=command.mode,
        reason=command.reason,
        nucleus=command.nucleus,
        status=status_with_nucleus(task, command),
    )
    # Its orders are made again; without this a throttled task would wait for a level that no order of it waits for.
    woken = (TaskWoken(cause="REASSIGNED"),) if task.status is TaskStatus.THROTTLED else ()
    return accept(*woken, *nucleus_by_person(task, command), reassigned, follow_ups=taken)


def pause(task: Task, command: PauseTask) -> Decision:
    """Make no jobs and give none to pilots; what runs goes on."""
    begun = task.definition is not None and task.aside_from is not TaskStatus.REREFINE
    if task.status not in WORKING or not begun or task.awaited or task.awaits_parent:
        return _wrong_status(task, "pause")
    holds = tuple(FollowUp(queue, HoldTask(task_id=task.task_id)) for queue in task.queues_used)
    return accept(TaskPaused(reason=command.reason), follow_ups=holds)


def resume(task: Task, command: ResumeTask) -> Decision:
    """Go on after a pause."""
    if task.status is not TaskStatus.PAUSED:
        return _wrong_status(task, "resume")
    if command.throttle not in (0, task.throttle):
        return refuse("MOVED_ON", f"throttle {command.throttle} is over, the task is paused for another reason")
    # What made it wait may have passed meanwhile, and no one looks at the orders of a paused task.
    # An order that was throttled is parked also where jobs of another one made the task running again.
    parked = task.old_status is not TaskStatus.PENDING and any(order.parked for order in task.orders.values())
    again = (TaskWoken(cause="RESUMED"),) if parked else ()
    return accept(TaskResumed(reason=command.reason), *again, follow_ups=releases(task))


def force_avalanche(task: Task, command: ForceAvalanche) -> Decision:
    """All input becomes jobs, also where the scouts fail later."""
    if task.status is not TaskStatus.SCOUTING:
        return _wrong_status(task, "avalanche")
    return accept(AvalancheForced(reason=command.reason))


def assign_share(task: Task, command: AssignShare) -> Decision:
    """Another global share for the jobs that wait and those made from now on, and for those at work if `running`.

    A later refinement puts the task where the tree of shares says.
    """
    if task.status not in ACTIVE | {TaskStatus.PAUSED, TaskStatus.EXHAUSTED} or task.definition is None:
        return _wrong_status(task, "reassign_global_share")
    moved = AssignJobShares(task_id=task.task_id, share=command.share, running=command.running)
    follow_ups = tuple(FollowUp(queue, moved) for queue in task.queues_used)
    if command.share == task.definition.share:
        return accept(follow_ups=follow_ups)
    assigned = TaskShareAssigned(share=command.share, running=command.running, reason=command.reason)
    return accept(assigned, follow_ups=follow_ups)


def _reload(task: Task, new_json: str, reason: str | None, *, retried: bool, attempt: int | None = None) -> Decision:
    new = _object(new_json)
    if new is None:
        return refuse("BAD_PARAMETERS", "new parameters are not a JSON object")
    if (refused := refused_unfinished(task)) is not None:
        return refused
    merged = {**(_object(task.parameters_json) or {}), **new}
    return accept(
        TaskReloaded(
            parameters_json=json.dumps(merged, separators=(",", ":")),
            parameters_revision=task.parameters_revision + 1,
            retried=retried,
            task_attempt=task.attempt + 1 if attempt is None else attempt,
            # A list whose key the new parameters have is replaced by what they say.
            lists=tuple(one for one in task.lists if one.list.partition("[")[0] not in new),
            reason=reason,
        ),
        # With the new definition it may have other outputs. Those of a task that ended are closed.
        follow_ups=ends_of_writing(task) if task.status is TaskStatus.EXHAUSTED else (),
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than any reader follows
        return None
    return value if isinstance(value, dict) else None


def _wrong_status(task: Task, command: str) -> Decision:
    return refuse("WRONG_STATUS", f"the {command} command is not accepted if the task is in {task.status} status")
