"""A set of ranges that is torn into thousands of intervals costs its task no more than what a command names."""

from typing import Any

import pytest

from commands.ranges import consumers, model
from commands.ranges.decide import HELD_MAX, acquire, give_back, report
from commands.ranges.model import EventRanges, RangeConsumer, evolve
from schemas import intervals
from schemas.ranges import AcquireRanges, RangesReturned, ReportRanges, ReturnRanges
from schemas.types import (
    EndedConsumer,
    JobOutcome,
    OutcomeKind,
    RangeEnd,
    RangeFile,
    RangeInput,
    RangeReport,
    RangeSpan,
    ReturnedShare,
)
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


def tried() -> tuple[NotWalked, ...]:
    """Ranges that were tried in vain once to nine times, none of them with the job."""
    return tuple(NotWalked((2 * number + 1, 2 * number + 1) for number in range(1, TORN // 5)) for _ in range(9))


@pytest.mark.parametrize("end", [RangeEnd.DONE, RangeEnd.FAILED, RangeEnd.FATAL])
@pytest.mark.parametrize("tries", [(), tried()], ids=["no try before", "others tried nine times"])
def test_a_report_of_a_thousand_ranges_goes_through_no_set_of_the_task(end: RangeEnd, tries: tuple[NotWalked, ...]) -> None:
    said = tuple(RangeReport(first=one, last=one, try_number=1, end=end) for one in held())
    ranges = torn()
    ranges.tries = tries

    found = report(ranges, ReportRanges(job_id=JOB, reports=said))

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


def test_a_job_with_two_hundred_torn_files_is_given_ranges_and_no_set_is_gone_through() -> None:
    ranges = EventRanges(vo="wlcg", events_per_range=1, total=60_000)
    for number in range(200):
        ranges.files[number + 1] = a_file(number)
    ranges.ready, ranges.tries = NotWalked((2 * one, 2 * one) for one in range(1, TORN)), tried()
    asked = tuple(
        RangeInput(file_id=number + 1, lfn=f"f{number}", scope="s", guid="", first_event=1, events=300) for number in range(200)
    )

    found = acquire(ranges, AcquireRanges(job_id=JOB, lease_id="lease", count=500, events_per_range=1, inputs=asked))

    given = [(one.first, one.last, one.try_number) for one in found.ranges_granted]
    assert given == [(2 * one, 2 * one, 1) for one in range(1, 501)]
    assert found.hits is not None
    assert found.hits.units == TORN - 1


def test_two_hundred_jobs_of_one_torn_file_are_judged_by_one_look_at_its_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges, looked = torn(), list[int]()
    ranges.admitted.update(dict.fromkeys(range(200), 1))
    ended = tuple(
        EndedConsumer(job_id=job, is_failure=True, outcome=JobOutcome(job_id=job, kind=OutcomeKind.FAILED)) for job in range(200)
    )

    def counted(some: intervals.Intervals, others: intervals.Intervals) -> intervals.Intervals:
        found = intervals.intersection(some, others)
        looked.append(len(found))
        return found

    ranges.done = ranges.done[:]
    monkeypatch.setattr(consumers, "intersection", counted)
    found = give_back(ranges, ReturnRanges(jobs=ended), "7")

    assert len(found.follow_ups) == 1
    assert sum(size > TORN // 2 for size in looked) == 2


def a_file(number: int) -> RangeFile:
    return RangeFile(
        file_id=number + 1, lfn=f"f{number}", scope="s", guid="", first_event=1, events=300, first=1 + 300 * number, count=300
    )


def span(number: int) -> RangeSpan:
    return RangeSpan(first=number, last=number)
