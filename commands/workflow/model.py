"""A workflow: its works, and the graph of their jobs as numbers. The key is the request id."""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.workflow import WorkflowCommand, WorkflowEvent, WorkflowSubmitted


@dataclass(slots=True)
class Workflow:
    """A request to iDDS; `owner` and `vo` are empty before it was submitted."""

    owner: str = ""
    vo: str = ""


def initial() -> Workflow:
    """Nothing was submitted."""
    return Workflow()


def evolve(workflow: Workflow, event: WorkflowEvent, envelope: EventEnvelope) -> Workflow:
    """`workflow` after `event`."""
    match event:
        case WorkflowSubmitted():
            workflow.owner, workflow.vo = envelope.actor, envelope.vo
        case _:
            pass
    return workflow


def is_closed(workflow: Workflow) -> bool:
    """True when the state may leave memory."""
    return True


def belongs(workflow: Workflow, command: WorkflowCommand, by: CommandEnvelope) -> Thing:
    """A workflow is of the one who submitted it."""
    return Thing(f"workflow {by.aggregate_id}", workflow.vo, workflow.owner)
