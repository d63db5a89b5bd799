"""Ranges of events: each is with one job at a time and is counted once, also when jobs die."""

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.ranges.snapshot import SNAPSHOT
from commands.snapshot import MAIN
from schemas.answer import CommandAnswered
from schemas.ranges import AcquireRanges, RangesAcquired, RangesReported, RangesReturned, ReportRanges, ReturnRanges
from schemas.types import EndedConsumer, RangeEnd, RangeInput, RangeReport
from tests.commands.in_memory import Culm, a_culm

TASK = "7"
FILE = RangeInput(file_id=1, lfn="a.root", scope="mc", guid="G1", first_event=1, events=95)
OTHER = RangeInput(file_id=2, lfn="b.root", scope="mc", guid="G2", first_event=101, events=20)


def acquire(
    culm: Culm,
    job_id: int,
    count: int = 4,
    *inputs: RangeInput,
    actor: str = "pilot",
    lease_id: str = "",
    per_range: int = 10,
    vo: str = "wlcg",
) -> CommandAnswered:
    """What a job is answered that asks for ranges of 10 events."""
    lease_id = lease_id or f"lease-{job_id}"
    command = AcquireRanges(
        job_id=job_id, lease_id=lease_id, count=count, events_per_range=per_range, inputs=inputs or (FILE,)
    )
    return culm.send(command, TASK, actor=actor, role="pilot", vo=vo)


def report(
    culm: Culm, job_id: int, first: int, last: int, end: RangeEnd = RangeEnd.DONE, try_number: int = 1, actor: str = "pilot"
) -> CommandAnswered:
    one = RangeReport(first=first, last=last, try_number=try_number, end=end)
    return culm.send(ReportRanges(job_id=job_id, reports=(one,)), TASK, actor=actor, role="pilot")


def end(culm: Culm, job_id: int, *, is_failure: bool = True) -> CommandAnswered:
    return culm.send(ReturnRanges(jobs=(EndedConsumer(job_id=job_id, is_failure=is_failure),)), TASK, role="system")


def granted(answer: CommandAnswered) -> list[tuple[str, int, int, int]]:
    """File, first and last number, and try."""
    return [(one.file.lfn, one.first, one.last, one.try_number) for one in answer.ranges_granted]


def states(culm: Culm) -> dict[str, object]:
    found = culm.state("ranges", TASK)
    return {name: getattr(found, name) for name in ("ready", "done", "failed", "lost", "held", "total")}


def test_the_first_job_that_asks_cuts_its_input_and_the_next_ones_get_what_is_left() -> None:
    culm = a_culm()

    answers = [granted(acquire(culm, 71)), granted(acquire(culm, 72)), granted(acquire(culm, 73)), granted(acquire(culm, 74))]

    assert answers == [[("a.root", 1, 4, 1)], [("a.root", 5, 8, 1)], [("a.root", 9, 10, 1)], []]
    assert states(culm) == {"ready": (), "done": (), "failed": (), "lost": (), "held": 10, "total": 10}


def test_a_job_gets_ranges_of_its_own_input_only() -> None:
    culm = a_culm()
    acquire(culm, 71)

    answers = [acquire(culm, 72, 9, OTHER), acquire(culm, 73, 9, OTHER), acquire(culm, 73, 9, OTHER, FILE)]

    assert [granted(one) for one in answers] == [[("b.root", 11, 12, 1)], [], [("a.root", 5, 10, 1)]]


def test_what_a_job_reports_is_counted_once_also_when_it_says_it_again() -> None:
    culm = a_culm()
    acquire(culm, 71)

    answers = [report(culm, 71, 1, 3).event_types, report(culm, 71, 1, 3).event_types, report(culm, 71, 2, 4).event_types]

    assert answers == [("RangesReported",), (), ("RangesReported",)]
    assert [event.done_total for event, _ in culm.events if isinstance(event, RangesReported)] == [3, 1]
    assert states(culm)["done"] == ((1, 4),)


def test_ranges_of_another_job_are_refused_and_the_rest_of_the_report_is_taken() -> None:
    culm = a_culm()
    acquire(culm, 71)
    acquire(culm, 72)

    answer = report(culm, 71, 3, 6)

    assert (answer.accepted, answer.reason) == (False, "NOT_HELD")
    assert answer.message == "job 71 does not have ranges 3-6 in try 1; others of the report are taken"
    assert culm.last(RangesReported).done_total == 2
    assert states(culm)["done"] == ((3, 4),)


