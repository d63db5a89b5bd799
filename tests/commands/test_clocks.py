"""Jobs that stayed as they are for too long, and the lengths of clocks that operators set."""

import pytest

from commands.job.model import FINAL, JobStatus
from schemas.clocks import ALL, BUILT_IN, JobClock, lengths_of
from schemas.job import ExpireJobState, JobClosed, JobLost, KillJob
from schemas.policy import SetClocks
from schemas.queue import JobLeased, JobQueued, JobWithdrawn, LeaseEnded
from schemas.task import JobOutcomesRecorded, JobsOrdered, RecordJobOutcomes
from schemas.types import ClockSetting, JobOutcome, LossCause, OutcomeKind, ReportedState, RetryAction
from tests.commands.builders import QUEUE, TASK, a_running_task, lease, report
from tests.commands.in_memory import a_culm


def expire(status: str, lease_id: str | None, code: int, clock: str = "sent") -> ExpireJobState:
    return ExpireJobState(clock=clock, status=status, lease_id=lease_id, code=code, seconds=1_800)


def test_a_job_whose_pilot_never_reported_has_failed_and_its_lease_is_over() -> None:
    culm = a_running_task()
    job = str(lease(culm))
    lease_id = culm.last(JobLeased).lease_id

    answer = culm.send(expire("sent", lease_id, 102), job, role="system")

    lost = culm.last(JobLost)
    assert answer.accepted
    assert (lost.cause, lost.errors[0].source, lost.errors[0].code) == (LossCause.CLOCK, "jobdispatcher", 102)
    assert lost.errors[0].diagnostic == "sent for more than 1,800 seconds (clock sent)"
    assert culm.last(LeaseEnded).job_id == int(job)
    assert dict(culm.state("queue", QUEUE).leases) == {}


def test_a_job_that_moved_on_since_the_clock_was_read_goes_on() -> None:
    culm = a_running_task()
    job = str(lease(culm))
    lease_id = culm.last(JobLeased).lease_id
    assert report(culm, int(job), ReportedState.RUNNING).accepted

    late = culm.send(expire("sent", lease_id, 102), job, role="system")
    other = culm.send(expire("running", "another-lease", 102), job, role="system")

    assert (late.reason, other.reason) == ("MOVED_ON", "MOVED_ON")
    assert culm.state("job", job).status is JobStatus.RUNNING


def test_a_job_that_waits_for_long_is_brokered_again() -> None:
    culm = a_running_task()
    job = culm.last(JobQueued).spec.job_id

    assert culm.send(expire("activated", None, 51, "activated"), str(job), role="system").accepted
    closed = culm.last(JobClosed)
    ended = JobOutcome(job_id=job, kind=OutcomeKind.CLOSED, action=RetryAction.RETRY)
    culm.send(RecordJobOutcomes(outcomes=(ended,)), str(TASK), role="system")

    assert (closed.code, closed.sub_status) == (51, "toreassign")
    assert culm.last(JobWithdrawn).job_id == job
    assert culm.last(JobOutcomesRecorded).outcomes[0].queue == QUEUE
    assert culm.last(JobsOrdered).order > 1


def test_a_killed_job_whose_clock_rings_is_cancelled_with_the_code_of_the_kill() -> None:
    culm = a_running_task()
    job = str(lease(culm))
    lease_id = culm.last(JobLeased).lease_id
    culm.send(KillJob(code=2), job, role="system")

    culm.send(expire("sent", lease_id, 102), job, role="system")

    assert culm.state("job", job).status is JobStatus.CANCELLED


def test_clocks_are_set_whole_and_the_rest_stays_built_in() -> None:
    culm = a_culm()
    clocks = (ClockSetting(name="sent", seconds=600), ClockSetting(name="age", seconds=0))

    assert culm.send(SetClocks(clocks=clocks), "clocks", role="operator").event_types == ("ClocksSet",)
    assert culm.send(SetClocks(clocks=clocks), "clocks", role="operator").event_types == ()

    lengths = lengths_of(culm.state("policy", "clocks").clocks)
    assert (lengths["sent"], lengths["starting"], "age" in lengths) == (600, 172_800, False)


@pytest.mark.parametrize(
    ("clocks", "key", "reason", "message"),
    [
        ((ClockSetting(name="sent", seconds=1),), "clock", "BAD_KEY", "clocks were sent to 'clock', expected 'clocks'"),
        (
            (ClockSetting(name="lunch", seconds=1),),
            "clocks",
            "BAD_CLOCKS",
            f"clocks.name is 'lunch', expected one of {', '.join(clock.name for clock in ALL)}",
        ),
        ((ClockSetting(name="age", seconds=1),) * 2, "clocks", "BAD_CLOCKS", "clock age is named twice, expected each once"),
    ],
)
def test_clocks_that_are_none_are_refused(clocks: tuple[ClockSetting, ...], key: str, reason: str, message: str) -> None:
    answer = a_culm().send(SetClocks(clocks=clocks), key, role="operator")

    assert (answer.reason, answer.message) == (reason, message)


def runs(clock: JobClock, status: JobStatus, user: bool, priority: int) -> bool:
    """Whether the clock runs for such a job."""
    return (
        status in clock.statuses
        and clock.user in (None, user)
        and (clock.priority_min is None or priority >= clock.priority_min)
        and (clock.priority_max is None or priority <= clock.priority_max)
    )


@pytest.mark.parametrize("status", [status for status in JobStatus if status not in FINAL and status != JobStatus.UNKNOWN])
def test_no_state_of_a_job_is_without_a_clock(status: JobStatus) -> None:
    for user in (True, False):
        for priority in (-5_000, 0, 799, 800, 801, 10_000):
            found = {clock.name for clock in BUILT_IN if runs(clock, status, user, priority)}
            if status is JobStatus.MERGING:
                # It ends with its merge job, which has the clocks of any job.
                assert found == set()
            elif status is JobStatus.RUNNING:
                # Heartbeats keep it: the lease of its pilot is the other clock.
                assert found == {"age"}
            else:
                assert len(found - {"age", "activated_age", "activated_urgent"}) == 1
                assert found >= {"age"}
