"""Secondary input by events and by number: what each unit is given, and what ends where it runs out."""

from typing import Any

import pytest

from commands.task.transitions import TaskStatus
from schemas.records import replace
from schemas.task import TaskBroken, TaskFinalized
from schemas.types import SplitRules, TaskVerdict
from tests.commands.builders import a_queue, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_secondary_input import a_definition_with, a_stream, inputs, jobs, refined, register


def a_task(stream: dict[str, Any], first: list[int | None], second: list[int | None], **changes: Any) -> Culm:
    """A task over master files and secondary files with these numbers of events."""
    culm = a_culm()
    a_queue(culm)
    for dataset, prefix, numbers in (("user.jdoe.first", "a", first), ("user.jdoe.second", "s", second)):
        for at, events in enumerate(numbers):
            register(culm, dataset, f"{prefix}{at}", 1, events=events)
    return refined(culm, a_definition_with(a_stream(**stream), **changes))


def given(culm: Culm) -> list[list[str]]:
    """Secondary files of each job."""
    return [[name[:2] for name in names if name.startswith("s")] for names in inputs(culm)]


def test_each_unit_has_as_many_files_as_hold_so_many_events_for_each_of_its_own() -> None:
    culm = a_task({"event_ratio": 2}, [10, 5, 10], [10, 10, 10, 4, 6, 30])

    assert given(culm) == [["s0", "s1"], ["s2"], ["s3", "s4", "s5"]]
    run_all(culm)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_ranges_of_events_have_files_for_the_events_of_the_range() -> None:
    culm = a_task({"event_ratio": 0.5}, [20], [5, 5, 5], rules=SplitRules(events_per_job=10))

    assert given(culm) == [["s0"], ["s1"]]


def test_input_for_which_too_few_events_are_left_stays_unprocessed_and_no_unit_overtakes_it() -> None:
    culm = a_task({"event_ratio": 1}, [10, 30, 5], [10, 10, 10])
    run_all(culm)

    assert given(culm) == [["s0"]]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FINISHED
    assert culm.last(TaskFinalized).message == (
        "0 of 3 input units failed, 2 were not processed; "
        "secondary input IN2 (user.jdoe.second) has 2 of 3 files left, too few for a job"
    )


def test_a_reusable_stream_begins_again_by_events_too() -> None:
    culm = a_task({"event_ratio": 1, "reusable": True}, [10, 10, 50], [10, 5, 5])

    assert given(culm) == [["s0"], ["s1", "s2"], ["s0", "s1", "s2"]]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([10, None], [10], "file a10000 has no number of events; eventRatio of stream IN2 needs one"),
        ([10], [10, None], "file s10000 of secondary dataset user.jdoe.second has no number of events; eventRatio of stream"),
        ([10], [10, 0], "file s10000 of secondary dataset user.jdoe.second has no number of events; eventRatio of stream"),
        ([2000], [1] * 4 + [5] * 1, ""),
    ],
)
def test_files_without_a_number_of_events_break_the_task(first: list[Any], second: list[Any], message: str) -> None:
    culm = a_task({"event_ratio": 1}, first, second)

    assert (the_task(culm).status is TaskStatus.BROKEN) is bool(message)
    assert not message or culm.last(TaskBroken).message.startswith(message)


def test_a_unit_that_may_need_more_files_than_a_job_can_have_breaks_the_task() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.first", "a", 1, events=2000)
    register(culm, "user.jdoe.second", "s", 1500, events=1)

    refined(culm, a_definition_with(a_stream(event_ratio=1)))

    assert culm.last(TaskBroken).message == (
        "2,000 events of file a0000 may need 1,500 files of stream IN2, expected at most 900"
    )


def joined(names: list[str], others: list[str], **changes: Any) -> Culm:
    """A task over files of these names, joined by number with the others."""
    culm = a_culm()
    a_queue(culm)
    for dataset, found in (("user.jdoe.first", names), ("user.jdoe.second", others)):
        for name in found:
            register(culm, dataset, name, 1)
    return refined(culm, a_definition_with(a_stream(index_consistent=True), **changes))


def test_files_are_joined_by_their_number_and_those_without_a_partner_are_left_out() -> None:
    culm = joined([f"a._{n:06d}.x." for n in (1, 2, 4, 7)], [f"b._{n:06d}.y." for n in (7, 2, 3, 1)])

    assert inputs(culm) == [
        [f"a._{n:06d}.x.0000", f"b._{n:06d}.y.0000"] for n in (1, 2, 7)
    ]
    run_all(culm)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_job_of_several_files_has_the_partner_of_each() -> None:
    culm = joined(
        [f"a._{n:06d}.x." for n in (1, 2, 3)], [f"b._{n:06d}.y." for n in (3, 2, 1)], rules=SplitRules(files_per_job=2)
    )

    assert [[name[:9] for name in names] for names in inputs(culm)] == [
        ["a._000001", "a._000002", "b._000001", "b._000002"], ["a._000003", "b._000003"]
    ]  # fmt: skip


def test_an_attempt_after_a_failure_has_the_same_partner() -> None:
    culm = joined([f"a._{n:06d}.x." for n in (1, 2)], [f"b._{n:06d}.y." for n in (2, 1)])
    before = inputs(culm)
    run_all(culm, succeed=False)

    assert len(jobs(culm)) >= len(before)
    assert before == [["a._000001.x.0000", "b._000001.y.0000"], ["a._000002.x.0000", "b._000002.y.0000"]]


def test_a_stream_in_random_order_is_the_same_list_in_another_order() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.first", "a", 30)
    register(culm, "user.jdoe.second", "s", 30)

    refined(culm, a_definition_with(replace(a_stream(), random=True)))

    names = [names[1] for names in inputs(culm)]
    assert sorted(names) == [f"s{number:04d}" for number in range(30)] != names
