"""Every state of a job against every command: the whole table, literally."""

from dataclasses import replace
from typing import Any

import pytest

from commands.decision import Decision
from commands.job.decide import decide
from commands.job.model import FINAL, HELD, NEXT, TRANSITIONS, Job, JobStatus
from schemas.job import (
    CompleteMerge,
    DefineJob,
    ExpireJobState,
    JobCommand,
    JobDefined,
    KillJob,
    LoseJob,
    RecordLease,
    ReportJobEnd,
    ReportJobProgress,
)
from schemas.types import CommandEnvelope, LossCause, ReportedState
from tests.commands.builders import a_running_task

BY = CommandEnvelope(
    command_id="00000000-0000-0000-0000-000000000001",
    aggregate_id="1",
    correlation_id="00000000-0000-0000-0000-000000000001",
    issued_at=1,
    actor="pilot-1",
    vo="wlcg",
)
SPEC = next(event.spec for event, _ in a_running_task().events if isinstance(event, JobDefined))


def a_job(status: JobStatus) -> Job:
    """A job in `status`, held under lease L where a pilot holds it."""
    if status is JobStatus.UNKNOWN:
        return Job()
    known = Job(JobStatus.UNKNOWN, SPEC.job_id, SPEC.attempt, SPEC.queue, SPEC.needs_merge)
    if status in FINAL:
        return replace(known, status=status)
    return replace(known, status=status, outputs=SPEC.outputs, lease_id="L" if status in HELD else None)


COMMANDS: dict[str, JobCommand] = {
    "define": DefineJob(spec=SPEC),
    "lease": RecordLease(lease_id="L2", queue="LOCAL", pilot="p"),
    "starting": ReportJobProgress(attempt=1, state=ReportedState.STARTING),
    "running": ReportJobProgress(attempt=1, state=ReportedState.RUNNING),
    "holding": ReportJobProgress(attempt=1, state=ReportedState.HOLDING),
    "transferring": ReportJobProgress(attempt=1, state=ReportedState.TRANSFERRING),
    "wrong attempt": ReportJobProgress(attempt=2, state=ReportedState.RUNNING),
    "failed": ReportJobEnd(attempt=1, succeeded=False),
    "kill": KillJob(code=3),
    "kill waiting": KillJob(code=51),
    "kill at once": KillJob(code=9),
    "lose": LoseJob(lease_id="L", cause=LossCause.LEASE_EXPIRED),
    "lose other lease": LoseJob(lease_id="L9", cause=LossCause.LEASE_EXPIRED),
    "expire sent": ExpireJobState(clock="sent", status="sent", lease_id="L", code=102, seconds=1_800),
    "expire waiting": ExpireJobState(clock="activated", status="activated", lease_id=None, code=51, seconds=172_800),
    "merged": CompleteMerge(succeeded=True, merge_job_id=7),
}

U, A, S, ST, R, H, T, M, F, X, C, Z = JobStatus
TABLE = """
                  unknown         activated       sent            starting        running         holding         transferring    merging         finished        failed          cancelled       closed
define            JobDefined      ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS
lease             UNKNOWN_JOB     JobSent         NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED   NOT_ACTIVATED
starting          UNKNOWN_JOB     NOT_LEASED      JobStarting     -               -               -               -               ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL
running           UNKNOWN_JOB     NOT_LEASED      JobStarted      JobStarted      -               -               -               ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL
holding           UNKNOWN_JOB     NOT_LEASED      JobHolding      JobHolding      JobHolding      -               JobHolding      ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL
transferring      UNKNOWN_JOB     NOT_LEASED      JobTransferring JobTransferring JobTransferring JobTransferring -               ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL   ALREADY_FINAL
wrong attempt     UNKNOWN_JOB     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT     BAD_ATTEMPT
failed            UNKNOWN_JOB     NOT_LEASED      JobFailed       JobFailed       JobFailed       JobFailed       JobFailed       ALREADY_FINAL   ALREADY_FINAL!  -               ALREADY_FINAL!  ALREADY_FINAL!
kill              UNKNOWN_JOB     JobCancelled    JobKillOrdered  JobKillOrdered  JobKillOrdered  JobKillOrdered  JobKillOrdered  JobCancelled    -               -               -               -
kill waiting      UNKNOWN_JOB     JobClosed       HELD            HELD            HELD            HELD            HELD            HELD            -               -               -               -
kill at once      UNKNOWN_JOB     JobCancelled    JobCancelled    JobCancelled    JobCancelled    JobCancelled    JobCancelled    JobCancelled    -               -               -               -
lose              UNKNOWN_JOB     NOT_LEASED      JobLost         JobLost         JobLost         JobLost         JobLost         NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED
lose other lease  UNKNOWN_JOB     NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED      NOT_LEASED
expire sent       UNKNOWN_JOB     MOVED_ON        JobLost         MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON
expire waiting    UNKNOWN_JOB     JobClosed       MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON        MOVED_ON
merged            UNKNOWN_JOB     NOT_MERGING     NOT_MERGING     NOT_MERGING     NOT_MERGING     NOT_MERGING     NOT_MERGING     JobFinished     NOT_MERGING     NOT_MERGING     NOT_MERGING     NOT_MERGING
"""  # noqa: E501 - a table is read by its columns


def cells() -> list[tuple[JobStatus, str, str]]:
    """(status, command, expectation) of every cell. `-` nothing happens, `!` a refusal that leaves a trace."""
    header, *rows = TABLE.strip("\n").splitlines()
    statuses = [JobStatus(word) for word in header.split()]
    return [
        (status, row[:18].strip(), expected)
        for row in rows
        for status, expected in zip(statuses, row[18:].split(), strict=True)
    ]


def seen(decision: Decision) -> str:
    """A decision in the words of the table."""
    names = [type(event).__name__ for event in decision.events]
    if decision.refusal is not None:
        return decision.refusal.reason + ("!" if names else "")
    return names[0] + ("+" if len(names) > 1 else "") if names else "-"


@pytest.mark.parametrize(("status", "name", "expected"), cells())
def test_a_job_answers_as_the_table_says(status: JobStatus, name: str, expected: str) -> None:
    decision = decide(a_job(status), COMMANDS[name], BY)

    assert seen(decision) == expected


def test_the_table_covers_every_state_and_every_command() -> None:
    assert len(cells()) == len(JobStatus) * len(COMMANDS)
    kinds = {type(command) for command in COMMANDS.values()}
    assert kinds == {DefineJob, RecordLease, ReportJobProgress, ReportJobEnd, KillJob, LoseJob, CompleteMerge, ExpireJobState}


@pytest.mark.parametrize(("status", "name", "expected"), cells())
def test_every_event_a_decision_makes_is_in_the_table_of_transitions(status: JobStatus, name: str, expected: str) -> None:
    at = status
    for event in decide(a_job(status), COMMANDS[name], BY).events:
        at = NEXT[(at, type(event))]


def test_no_transition_leaves_a_final_state() -> None:
    left: set[Any] = {(found, reached) for found, _, reached in TRANSITIONS if found in FINAL and reached != found}

    assert left == set()


def test_a_report_to_stop_goes_with_every_refusal_of_a_pilot() -> None:
    for status in JobStatus:
        decision = decide(a_job(status), COMMANDS["running"], BY)
        if decision.refusal is not None:
            assert decision.pilot_command == "tobekilled"
