"""Pilots wanted by class of slot, with every term of the number, and what GlideinWMS's accidents come to here."""

from collections.abc import Mapping
from typing import Any

import pytest

from schemas.queue_classes import WHOLE
from schemas.records import replace
from schemas.streams import QueueHealth
from schemas.types import ClassDemand, ClassLoad, QueueStatus, WorkerMode
from schemas.worker import WantWorkers
from streams.facts.snapshot import QueueFacts, Wanted
from streams.provisioning.demand import allowed, class_demands, demands, is_unfinished, reason_of, wanted_pilots
from tests.streams.builders import a_class, a_queue, an_envelope

SECOND = 1_000_000
CLASSES = (
    a_class("small", 4_000, standby_min=1, pilots_max=10),
    a_class("medium", 8_000, standby_min=2, pilots_max=10),
    a_class("large", 12_000, pilots_max=10),
)


def a_classed_queue(waiting: Mapping[str, int], leased: Mapping[str, int] | None = None, **settings: Any) -> QueueFacts:
    """A queue whose events count jobs by class."""
    names = [one.name for one in CLASSES] + ([""] if "" in waiting else [])
    holds = leased or {}
    loads = tuple(ClassLoad(name=name, waiting=waiting.get(name, 0), leased=holds.get(name, 0)) for name in names)
    found = a_queue(waiting=sum(waiting.values()), leased=sum(holds.values()), **({"classes": CLASSES} | settings))
    return replace_facts(found, loads)


def replace_facts(found: QueueFacts, loads: tuple[ClassLoad, ...], pilots: int = 0) -> QueueFacts:
    return QueueFacts(found.settings, found.waiting, found.leased, pilots, loads)


def numbers(found: tuple[ClassDemand, ...]) -> dict[str, int]:
    return {one.name: one.wanted for one in found}


def replace_wanted(before: Wanted, classes: tuple[ClassDemand, ...]) -> Wanted:
    return Wanted(before.number, before.event_id, before.cause, {one.name: one for one in classes})


def asked_before(at_seconds: int, **classes: int) -> Wanted:
    """What the log says was asked for last, and when."""
    cause = replace(an_envelope("Q1", 1), occurred_at=at_seconds * SECOND)
    by_class = {name: ClassDemand(name=name, wanted=number) for name, number in classes.items()}
    return Wanted(sum(classes.values()), "e1", cause, by_class)


def test_pilots_stand_by_without_any_job() -> None:
    assert numbers(class_demands(a_classed_queue({}))) == {"small": 1, "medium": 2, "large": 0}


def test_a_class_wants_those_that_stand_by_and_one_for_each_job_that_waits_or_runs() -> None:
    found = class_demands(a_classed_queue({"medium": 3}, {"medium": 2, "small": 1}))

    assert numbers(found) == {"small": 2, "medium": 7, "large": 0}
    medium = next(one for one in found if one.name == "medium")
    assert (medium.standby, medium.waiting, medium.running, medium.memory_mb) == (2, 3, 2, 8_000)


def test_a_queue_without_classes_is_one_class_of_its_own_limits() -> None:
    (found,) = class_demands(a_queue(waiting=3, leased=1, rss_mb_max=4_000, walltime_seconds_max=60, standby_min=2, pilots_max=5))

    assert found == ClassDemand(
        name=WHOLE,
        wanted=5,
        memory_mb=4_000,
        cores=1,
        walltime_seconds=60,
        standby=2,
        waiting=3,
        running=1,
        cut_by_pilots_max=1,
    )


def test_a_queue_that_pushes_wants_a_worker_for_each_job_and_none_that_stands_by() -> None:
    (found,) = class_demands(a_queue(waiting=3, leased=2, standby_min=2, pilots_max=10, mode=WorkerMode.PUSH))

    assert (found.wanted, found.standby) == (5, 0)


