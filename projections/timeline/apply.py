"""What happened to a task or a job, who wanted it and why: one row per event, in words and as JSON. Pure.

Left out: `JobQueued`, which repeats `JobActivated`, and `LeasesRenewed`, which are signs of life and no news.
"""

from typing import Any

from projections.engine.changes import RowChanges
from projections.timeline.body import body_of
from projections.timeline.sentences import sentence
from schemas.ids import task_id_of
from schemas.queue import JobQueued, LeasesRenewed
from schemas.reading import Recorded


def apply(record: Recorded, changes: RowChanges) -> None:
    """File the event."""
    event = record.message
    if isinstance(event, JobQueued | LeasesRenewed):
        return
    envelope, place = record.event, record.place
    aggregate = record.aggregate
    task_id, job_id = _whom(aggregate, envelope.aggregate_id, event)
    changes.insert(
        "timeline",
        {
            "aggregate": aggregate,
            "aggregate_id": envelope.aggregate_id,
            "sequence": envelope.sequence,
            "at": envelope.occurred_at,
            "event_type": type(event).__name__,
            "actor": envelope.actor,
            "role": envelope.role,
            "vo": envelope.vo,
            "event_id": envelope.event_id,
            "command_id": envelope.command_id,
            "command_type": envelope.command_type,
            "causation_id": envelope.causation_id,
            "correlation_id": envelope.correlation_id,
            "topic": place.topic,
            "partition": place.partition,
            "log_offset": place.offset,
            "summary": sentence(event),
            "body": body_of(event),
            "task_id": task_id,
            "job_id": job_id,
            "worker_id": getattr(event, "worker_id", None) if aggregate == "worker" else None,
        },
    )


def _whom(aggregate: str, aggregate_id: str, event: Any) -> tuple[int | None, int | None]:
    """Task and job that the event is about; lease events are about a job, too."""
    match aggregate:
        case "task":
            return int(aggregate_id), None
        case "job":
            job_id = int(aggregate_id)
            return task_id_of(job_id), job_id
        case _:
            job = getattr(event, "job_id", None)
            if isinstance(job, int):
                return task_id_of(job), job
            task = getattr(event, "task_id", None)
            return (task if isinstance(task, int) else None), None
