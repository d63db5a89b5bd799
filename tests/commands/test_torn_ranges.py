"""A set of ranges that is torn into thousands of intervals costs its task no more than what a command names."""

from typing import Any

import pytest

from commands.ranges import model
from commands.ranges.decide import HELD_MAX, report
from commands.ranges.model import EventRanges, RangeConsumer, evolve
from schemas import intervals
from schemas.ranges import RangesReturned, ReportRanges
from schemas.types import RangeEnd, RangeFile, RangeReport, RangeSpan, ReturnedShare
from tests.schemas.within_bounds import an_event_envelope

JOB = 71
TORN = 20_000


class NotWalked(tuple[Any, ...]):
    """Intervals in which places may be looked up, and that no one goes through."""

    def __iter__(self) -> Any:
        raise AssertionError("the whole set is gone through")


def torn() -> EventRanges:
    """A task of which every second of 40,000 ranges is done, and a job with 1,000 others, none beside another."""
    ranges = EventRanges(vo="wlcg", events_per_range=1, total=100_000, held=1_000)
    ranges.files[1] = RangeFile(file_id=1, lfn="f", scope="s", guid="", first_event=1, events=100_000, first=1, count=100_000)
    ranges.done = NotWalked((2 * number, 2 * number) for number in range(1, TORN))
    ranges.consumers[JOB] = RangeConsumer("pilot", "lease", tuple((one, one) for one in held()))
    return ranges


def held() -> list[int]:
    return [50_000 + 2 * number for number in range(1_000)]


@pytest.mark.parametrize("end", [RangeEnd.DONE, RangeEnd.FAILED, RangeEnd.FATAL])
def test_a_report_of_a_thousand_ranges_goes_through_no_set_of_the_task(end: RangeEnd) -> None:
    said = tuple(RangeReport(first=one, last=one, try_number=1, end=end) for one in held())

    found = report(torn(), ReportRanges(job_id=JOB, reports=said))

    (event,) = found.events
    assert (found.refusal, event.done_total + event.retried_total + event.failed_total) == (None, 1_000)


def test_a_report_that_names_more_ranges_than_a_job_can_have_is_refused_before_they_are_looked_at() -> None:
    said = RangeReport(first=1, last=HELD_MAX + 1, try_number=1, end=RangeEnd.DONE)

    found = report(torn(), ReportRanges(job_id=JOB, reports=(said,)))

    assert found.refusal is not None
    assert (found.refusal.reason, found.events) == ("TOO_MANY_RANGES", ())


def test_the_ends_of_many_jobs_go_through_a_set_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges, joined = EventRanges(vo="wlcg", total=100_000), list[int]()
    ranges.ready = tuple((2 * number, 2 * number) for number in range(1, TORN))
    jobs = tuple(
        ReturnedShare(job_id=job, ready=tuple(span(50_000 + 100 * job + 2 * one) for one in range(20)), lost=(), is_failure=True)
        for job in range(400)
    )

    def counted(some: intervals.Intervals, others: intervals.Intervals) -> intervals.Intervals:
        joined.append(max(len(some), len(others)))
        return intervals.union(some, others)

    monkeypatch.setattr(model, "union", counted)
    evolve(ranges, RangesReturned(jobs=jobs, ready_total=8_000, lost_total=0), an_event_envelope(1, "7"))

    assert sum(size > TORN // 2 for size in joined) == 1
    assert intervals.size(ranges.ready) == TORN - 1 + 8_000
    assert intervals.size(ranges.tries[0]) == 8_000


def span(number: int) -> RangeSpan:
    return RangeSpan(first=number, last=number)
