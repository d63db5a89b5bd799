"""The state of each input unit of a task, in which job and attempt. Pure.

Invariant: `files_finished` and `files_failed` of an input dataset are the numbers of its units with that status.
"""

from collections.abc import Iterable
from typing import Any

from projections.engine.changes import Row, RowChanges
from schemas.ids import job_id_of
from schemas.reading import Recorded
from schemas.task import ContentsFed, JobOutcomesRecorded, JobsGenerated, JobsOrdered, TaskRetried
from schemas.types import DatasetRole, InputUnit, JobKind, JobOutcome, OutcomeKind

COUNTED = {"finished": "files_finished", "failed": "files_failed"}
WITH_OUTPUTS = frozenset({OutcomeKind.FINISHED, OutcomeKind.MERGING})


def units_touched(event: Any) -> Iterable[int]:
    """Units whose present status matters to what the event does."""
    match event:
        case JobsOrdered(kind=JobKind.NORMAL):
            return [unit.unit_id for unit in event.units]
        case JobsGenerated(kind=JobKind.NORMAL):
            return [unit_id for job in event.jobs for unit_id in job.unit_ids]
        case JobOutcomesRecorded():
            return [change.unit_id for change in event.units]
        case TaskRetried():
            return event.units
        case _:
            return ()


def apply_to_units(record: Recorded, task_id: int, changes: RowChanges) -> None:
    """Rows `task_file`, `attempt_job`, `attempt_unit` and the counters of `task_dataset` after the event."""
    match record.message:
        case ContentsFed() as event:
            _feed(task_id, event, changes)
        case JobsOrdered(kind=JobKind.NORMAL) as event:
            # Input that had failed and was given more attempts shows up in an order again.
            _ready_again(task_id, [unit.unit_id for unit in event.units], changes)
        case TaskRetried() as event:
            _ready_again(task_id, event.units, changes)
        case JobsGenerated() as event:
            _generated(task_id, event, changes)
        case JobOutcomesRecorded() as event:
            for change in event.units:
                status = "finished" if change.finished else "failed" if change.failed else "ready"
                columns = {"attempt": change.attempt, "failed_attempt": change.failed_attempt}
                _set_status(task_id, change.unit_id, status, columns, changes)
            for outcome in event.outcomes:
                _ended(record, task_id, outcome, changes)
        case _:
            pass


def _feed(task_id: int, event: ContentsFed, changes: RowChanges) -> None:
    if not event.units:
        return
    # Made-up input has a dataset that no definition names.
    row = {"role": DatasetRole.PSEUDO_INPUT.value, "stream": "IN"}
    changes.ensure("task_dataset", {"task_id": task_id, "dataset": event.dataset, **row})
    changes.add("task_dataset", (task_id, event.dataset), "files_total", len(event.units))
    for unit in event.units:
        changes.insert("task_file", _new_unit(task_id, event.dataset, unit))


def _new_unit(task_id: int, dataset: str, unit: InputUnit) -> Row:
    return {
        "task_id": task_id,
        "unit_id": unit.unit_id,
        "dataset": dataset,
        "lfn": unit.lfn,
        "scope": unit.scope,
        "guid": unit.guid,
        "size_bytes": unit.size_bytes,
        "checksum": unit.checksum,
        "start_event": unit.start_event,
        "end_event": unit.end_event,
        "status": "ready",
    }


def _ready_again(task_id: int, unit_ids: Iterable[int], changes: RowChanges) -> None:
    revived = 0
    for unit_id in unit_ids:
        unit = changes.known("task_file", (task_id, unit_id))
        if unit is not None and unit["status"] == "failed":
            _set_status(task_id, unit_id, "ready", {}, changes)
            revived += 1
    if revived:
        changes.add("task", (task_id,), "files_failed", -revived)
        changes.add("task", (task_id,), "files_used", -revived)


def _generated(task_id: int, event: JobsGenerated, changes: RowChanges) -> None:
    for job in event.jobs:
        changes.insert("attempt_job", {"job_id": job.job_id, "task_id": task_id, "attempt": job.attempt})
        match event.kind:
            case JobKind.NORMAL:
                for unit_id in job.unit_ids:
                    _set_status(task_id, unit_id, "running", {"job_id": job.job_id}, changes)
                    changes.insert(
                        "attempt_unit", {"task_id": task_id, "unit_id": unit_id, "job_id": job.job_id}
                    )
            case JobKind.MERGE:
                for serial in job.unit_ids:
                    merged = (job_id_of(task_id, serial),)
                    changes.update("attempt_job", merged, {"merge_job_id": job.job_id})
            case _:
                pass


def _ended(record: Recorded, task_id: int, outcome: JobOutcome, changes: RowChanges) -> None:
    changes.update(
        "attempt_job",
        (outcome.job_id,),
        {
            "outcome": outcome.kind.lower(),
            "error_source": outcome.error_source,
            "error_code": outcome.error_code,
            "error_diagnostic": outcome.error_diagnostic,
            "at": record.event.occurred_at,
        },
    )
    if outcome.kind in WITH_OUTPUTS:
        for file in outcome.outputs:
            for counter in ("files_total", "files_finished"):
                changes.add("task_dataset", (task_id, file.dataset), counter, 1)


def _set_status(task_id: int, unit_id: int, status: str, columns: Row, changes: RowChanges) -> None:
    """Give the unit its status and move the counters of its dataset with it."""
    unit = changes.known("task_file", (task_id, unit_id))
    assert unit is not None, f"unit {unit_id} of task {task_id} changes but was never fed"
    for counted, delta in ((unit["status"], -1), (status, 1)):
        if counted in COUNTED:
            changes.add("task_dataset", (task_id, unit["dataset"]), COUNTED[counted], delta)
    changes.update("task_file", (task_id, unit_id), {"status": status, **columns})
