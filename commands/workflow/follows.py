"""What others learn of what a workflow settles by itself: works that a condition opened go on, those that none opened end. Pure.

Source: docs/reference/idds.md, "Conditions"; docs/decisions/0121.
"""

from commands.decision import FollowUp
from commands.workflow.model import Workflow
from commands.workflow.to_tasks import linked_parameters, open_unit, to_task
from schemas.task import KillTask
from schemas.workflow import AdvanceWorkflow, ConditionEvaluated, LinkApplied, WorkEnded, WorkflowFinalized

NOT_STARTED = "no condition started it, and its workflow ended"


def follows(workflow: Workflow, event: WorkEnded | LinkApplied | ConditionEvaluated | WorkflowFinalized) -> tuple[FollowUp, ...]:
    """Commands that follow from `event`, which settled by itself."""
    match event:
        case ConditionEvaluated():
            released: tuple[FollowUp, ...] = ()
            for number in event.works:
                work = workflow.works[number]
                released = (*released, *linked_parameters(workflow, number, work), *open_unit(workflow, work))
            return (*released, FollowUp(str(workflow.request_id), AdvanceWorkflow())) if event.more else released
        case WorkflowFinalized():
            left = (workflow.works[number] for number in sorted(workflow.closed))
            has_task = (work for work in left if work.task_id is not None and work.task_end is None)
            return tuple(to_task(workflow, work, KillTask(reason=NOT_STARTED)) for work in has_task)
        case _:
            return ()