def test_another_pilot_neither_reports_nor_acquires_under_the_lease_of_a_job() -> None:
    culm = a_culm()
    acquire(culm, 71)

    answers = [report(culm, 71, 1, 1, actor="thief"), acquire(culm, 71, actor="thief"), report(culm, 99, 1, 1)]

    assert [(one.accepted, one.reason, one.message) for one in answers] == [
        (False, "NOT_PERMITTED", "another pilot holds the job"),
        (False, "NOT_PERMITTED", "another pilot holds the job"),
        (False, "NOT_PERMITTED", "no pilot holds the job"),
    ]


def test_another_organisation_is_answered_that_there_is_no_such_job() -> None:
    culm = a_culm()
    acquire(culm, 71)

    answer = acquire(culm, 72, vo="other")

    assert (answer.reason, answer.message) == ("UNKNOWN_JOB", "no such job")


def test_a_user_acquires_no_ranges_and_a_pilot_ends_no_jobs() -> None:
    culm = a_culm()
    command = AcquireRanges(job_id=71, lease_id="x", count=1, events_per_range=1, inputs=(FILE,))

    answers = [
        culm.send(command, TASK, role="user"),
        culm.send(ReturnRanges(jobs=(EndedConsumer(job_id=71),)), TASK, role="pilot"),
    ]

    assert [one.reason for one in answers] == ["NOT_PERMITTED", "NOT_PERMITTED"]


def test_a_failed_range_is_tried_again_and_a_report_of_the_earlier_try_is_not_taken_for_it() -> None:
    culm = a_culm()
    acquire(culm, 71, 2)

    report(culm, 71, 1, 1, RangeEnd.FAILED)
    again = granted(acquire(culm, 72, 2))
    late = report(culm, 72, 1, 1)

    assert again == [("a.root", 3, 3, 1), ("a.root", 1, 1, 2)]
    assert (late.accepted, late.reason) == (False, "NOT_HELD")
    assert report(culm, 72, 1, 1, try_number=2).accepted
    assert states(culm)["done"] == ((1, 1),)


def test_a_range_that_failed_ten_times_and_one_that_is_fatal_are_given_up() -> None:
    culm = a_culm()
    acquire(culm, 71, 1)
    for number in range(1, 11):
        report(culm, 71, 1, 1, RangeEnd.FAILED, number)
        acquire(culm, 71, 1)
    report(culm, 71, 2, 2, RangeEnd.FATAL)

    assert states(culm) == {"ready": ((3, 10),), "done": (), "failed": ((1, 2),), "lost": (), "held": 0, "total": 10}


def test_ranges_of_a_job_that_ended_are_ready_again_and_its_late_words_change_nothing() -> None:
    culm = a_culm()
    acquire(culm, 71)
    report(culm, 71, 2, 2)

    end(culm, 71)
    late = [report(culm, 71, 1, 4).reason, acquire(culm, 71).reason, end(culm, 71).event_types]

    assert culm.last(RangesReturned).ready_total == 3
    assert late == ["NOT_PERMITTED", "ALREADY_FINAL", ()]
    assert states(culm) == {"ready": ((1, 1), (3, 10)), "done": ((2, 2),), "failed": (), "lost": (), "held": 0, "total": 10}


def test_a_job_that_ended_before_it_asked_gets_no_ranges() -> None:
    culm = a_culm()

    end(culm, 71)

    assert acquire(culm, 71).reason == "ALREADY_FINAL"
    assert granted(acquire(culm, 72)) == [("a.root", 1, 4, 1)]


def test_a_range_that_ten_jobs_took_with_them_is_lost_and_jobs_that_end_well_count_no_try() -> None:
    culm = a_culm()
    for job_id in range(1, 11):
        acquire(culm, job_id, 1)
        end(culm, job_id)
    acquire(culm, 11, 1)
    end(culm, 11, is_failure=False)

    assert states(culm) == {"ready": ((2, 10),), "done": (), "failed": (), "lost": ((1, 1),), "held": 0, "total": 10}
    assert culm.state("ranges", TASK).tried(((2, 2),), 0) == ((2, 2),)


