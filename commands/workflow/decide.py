"""What a workflow says to a command."""

from commands.decision import Decision, refuse
from commands.workflow.model import Workflow
from schemas.types import CommandEnvelope
from schemas.workflow import WorkflowCommand


def decide(workflow: Workflow, command: WorkflowCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `workflow`."""
    return refuse("NOT_SERVED", "workflows are not served yet")
