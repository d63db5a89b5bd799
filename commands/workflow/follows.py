"""What others learn of what a workflow settles by itself: works that a condition opened go on, those that none opened end. Pure.

Source: docs/reference/idds.md, "Conditions"; docs/decisions/0121.
"""

from commands.decision import FollowUp
from commands.workflow.model import Workflow
from commands.workflow.to_tasks import open_unit, to_task
from schemas.task import KillTask
from schemas.workflow import AdvanceWorkflow, ConditionEvaluated, WorkEnded, WorkflowFinalized

NOT_STARTED = "no condition started it, and its workflow ended"


def follows(workflow: Workflow, event: WorkEnded | ConditionEvaluated | WorkflowFinalized) -> tuple[FollowUp, ...]:
    """Commands that follow from `event`, which settled by itself."""
    match event:
        case ConditionEvaluated():
            opened = (workflow.works[number] for number in event.works)
            released = tuple(one for work in opened for one in open_unit(workflow, work))
            return (*released, FollowUp(str(workflow.request_id), AdvanceWorkflow())) if event.more else released
        case WorkflowFinalized():
            left = (workflow.works[number] for number in sorted(workflow.closed))
            has_task = (work for work in left if work.task_id is not None and work.task_end is None)
            return tuple(to_task(workflow, work, KillTask(reason=NOT_STARTED)) for work in has_task)
        case _:
            return ()
