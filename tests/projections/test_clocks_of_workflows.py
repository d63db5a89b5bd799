"""What becomes due of a workflow: rows from the aggregate's own events; the command they call for is taken then."""

from typing import Any

import pytest

from commands.workflow.ending import due_at
from commands.workflow.transitions import WorkflowStatus
from schemas.types import UnitRange, WorkEnd, WorkflowClock
from schemas.workflow import (
    AbortWorkflow,
    ExpireWorkflow,
    RecordUnitEnds,
    RecordWorkEnd,
    RetryWorkflow,
    SubmitWorkflow,
    SuspendWorkflow,
)
from streams.timers.due import Due, command_for
from streams.timers.watch import HeartbeatWindow
from tests.commands.workflow_scenes import REQUEST, Alone, Jobs, a_workflow, compiled, submission, task_of
from tests.projections.tables_in_memory import after

JOBS: Jobs = {"isr": {"i0": [], "i1": []}}
CLOCKS: dict[str, Any] = {"lifetime_seconds": 3600, "pending_seconds": 60}


def due_rows(alone: Alone) -> dict[str, dict[str, Any]]:
    """Rows by clock; each event of these scenes is a second later than the one before."""
    rows = after([(event, REQUEST) for event in alone.events]).all("deadline")
    return {row["key"]: row for row in rows}


def test_a_submission_must_come_whole_within_an_hour() -> None:
    begun, sealed = Alone(), a_workflow(JOBS)
    begun.send(submission(compiled(JOBS))[0])

    (row,) = due_rows(begun).values()

    assert (row["kind"], row["key"], row["length_micros"], row["detail"]) == (
        "workflow", "SUBMISSION", 3_600_000_000, {"vo": "wlcg"},
    )  # fmt: skip
    assert due_rows(sealed) == {}


def test_a_life_counts_from_the_submission_and_a_quiet_time_from_the_last_event() -> None:
    alone = a_workflow(JOBS, **CLOCKS)
    first = due_rows(alone)
    alone.end(0)
    then = due_rows(alone)

    assert {clock: row["length_micros"] for clock, row in then.items()} == {"LIFETIME": 3_600_000_000, "PENDING": 60_000_000}
    assert then["LIFETIME"] == first["LIFETIME"]
    assert then["PENDING"]["counted_from"] == first["PENDING"]["counted_from"] + 1_000_000


@pytest.mark.parametrize("command", [AbortWorkflow(), ExpireWorkflow(clock=WorkflowClock.LIFETIME)])
def test_nothing_is_due_of_a_workflow_that_is_stopped(command: Any) -> None:
    alone = a_workflow(JOBS, **CLOCKS)
    alone.now += 4_000_000_000

    alone.send(command)

    assert alone.workflow.status in (WorkflowStatus.CANCELLING, WorkflowStatus.EXPIRING)
    assert due_rows(alone) == {}


def test_a_retry_begins_the_times_again_in_the_rows_and_in_the_aggregate() -> None:
    alone = a_workflow(JOBS, **CLOCKS)
    alone.send(RecordUnitEnds(task_id=task_of(0), failed=(UnitRange(first=1, last=2),)))
    alone.send(RecordWorkEnd(task_id=task_of(0), end=WorkEnd.FAILED))
    ended = due_rows(alone)
    alone.now += 5_000_000_000

    alone.send(RetryWorkflow())

    assert ended == {}
    assert set(due_rows(alone)) == {"LIFETIME", "PENDING"}
    assert due_at(alone.workflow, WorkflowClock.LIFETIME) == alone.now + 3_600_000_000
    assert due_at(alone.workflow, WorkflowClock.PENDING) == alone.now + 60_000_000


@pytest.mark.parametrize("key", ["SUBMISSION", "LIFETIME", "PENDING"])
def test_what_the_timers_send_for_a_row_is_taken_when_it_is_due(key: str) -> None:
    submit = [one for one in submission(compiled(JOBS), **CLOCKS) if isinstance(one, SubmitWorkflow)]
    alone = Alone()
    for command in submit if key == "SUBMISSION" else submission(compiled(JOBS), **CLOCKS):
        alone.send(command)
    due = due_at(alone.workflow, WorkflowClock(key)) or 0
    row = Due("workflow", REQUEST, key, due, 1, "wlcg", {"vo": "wlcg"})

    made = command_for(row, due, HeartbeatWindow(None, 0))

    assert made is not None
    assert (made.envelope.aggregate_id, made.envelope.vo, made.envelope.actor) == (REQUEST, "wlcg", "culm-timers")
    alone.now = due - 1
    early = alone.send(made.command)
    alone.now = due
    in_time = alone.send(made.command)
    assert early.refusal is not None
    assert early.refusal.reason == "TOO_EARLY"
    assert in_time.refusal is None
    assert alone.workflow.status is (WorkflowStatus.EXPIRED if key == "SUBMISSION" else WorkflowStatus.EXPIRING)


def test_a_suspended_workflow_has_its_time_all_the_same() -> None:
    alone = a_workflow(JOBS, **CLOCKS)

    alone.send(SuspendWorkflow())

    assert set(due_rows(alone)) == {"LIFETIME", "PENDING"}
