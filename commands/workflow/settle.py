"""What follows by itself: a work ends with its nodes and its task, a workflow with its works. Pure.

Source: docs/reference/idds.md, "Ends of a request".
"""

from commands.workflow.model import Work, Workflow
from commands.workflow.transitions import AT_WORK, STOPPING, WorkflowStatus
from schemas.types import WorkEnd, WorkflowEnding, WorkflowOutcome
from schemas.workflow import WorkEnded, WorkflowFinalized

BAD = frozenset({WorkEnd.FAILED, WorkEnd.CANCELLED, WorkEnd.SUSPENDED, WorkEnd.EXPIRED})
#: Ends of a task that say more than how many of its jobs ended well.
SAID_BY_TASK = frozenset({WorkEnd.CANCELLED, WorkEnd.SUSPENDED, WorkEnd.EXPIRED})
OF_ENDING = {WorkflowEnding.ABORT: WorkflowOutcome.CANCELLED, WorkflowEnding.EXPIRE: WorkflowOutcome.EXPIRED}


def settle(workflow: Workflow) -> WorkEnded | WorkflowFinalized | None:
    """The next thing that happens without a command."""
    if workflow.status not in AT_WORK or workflow.status is WorkflowStatus.RESUMING:
        return None
    for number in workflow.over:
        work = workflow.works[number]
        return WorkEnded(
            work=number, name=work.name, end=end_of(work), finished=work.finished, failed=work.failed, pruned=work.pruned
        )
    if not _all_ended(workflow):
        return None
    finished, failed, pruned = (
        sum(getattr(work, name) for work in workflow.works.values()) for name in ("finished", "failed", "pruned")
    )
    outcome = outcome_of([work.end for work in workflow.works.values()], workflow.ending)
    return WorkflowFinalized(
        outcome=outcome, message=workflow.message, finished=finished, failed=failed, pruned=pruned
    )


def _all_ended(workflow: Workflow) -> bool:
    if not workflow.sealed:
        return workflow.status in STOPPING
    if workflow.deferred:
        return False
    if workflow.ended_works == len(workflow.works):
        return True
    if workflow.ending is None:
        return False
    # A work without jobs that never got its task is not waited for.
    return all(work.end is not None or (work.task_id is None and not work.nodes) for work in workflow.works.values())


def end_of(work: Work) -> WorkEnd:
    """How a work ended: by its jobs, unless its task was ended from outside; one without jobs as its task did."""
    if work.task_end is not None and (not work.nodes or (work.task_end in SAID_BY_TASK and work.finished < work.nodes)):
        return work.task_end
    if work.finished == work.nodes:
        return WorkEnd.FINISHED
    return WorkEnd.SUBFINISHED if work.finished else WorkEnd.FAILED


def outcome_of(ends: list[WorkEnd | None], ending: WorkflowEnding | None) -> WorkflowOutcome:
    """How a workflow ended by its works, None for one that never started. What was cancelled ends so, unless all is well."""
    ended = {end for end in ends if end is not None}
    all_well = ended == {WorkEnd.FINISHED}
    if all_well and None not in ends:
        return WorkflowOutcome.FINISHED
    if ending in OF_ENDING:
        return OF_ENDING[ending]
    if ended <= BAD:
        return WorkflowOutcome.FAILED
    return WorkflowOutcome.SUBFINISHED
