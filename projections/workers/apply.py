"""How many pilots a queue wants and has, who starts them, and the life of each."""

from typing import assert_never

from projections.engine.changes import Row, RowChanges
from schemas.reading import Recorded
from schemas.sentences import sentence_of
from schemas.worker import (
    QueueHealthy,
    QueueUnhealthy,
    ServiceClaimed,
    WorkerAsked,
    WorkerCancelOrdered,
    WorkerEnded,
    WorkerEndReported,
    WorkerHeld,
    WorkerIntended,
    WorkerPending,
    WorkerRunning,
    WorkersHeldBack,
    WorkersReconciled,
    WorkerSubmitted,
    WorkersWanted,
)

OfQueue = WorkersWanted | WorkersHeldBack | WorkersReconciled | QueueUnhealthy | QueueHealthy
Reported = WorkerSubmitted | WorkerPending | WorkerHeld | WorkerRunning | WorkerEnded
INTENT = ("tag", "epoch", "class_name", "cores", "memory_mb", "disk_mb", "walltime_seconds", "job_id", "submit_by")


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows `worker`, `worker_demand` and `worker_service` after the event."""
    at = record.event.occurred_at
    match record.message:
        case WorkersWanted() | WorkersHeldBack() | WorkersReconciled() | QueueUnhealthy() | QueueHealthy() as event:
            _demand(record, _of_queue(event), changes)
        case WorkerAsked() as event:
            changes.update("worker", (record.event.aggregate_id, event.worker_id), {"asked_at": at})
            _demand(record, {}, changes)
        case ServiceClaimed() as event:
            _service(record, event, changes)
        case WorkerIntended() as event:
            _intended(record, event, changes)
        case WorkerSubmitted() as event:
            place = {"submitted_at": at, "batch_id": event.batch_id or None, "submit_host": event.submit_host or None}
            _worker(record, event, {"state": event.state.lower(), **place}, changes)
        case WorkerPending() as event:
            _worker(record, event, {"state": "pending", "reason": None}, changes)
        case WorkerHeld() as event:
            _worker(record, event, {"state": "held", "reason": event.reason}, changes)
        case WorkerRunning() as event:
            _worker(record, event, {"state": "running", "node": event.node, "started_at": at, "reason": None}, changes)
        case WorkerEnded() as event:
            _worker(record, event, _end(event) | {"ended_at": at}, changes)
        case WorkerEndReported() as event:
            evidence = {"native_state": event.native_state, "reason": event.reason or None, "signal": event.signal}
            changes.update("worker", (record.event.aggregate_id, event.worker_id), evidence)
            _demand(record, {}, changes)
        case WorkerCancelOrdered() as event:
            key = (record.event.aggregate_id, event.worker_id)
            changes.update("worker", key, {"cancel_ordered": True, "cancel_why": event.why})
            _demand(record, {}, changes)
        case _:
            pass


def _of_queue(event: OfQueue) -> Row:
    """What an event about all workers of a queue changes in the row of the queue."""
    match event:
        case WorkersWanted():
            classes = [one.to_avro() for one in event.classes]
            return {"wanted": event.wanted, "live": event.live, "reason": event.reason, "classes": classes, "held_back": ""}
        case WorkersHeldBack():
            return {"live": event.live, "held_back": sentence_of(event)}
        case QueueUnhealthy():
            return {"unhealthy": sentence_of(event), "probe_at": event.probe_at}
        case QueueHealthy():
            return {"unhealthy": "", "probe_at": None}
        case WorkersReconciled():
            return {}
        case _:
            assert_never(event)


def _end(event: WorkerEnded) -> Row:
    return {
        "state": event.state.lower(),
        "exit_code": event.exit_code,
        "diagnostic": event.diagnostic,
        "native_state": event.native_state or None,
        "reason": event.reason or None,
        "signal": event.signal,
        "fingerprint": event.fingerprint or None,
    }


def _intended(record: Recorded, event: WorkerIntended, changes: RowChanges) -> None:
    row = {
        "queue": record.event.aggregate_id,
        "worker_id": event.worker_id,
        "harvester_id": event.harvester_id,
        "state": "intended",
        "vo": record.event.vo,
        "is_foreign": False,
        "mode": event.mode.lower(),
        "intended_at": record.event.occurred_at,
        **{name: getattr(event, name) for name in INTENT},
    }
    changes.insert("worker", row)
    _demand(record, {"live": event.live}, changes)


def _worker(record: Recorded, event: Reported, columns: Row, changes: RowChanges) -> None:
    key = (record.event.aggregate_id, event.worker_id)
    identity = {
        "queue": key[0],
        "worker_id": key[1],
        "harvester_id": event.harvester_id,
        "state": columns["state"],
        "vo": record.event.vo,
    }
    changes.ensure("worker", identity)
    changes.update("worker", key, {"harvester_id": event.harvester_id, **columns})
    _demand(record, {"live": event.live}, changes)


def _service(record: Recorded, event: ServiceClaimed, changes: RowChanges) -> None:
    queue = record.event.aggregate_id
    row = {
        "epoch": event.epoch,
        "harvester_id": event.harvester_id,
        "instance": event.instance,
        "until": event.until,
        "vo": record.event.vo,
    }
    changes.ensure("worker_service", {"queue": queue, **row})
    changes.update("worker_service", (queue,), row)
    _demand(record, {}, changes)


def _demand(record: Recorded, columns: Row, changes: RowChanges) -> None:
    queue = record.event.aggregate_id
    changes.ensure("worker_demand", {"queue": queue})
    changes.update("worker_demand", (queue,), {**columns, "sequence": record.event.sequence})
