"""What becomes due and when: leases that run out, submissions whose names do not come, parked tasks to try again, input that does
not come into existence, exhausted tasks to end, commands that were ordered for later (docs/flow.md).
"""

from projections.engine.changes import Row, RowChanges
from schemas.instants import HOUR, MICROSECONDS
from schemas.queue import JobLeased, LeaseEnded, LeaseProlonged, LeasesEnded, LeasesRenewed
from schemas.reading import Recorded
from schemas.task import (
    ContentsFed,
    InputAwaited,
    InputNamesAdded,
    ScheduledCommandEnded,
    SecondaryInputFed,
    TaskBroken,
    TaskCommandScheduled,
    TaskFinalized,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskParked,
    TaskReassigned,
    TaskReloaded,
    TaskRetried,
    TaskSubmitted,
    TaskWoken,
)
from schemas.types import TaskVerdict

PARKED_MICROS = HOUR
SUBMISSION_MICROS = HOUR
EXHAUSTED_MICROS = 48 * HOUR


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows `deadline` after the event."""
    match record.message:
        case JobLeased() | LeasesRenewed() | LeaseProlonged() | LeaseEnded() | LeasesEnded() as event:
            _lease(record, event, changes)
        case TaskSubmitted() as event if event.lists:
            _set(record, "submission", SUBMISSION_MICROS, {}, changes)
        case InputNamesAdded(names_left=0):
            _drop(record, changes, "submission")
        case TaskParked() as event:
            _set(record, "parked", PARKED_MICROS, {"order": event.order}, changes)
        case TaskWoken():
            _drop(record, changes, "parked")
        case InputAwaited() | ContentsFed() | SecondaryInputFed() as event:
            _input(record, event, changes)
        case TaskFinalized(verdict=TaskVerdict.EXHAUSTED):
            _drop(record, changes, "parked", "input")
            _set(record, "exhausted", EXHAUSTED_MICROS, {}, changes)
        case TaskCommandScheduled() | ScheduledCommandEnded() as event:
            _scheduled(record, event, changes)
        case TaskRetried(continues=True):
            # A further part of a retry: what waits, waits on.
            pass
        case TaskFinalized() | TaskKillOrdered() | TaskFinishOrdered() | TaskBroken() | TaskRetried() | TaskReloaded():
            _drop(record, changes, "submission", "parked", "input", "exhausted")
        case TaskReassigned():
            # The decider took every order back: nothing of the task is parked any more.
            _drop(record, changes, "parked")
        case _:
            pass


def _lease(
    record: Recorded, event: JobLeased | LeasesRenewed | LeaseProlonged | LeaseEnded | LeasesEnded, changes: RowChanges
) -> None:
    queue = record.event.aggregate_id
    match event:
        case JobLeased():
            length = event.lease_seconds * MICROSECONDS
            changes.insert(
                "deadline",
                {
                    "kind": "lease",
                    "aggregate": "queue",
                    "aggregate_id": queue,
                    "key": str(event.job_id),
                    "counted_from": event.due_at - length,
                    "length_micros": length,
                    "sequence": record.event.sequence,
                    "detail": {
                        "job_id": event.job_id,
                        "lease_id": event.lease_id,
                        "lease_seconds": event.lease_seconds,
                        "task_id": event.task_id,
                    },
                },
            )
        case LeasesRenewed():
            seen = {"counted_from": event.seen_at, "sequence": record.event.sequence}
            for job_id in event.job_ids:
                changes.update("deadline", ("lease", "queue", queue, str(job_id)), seen)
        case LeaseProlonged():
            from_then = event.due_at - event.lease_seconds * MICROSECONDS
            again = {"counted_from": from_then, "sequence": record.event.sequence}
            changes.update("deadline", ("lease", "queue", queue, str(event.job_id)), again)
        case LeaseEnded():
            changes.delete("deadline", ("lease", "queue", queue, str(event.job_id)))
        case LeasesEnded():
            for ended in event.leases:
                changes.delete("deadline", ("lease", "queue", queue, str(ended.job_id)))


def _input(record: Recorded, event: InputAwaited | ContentsFed | SecondaryInputFed, changes: RowChanges) -> None:
    """A dataset that does not exist has its time, but while the parent of the task is at work, which may make it."""
    if isinstance(event, InputAwaited) and event.limit_seconds:
        _set(record, "input", event.limit_seconds * MICROSECONDS, {"dataset": event.dataset}, changes)
    elif isinstance(event, InputAwaited) or event.status:
        _drop(record, changes, "input")


def _scheduled(record: Recorded, event: TaskCommandScheduled | ScheduledCommandEnded, changes: RowChanges) -> None:
    if isinstance(event, TaskCommandScheduled):
        _set(record, "scheduled", event.at - record.event.occurred_at, {}, changes, key=event.schedule_id)
    else:
        changes.delete("deadline", ("scheduled", "task", record.event.aggregate_id, event.schedule_id))


def _set(record: Recorded, kind: str, length_micros: int, detail: Row, changes: RowChanges, key: str = "") -> None:
    envelope = record.event
    changes.insert(
        "deadline",
        {
            "kind": kind,
            "aggregate": "task",
            "aggregate_id": envelope.aggregate_id,
            "key": key,
            "counted_from": envelope.occurred_at,
            "length_micros": length_micros,
            "sequence": envelope.sequence,
            "detail": detail,
        },
    )


def _drop(record: Recorded, changes: RowChanges, *kinds: str) -> None:
    for kind in kinds:
        changes.delete("deadline", (kind, "task", record.event.aggregate_id, ""))
