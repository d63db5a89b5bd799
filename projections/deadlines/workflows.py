"""When a workflow becomes due: its parts do not come, it lasts too long, nothing happened in it for too long.

Times count as the aggregate counts them (`commands/workflow/ending.py::due_at`): a retry begins all of them again. After an
order to abort or to expire none runs any more.
"""

from typing import assert_never

from projections.engine.changes import Row, RowChanges
from schemas.instants import HOUR, MICROSECONDS
from schemas.reading import Recorded
from schemas.types import WorkflowClock, WorkflowEnding
from schemas.workflow import (
    ConditionEvaluated,
    EdgesAdded,
    LinkApplied,
    NodesAdvanced,
    NodesRestarted,
    WorkEnded,
    WorkEndReported,
    WorkflowEndOrdered,
    WorkflowEvent,
    WorkflowFinalized,
    WorkflowResumed,
    WorkflowRetried,
    WorkflowSealed,
    WorkflowSubmitted,
    WorkflowSuspended,
    WorksAdded,
    WorkStarted,
)

#: Kind of the rows; their key is the clock.
KIND = "workflow"
SUBMISSION, LIFETIME, PENDING = WorkflowClock.SUBMISSION, WorkflowClock.LIFETIME, WorkflowClock.PENDING
#: In it all parts must come.
SUBMISSION_MICROS = HOUR


def apply_workflow(record: Recorded, event: WorkflowEvent, changes: RowChanges) -> None:
    """Rows `deadline` of a workflow after one of its events."""
    match event:
        case WorkflowSubmitted():
            _set(record, SUBMISSION, SUBMISSION_MICROS, changes)
            _begin(record, event, changes)
        case WorkflowRetried():
            _begin(record, event, changes)
        case WorkflowFinalized():
            _drop(record, changes, SUBMISSION, LIFETIME, PENDING)
        case WorkflowEndOrdered() if event.ending in (WorkflowEnding.ABORT, WorkflowEnding.EXPIRE):
            _drop(record, changes, SUBMISSION, LIFETIME, PENDING)
        case WorkflowSealed():
            _drop(record, changes, SUBMISSION)
            _happened(record, changes)
        case (
            WorksAdded() | EdgesAdded() | WorkStarted() | NodesAdvanced() | NodesRestarted() | WorkEndReported() | WorkEnded()
            | WorkflowSuspended() | WorkflowResumed() | WorkflowEndOrdered() | ConditionEvaluated() | LinkApplied()
        ):  # fmt: skip
            _happened(record, changes)
        case _:
            assert_never(event)


def _begin(record: Recorded, event: WorkflowSubmitted | WorkflowRetried, changes: RowChanges) -> None:
    for clock, seconds in ((LIFETIME, event.lifetime_seconds), (PENDING, event.pending_seconds)):
        if seconds is not None:
            _set(record, clock, seconds * MICROSECONDS, changes)


def _happened(record: Recorded, changes: RowChanges) -> None:
    """The time in which nothing happens begins again, where it is limited."""
    again = {"counted_from": record.event.occurred_at, "sequence": record.event.sequence}
    changes.update("deadline", (KIND, KIND, record.event.aggregate_id, PENDING.value), again)


def _set(record: Recorded, clock: WorkflowClock, length_micros: int, changes: RowChanges) -> None:
    envelope = record.event
    row: Row = {
        "kind": KIND,
        "aggregate": KIND,
        "aggregate_id": envelope.aggregate_id,
        "key": clock.value,
        "counted_from": envelope.occurred_at,
        "length_micros": length_micros,
        "sequence": envelope.sequence,
        "detail": {"vo": envelope.vo},
    }
    changes.insert("deadline", row)


def _drop(record: Recorded, changes: RowChanges, *clocks: WorkflowClock) -> None:
    for clock in clocks:
        changes.delete("deadline", (KIND, KIND, record.event.aggregate_id, clock.value))
