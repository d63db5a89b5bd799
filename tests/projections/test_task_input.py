"""What events do to the rows of the input of a task."""

from typing import Any

from schemas.task import (
    AttemptsIncreased,
    InputDropped,
    InputHeld,
    InputReleased,
    JobOutcomesRecorded,
    RequirementsLearned,
    RequirementsReverted,
    TaskRetried,
)
from schemas.types import (
    JobOutcome,
    LearnedRequirement,
    OutcomeKind,
    UnitRange,
)
from tests.projections.sample_history import (
    INPUT,
    OUTPUT,
    a_unit,
    accounts,
    ordered,
)
from tests.projections.tables_in_memory import after, the
from tests.projections.task_events import ONE, TASK, outcome, unit_is, until_running


def test_input_runs_with_its_job_and_ends_with_it() -> None:
    running = after(until_running()).all("task_file")
    done = after(until_running(), [outcome(ONE, OutcomeKind.FINISHED, unit_is(1, finished=True))]).all("task_file")

    assert [the(unit, "unit_id", "status", "job_id") for unit in running] == [
        (1, "running", ONE),
        (2, "running", ONE + 1),
    ]
    assert the(done[0], "status", "attempt", "failed_attempt") == ("finished", 1, 1)


def test_a_dataset_counts_its_input_by_status() -> None:
    events = [
        outcome(ONE, OutcomeKind.FINISHED, unit_is(1, finished=True)),
        outcome(ONE + 1, OutcomeKind.FAILED, unit_is(2, failed=True)),
    ]

    tables = after(until_running(), events)

    counted = {row["dataset"]: the(row, "files_total", "files_finished", "files_failed") for row in tables.all("task_dataset")}
    assert counted == {INPUT: (2, 1, 1), OUTPUT: (1, 1, 0)}


def test_failed_input_that_is_retried_is_counted_no_more() -> None:
    events = [
        outcome(ONE, OutcomeKind.FAILED, unit_is(1, failed=True), total=2, used=2, failed=1),
        (TaskRetried(units=(1,), attempts_max=5, task_attempt=2), TASK),
    ]

    tables = after(until_running(), events)

    assert the(tables.all("task_dataset")[0], "dataset", "files_failed") == (INPUT, 0)
    assert the(tables.one("task"), "files_failed", "attempt") == (0, 2)
    assert tables.all("task_file")[0]["status"] == "ready"


def test_a_further_part_of_a_retry_changes_input_and_not_the_task() -> None:
    failed = outcome(ONE, OutcomeKind.FAILED, unit_is(1, failed=True), total=2, used=2, failed=1)
    further = (TaskRetried(units=(1,), attempts_max=5, task_attempt=9, continues=True), TASK)
    before = after(until_running(), [failed]).one("task")

    tables = after(until_running(), [failed, further])

    assert tables.all("task_file")[0]["status"] == "ready"
    task = tables.one("task")
    assert the(task, "status", "attempt", "started_at") == the(before, "status", "attempt", "started_at")


def test_failed_input_with_more_attempts_is_ready_when_it_is_ordered_again() -> None:
    events = [
        outcome(ONE, OutcomeKind.FAILED, unit_is(1, failed=True), total=2, used=2, failed=1),
        (AttemptsIncreased(increase=3), TASK),
        (ordered(TASK, 2, (a_unit(1),)), TASK),
    ]

    tables = after(until_running(), events)

    assert the(tables.all("task_file")[0], "unit_id", "status") == (1, "ready")
    assert tables.one("task")["files_failed"] == 0


def test_the_row_says_which_input_is_held_and_dropped() -> None:
    held = InputHeld(units=(UnitRange(first=2, last=2),), standing="2", number_max=10)
    dropped = InputDropped(units=(UnitRange(first=9, last=9),), standing="9")

    before = after(until_running(), [(held, TASK), (dropped, TASK)]).one("task")
    released = InputReleased(units=(UnitRange(first=2, last=2),), number_max=1_000_000)
    later = after(until_running(), [(held, TASK), (dropped, TASK), (released, TASK)]).one("task")

    assert the(before, "input_number_max", "input_held", "input_dropped") == (10, "2", "9")
    assert the(later, "input_number_max", "input_held", "input_dropped", "status") == (None, None, "9", "running")


def test_the_row_has_what_was_learned_until_it_is_taken_back() -> None:
    ram = LearnedRequirement(
        parameter="ram_mb", old=2000.0, new=3900.0, applied=True, reduction="percentile 75", margin_percent=10, jobs=(5, 6),
        values=(3000.0, 3545.0),
    )  # fmt: skip
    learned = (RequirementsLearned(finished_jobs=5, learned=(ram,)), TASK)

    row = after(until_running(), [learned]).one("task")
    reverted = after(until_running(), [learned, (RequirementsReverted(), TASK)]).one("task")

    assert row["learned"] == [
        {
            "parameter": "ram_mb", "old": 2000.0, "new": 3900.0, "applied": True, "reduction": "percentile 75",
            "margin_percent": 10, "jobs": 2, "least": 3000.0, "most": 3545.0, "sample": [[5, 3000.0], [6, 3545.0]],
        }
    ]  # fmt: skip
    assert reverted["learned"] is None


def test_an_attempt_knows_its_units_and_its_end() -> None:
    error: dict[str, Any] = {"error_source": "pilot", "error_code": 1, "error_diagnostic": "boom"}
    failed = JobOutcomesRecorded(
        outcomes=(JobOutcome(job_id=ONE, kind=OutcomeKind.FAILED, **error),), units=(unit_is(1),), accounts=accounts()
    )

    tables = after(until_running(), [(failed, TASK)])

    assert tables.all("attempt_unit")[0] == {"task_id": TASK, "unit_id": 1, "job_id": ONE}
    assert the(tables.all("attempt_job")[0], "outcome", *error) == ("failed", *error.values())
    assert tables.all("attempt_job")[1]["outcome"] is None
