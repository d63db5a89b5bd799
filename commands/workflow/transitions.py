"""The table of a workflow's legal transitions, as data. Source: docs/reference/idds.md, "Ends of a request"."""

from enum import StrEnum

from schemas.types import WorkflowEnding, WorkflowOutcome
from schemas.workflow import (
    ConditionEvaluated,
    EdgesAdded,
    LinkApplied,
    NodesAdvanced,
    NodesRestarted,
    WorkEnded,
    WorkEndReported,
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


class WorkflowStatus(StrEnum):
    """Status of a workflow. unknown: none was submitted. submitting: its parts arrive. resuming: nodes wait for a retry."""

    UNKNOWN = "unknown"
    SUBMITTING = "submitting"
    TRANSFORMING = "transforming"
    SUSPENDED = "suspended"
    CLOSING = "closing"
    FINISHING = "finishing"
    CANCELLING = "cancelling"
    EXPIRING = "expiring"
    RESUMING = "resuming"
    FINISHED = "finished"
    SUBFINISHED = "subfinished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_S = WorkflowStatus
#: As the reached status: the event says which.
KEEP = WorkflowStatus.UNKNOWN
FINAL = frozenset({_S.FINISHED, _S.SUBFINISHED, _S.FAILED, _S.CANCELLED, _S.EXPIRED})
#: All that may still run is killed or finished.
STOPPING = frozenset({_S.FINISHING, _S.CANCELLING, _S.EXPIRING})
#: Nodes become ready and are released.
RELEASING = frozenset({_S.TRANSFORMING, _S.CLOSING})
AT_WORK = RELEASING | STOPPING | {_S.SUSPENDED, _S.RESUMING}
STATUS_OF_ENDING = {
    WorkflowEnding.ABORT: _S.CANCELLING,
    WorkflowEnding.CLOSE: _S.CLOSING,
    WorkflowEnding.FINISH: _S.FINISHING,
    WorkflowEnding.EXPIRE: _S.EXPIRING,
}
STATUS_OF_OUTCOME: dict[WorkflowOutcome, WorkflowStatus] = {
    outcome: WorkflowStatus(outcome.lower()) for outcome in WorkflowOutcome if outcome is not WorkflowOutcome.UNKNOWN
}
#: From which statuses which end may be ordered: one that is ordered already is replaced by a harder one only.
ENDS_FROM = {
    WorkflowEnding.CLOSE: frozenset({_S.TRANSFORMING, _S.SUSPENDED}),
    WorkflowEnding.FINISH: frozenset({_S.TRANSFORMING, _S.SUSPENDED, _S.CLOSING, _S.RESUMING}),
    WorkflowEnding.ABORT: frozenset({_S.SUBMITTING, _S.TRANSFORMING, _S.SUSPENDED, _S.CLOSING, _S.FINISHING, _S.RESUMING}),
    WorkflowEnding.EXPIRE: frozenset({_S.SUBMITTING, _S.TRANSFORMING, _S.SUSPENDED, _S.CLOSING, _S.FINISHING, _S.RESUMING}),
}

TRANSITIONS: frozenset[tuple[WorkflowStatus, type, WorkflowStatus]] = frozenset(
    {
        (_S.UNKNOWN, WorkflowSubmitted, _S.SUBMITTING),
        (_S.SUBMITTING, WorksAdded, _S.SUBMITTING),
        (_S.SUBMITTING, EdgesAdded, _S.SUBMITTING),
        (_S.SUBMITTING, WorkflowSealed, _S.TRANSFORMING),
        (_S.TRANSFORMING, WorkflowSuspended, _S.SUSPENDED),
        (_S.SUSPENDED, WorkflowResumed, _S.TRANSFORMING),
        (_S.RESUMING, NodesRestarted, _S.RESUMING),
        (_S.RESUMING, NodesRestarted, _S.TRANSFORMING),
    }
    # A work may have its task before the last part has come, and that task may end.
    | {(_S.SUBMITTING, event, _S.SUBMITTING) for event in (WorkStarted, WorkEndReported)}
    | {(found, WorkStarted, found) for found in RELEASING | {_S.SUSPENDED, _S.RESUMING}}
    | {(found, event, found) for found in AT_WORK for event in (NodesAdvanced, WorkEndReported, WorkEnded, LinkApplied)}
    # One that is stopped asks its conditions yet: what cleans up starts when works are terminated.
    | {(found, ConditionEvaluated, found) for found in STOPPING | {_S.TRANSFORMING}}
    # A job that was given up may end well after all, when its task is retried.
    | {(found, NodesAdvanced, found) for found in FINAL}
    | {
        (found, WorkflowEndOrdered, STATUS_OF_ENDING[ending])
        for ending, statuses in ENDS_FROM.items()
        for found in statuses
    }
    | {(found, WorkflowFinalized, reached) for found in AT_WORK - {_S.RESUMING} for reached in FINAL}
    | {(found, WorkflowRetried, _S.RESUMING) for found in FINAL - {_S.FINISHED}}
)
#: Events that may lead to several statuses and say to which.
_SAYS_STATUS = frozenset({WorkflowEndOrdered, WorkflowFinalized, NodesRestarted})
NEXT: dict[tuple[WorkflowStatus, type], WorkflowStatus] = {
    (found, event): KEEP if event in _SAYS_STATUS else reached for found, event, reached in TRANSITIONS
}