def test_a_job_under_a_new_lease_starts_without_what_the_pilot_before_had() -> None:
    culm = a_culm()
    acquire(culm, 71, 2)

    again = acquire(culm, 71, 3, actor="next", lease_id="second")

    assert granted(again) == [("a.root", 1, 3, 1)]
    assert culm.last(RangesAcquired).returned == culm.events[0][0].ranges
    assert report(culm, 71, 1, 1).message == "another pilot holds the job"
    assert (report(culm, 71, 1, 1, actor="next").accepted, states(culm)["held"]) == (True, 2)


def test_input_that_is_said_otherwise_and_ranges_of_another_size_are_refused() -> None:
    culm = a_culm()
    acquire(culm, 71)
    longer = RangeInput(file_id=1, lfn="a.root", events=96)

    assert [acquire(culm, 72, 4, longer).reason, acquire(culm, 72, per_range=5).reason] == ["OTHER_INPUT", "OTHER_RANGES"]


def test_a_set_is_bounded_in_ranges() -> None:
    culm = a_culm()
    huge = RangeInput(file_id=3, lfn="c.root", events=10_000_001)

    answer = acquire(culm, 71, 4, huge)

    assert (answer.reason, answer.message) == (
        "TOO_MANY_RANGES",
        "1 files and 1,000,001 ranges, expected at most 10,000 and 1,000,000",
    )


def test_a_job_has_at_most_two_thousand_ranges_at_once() -> None:
    culm = a_culm()
    large = RangeInput(file_id=1, lfn="a.root", events=100_000)

    totals = [sum(one.last - one.first + 1 for one in acquire(culm, 71, 500, large).ranges_granted) for _ in range(5)]

    assert totals == [500, 500, 500, 500, 0]


def test_ranges_are_restored_from_their_rows_and_an_event_names_the_rows_that_it_changes() -> None:
    culm = a_culm()
    many = tuple(RangeInput(file_id=number, lfn=f"{number}.root", events=25) for number in range(1, 301))
    acquire(culm, 71, 9, *many[:150])
    acquire(culm, 72, 9, *many[100:])
    report(culm, 71, 1, 1)
    report(culm, 71, 2, 2, RangeEnd.FAILED)
    report(culm, 71, 3, 3, RangeEnd.FATAL)
    end(culm, 72)
    acquire(culm, 73, 9, *many[:150])
    state = culm.state("ranges", TASK)
    names = {MAIN, *SNAPSHOT.names(state)}

    again = SNAPSHOT.restored({name: row for name, row in SNAPSHOT.rows(state, names) if row is not None})

    assert again == state
    assert names == {"main", "files-0", "files-1", "job-71", "job-73"}
    assert list(SNAPSHOT.changed(state, culm.last(RangesReturned))) == ["job-72"]
    assert dict(SNAPSHOT.rows(state, ["job-72"])) == {"job-72": None}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("acquire"), st.integers(1, 5), st.integers(1, 6), st.just(0), st.just(1)),
        st.tuples(
            st.sampled_from([RangeEnd.DONE, RangeEnd.FAILED, RangeEnd.FATAL]),
            st.integers(1, 5), st.integers(1, 12), st.integers(0, 4), st.integers(1, 3),
        ),
        st.tuples(st.sampled_from(["lost", "finished"]), st.integers(1, 5), st.just(0), st.just(0), st.just(1)),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_every_range_is_in_one_state_and_done_once_when_things_are_repeated_reordered_or_lost(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    culm, done = a_culm(), []
    for what, job_id, first, more, try_number in steps:
        before = len(culm.events)
        if what == "acquire":
            acquire(culm, job_id, first, FILE, OTHER)
        elif isinstance(what, RangeEnd):
            report(culm, job_id, first, first + more, what, try_number)
        else:
            end(culm, job_id, is_failure=what == "lost")
        for event, _ in culm.events[before:]:
            if isinstance(event, RangesReported):
                done += [number for one in event.done for number in range(one.first, one.last + 1)]

    found = culm.state("ranges", TASK)
    held = [one.ranges for one in found.consumers.values()]
    everywhere = [
        number
        for part in (found.ready, found.done, found.failed, found.lost, *held)
        for first, last in part
        for number in range(first, last + 1)
    ]
    assert sorted(everywhere) == list(range(1, found.total + 1))
    assert sorted(done) == sorted(set(done))