def test_every_cut_is_named_in_the_order_and_its_sentence() -> None:
    queue = a_classed_queue({"medium": 30, "large": 4}, {"large": 1}, pending_max=20, ramp_per_minute=6)

    found = allowed(queue, class_demands(queue), asked_before(100, small=1, medium=2, large=1), 160 * SECOND)

    medium = next(one for one in found if one.name == "medium")
    assert (medium.cut_by_pending_max, medium.cut_by_pilots_max, medium.cut_by_ramp, medium.wanted) == (10, 12, 4, 6)
    assert reason_of(queue, found) == (
        "small: 1 of 1 standing by, 0 waiting, 0 running; medium: 6 of 2 standing by, 30 waiting, 0 running,"
        " 10 fewer until others are at work, 4 fewer by the ramp; large: 3 of 0 standing by, 4 waiting, 1 running,"
        " 2 fewer by the ramp"
    )


def test_500_jobs_reach_the_limit_on_the_ramp() -> None:
    queue = a_queue(waiting=500, pilots_max=100, ramp_per_minute=30)
    before, now, steps = asked_before(0, all=0), 1_000, []

    while before.number < 100:
        now += 20
        (found,) = allowed(queue, class_demands(queue), before, now * SECOND)
        before = asked_before(now, all=found.wanted)
        steps.append(found.wanted)

    assert steps == [30, 40, 50, 60, 70, 80, 90, 100]


def test_a_ramp_asks_for_a_few_more_only_every_few_seconds() -> None:
    queue = a_queue(waiting=500, pilots_max=100, ramp_per_minute=60)

    found = [allowed(queue, class_demands(queue), asked_before(100, all=10), second * SECOND) for second in (101, 104, 105)]

    assert [one.wanted for (one,) in found] == [10, 10, 15]
    assert is_unfinished(queue, asked_before(100, all=10), 101 * SECOND)


def test_a_surge_goes_back_by_a_tenth_of_the_living_at_a_time() -> None:
    queue, living, steps = a_queue(pilots_max=1_000), 500, []

    while living:
        now_living = replace_facts(queue, (), living)
        (found,) = allowed(now_living, class_demands(now_living), asked_before(0, all=living), 0)
        living = found.wanted
        steps.append(living)

    assert steps[:4] == [450, 405, 365, 329]
    assert steps[-3:] == [9, 4, 0]


def test_pilots_that_do_not_live_any_more_are_given_up_at_once() -> None:
    queue = replace_facts(a_queue(pilots_max=1_000), (), 3)

    (found,) = allowed(queue, class_demands(queue), asked_before(0, all=500), 0)

    assert (found.wanted, found.kept_for_now) == (0, 0)


def test_an_idle_count_that_is_wrongly_0_for_a_moment_costs_a_tenth_at_most() -> None:
    right = replace_facts(a_queue(waiting=400, leased=100, pilots_max=500), (), 500)
    wrong = replace_facts(a_queue(waiting=0, leased=0, pilots_max=500), (), 500)

    (lower,) = allowed(wrong, class_demands(wrong), asked_before(0, all=500), 0)
    (again,) = allowed(right, class_demands(right), asked_before(0, all=lower.wanted), 0)

    assert (lower.wanted, again.wanted) == (450, 500)


def test_fewer_jobs_are_news_also_when_no_fewer_pilots_may_be_wanted_yet() -> None:
    def queue(waiting: int) -> QueueFacts:
        return replace_facts(a_queue(waiting=waiting, pilots_max=500), (), 50)

    ((_, _, made),) = demands({"Q1": queue(40)}, {"Q1": asked_before(0, all=50)}, {"Q1": an_envelope("Q1", 2)})
    assert isinstance(made.command, WantWorkers)
    before = replace_wanted(asked_before(0, all=45), made.command.classes)

    ((_, number, again),) = demands({"Q1": queue(0)}, {"Q1": before}, {"Q1": an_envelope("Q1", 3)})

    assert isinstance(again.command, WantWorkers)
    assert [(made.command.wanted, one.kept_for_now) for one in made.command.classes] == [(45, 5)]
    assert [(number, one.kept_for_now) for one in again.command.classes] == [(45, 45)]


def test_slots_that_cannot_run_the_jobs_that_wait_do_not_count_for_them() -> None:
    queue = a_classed_queue({"large": 2, "": 50}, {"small": 8})

    assert numbers(class_demands(queue)) == {"small": 9, "medium": 2, "large": 2}


