"""What waits in a queue, who holds what until when, which tasks are on hold, and what the policies say."""

from projections.engine.changes import Row, RowChanges
from schemas.instants import MICROSECONDS
from schemas.policy import (
    BrokersSet,
    ClocksSet,
    OutsideFactSet,
    QueueConfigured,
    ResourceTypesSet,
    RetryRulesSet,
    SharesSet,
    SourceHeldBack,
    SourceTaken,
)
from schemas.queue import (
    DispatchConfigured,
    JobLeased,
    JobQueued,
    JobSharesAssigned,
    JobWithdrawn,
    LeaseEnded,
    LeaseProlonged,
    LeasesEnded,
    LeasesRenewed,
    TaskHeld,
    TaskReleased,
)
from schemas.reading import Recorded


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows `queue`, `held_task`, `lease` and `policy` after the event."""
    queue = record.event.aggregate_id
    match record.message:
        case QueueConfigured() | SharesSet() | RetryRulesSet() | ResourceTypesSet() | BrokersSet() | ClocksSet() as event:
            _policy(record, _document(event), changes)
        case OutsideFactSet() | SourceTaken() | SourceHeldBack() as event:
            _outside(record, event, changes)
        case DispatchConfigured() as event:
            _queue(record, {"settings": event.settings.to_avro()}, changes)
        case JobQueued() | JobWithdrawn() as event:
            _queue(record, {"waiting": event.waiting, "leased": event.leased}, changes)
        case LeaseProlonged() | JobSharesAssigned():
            _queue(record, {}, changes)
        case LeasesRenewed():
            _queue(record, {}, changes)
            _leases(record, changes)
        case JobLeased() | LeaseEnded() | LeasesEnded() as event:
            taken = {"leased_at": record.event.occurred_at} if isinstance(event, JobLeased) else {}
            _queue(record, {"waiting": event.waiting, "leased": event.leased, **taken}, changes)
            _leases(record, changes)
        case TaskHeld() as event:
            _queue(record, {}, changes)
            changes.insert("held_task", {"queue": queue, "task_id": event.task_id})
        case TaskReleased() as event:
            _queue(record, {}, changes)
            changes.delete("held_task", (queue, event.task_id))
        case _:
            pass


def _leases(record: Recorded, changes: RowChanges) -> None:
    queue = record.event.aggregate_id
    match record.message:
        case JobLeased() as event:
            changes.insert("lease", _lease(record, event))
        case LeasesRenewed() as event:
            for job_id in event.job_ids:
                changes.update("lease", (job_id, queue), {"seen_at": event.seen_at})
        case LeaseEnded() as event:
            changes.delete("lease", (event.job_id, queue))
        case LeasesEnded() as event:
            for ended in event.leases:
                changes.delete("lease", (ended.job_id, queue))
        case _:
            pass


def _lease(record: Recorded, event: JobLeased) -> Row:
    return {
        "job_id": event.job_id,
        "queue": record.event.aggregate_id,
        "lease_id": event.lease_id,
        "pilot": event.pilot,
        "node": event.node,
        "lease_seconds": event.lease_seconds,
        "leased_at": record.event.occurred_at,
        "seen_at": event.due_at - event.lease_seconds * MICROSECONDS,
    }


def _queue(record: Recorded, columns: Row, changes: RowChanges) -> None:
    envelope = record.event
    changes.ensure("queue", {"name": envelope.aggregate_id})
    news = {**columns, "modified_at": envelope.occurred_at, "sequence": envelope.sequence}
    changes.update("queue", (envelope.aggregate_id,), news)


def _document(event: QueueConfigured | SharesSet | RetryRulesSet | ResourceTypesSet | BrokersSet | ClocksSet) -> Row:
    match event:
        case BrokersSet():
            figures = [row.to_avro() for row in event.figures]
            return {"brokers": [rule.to_avro() for rule in event.rules], "figures": figures}
        case QueueConfigured():
            return event.settings.to_avro()
        case SharesSet():
            return {"shares": [share.to_avro() for share in event.shares]}
        case RetryRulesSet():
            return {"rules": [rule.to_avro() for rule in event.rules]}
        case ResourceTypesSet():
            return {"resource_types": [row.to_avro() for row in event.rows]}
        case ClocksSet():
            return {"clocks": [clock.to_avro() for clock in event.clocks]}


def _outside(record: Recorded, event: OutsideFactSet | SourceTaken | SourceHeldBack, changes: RowChanges) -> None:
    """What a source says of one thing, or the source itself; `held_back` is what was refused last, until one is taken over."""
    stated = {"vo": record.event.vo, "source_at": event.source_at}
    match event:
        case OutsideFactSet():
            fact = None if event.fact is None else event.fact.to_avro()
            _policy(record, {**stated, "source": event.source, "fact": fact}, changes)
        case SourceTaken():
            _policy(record, {**stated, "entries": event.entries, "held_back": None}, changes)
        case SourceHeldBack():
            held = {"entries_gone": event.entries_gone, "examples": list(event.examples)}
            _policy(record, {**stated, "entries": event.entries_before, "held_back": held}, changes)


def _policy(record: Recorded, document: Row, changes: RowChanges) -> None:
    envelope = record.event
    changes.insert("policy", {"name": envelope.aggregate_id, "document": document, "sequence": envelope.sequence})
