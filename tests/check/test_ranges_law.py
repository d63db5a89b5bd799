"""The law about ranges of events on a good history, and on the same with one thing broken: each break is found."""

from collections.abc import Callable
from typing import Any

import pytest

from check.laws import Seen
from check.ranges import RangesCountedOnce
from check.report import judge_log, laws_of_the_log
from schemas.records import replace
from schemas.types import RangeEnd, RangeSpan
from tests.check.test_workers_law import seen_of
from tests.commands.builders import TASK as TASK_OF_JOBS
from tests.commands.builders import job
from tests.commands.in_memory import a_culm
from tests.commands.test_event_service import acquire as acquire_admitted
from tests.commands.test_event_service import an_event_service
from tests.commands.test_ranges import FILE, OTHER, acquire, end, report


def a_history() -> list[Seen]:
    """Two files; job 71 does a part and is lost, job 72 has a range that fails, and job 73 gets what came back."""
    culm = a_culm()
    acquire(culm, 71, 4)
    acquire(culm, 72, 4, FILE, OTHER)
    report(culm, 71, 1, 2)
    report(culm, 72, 5, 5, RangeEnd.FAILED)
    end(culm, 71)
    acquire(culm, 73, 20, FILE, OTHER)
    report(culm, 73, 3, 4, try_number=2)
    return seen_of(culm, "ranges")


def found_in(records: list[Seen]) -> str:
    (result,) = judge_log(records, [RangesCountedOnce()])
    return result.first.found if result.first else ""


def changed(name: str, change: Callable[[Any], Any]) -> list[Seen]:
    """The history in which the last event of this name says something else."""
    records = a_history()
    place = max(number for number, one in enumerate(records) if one.name == name)
    one = records[place]
    records[place] = Seen(one.place, one.role, one.aggregate, one.name, one.envelope, change(one.message))
    return records


def test_a_good_history_breaks_no_law_and_is_looked_at() -> None:
    (result,) = judge_log(a_history(), [RangesCountedOnce()])

    assert (result.violations, result.checked) == (0, 7)
    assert "a range of events is with one job at a time and is counted once" in [law.name for law in laws_of_the_log({})]


def test_a_range_that_is_counted_twice_is_found() -> None:
    records = a_history()
    reported = next(one for one in records if one.name == "RangesReported")

    assert found_in([*records, reported]) == "task 7: range 1 becomes done by job 71, it is done"


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("RangesAcquired", lambda one: replace(one, ranges=(RangeSpan(first=1, last=1),), total=1), "job 73, it is done"),
        ("RangesAcquired", lambda one: replace(one, ranges=(RangeSpan(first=6, last=6),), total=1), "job 72 has it"),
        ("RangesAcquired", lambda one: replace(one, ranges=(RangeSpan(first=99, last=99),), total=1), "there are 12"),
        ("RangesAcquired", lambda one: replace(one, job_id=71), "job 71 has ended and is given ranges"),
        ("RangesAcquired", lambda one: replace(one, total=3), "3 ranges are said to be acquired"),
        ("RangesReported", lambda one: replace(one, done=(RangeSpan(first=6, last=7),)), "by job 73, it is with job 72"),
        ("RangesReturned", lambda one: replace(one, jobs=(replace(one.jobs[0], ready=()),)), "2 of its ranges are not returned"),
    ],
)
def test_what_is_broken_is_found(name: str, change: Callable[[Any], Any], found: str) -> None:
    assert found in found_in(changed(name, change))


def test_a_range_of_a_file_that_is_not_the_job_s_input_is_found() -> None:
    culm = an_event_service({"a": 20, "b": 20})
    records = seen_of(culm, "ranges")
    acquire_admitted(culm, job(2))
    given = next(one for one in seen_of(culm, "ranges") if one.name == "RangesAcquired")
    wrong = replace(given.message, ranges=(RangeSpan(first=2, last=3),))

    found = found_in([*records, Seen(given.place, given.role, given.aggregate, given.name, given.envelope, wrong)])

    assert found == f"task {TASK_OF_JOBS}: range 2 is given to job {job(2)}, its input has 3 to 4"
