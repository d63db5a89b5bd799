"""The life of a worker along time: every gap has its name, and no moment is left out or counted twice."""

from typing import Any

from api.monitor.pages.worker_life import Held, funnel_of, held_jobs, spans_of

SECOND = 1_000_000


def an_event(name: str, seconds: int, **body: Any) -> dict[str, Any]:
    return {"event_type": name, "at": seconds * SECOND, "body": body}


def in_words(events: list[dict[str, Any]], held: list[Held], ended: int | None, now: int) -> list[tuple[Any, ...]]:
    """Name, from, how long, job; in seconds."""
    spans = spans_of(events, held, None if ended is None else ended * SECOND, now * SECOND)
    return [(one.name, one.since // SECOND, one.lasted // SECOND, one.job_id) for one in spans]


def test_the_way_from_the_intent_to_the_end_has_a_name_for_each_gap() -> None:
    events = [
        an_event("WorkerIntended", 10), an_event("WorkerSubmitted", 12, state="SUBMITTED"), an_event("WorkerPending", 15),
        an_event("WorkerRunning", 40), an_event("WorkerAsked", 44), an_event("WorkerEnded", 200),
    ]  # fmt: skip
    held = [Held(7, 50 * SECOND, 90 * SECOND), Held(8, 95 * SECOND, 150 * SECOND)]

    found = in_words(events, held, 200, 999)

    assert found == [
        ("intended", 10, 2, None), ("submitted", 12, 3, None), ("pending", 15, 25, None), ("running", 40, 4, None),
        ("asked", 44, 6, None), ("at work", 50, 40, 7), ("no job", 90, 5, None), ("at work", 95, 55, 8),
        ("no job", 150, 50, None),
    ]  # fmt: skip
    assert sum(lasted for _, _, lasted, _ in found) == 190


def test_what_has_not_ended_goes_on_until_now() -> None:
    events = [an_event("WorkerIntended", 10), an_event("WorkerHeld", 20, reason="no space")]

    assert in_words(events, [], None, 60) == [("intended", 10, 10, None), ("held", 20, 40, None)]


def test_a_batch_id_that_is_reported_after_the_pilot_reported_moves_the_worker_nowhere() -> None:
    events = [
        an_event("WorkerIntended", 10), an_event("WorkerRunning", 20), an_event("WorkerSubmitted", 25, state="RUNNING"),
        an_event("WorkerSubmitted", 45, state="RUNNING"),
    ]  # fmt: skip

    found = in_words(events, [Held(7, 40 * SECOND, None)], None, 60)

    assert found == [("intended", 10, 10, None), ("running", 20, 20, None), ("at work", 40, 20, 7)]


def test_a_worker_that_is_put_back_waits_again_although_its_pilot_had_a_job() -> None:
    events = [an_event("WorkerRunning", 10), an_event("WorkerPending", 50)]

    found = in_words(events, [Held(7, 20 * SECOND, 60 * SECOND)], None, 70)

    assert found == [("running", 10, 10, None), ("at work", 20, 30, 7), ("pending", 50, 10, None), ("no job", 60, 10, None)]


def test_a_pilot_that_got_its_job_before_the_harvester_saw_it_run_is_at_work_at_once() -> None:
    events = [an_event("WorkerPending", 10), an_event("WorkerRunning", 30)]

    assert in_words(events, [Held(7, 20 * SECOND, None)], None, 40) == [("pending", 10, 10, None), ("at work", 20, 20, 7)]


def test_a_pilot_that_asked_and_got_a_job_at_once_has_no_time_between() -> None:
    events = [an_event("WorkerRunning", 10), an_event("WorkerAsked", 20)]

    assert in_words(events, [Held(7, 20 * SECOND, None)], None, 40) == [("running", 10, 10, None), ("at work", 20, 20, 7)]


def test_a_worker_whose_pilot_asked_in_vain_has_come_so_far() -> None:
    steps = funnel_of([{"events": ["WorkerAsked", "WorkerEnded", "WorkerRunning"], "state": "finished", "count": 3}], 0)

    assert {step["name"]: step["count"] for step in steps if step["name"] in ("asked", "got work", "ended well")} == {
        "asked": 3, "got work": 0, "ended well": 0,
    }  # fmt: skip


def test_a_job_is_held_until_the_first_end_that_follows_its_lease() -> None:
    leases = [{"job_id": 7, "at": 50}, {"job_id": 8, "at": 20}]
    ends = [{"job_id": 7, "at": 10}, {"job_id": 7, "at": 60}, {"job_id": 7, "at": 61}]

    assert held_jobs(leases, ends) == [Held(8, 20, None), Held(7, 50, 60)]


def test_a_foreign_worker_whose_first_report_says_that_it_runs_has_come_through_all_steps_before() -> None:
    groups = [{"events": ["JobLeased", "WorkerEnded", "WorkerRunning"], "state": "finished", "count": 2},
              {"events": ["WorkerEnded"], "state": "failed", "count": 3}]  # fmt: skip

    steps = funnel_of(groups, 4)

    assert [(step["name"], step["count"], step["lost"]) for step in steps] == [
        ("wanted", 4, None), ("intended", 5, None), ("submitted", 2, 3), ("pending", 2, 0), ("running", 2, 0), ("asked", 2, 0),
        ("got work", 2, 0), ("ended well", 2, 0),
    ]  # fmt: skip
