"""From when the clocks of tasks count, as rows say it, and when a queue last gave a job to a pilot."""

from schemas.records import replace
from schemas.task import JobsGenerated, ParentEnded, TaskPaused, TaskReassigned, TaskResumed, TaskWoken
from schemas.types import JobKind
from tests.projections.event_writer import START
from tests.projections.sample_history import QUEUE, accounts, evidence, leased, submitted
from tests.projections.tables_in_memory import after, the
from tests.projections.test_surroundings import EXHAUSTION, JOB, PARKING, RENEWAL, SECOND, TASK


def pending(*events: object) -> list[tuple[int, int]]:
    """From when the time of a parked task counts, and the sequence of its row, after the event that parks it and `events`."""
    made = after([(submitted(TASK), TASK), PARKING, *((event, TASK) for event in events)])
    return [(row["counted_from"], row["sequence"]) for row in made.all("deadline") if row["kind"] == "pending"]


def test_the_time_of_a_task_without_a_queue_counts_from_the_first_vain_try() -> None:
    assert pending() == [(START + 2 * SECOND, 2)]
    assert pending(TaskWoken(cause="TIMER"), PARKING[0]) == [(START + 2 * SECOND, 2)]


def test_the_time_of_a_task_without_a_queue_begins_again_after_a_pause_and_ends_with_its_jobs() -> None:
    generated = JobsGenerated(order=1, kind=JobKind.NORMAL, jobs=(), brokerage=evidence(), accounts=accounts())

    assert pending(TaskPaused(), TaskResumed()) == [(START + 4 * SECOND, 4)]
    assert pending(ParentEnded(parent_task_id=1, parent_status="done", status="")) == [(START + 2 * SECOND, 3)]
    assert pending(generated) == []
    assert pending(TaskReassigned(mode="nokill")) == []


def test_an_exhausted_task_that_waits_for_a_person_is_due_at_no_time() -> None:
    stays = replace(EXHAUSTION[0], waits_for_person=True)

    assert [row["kind"] for row in after([(submitted(TASK), TASK), EXHAUSTION]).all("deadline")] == ["exhausted"]
    assert after([(submitted(TASK), TASK), (stays, TASK)]).all("deadline") == []


def test_a_queue_says_when_a_pilot_last_took_a_job_from_it() -> None:
    queue = after([(leased(TASK, JOB), QUEUE), RENEWAL]).one("queue")

    assert the(queue, "leased_at", "modified_at") == (START + SECOND, START + 2 * SECOND)
