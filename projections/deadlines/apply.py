"""What becomes due and when: leases that run out, submissions whose names do not come, parked tasks to try again and, when that
was in vain for long, to give up, input that does not come into existence, exhausted tasks to end, commands that were ordered
for later, clocks of workflows (docs/flow.md). The lengths of rows of tasks are the built-in ones; the timers measure by those in
force.
"""

from typing import get_args

from projections.deadlines.workflows import apply_workflow
from projections.engine.changes import Row, RowChanges
from schemas.clocks import OF_TASKS
from schemas.instants import MICROSECONDS
from schemas.queue import JobLeased, LeaseEnded, LeaseProlonged, LeasesEnded, LeasesRenewed
from schemas.reading import Recorded
from schemas.task import (
    ContentsFed,
    InputAwaited,
    InputNamesAdded,
    JobsGenerated,
    ParentEnded,
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
    TaskResumed,
    TaskRetried,
    TaskSubmitted,
    TaskWoken,
)
from schemas.types import TaskVerdict
from schemas.workflow import WorkflowEvent

#: The longest of each kind.
MICROS = {clock.kind: clock.seconds * MICROSECONDS for clock in sorted(OF_TASKS, key=lambda clock: clock.seconds)}

OF_WORKFLOWS = get_args(WorkflowEvent)


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows `deadline` after the event."""
    match record.message:
        case JobLeased() | LeasesRenewed() | LeaseProlonged() | LeaseEnded() | LeasesEnded() as event:
            _lease(record, event, changes)
        case TaskCommandScheduled() | ScheduledCommandEnded() as event:
            _scheduled(record, event, changes)
        case TaskParked() | TaskWoken() | JobsGenerated() | TaskResumed() | ParentEnded() | TaskReassigned() as event:
            _waiting(record, event, changes)
        case TaskSubmitted() as event if event.lists:
            _set(record, "submission", MICROS["submission"], {}, changes)
        case InputNamesAdded(names_left=0):
            _drop(record, changes, "submission")
        case InputAwaited() | ContentsFed() | SecondaryInputFed() as event:
            _input(record, event, changes)
        case TaskFinalized(verdict=TaskVerdict.EXHAUSTED) as event:
            _drop(record, changes, "parked", "pending", "input")
            if not event.waits_for_person:
                _set(record, "exhausted", MICROS["exhausted"], {}, changes)
        case TaskRetried(continues=True):
            # A further part of a retry: what waits, waits on.
            pass
        case TaskFinalized() | TaskKillOrdered() | TaskFinishOrdered() | TaskBroken() | TaskRetried() | TaskReloaded():
            _drop(record, changes, "submission", "parked", "pending", "input", "exhausted")
        case event if isinstance(event, OF_WORKFLOWS):
            apply_workflow(record, event, changes)
        case _:
            pass


def _waiting(
    record: Recorded,
    event: TaskParked | TaskWoken | JobsGenerated | TaskResumed | ParentEnded | TaskReassigned,
    changes: RowChanges,
) -> None:
    """A task without a queue is tried again, and given up when it has waited for long: since it was first parked without
    having got jobs meanwhile. After a pause the time counts from its beginning; a parent at work keeps the task.
    """
    envelope = record.event
    match event:
        case TaskParked():
            _set(record, "parked", MICROS["parked"], {"order": event.order}, changes)
            changes.ensure("deadline", _row(record, "pending", MICROS["pending"], {}, ""))
        case TaskWoken():
            _drop(record, changes, "parked")
        case JobsGenerated():
            _drop(record, changes, "pending")
        case TaskReassigned():
            # The decider took every order back: nothing of the task is parked any more.
            _drop(record, changes, "parked", "pending")
        case TaskResumed():
            again = {"sequence": envelope.sequence, "counted_from": envelope.occurred_at}
            changes.update("deadline", ("pending", "task", envelope.aggregate_id, ""), again)
        case ParentEnded():
            changes.update("deadline", ("pending", "task", envelope.aggregate_id, ""), {"sequence": envelope.sequence})


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
    changes.insert("deadline", _row(record, kind, length_micros, detail, key))


def _row(record: Recorded, kind: str, length_micros: int, detail: Row, key: str) -> Row:
    envelope = record.event
    return {
        "kind": kind,
        "aggregate": "task",
        "aggregate_id": envelope.aggregate_id,
        "key": key,
        "counted_from": envelope.occurred_at,
        "length_micros": length_micros,
        "sequence": envelope.sequence,
        "detail": detail,
    }


def _drop(record: Recorded, changes: RowChanges, *kinds: str) -> None:
    for kind in kinds:
        changes.delete("deadline", (kind, "task", record.event.aggregate_id, ""))
