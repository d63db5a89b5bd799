"""How many pilots a queue wants and has, and the life of each."""

from projections.engine.changes import Row, RowChanges
from schemas.reading import Recorded
from schemas.worker import WorkerEnded, WorkerRunning, WorkerSubmitted, WorkersWanted


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows `worker` and `worker_demand` after the event."""
    at = record.event.occurred_at
    match record.message:
        case WorkersWanted() as event:
            _demand(record, {"wanted": event.wanted, "live": event.live, "reason": event.reason}, changes)
        case WorkerSubmitted() as event:
            _worker(record, event, {"state": "submitted", "submitted_at": at}, changes)
        case WorkerRunning() as event:
            _worker(record, event, {"state": "running", "node": event.node, "started_at": at}, changes)
        case WorkerEnded() as event:
            ended = {
                "state": event.state.lower(),
                "exit_code": event.exit_code,
                "diagnostic": event.diagnostic,
                "ended_at": at,
            }
            _worker(record, event, ended, changes)
        case _:
            pass


def _worker(
    record: Recorded, event: WorkerSubmitted | WorkerRunning | WorkerEnded, columns: Row, changes: RowChanges
) -> None:
    key = (record.event.aggregate_id, event.worker_id)
    identity = {"queue": key[0], "worker_id": key[1], "harvester_id": event.harvester_id, "state": columns["state"]}
    changes.ensure("worker", identity)
    changes.update("worker", key, {"harvester_id": event.harvester_id, **columns})
    _demand(record, {"live": event.live}, changes)


def _demand(record: Recorded, columns: Row, changes: RowChanges) -> None:
    queue = record.event.aggregate_id
    changes.ensure("worker_demand", {"queue": queue})
    changes.update("worker_demand", (queue,), {**columns, "sequence": record.event.sequence})
