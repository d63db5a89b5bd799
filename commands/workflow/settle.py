"""What follows by itself: works end, links have their values, conditions take branches, a workflow ends. Pure.

Source: docs/reference/idds.md, "Ends of a request" and "Conditions".
"""

from commands.workflow.conditions import holds
from commands.workflow.model import Workflow
from commands.workflow.transitions import AT_WORK, STOPPING, WorkflowStatus
from commands.workflow.works import Work
from schemas.types import ConditionBranch, PredicateValue, WorkEnd, WorkflowEnding, WorkflowOutcome
from schemas.workflow import ConditionEvaluated, LinkApplied, WorkEnded, WorkflowFinalized

BAD = frozenset({WorkEnd.FAILED, WorkEnd.CANCELLED, WorkEnd.SUSPENDED, WorkEnd.EXPIRED})
#: Ends of a task that say more than how many of its jobs ended well.
SAID_BY_TASK = frozenset({WorkEnd.CANCELLED, WorkEnd.SUSPENDED, WorkEnd.EXPIRED})
OF_ENDING = {WorkflowEnding.ABORT: WorkflowOutcome.CANCELLED, WorkflowEnding.EXPIRE: WorkflowOutcome.EXPIRED}
#: In which conditions take branches; what is suspended or closed starts nothing.
ASKING = STOPPING | {WorkflowStatus.TRANSFORMING}


def settle(workflow: Workflow) -> WorkEnded | LinkApplied | ConditionEvaluated | WorkflowFinalized | None:
    """The next thing that happens without a command."""
    if workflow.status not in AT_WORK or workflow.status is WorkflowStatus.RESUMING:
        return None
    for number in workflow.over:
        work = workflow.works[number]
        return WorkEnded(
            work=number, name=work.name, end=end_of(work), finished=work.finished, failed=work.failed, pruned=work.pruned
        )
    # Before conditions: what one opens gets the values of the works that ended before it.
    for number in sorted(workflow.due_links):
        link = workflow.links[number].definition
        return LinkApplied(
            link=number, link_id=link.link_id, source=link.source, target=link.target, parameters_json=link.parameters_json
        )
    if workflow.due and workflow.status in ASKING and workflow.sealed:
        return _evaluated(workflow, min(workflow.due))
    if not _all_ended(workflow):
        return None
    finished, failed, pruned = (
        sum(getattr(work, name) for work in workflow.works.values()) for name in ("finished", "failed", "pruned")
    )
    outcome = outcome_of([work.end for work in workflow.works.values()], workflow.ending)
    return WorkflowFinalized(
        outcome=outcome, message=workflow.message, finished=finished, failed=failed, pruned=pruned
    )


def _evaluated(workflow: Workflow, number: int) -> ConditionEvaluated:
    """The branch of a condition that is due, with all values that were read, and what it opens."""
    definition = workflow.conditions[number].definition
    read: list[PredicateValue] = []
    is_true = holds(definition, workflow.works, workflow.conditions, read)
    works = definition.true_works if is_true else definition.false_works
    conditions = definition.true_conditions if is_true else definition.false_conditions
    opened = tuple(sorted({one for one in works if one in workflow.closed}))
    return ConditionEvaluated(
        condition=number,
        condition_id=definition.condition_id,
        branch=ConditionBranch.TRUE if is_true else ConditionBranch.FALSE,
        holds=is_true,
        values=tuple(read),
        works=opened,
        conditions=tuple(sorted({one for one in conditions if not workflow.conditions[one].is_asked})),
        more=not workflow.slicing and any(workflow.works[one].nodes for one in opened),
    )


def _all_ended(workflow: Workflow) -> bool:
    """Whether nothing is left to happen; a work that no condition has opened is not waited for."""
    if not workflow.sealed:
        return workflow.status in STOPPING
    if workflow.deferred or (workflow.due and workflow.status is not WorkflowStatus.CLOSING):
        return False
    if workflow.ended_works == len(workflow.works) - len(workflow.closed):
        return True
    if workflow.ending is None:
        return False
    # A work without jobs that never got its task is not waited for.
    return all(
        work.end is not None or not work.is_open or (work.task_id is None and not work.nodes)
        for work in workflow.works.values()
    )


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
