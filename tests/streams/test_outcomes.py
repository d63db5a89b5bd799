"""Ends of jobs rolled up into one command a task."""

import pytest

from schemas.job import JobCancelled, JobClosed, JobFailed, JobFinished, JobLost, JobMerging
from schemas.task import RecordJobOutcomes
from schemas.types import DatasetRole, JobError, JobOutcome, JobUsage, LossCause, OutcomeKind, OutputFile, RetryAction
from streams.engine.messages import OutgoingCommand, RecordRead
from streams.jedi.outcomes import roll_up
from tests.streams.builders import record_read

TASK = 10_000_001
JOB = TASK * 10_000_000 + 1


def rolled(*events: RecordRead, memory: dict[int, int] | None = None) -> list[OutgoingCommand]:
    return list(roll_up(events, None, memory or {}))


def outcomes(one: OutgoingCommand) -> tuple[JobOutcome, ...]:
    assert isinstance(one.command, RecordJobOutcomes)
    return one.command.outcomes


def an_output(lfn: str) -> OutputFile:
    return OutputFile(
        lfn=lfn, dataset="d", scope="s", role=DatasetRole.OUTPUT, size_bytes=1, checksum="ad:1", endpoint="LOCAL_DISK"
    )


@pytest.mark.parametrize(
    ("started_at", "ended_at", "expected"),
    [
        (5_000_000, 65_999_999, 60),
        (5, 5, 0),
        (6, 5, None),
        (None, 5, None),
        (5, None, None),
        (0, 4_000_000_000_000_000, 1_000_000_000),
    ],
)
def test_a_success_carries_its_wall_time_where_its_pilot_said_when(
    started_at: int | None, ended_at: int | None, expected: int | None
) -> None:
    (made,) = rolled(record_read(JobFinished(started_at=started_at, ended_at=ended_at), str(JOB), 1))

    assert [one.walltime_seconds for one in outcomes(made)] == [expected]


def test_ends_of_one_task_make_one_command() -> None:
    made = rolled(
        record_read(JobFinished(outputs=(an_output("o1"),), usage=JobUsage(events=7)), str(JOB), 1),
        record_read(JobMerging(outputs=(an_output("o2"),)), str(JOB + 1), 2),
        record_read(JobFinished(), str(JOB + 10_000_000), 3),
    )

    assert [one.envelope.aggregate_id for one in made] == ["10000001", "10000002"]
    assert outcomes(made[0]) == (
        JobOutcome(job_id=JOB, kind=OutcomeKind.FINISHED, outputs=(an_output("o1"),), events=7, usage=JobUsage(events=7)),
        JobOutcome(job_id=JOB + 1, kind=OutcomeKind.MERGING, outputs=(an_output("o2"),)),
    )


def test_a_command_tells_where_it_comes_from() -> None:
    event = record_read(JobFinished(), str(JOB), 1)

    envelope = rolled(event)[0].envelope

    assert envelope.causation_id == event.cause.event_id
    assert envelope.correlation_id == event.cause.correlation_id
    assert (envelope.issued_at, envelope.actor, envelope.role, envelope.vo) == (
        1_700_000_000_000_001,
        "subject-1",
        "system",
        "wlcg",
    )


def test_another_batch_is_another_command_and_the_same_batch_the_same() -> None:
    first, second = record_read(JobFinished(), str(JOB), 1), record_read(JobFinished(), str(JOB + 1), 2)

    ids = [rolled(*batch)[0].envelope.command_id for batch in ((first,), (first, second), (first, second))]

    assert ids[0] != ids[1] == ids[2]


def test_a_failed_job_carries_the_advice_and_the_error_that_decided() -> None:
    failed = JobFailed(errors=(JobError(source="pilot", code=1212, diagnostic="out of memory"),))

    made = rolled(record_read(failed, str(JOB)), memory={JOB: 2000})

    assert outcomes(made[0]) == (
        JobOutcome(
            job_id=JOB,
            kind=OutcomeKind.FAILED,
            action=RetryAction.MORE_MEMORY,
            ram_mb=3000,
            error_source="pilot",
            error_code=1212,
            error_diagnostic="out of memory",
        ),
    )


def test_memory_that_is_not_known_is_taken_from_the_measurement() -> None:
    failed = JobFailed(errors=(JobError(source="pilot", code=1235),), usage=JobUsage(rss_kb_max=3_100_000))

    assert outcomes(rolled(record_read(failed, str(JOB)))[0])[0].ram_mb == 4000


def test_a_lost_job_does_not_count_as_a_failure_of_its_input() -> None:
    lost = JobLost(
        lease_id="l", cause=LossCause.LEASE_EXPIRED, errors=(JobError(source="jobdispatcher", code=100, diagnostic="lost"),)
    )

    found = outcomes(rolled(record_read(lost, str(JOB)))[0])[0]

    assert (found.kind, found.action, found.error_code) == (OutcomeKind.FAILED, RetryAction.SYSTEM, 100)


def test_killed_and_withdrawn_jobs_have_different_outcomes() -> None:
    made = rolled(
        record_read(JobCancelled(code=50, errors=(JobError(source="taskbuffer", code=100),)), str(JOB), 1),
        record_read(JobClosed(code=52, sub_status="taskdone"), str(JOB + 1), 2),
    )

    assert [one.kind for one in outcomes(made[0])] == [OutcomeKind.CANCELLED, OutcomeKind.CLOSED]


def test_a_job_completed_by_its_merge_job_is_not_told_again() -> None:
    assert rolled(record_read(JobFinished(merge_job_id=JOB + 5), str(JOB))) == []


def test_a_command_holds_at_most_two_hundred_ends() -> None:
    made = rolled(*(record_read(JobFinished(), str(JOB + number), number + 1) for number in range(450)))

    assert [len(outcomes(one)) for one in made] == [200, 200, 50]
    assert len({one.envelope.command_id for one in made}) == 3
