"""Slots by size: which job a pilot of a size gets, what the record says of it, and which settings are refused."""

from typing import Any

import pytest
from hypothesis import given

from commands.queue.loads import Loads
from commands.queue.matching import FAIR_SECONDS, SMALLER_SLOT_SECONDS
from commands.queue.model import initial
from schemas.policy import ConfigureQueue
from schemas.queue import DispatchConfigured, EnqueueJob, JobLeased
from schemas.records import replace
from schemas.types import ClassLoad, QueueClass, QueueSettings
from tests.commands.builders import QUEUE, a_queue, lease
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_queue_lines import STEPS, Step, a_spec, after, event_of, queued
from tests.doses import dose

SECOND = 1_000_000
CLASSES = (
    QueueClass(name="large", memory_mb=12_000, pilots_max=2),
    QueueClass(name="small", memory_mb=4_000, pilots_max=1),
    QueueClass(name="medium", memory_mb=8_000, pilots_max=2),
)


def a_queue_with(*jobs: tuple[int, int], **settings: Any) -> Culm:
    """A queue with classes in which jobs wait: (number, MB) of each."""
    culm = a_culm()
    a_queue(culm, **({"classes": CLASSES} | settings))
    for number, memory_mb in jobs:
        enqueue(culm, number, memory_mb)
    return culm


def enqueue(culm: Culm, number: int, memory_mb: int, **changes: Any) -> None:
    spec = replace(a_spec(number, ram_mb=memory_mb), **({"queue": QUEUE} | changes))
    assert culm.send(EnqueueJob(spec=spec), QUEUE, role="system").accepted


def test_jobs_of_5_6_and_7_gb_follow_each_other_on_the_same_pilot_of_8_gb_the_largest_first() -> None:
    culm = a_queue_with((1, 5_000), (2, 7_000), (3, 6_000), (4, 9_000), (5, 3_000))

    taken = [lease(culm, "worker-1", memory_mb=8_000) for _ in range(4)]

    assert taken == [2, 3, 1, None]
    first = next(message for message, _ in culm.events if isinstance(message, JobLeased))
    assert (first.job_class, first.slot_class, first.job_memory_mb, first.slot_memory_mb, first.reason) == (
        "medium",
        "medium",
        7_000,
        8_000,
        "",
    )


def test_a_small_job_goes_to_a_larger_slot_once_no_pilot_of_its_own_came_and_the_record_says_so() -> None:
    culm = a_queue_with((1, 4_000))
    assert lease(culm, "worker-1", memory_mb=8_000) is None

    culm.now += SMALLER_SLOT_SECONDS * SECOND

    assert lease(culm, "worker-1", memory_mb=8_000) == 1
    given = culm.last(JobLeased)
    assert (given.job_class, given.slot_class) == ("small", "medium")
    assert given.reason.startswith("no smaller slot is to be had: no pilot of small came in 3")


def test_a_small_job_goes_to_a_larger_slot_at_once_when_all_pilots_of_its_own_are_at_work() -> None:
    culm = a_queue_with((1, 4_000), (2, 3_900))

    assert lease(culm, "worker-1", memory_mb=4_000) == 1
    assert lease(culm, "worker-2", memory_mb=8_000) == 2
    assert culm.last(JobLeased).reason == "no smaller slot is to be had: 1 of 1 pilots of small are at work"


def test_a_pilot_whose_batch_system_granted_a_little_less_is_of_the_class_that_was_asked_for() -> None:
    culm = a_queue_with((1, 5_000))

    assert lease(culm, "worker-1", memory_mb=7_812) == 1
    assert culm.last(JobLeased).slot_class == "medium"


def test_a_job_of_several_cores_is_for_a_pilot_that_has_them_and_is_taken_first() -> None:
    culm = a_queue_with(classes=())
    enqueue(culm, 1, 2_000)
    enqueue(culm, 2, 2_000, core_count=4)

    assert lease(culm, "worker-1", memory_mb=16_000, cores=2) == 1
    assert lease(culm, "worker-1", memory_mb=16_000, cores=4) == 2


def test_a_higher_priority_goes_before_a_larger_job() -> None:
    culm = a_queue_with((1, 7_000))
    enqueue(culm, 2, 4_500, priority=2_000)

    assert lease(culm, "worker-1", memory_mb=8_000) == 2


