"""Which deadlines events set, move and drop, written from docs/flow.md, "Deadlines". Pure.

Rows by `kind/aggregate/id/key`: from when the deadline counts (microseconds UTC), and the sequence of the event that says so.
"""

from typing import Any

from check.laws import Seen
from schemas.instants import MICROSECONDS

Row = tuple[Any, ...]
#: Event of a task -> deadlines that it ends.
ENDS: dict[str, tuple[str, ...]] = {
    "TaskWoken": ("parked",),
    "JobsGenerated": ("pending",),
    "TaskReassigned": ("parked", "pending"),
    **dict.fromkeys(
        ("TaskFinalized", "TaskKillOrdered", "TaskFinishOrdered", "TaskBroken", "TaskRetried", "TaskReloaded"),
        ("submission", "parked", "pending", "input", "exhausted"),
    ),
}


def deadlines_after(rows: dict[str, Row], record: Seen) -> None:
    """Enter an event of a task, a queue or a workflow."""
    if record.aggregate == "queue":
        _leases(rows, record)
        return
    if record.aggregate == "workflow":
        _workflow(rows, record)
        return
    event, by = record.message, record.envelope
    now = (by.occurred_at, by.sequence)
    if record.name != "TaskRetried" or not event.continues:
        for kind in ENDS.get(record.name, ()):
            rows.pop(f"{kind}/task/{by.aggregate_id}/", None)
    match record.name:
        case "TaskSubmitted" | "InputNamesAdded" | "InputAwaited" | "ContentsFed":
            _input(rows, record, now)
        case "TaskParked":
            rows[f"parked/task/{by.aggregate_id}/"] = now
            rows.setdefault(f"pending/task/{by.aggregate_id}/", now)
        case "TaskResumed" | "ParentEnded":
            _pending_again(rows, record, now)
        case "TaskFinalized" if event.verdict.value == "EXHAUSTED" and not event.waits_for_person:
            rows[f"exhausted/task/{by.aggregate_id}/"] = now
        case "TaskCommandScheduled":
            rows[f"scheduled/task/{by.aggregate_id}/{event.schedule_id}"] = now
        case "ScheduledCommandEnded":
            rows.pop(f"scheduled/task/{by.aggregate_id}/{event.schedule_id}", None)
        case _:
            pass


def _input(rows: dict[str, Row], record: Seen, now: Row) -> None:
    """Names that are to come, and datasets that do not exist yet."""
    event, task = record.message, record.envelope.aggregate_id
    match record.name:
        case "TaskSubmitted" if event.lists:
            rows[f"submission/task/{task}/"] = now
        case "InputNamesAdded" if event.names_left == 0:
            rows.pop(f"submission/task/{task}/", None)
        case "InputAwaited" if event.limit_seconds:
            rows[f"input/task/{task}/"] = now
        case "InputAwaited":
            rows.pop(f"input/task/{task}/", None)
        case "ContentsFed" if event.status:
            rows.pop(f"input/task/{task}/", None)
        case _:
            pass


def _pending_again(rows: dict[str, Row], record: Seen, now: Row) -> None:
    """A pause begins the time again; with the end of a parent it goes on."""
    key = f"pending/task/{record.envelope.aggregate_id}/"
    if key in rows:
        rows[key] = now if record.name == "TaskResumed" else (rows[key][0], now[1])


def _workflow(rows: dict[str, Row], record: Seen) -> None:
    """A submission that does not come whole, a life that is too long, a time in which nothing happens."""
    event, by = record.message, record.envelope
    key, now = f"workflow/workflow/{by.aggregate_id}/", (by.occurred_at, by.sequence)
    is_stopped = record.name == "WorkflowEndOrdered" and event.ending.value in ("ABORT", "EXPIRE")
    if record.name == "WorkflowFinalized" or is_stopped:
        for clock in ("SUBMISSION", "LIFETIME", "PENDING"):
            rows.pop(key + clock, None)
        return
    if record.name == "WorkflowSealed":
        rows.pop(f"{key}SUBMISSION", None)
    if f"{key}PENDING" in rows:
        rows[f"{key}PENDING"] = now
    if record.name == "WorkflowSubmitted":
        rows[f"{key}SUBMISSION"] = now
    if record.name in ("WorkflowSubmitted", "WorkflowRetried"):
        for clock, seconds in (("LIFETIME", event.lifetime_seconds), ("PENDING", event.pending_seconds)):
            if seconds is not None:
                rows[key + clock] = now


def _leases(rows: dict[str, Row], record: Seen) -> None:
    event, by = record.message, record.envelope
    match record.name:
        case "JobLeased" | "LeaseProlonged":
            key = f"lease/queue/{by.aggregate_id}/{event.job_id}"
            if record.name == "JobLeased" or key in rows:
                rows[key] = (event.due_at - event.lease_seconds * MICROSECONDS, by.sequence)
        case "LeasesRenewed":
            for job_id in event.job_ids:
                key = f"lease/queue/{by.aggregate_id}/{job_id}"
                if key in rows:
                    rows[key] = (event.seen_at, by.sequence)
        case "LeaseEnded":
            rows.pop(f"lease/queue/{by.aggregate_id}/{event.job_id}", None)
        case "LeasesEnded":
            for ended in event.leases:
                rows.pop(f"lease/queue/{by.aggregate_id}/{ended.job_id}", None)
        case _:
            pass
