"""Jobs that wait at a queue which will not serve them are closed, and no others."""

import pytest

from commands.queue import elsewhere
from schemas.job import JobClosed
from schemas.queue import OfferElsewhere
from schemas.task import PauseTask, ResumeTask
from schemas.types import Requirements
from tests.commands.builders import QUEUE, TASK, a_definition, a_queue, a_running_task, job, lease
from tests.commands.in_memory import Culm


def closed(culm: Culm) -> list[tuple[int, int]]:
    """Job and code of every job that was closed, in order."""
    return [(int(by.aggregate_id), event.code) for event, by in culm.events if isinstance(event, JobClosed)]


def test_jobs_that_wait_leave_and_those_that_pilots_hold_stay() -> None:
    culm = a_running_task()
    held = lease(culm)

    assert culm.send(OfferElsewhere(reason="queue LOCAL is closed"), QUEUE, role="system").accepted

    assert held == job(1)
    assert closed(culm) == [(job(2), 51), (job(3), 51)]
    assert culm.last(JobClosed).sub_status == "toreassign"
    assert dict(culm.state("queue", QUEUE).waiting) == {}
    assert list(culm.state("queue", QUEUE).leases) == [job(1)]


@pytest.mark.parametrize("keeps", ["keeps_jobs", "clocks_stopped"])
def test_a_queue_that_keeps_its_jobs_keeps_them(keeps: str) -> None:
    culm = a_running_task()
    a_queue(culm, **{keeps: True})

    answer = culm.send(OfferElsewhere(reason="r"), QUEUE, role="system")

    assert (answer.accepted, answer.reason) == (False, "KEEPS_JOBS")
    assert closed(culm) == []


def test_jobs_of_a_paused_task_stay_until_it_is_resumed() -> None:
    culm = a_running_task()
    culm.send(PauseTask(), str(TASK))

    culm.send(OfferElsewhere(reason="r"), QUEUE, role="system")
    assert closed(culm) == []
    culm.send(ResumeTask(), str(TASK))
    culm.send(OfferElsewhere(reason="r"), QUEUE, role="system")

    assert len(closed(culm)) == 3


def test_of_a_number_of_jobs_the_last_in_line_leave() -> None:
    culm = a_running_task(a_definition(events_total=5))

    culm.send(OfferElsewhere(reason="r", code=10, number_max=2), QUEUE, role="system")

    assert sorted(closed(culm)) == [(job(4), 10), (job(5), 10)]


def test_more_jobs_than_one_decision_takes_leave_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "JOBS_MAX", 2)
    culm = a_running_task(a_definition(events_total=5))

    culm.send(OfferElsewhere(reason="r"), QUEUE, role="system")

    assert [number for number, _ in closed(culm)] == [job(number) for number in range(1, 6)]


@pytest.mark.parametrize(("label", "left"), [("user", 3), ("managed", 0)])
def test_of_an_offline_queue_the_jobs_of_users_alone_leave(label: str, left: int) -> None:
    culm = a_running_task(a_definition(requirements=Requirements(label=label)))

    culm.send(OfferElsewhere(reason="r", users_only=True), QUEUE, role="system")

    assert len(closed(culm)) == left


def test_jobs_of_another_share_stay() -> None:
    culm = a_running_task(a_definition(share="Express"))

    culm.send(OfferElsewhere(reason="r", share="Slow"), QUEUE, role="system")
    assert closed(culm) == []
    culm.send(OfferElsewhere(reason="r", share="Express"), QUEUE, role="system")

    assert len(closed(culm)) == 3