def test_a_small_job_that_has_waited_long_goes_before_larger_ones_that_keep_coming() -> None:
    culm = a_queue_with((1, 1_000), classes=())
    for number in range(2, 5):
        enqueue(culm, number, 3_500)
        assert lease(culm, "worker-1", memory_mb=4_000) == number

    culm.now += FAIR_SECONDS * SECOND
    enqueue(culm, 5, 3_500)

    assert lease(culm, "worker-1", memory_mb=4_000) == 1


def test_a_pilot_that_does_not_say_its_memory_gets_the_oldest_job() -> None:
    culm = a_queue_with((1, 1_000), (2, 9_000))

    assert [lease(culm, "worker-1"), lease(culm, "worker-1")] == [1, 2]


def test_100000_different_needs_make_a_bounded_number_of_lines() -> None:
    queue = initial()
    for number in range(1, dose(100_000, fast=20_000) + 1):
        queue = after(queue, queued(a_spec(number, ram_mb=500 + number)))

    assert len(list(queue.lines.heads(None))) < 80


def test_a_job_behind_one_that_is_a_little_too_large_is_found() -> None:
    culm = a_queue_with((1, 2_040), (2, 1_930), classes=())

    assert lease(culm, "worker-1", memory_mb=1_950) == 2


def test_events_count_the_jobs_of_each_class() -> None:
    culm = a_queue_with((1, 1_000), (2, 6_000), (3, 7_000), (4, 90_000))

    lease(culm, "worker-1", memory_mb=8_000)

    assert culm.last(JobLeased).classes == (
        ClassLoad(name="small", waiting=1, leased=0),
        ClassLoad(name="medium", waiting=1, leased=1),
        ClassLoad(name="large", waiting=0, leased=0),
        ClassLoad(name="", waiting=1, leased=0),
    )


@given(STEPS)
def test_counts_follow_every_change_as_a_new_count_finds_them(steps: list[Step]) -> None:
    queue = initial()
    settings = QueueSettings(name="Q", site="S", classes=CLASSES)
    queue = after(queue, DispatchConfigured(settings=settings))
    for job_id, step in enumerate(steps, start=1):
        event = event_of(queue, step, job_id)
        if event is not None:
            queue = after(queue, event)

        counted = Loads.of(settings, queue.waiting.values(), queue.leases.values())
        assert queue.loads.told() == counted.told()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"classes": (QueueClass(name="small", memory_mb=4_000, standby_min=4, pilots_max=2),)},
            "queue LOCAL: class small: standby_min is 4, expected at most pilots_max 2",
        ),
        ({"standby_min": 4, "pilots_max": 2}, "queue LOCAL: standby_min is 4, expected at most pilots_max 2"),
        (
            {"classes": (QueueClass(name="small", memory_mb=-1),)},
            "settings.classes[0].memory_mb: found -1, expected 0 to 100,000,000,000",
        ),
        (
            {"classes": (QueueClass(name="small", memory_mb=1), QueueClass(name="small", memory_mb=2))},
            "queue LOCAL: class small is named twice, expected each name once",
        ),
        (
            {"classes": (QueueClass(name="small", memory_mb=1), QueueClass(name="medium", memory_mb=1))},
            (
                "queue LOCAL: classes small and medium have the same memory_mb, cores and walltime_seconds,"
                " expected sizes that differ"
            ),
        ),
        (
            {"rss_mb_max": 4_000, "classes": (QueueClass(name="medium", memory_mb=8_000),)},
            "queue LOCAL: class medium: memory_mb is 8000, expected at most rss_mb_max 4000 of the queue",
        ),
        (
            {"walltime_seconds_max": 60, "classes": (QueueClass(name="medium", memory_mb=8_000),)},
            (
                "queue LOCAL: class medium: walltime_seconds is 0, which is no limit,"
                " expected at most walltime_seconds_max 60 of the queue"
            ),
        ),
        (
            {"standby_min": 1, "classes": (QueueClass(name="medium", memory_mb=8_000),)},
            "queue LOCAL: standby_min is 1, expected 0 beside classes, each of which has its own",
        ),
    ],
)
def test_classes_that_cannot_work_are_refused_by_name_value_and_expectation(changes: dict[str, Any], problem: str) -> None:
    culm = a_culm()
    settings = replace(QueueSettings(name=QUEUE, site="S"), **changes)

    answer = culm.send(ConfigureQueue(settings=settings), f"queue.{QUEUE}", role="operator")

    assert (answer.accepted, answer.message) == (False, problem)
