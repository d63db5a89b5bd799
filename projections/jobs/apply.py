"""Where each job is, who holds it, how it ended; and what it is, from the event by which it came to its queue. Pure.

The two rows of a job come from two aggregates and are joined by the view, so their order does not matter. An event of a queue
makes a row that no other event touches.
"""

from collections.abc import Iterable
from typing import Any

from projections.engine.changes import Row, RowChanges
from schemas.job import (
    JobActivated,
    JobCancelled,
    JobClosed,
    JobDefined,
    JobFailed,
    JobFinished,
    JobHolding,
    JobKillOrdered,
    JobLost,
    JobMerging,
    JobReturned,
    JobSent,
    JobStarted,
    JobStarting,
    JobTransferring,
)
from schemas.queue import JobQueued
from schemas.reading import Recorded
from schemas.types import JobError, JobSpec, OutputFile

#: Characters of an error's source that are kept.
SOURCE_MAX = 50


def apply(record: Recorded, changes: RowChanges) -> None:
    """Row `job` after an event of a job; row `job_spec` after a job was queued."""
    envelope = record.event
    if record.aggregate == "queue":
        _queued(record.message, changes)
        return
    always = {"modified_at": envelope.occurred_at, "sequence": envelope.sequence}
    match record.message:
        case JobDefined() as event:
            at = envelope.occurred_at
            changes.insert("job", {**_new_job(event.spec), "created_at": at, "activated_at": at, **always})
        case JobSent() as event:
            sent = {**_sent(event), "sent_at": envelope.occurred_at, "holder": envelope.actor}
            changes.update("job", (int(envelope.aggregate_id),), {**sent, **always})
        case _:
            columns = _columns(record.message, envelope.occurred_at)
            changes.update("job", (int(envelope.aggregate_id),), {**columns, **always})


def _sent(event: JobSent) -> Row:
    """The lease, but for its time and who leased, which the envelope says."""
    return {
        "status": "sent",
        "lease_id": event.lease_id,
        "queue": event.queue,
        "pilot": event.pilot,
        "node": event.node,
        "harvester_id": event.harvester_id or None,
        "worker_id": event.worker_id or None,
    }


def _queued(event: Any, changes: RowChanges) -> None:
    match event:
        case JobQueued():
            changes.ensure("job_spec", {"job_id": event.spec.job_id, "spec": event.spec.to_avro()})
        case _:
            pass


def _new_job(spec: JobSpec) -> Row:
    return {
        "job_id": spec.job_id,
        "task_id": spec.task_id,
        "attempt": spec.attempt,
        "serial": spec.serial,
        "kind": spec.kind.value,
        "name": spec.name,
        "queue": spec.queue,
        "status": "activated",
        "priority": spec.priority,
        "vo": spec.vo,
        "owner": spec.owner,
        "user_name": spec.user_name,
        "label": spec.label,
        "processing_type": spec.processing_type,
        "share": spec.share,
        "resource_type": spec.resource_type,
        "core_count": spec.core_count,
        "ram_mb_min": spec.ram_mb_min,
    }


def _columns(event: Any, at: int) -> Row:
    """What an event after the first changes."""
    match event:
        case JobActivated():
            return {"status": "activated", "queue": event.queue, "activated_at": at}
        case JobReturned():
            return {"status": "activated", "activated_at": at}
        case JobStarting():
            return {"status": "starting", **_whereabouts(event)}
        case JobStarted():
            return {"status": "running", **_whereabouts(event), "started_at": event.started_at or at}
        case JobHolding():
            return {"status": "holding", "sub_status": event.sub_status}
        case JobTransferring():
            return {"status": "transferring", "sub_status": event.sub_status}
        case JobKillOrdered():
            return {"order_kill": True, "kill_code": event.code} | _known(sub_status=event.sub_status)
        case _:
            return _end(event, at)


def _end(event: Any, at: int) -> Row:
    match event:
        case JobMerging():
            return {"status": "merging", **_report(event), **_known(ended_at=event.ended_at)}
        case JobFinished():
            done = {"status": "finished", "ended_at": event.ended_at or at, **_report(event)}
            return done | _known(merge_job_id=event.merge_job_id)
        case JobFailed():
            failed = {"status": "failed", "ended_at": event.ended_at or at, "errors": _errors(event.errors)}
            return failed | _report(event) | _known(log_extract=event.log_extract)
        case JobLost():
            return {"status": "failed", "ended_at": at, "errors": _errors(event.errors)}
        case JobCancelled():
            killed = {"status": "cancelled", "ended_at": at, "kill_code": event.code, "errors": _errors(event.errors)}
            return killed | _outputs(event.outputs) | _known(sub_status=event.sub_status)
        case JobClosed():
            return {
                "status": "closed",
                "sub_status": event.sub_status,
                "ended_at": at,
                "kill_code": event.code,
                "errors": _errors(event.errors),
            }
        case _:
            return {}


def _whereabouts(event: JobStarting | JobStarted) -> Row:
    return {"node": event.node, "pilot_id": event.pilot_id} | _known(batch_id=event.batch_id)


def _report(event: JobMerging | JobFinished | JobFailed) -> Row:
    """What the pilot reported; the event that ends a merged job says nothing of it and erases nothing."""
    return _outputs(event.outputs) | _known(
        usage=event.usage.to_avro() if event.usage else None,
        exit_code=event.exit_code,
        started_at=event.started_at,
        metadata=event.metadata_json,
    )


def _known(**columns: Any) -> Row:
    return {name: value for name, value in columns.items() if value is not None}


def _outputs(files: Iterable[OutputFile]) -> Row:
    listed = [file.to_avro() for file in files]
    return {"outputs": listed} if listed else {}


def _errors(errors: Iterable[JobError]) -> list[Row]:
    # Causes are counted by an index over the source of the first error, which cannot hold a long text.
    return [{**error.to_avro(), "source": error.source[:SOURCE_MAX]} for error in errors]
