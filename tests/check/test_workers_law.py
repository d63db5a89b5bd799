"""The law about workers on good histories, and on the same with one thing broken: each break is found."""

from typing import Any

import pytest

from check.laws import Seen
from check.leases import OnePilotEach
from check.report import judge_log
from check.workers import WorkersAreIntended
from schemas.reading import Place
from schemas.types import WorkerState
from schemas.wire import entry_of
from tests.commands.builders import job
from tests.commands.in_memory import Culm
from tests.commands.push_scenes import a_push_queue, bind, ended
from tests.commands.test_workers import a_served_queue, claim, intend, report


def seen_of(culm: Culm, *kinds: str) -> list[Seen]:
    """The events of workers, or of aggregates of `kinds`, as the checker is shown them."""
    found = [(entry_of(event).aggregate, event, envelope) for event, envelope in culm.events]
    return [
        Seen(Place(f"culm.{kind}.events.v1", 0, offset), "events", kind, type(event).__name__, envelope, event)
        for wanted in kinds or ("worker",)
        for offset, (kind, event, envelope) in enumerate(one for one in found if one[0] == wanted)
    ]


def a_history() -> list[Seen]:
    """w1 lives and ends, w2 lives, 17 is another harvester's, and a second process took over."""
    culm = a_served_queue()
    intend(culm, "w1")
    report(culm, WorkerState.SUBMITTED, "w1")
    report(culm, WorkerState.RUNNING, "w1")
    report(culm, WorkerState.RUNNING, "17", "CERN_central")
    report(culm, WorkerState.FINISHED, "17", "CERN_central")
    claim(culm, instance="i2", epoch=2)
    intend(culm, "w2", epoch=2)
    report(culm, WorkerState.FINISHED, "w1")
    report(culm, WorkerState.RUNNING, "w2")
    return seen_of(culm)


def found_in(records: list[Seen]) -> list[str]:
    """What the law says first, if anything."""
    (result,) = judge_log(records, [WorkersAreIntended()])
    return [result.first.found] if result.first else []


def place_of(records: list[Seen], name: str, worker_id: str) -> int:
    return next(
        number for number, one in enumerate(records) if (one.name, getattr(one.message, "worker_id", "")) == (name, worker_id)
    )


def test_a_good_history_breaks_no_law() -> None:
    assert found_in(a_history()) == []


@pytest.mark.parametrize(
    ("name", "worker_id", "found"),
    [
        ("WorkerIntended", "w2", "WorkerRunning of worker w2, which was never intended"),
        ("ServiceClaimed", "", "worker w1 is intended in epoch 1, which is over"),
    ],
)
def test_what_is_missing_is_found(name: str, worker_id: str, found: str) -> None:
    records = a_history()
    del records[place_of(records, name, worker_id)]

    assert found_in(records) == [found]


@pytest.mark.parametrize(
    ("name", "worker_id", "found"),
    [
        ("WorkerIntended", "w2", "worker w2 is intended a second time"),
        ("WorkerRunning", "w1", "WorkerRunning of worker w1, which ended"),
        ("WorkerIntended", "w1", "worker w1 is intended in epoch 1, which is over"),
    ],
)
def test_what_comes_again_at_the_end_is_found(name: str, worker_id: str, found: str) -> None:
    records = a_history()

    assert found_in([*records, records[place_of(records, name, worker_id)]]) == [found]


def test_two_living_workers_with_one_tag_are_found() -> None:
    records = a_history()
    twin: Any = records[place_of(records, "WorkerIntended", "w2")]
    message = type(twin.message)(**{**twin.message.to_avro(), "worker_id": "w3", "mode": twin.message.mode})

    found = found_in([*records, Seen(twin.place, "events", "worker", twin.name, twin.envelope, message)])

    assert found == ["tag culm-w2 is that of worker w2, which lives"]


def test_a_job_that_travels_with_two_living_workers_is_found() -> None:
    culm = a_push_queue()
    bind(culm, "w1")
    ended(culm, "w1")
    bind(culm, "w2")
    records = seen_of(culm)

    assert found_in(records) == []
    del records[place_of(records, "WorkerEnded", "w1")]
    assert found_in(records) == [f"job {job(1)} travels with worker w1, which lives"]


def test_a_job_that_came_back_may_be_queued_and_leased_a_second_time_and_no_other_may() -> None:
    culm = a_push_queue()
    bind(culm, "w1")
    ended(culm, "w1")
    bind(culm, "w2")
    records = seen_of(culm, "queue", "job")

    (result,) = judge_log(records, [OnePilotEach({})])
    assert result.first is None
    del records[next(number for number, one in enumerate(records) if one.name == "LeaseEnded")]
    (result,) = judge_log(records, [OnePilotEach({})])
    assert result.first is not None
    assert result.first.found == f"JobQueued of job {job(1)} in queue LOCAL, which is leased in queue LOCAL"