def test_jobs_that_no_event_counted_by_the_classes_of_today_are_the_largest_ones() -> None:
    queue = replace_facts(a_queue(waiting=3, leased=1, classes=CLASSES), (ClassLoad(name="old", waiting=3, leased=1),))

    assert numbers(class_demands(queue)) == {"small": 1, "medium": 2, "large": 4}


@pytest.mark.parametrize("status", [QueueStatus.OFFLINE, QueueStatus.BROKEROFF])
def test_no_pilot_stands_by_where_no_job_will_come(status: QueueStatus) -> None:
    assert wanted_pilots(a_classed_queue({}, {"small": 1}, status=status)) == 1


def test_another_share_of_the_classes_is_news_also_when_the_sum_is_the_same() -> None:
    queue = a_classed_queue({"large": 1}, classes=tuple(replace(one, standby_min=0) for one in CLASSES))
    before = asked_before(0, small=1, medium=0, large=0)

    ((_, number, made),) = demands({"Q1": queue}, {"Q1": before}, {"Q1": an_envelope("Q1", 2)})

    assert number == 1
    assert isinstance(made.command, WantWorkers)
    assert numbers(made.command.classes) == {"small": 0, "medium": 0, "large": 1}


def test_an_order_that_was_held_back_is_said_again_after_a_minute_and_taken_back_at_once() -> None:
    held = Wanted(0, "e1", an_envelope("Q1", 1), held_at=100 * SECOND)
    causes = {"Q1": an_envelope("Q1", 2)}

    said = [list(demands({"Q1": a_queue()}, {"Q1": held}, causes, second * SECOND)) for second in (159, 160)]
    taken_back = list(demands({"Q1": a_queue(waiting=4)}, {"Q1": held}, causes, 101 * SECOND))

    assert [len(one) for one in said] == [0, 1]
    assert [number for _, number, _ in taken_back] == [4]


def ill(queue: QueueFacts) -> QueueFacts:
    """The queue with workers that end before they ask for work; one tries it from second 300 on."""
    health = QueueHealth(fingerprint="no-shared-folder", ended=3, probe_at=300 * SECOND)
    return QueueFacts(queue.settings, queue.waiting, queue.leased, queue.pilots, queue.classes, health)


def test_a_queue_whose_workers_end_early_keeps_those_at_work_and_one_tries_it_when_that_is_due() -> None:
    queue = ill(a_classed_queue({"medium": 300, "large": 5}, {"medium": 2}))

    assert numbers(class_demands(queue, 299 * SECOND)) == {"small": 0, "medium": 2, "large": 0}
    assert numbers(class_demands(queue, 300 * SECOND)) == {"small": 1, "medium": 2, "large": 0}
    assert reason_of(queue, class_demands(queue, 300 * SECOND)) == (
        "workers end before they ask for work (no-shared-folder): one worker tries it; 2 leased"
    )
    assert reason_of(queue, class_demands(queue, 0)) == (
        "workers end before they ask for work (no-shared-folder): the next worker tries it later; 2 leased"
    )


def test_time_alone_brings_the_try_and_it_stays_one() -> None:
    queue, before = ill(a_queue(waiting=300, pilots_max=50)), asked_before(0)
    tried = Wanted(1, "e2", before.cause)

    assert is_unfinished(queue, before, 299 * SECOND)
    assert list(demands({"Q1": queue}, {"Q1": before}, {}, 299 * SECOND)) == []
    ((_, number, _),) = demands({"Q1": queue}, {"Q1": before}, {}, 300 * SECOND)
    assert number == 1
    assert list(demands({"Q1": queue}, {"Q1": tried}, {}, 301 * SECOND)) == []
    assert not is_unfinished(queue, tried, 301 * SECOND)


def test_an_offline_queue_is_not_tried() -> None:
    assert wanted_pilots(ill(a_queue(waiting=3, status=QueueStatus.OFFLINE)), 300 * SECOND) == 0


def test_a_queue_that_pushes_is_not_closed_by_workers_that_asked_for_nothing() -> None:
    pushes = ill(a_queue(waiting=3, mode=WorkerMode.PUSH))

    assert pushes.ill is None
    assert wanted_pilots(pushes, 0) == 3
