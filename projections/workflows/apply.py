"""Where each workflow stands: its status, its works with their tasks and ends, and the states of the jobs of its graph. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from projections.engine.changes import Key, Row, RowChanges
from projections.workflows.nodes import add_nodes, move_nodes, pages_touched
from schemas.reading import Recorded
from schemas.types import WorkflowEnding, WorkflowOutcome
from schemas.workflow import (
    ConditionEvaluated,
    NodesAdvanced,
    NodesRestarted,
    WorkEnded,
    WorkflowEndOrdered,
    WorkflowFinalized,
    WorkflowResumed,
    WorkflowRetried,
    WorkflowSealed,
    WorkflowSubmitted,
    WorkflowSuspended,
    WorksAdded,
    WorkStarted,
)

#: Status of the workflow while an end is ordered (commands/workflow/transitions.py).
ENDING = {
    WorkflowEnding.ABORT: "cancelling",
    WorkflowEnding.CLOSE: "closing",
    WorkflowEnding.FINISH: "finishing",
    WorkflowEnding.EXPIRE: "expiring",
}
SAID = (
    "name", "user_name", "nickname", "internal_id", "request_type", "scope", "requester", "transform_tag", "priority", "campaign",
    "campaign_scope", "campaign_group", "campaign_tag", "cloud", "site", "queue", "digest", "lifetime_seconds", "works", "nodes",
    "edges",
)  # fmt: skip


def reads(record: Recorded) -> Iterator[tuple[str, Key]]:
    """The rows that `apply` will ask about."""
    request_id = int(record.event.aggregate_id)
    if isinstance(record.message, WorksAdded | NodesAdvanced | NodesRestarted | WorkEnded | ConditionEvaluated):
        yield "workflow", (request_id,)
    for page in pages_touched(record.message):
        yield "workflow_nodes", (request_id, page)


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows of the workflow after the event."""
    request_id, envelope, event = int(record.event.aggregate_id), record.event, record.message
    if isinstance(event, WorkflowSubmitted):
        changes.insert("workflow", _new_workflow(record, event))
        return
    columns = _columns(record, request_id, changes)
    changes.update(
        "workflow", (request_id,), {**columns, "modified_at": envelope.occurred_at, "sequence": envelope.sequence}
    )
    match event:
        case WorksAdded():
            _new_works(record, event, request_id, changes)
            add_nodes(request_id, event, changes)
        case WorkStarted():
            started = {"task_id": event.task_id, "started_at": envelope.occurred_at, "modified_at": envelope.occurred_at}
            changes.update("workflow_work", (request_id, event.work), started)
        case NodesAdvanced() | NodesRestarted():
            for work in move_nodes(request_id, event, _bounds(request_id, changes), changes):
                changes.update("workflow_work", (request_id, work), {"modified_at": envelope.occurred_at})
        case ConditionEvaluated():
            row = changes.known("workflow", (request_id,))
            opened = {"opened_attempt": 0 if row is None else row["attempt"], "modified_at": envelope.occurred_at}
            for work in event.works:
                changes.update("workflow_work", (request_id, work), opened)
        case WorkEnded():
            row = changes.known("workflow", (request_id,))
            ended = {
                "ended": event.end.lower(),
                "ended_attempt": 0 if row is None else row["attempt"],
                "ended_at": envelope.occurred_at,
                "modified_at": envelope.occurred_at,
            }
            changes.update("workflow_work", (request_id, event.work), ended)
        case _:
            pass


def _new_workflow(record: Recorded, event: WorkflowSubmitted) -> Row:
    envelope = record.event
    return {
        "request_id": int(envelope.aggregate_id),
        **{name: getattr(event, name) for name in SAID},
        "vo": envelope.vo,
        "owner": envelope.actor,
        "status": "submitting",
        "created_at": envelope.occurred_at,
        "modified_at": envelope.occurred_at,
        "sequence": envelope.sequence,
    }


def _columns(record: Recorded, request_id: int, changes: RowChanges) -> dict[str, Any]:
    """What an event says of the workflow as a whole."""
    match record.message:
        case WorksAdded() as event:
            bounds = list(_bounds(request_id, changes))
            for one in event.works:
                bounds.append(bounds[-1] + one.nodes)
            return {"bounds": bounds} if event.works else {}
        case WorkflowSealed():
            return {"status": "transforming", "attempt": 1}
        case WorkflowSuspended():
            return {"status": "suspended"}
        case WorkflowResumed():
            return {"status": "transforming"}
        case WorkflowEndOrdered() as event:
            return {"status": ENDING.get(event.ending, "cancelling"), "message": event.reason or ""}
        case WorkflowRetried() as event:
            return {"status": "resuming", "attempt": event.attempt, "message": "", "ended_at": None}
        case NodesRestarted() as event:
            row = changes.known("workflow", (request_id,))
            is_through = not event.more and row is not None and row["status"] == "resuming"
            return {"status": "transforming"} if is_through else {}
        case WorkflowFinalized() as event:
            status = "failed" if event.outcome is WorkflowOutcome.UNKNOWN else event.outcome.lower()
            return {"status": status, "message": event.message, "ended_at": record.event.occurred_at}
        case _:
            return {}


def _bounds(request_id: int, changes: RowChanges) -> Sequence[int]:
    row = changes.known("workflow", (request_id,))
    return (0,) if row is None else row["bounds"]


def _new_works(record: Recorded, event: WorksAdded, request_id: int, changes: RowChanges) -> None:
    """Rows of the works that came; the bounds of the workflow have them already."""
    bounds = _bounds(request_id, changes)
    first = len(bounds) - 1 - len(event.works)
    for place, one in enumerate(event.works):
        row = {
            "request_id": request_id,
            "work": event.first_work + place,
            "internal_id": one.internal_id,
            "name": one.name,
            "work_type": one.work_type,
            "dataset": one.dataset,
            "first_node": bounds[first + place] if first >= 0 else 0,
            "nodes": one.nodes,
            "waits": one.waits,
            "created_at": record.event.occurred_at,
            "modified_at": record.event.occurred_at,
        }
        changes.insert("workflow_work", row)
