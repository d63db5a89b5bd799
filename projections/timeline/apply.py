"""What happened to a task or a job, who wanted it and why: one row per event, in words and as JSON. Pure.

Left out are events whose Avro file says `"timeline": false`: `JobQueued`, which repeats `JobDefined`, and `LeasesRenewed`,
which are signs of life and no news.
"""

from projections.engine.changes import RowChanges
from projections.timeline.body import body_of
from schemas.reading import Recorded
from schemas.sentences import sentence_of
from schemas.subjects import is_filed, subjects_of


def apply(record: Recorded, changes: RowChanges) -> None:
    """File the event."""
    event = record.message
    if not is_filed(event.__class__):
        return
    envelope, place = record.event, record.place
    about = subjects_of(event, envelope.aggregate_id)
    changes.insert(
        "timeline",
        {
            "aggregate": record.aggregate,
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
            "summary": sentence_of(event),
            "body": body_of(event),
            "task_id": about.task_id,
            "job_id": about.job_id,
            "worker_id": about.member,
            "to_worker_id": about.worker,
        },
    )
