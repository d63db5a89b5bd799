"""What a workflow says to a command: the dispatch. The rules stand beside it, by what they are about."""

from typing import assert_never

from commands.decision import Decision
from commands.workflow.advancing import advance, record_unit_ends, record_work_end, start_work
from commands.workflow.ending import expire, order_end, resume, retry, suspend
from commands.workflow.model import Workflow
from commands.workflow.submission import add_edges, add_works, seal, submit
from schemas.types import CommandEnvelope, WorkflowEnding
from schemas.workflow import (
    AbortWorkflow,
    AddEdges,
    AddWorks,
    AdvanceWorkflow,
    CloseWorkflow,
    ExpireWorkflow,
    FinishWorkflow,
    RecordUnitEnds,
    RecordWorkEnd,
    ResumeWorkflow,
    RetryWorkflow,
    SealWorkflow,
    StartWork,
    SubmitWorkflow,
    SuspendWorkflow,
    WorkflowCommand,
)


def decide(workflow: Workflow, command: WorkflowCommand, by: CommandEnvelope) -> Decision:  # noqa: C901 - one case a command
    """Answer `command` against `workflow`."""
    match command:
        case SubmitWorkflow():
            return submit(workflow, command, by)
        case AddWorks():
            return add_works(workflow, command)
        case AddEdges():
            return add_edges(workflow, command)
        case SealWorkflow():
            return seal(workflow, command, by)
        case StartWork():
            return start_work(workflow, command, by)
        case RecordUnitEnds():
            return record_unit_ends(workflow, command, by)
        case RecordWorkEnd():
            return record_work_end(workflow, command, by)
        case AdvanceWorkflow():
            return advance(workflow, by)
        case AbortWorkflow():
            return order_end(workflow, WorkflowEnding.ABORT, command.reason, by)
        case CloseWorkflow():
            return order_end(workflow, WorkflowEnding.CLOSE, command.reason, by)
        case FinishWorkflow():
            return order_end(workflow, WorkflowEnding.FINISH, command.reason, by)
        case ExpireWorkflow():
            return expire(workflow, command, by)
        case SuspendWorkflow():
            return suspend(workflow, command)
        case ResumeWorkflow():
            return resume(workflow, command, by)
        case RetryWorkflow():
            return retry(workflow, command, by)
        case _:
            assert_never(command)
