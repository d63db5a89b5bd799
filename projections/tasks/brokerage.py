"""Why which queue: rows of brokerage decisions, and of the orders that rest on them. Pure."""

from projections.engine.changes import RowChanges
from schemas.reading import Recorded
from schemas.task import BrokerageDecided
from schemas.types import BrokerageEvidence


def decided_rows(record: Recorded, event: BrokerageDecided, changes: RowChanges) -> None:
    """Rows of a decision that is an event of its own."""
    envelope = record.event
    changes.insert(
        "brokerage_decision",
        {
            "task_id": int(envelope.aggregate_id),
            "decision": envelope.event_id,
            "sequence": envelope.sequence,
            "ram_mb": event.ram_mb,
            "at": envelope.occurred_at,
        },
    )
    taken = any(verdict.taken for verdict in event.brokerage.verdicts)
    _verdict_rows(record, event.order, event.brokerage, parked=not taken, changes=changes)


def order_rows(record: Recorded, order: int, evidence: BrokerageEvidence, *, parked: bool, changes: RowChanges) -> None:
    """Rows of the answer to an order: which decisions it cites, or its own verdicts where they stand in it."""
    envelope = record.event
    for place, one in enumerate(evidence.cited):
        changes.insert(
            "brokerage_citation",
            {
                "task_id": int(envelope.aggregate_id),
                "sequence": envelope.sequence,
                "place": place,
                "order_number": order,
                "at": envelope.occurred_at,
                "decided_for": one.task_id or int(envelope.aggregate_id),
                "decision": one.decision,
                "seed": evidence.seed,
                "waiting": {row.queue: row.waiting for row in one.waiting},
                "parked": parked,
            },
        )
    _verdict_rows(record, order, evidence, parked=parked, changes=changes)


def _verdict_rows(record: Recorded, order: int, evidence: BrokerageEvidence, *, parked: bool, changes: RowChanges) -> None:
    envelope = record.event
    for place, verdict in enumerate(evidence.verdicts):
        changes.insert(
            "brokerage",
            {
                "task_id": int(envelope.aggregate_id),
                "sequence": envelope.sequence,
                "place": place,
                "order_number": order,
                "at": envelope.occurred_at,
                "queue": verdict.queue,
                "taken": verdict.taken,
                "code": verdict.code,
                "weight": verdict.weight,
                "message": verdict.message,
                "change": verdict.change,
                "parked": parked,
            },
        )
