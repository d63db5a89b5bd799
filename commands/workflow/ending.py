"""Commands about a whole workflow: its end, its rest, and another attempt. Pure.

Guards: an end is replaced by a harder one only; a retry runs what did not end well, and nothing twice; a clock is due by the
times of the log. Source: docs/reference/idds.md, "Ends of a request".
"""

from typing import assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.workflow.model import Workflow
from commands.workflow.submission import not_accepted
from commands.workflow.to_tasks import another_slice, run_again, to_tasks_at_work
from commands.workflow.transitions import AT_WORK, ENDS_FROM, FINAL, STATUS_OF_ENDING, WorkflowStatus
from schemas.instants import HOUR, MICROSECONDS
from schemas.task import FinishTask, KillTask, PauseTask, ResumeTask
from schemas.types import CommandEnvelope, WorkEnd, WorkflowClock, WorkflowEnding
from schemas.workflow import (
    AdvanceWorkflow,
    ExpireWorkflow,
    ResumeWorkflow,
    RetryWorkflow,
    SuspendWorkflow,
    WorkflowEndOrdered,
    WorkflowResumed,
    WorkflowRetried,
    WorkflowSuspended,
)

#: All parts of a workflow must have come by then.
SUBMISSION_MICROS = HOUR


def order_end(workflow: Workflow, ending: WorkflowEnding, reason: str | None, by: CommandEnvelope) -> Decision:
    """The workflow comes to its end; one that has ended, or ends so already, stays as it is.

    A second abort ends what conditions started after the first.
    """
    if workflow.status in FINAL or workflow.status is STATUS_OF_ENDING[ending]:
        late = workflow.status is WorkflowStatus.CANCELLING and any(work.after_stop for work in workflow.works.values())
        return accept(follow_ups=to_tasks_at_work(workflow, KillTask(reason=reason)) if late else ())
    if workflow.status not in ENDS_FROM[ending]:
        return not_accepted(workflow, ending.lower())
    match ending:
        case WorkflowEnding.ABORT | WorkflowEnding.EXPIRE:
            told = to_tasks_at_work(workflow, KillTask(reason=reason))
        case WorkflowEnding.FINISH:
            told = to_tasks_at_work(workflow, FinishTask(reason=reason))
        case WorkflowEnding.CLOSE:
            told = to_tasks_at_work(workflow, ResumeTask(reason=reason)) if workflow.status is WorkflowStatus.SUSPENDED else ()
        case WorkflowEnding.UNKNOWN:
            told = ()
        case _:
            assert_never(ending)
    rest = another_slice(workflow, by.aggregate_id) if workflow.sealed else ()
    return accept(WorkflowEndOrdered(ending=ending, reason=reason), follow_ups=(*told, *rest))


def suspend(workflow: Workflow, command: SuspendWorkflow) -> Decision:
    """Nothing is released until it is resumed; what ends meanwhile is counted."""
    if workflow.status is WorkflowStatus.SUSPENDED:
        return accept()
    if workflow.status is not WorkflowStatus.TRANSFORMING:
        return not_accepted(workflow, "suspend")
    paused = to_tasks_at_work(workflow, PauseTask(reason=command.reason))
    return accept(WorkflowSuspended(reason=command.reason), follow_ups=paused)


def resume(workflow: Workflow, command: ResumeWorkflow, by: CommandEnvelope) -> Decision:
    """What became ready meanwhile is released."""
    if workflow.status is WorkflowStatus.TRANSFORMING:
        return accept()
    if workflow.status is not WorkflowStatus.SUSPENDED:
        return not_accepted(workflow, "resume")
    resumed = to_tasks_at_work(workflow, ResumeTask(reason=command.reason))
    return accept(
        WorkflowResumed(reason=command.reason), follow_ups=(*resumed, *another_slice(workflow, by.aggregate_id))
    )


def retry(workflow: Workflow, command: RetryWorkflow, by: CommandEnvelope) -> Decision:
    """What did not end well waits again; a workflow at work, or one that finished, has nothing to run again."""
    if workflow.status in AT_WORK:
        return accept()
    if workflow.status not in FINAL - {WorkflowStatus.FINISHED} or not workflow.sealed:
        return not_accepted(workflow, "retry")
    not_well = (work for work in workflow.works.values() if work.end is not WorkEnd.FINISHED)
    told = [one for work in not_well for one in run_again(workflow, work)]
    retried = WorkflowRetried(
        attempt=workflow.attempt + 1,
        reason=command.reason,
        lifetime_seconds=workflow.lifetime_seconds,
        pending_seconds=workflow.pending_seconds,
    )
    return accept(retried, follow_ups=(*told, FollowUp(by.aggregate_id, AdvanceWorkflow())))


def expire(workflow: Workflow, command: ExpireWorkflow, by: CommandEnvelope) -> Decision:
    """A clock is due, by the times of the log."""
    due = due_at(workflow, command.clock)
    if due is None:
        return refuse("NO_CLOCK", f"the workflow is in {workflow.status} status and has no clock {command.clock}")
    if by.issued_at < due:
        return refuse("TOO_EARLY", f"the clock {command.clock} is due in {(due - by.issued_at) / MICROSECONDS:.1f} s")
    return order_end(workflow, WorkflowEnding.EXPIRE, f"its clock {command.clock} is due", by)


def due_at(workflow: Workflow, clock: WorkflowClock) -> int | None:
    """When a clock is due, microseconds since 1970; None for one that does not run."""
    if workflow.status not in AT_WORK | {WorkflowStatus.SUBMITTING}:
        return None
    match clock:
        case WorkflowClock.SUBMISSION:
            return workflow.submitted_at + SUBMISSION_MICROS if workflow.status is WorkflowStatus.SUBMITTING else None
        case WorkflowClock.LIFETIME:
            seconds, since = workflow.lifetime_seconds, workflow.submitted_at
        case WorkflowClock.PENDING:
            seconds, since = workflow.pending_seconds, workflow.changed_at
        case WorkflowClock.UNKNOWN:
            return None
        case _:
            assert_never(clock)
    return None if seconds is None else since + seconds * MICROSECONDS
