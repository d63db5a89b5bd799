"""Leases: given once, kept alive by heartbeats, lost by a silence that was observed."""

from schemas.job import JobLost, JobSent, LateReportRefused, ReportJobProgress
from schemas.queue import ExpireLease, JobLeased, LeaseEnded, LeaseJob, LeasesRenewed, RenewLeases
from schemas.types import JobsSeen, LeaseEnding, PilotOffer, ReportedState
from tests.commands.builders import QUEUE, a_queue, a_running_task, end, job, lease, report
from tests.commands.in_memory import a_culm

SECOND = 1_000_000
RUNNING = ReportJobProgress(attempt=1, state=ReportedState.RUNNING)


def seen_of(job_id: int) -> tuple[JobsSeen, ...]:
    return (JobsSeen(actor="pilot-1", job_ids=(job_id,)),)


def test_a_pilot_that_is_silent_for_its_lease_loses_the_job() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    given = culm.last(JobLeased)

    answer = culm.send(
        ExpireLease(job_id=held, lease_id=given.lease_id, at=given.due_at, watched_since=culm.now - 60 * SECOND),
        QUEUE,
        role="system",
    )

    assert answer.accepted
    assert culm.last(LeaseEnded).ending is LeaseEnding.EXPIRED
    assert culm.last(JobLost).errors[0].code == 102
    assert culm.state("job", held).status == "failed"


def test_a_heartbeat_moves_the_end_of_the_lease() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    given = culm.last(JobLeased)

    culm.send(RenewLeases(seen=seen_of(held), seen_at=culm.now + 30 * SECOND), QUEUE, role="system")
    answer = culm.send(
        ExpireLease(job_id=held, lease_id=given.lease_id, at=given.due_at, watched_since=0), QUEUE, role="system"
    )

    assert (answer.accepted, answer.reason) == (False, "LEASE_ALIVE")


def test_an_old_heartbeat_that_arrives_late_changes_nothing() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    culm.send(RenewLeases(seen=seen_of(held), seen_at=culm.now + 30 * SECOND), QUEUE, role="system")

    culm.send(RenewLeases(seen=seen_of(held), seen_at=culm.now + 10 * SECOND), QUEUE, role="system")

    assert [m.seen_at for m, _ in culm.events if isinstance(m, LeasesRenewed)] == [culm.now + 30 * SECOND]


def test_no_pilot_loses_a_lease_while_heartbeats_could_not_be_seen() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    given = culm.last(JobLeased)
    after_outage = given.due_at + 3600 * SECOND

    answer = culm.send(
        ExpireLease(job_id=held, lease_id=given.lease_id, at=after_outage, watched_since=after_outage - 5 * SECOND),
        QUEUE,
        role="system",
    )

    assert answer.reason == "LEASE_ALIVE"


def test_a_late_report_is_recorded_once_and_refused_every_time() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    given = culm.last(JobLeased)
    culm.send(
        ExpireLease(job_id=held, lease_id=given.lease_id, at=given.due_at, watched_since=0), QUEUE, role="system"
    )

    answers = [end(culm, held) for _ in range(3)]

    assert {(a.accepted, a.reason, a.pilot_command) for a in answers} == {(False, "ALREADY_FINAL", "tobekilled")}
    assert len([m for m, _ in culm.events if isinstance(m, LateReportRefused)]) == 1
    assert culm.state("job", held).status == "failed"


def test_a_pilot_that_wakes_after_losing_its_job_is_ordered_to_stop() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    given = culm.last(JobLeased)
    culm.send(
        ExpireLease(job_id=held, lease_id=given.lease_id, at=given.due_at, watched_since=0), QUEUE, role="system"
    )

    assert report(culm, held, ReportedState.RUNNING).pilot_command == "tobekilled"


def test_a_final_report_said_twice_is_harmless() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    end(culm, held)
    events = len(culm.events)

    again = end(culm, held)

    assert (again.accepted, again.pilot_command) == (True, None)
    assert culm.names(events) == []


def test_a_lease_request_said_twice_gives_one_lease_and_says_so() -> None:
    culm = a_running_task()
    number = "00000000-0000-0000-0000-00000000abcd"

    first = culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE, role="pilot", command_id=number)
    second = culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE, role="pilot", command_id=number)

    assert (first.repeated, second.repeated) == (False, True)
    assert len([m for m, _ in culm.events if isinstance(m, JobLeased)]) == 1


def test_a_lease_whose_answer_was_lost_ends_by_time_and_what_its_token_reports_is_refused_then() -> None:
    culm = a_running_task()
    lost = lease(culm) or 0  # the answer, and the token for the job in it, reached no one
    given = culm.last(JobLeased)

    asked_again = lease(culm) or 0
    held_meanwhile = culm.state("job", lost).status
    of_other_job = culm.send(RUNNING, str(asked_again), actor="pilot-1", role="pilot", lease_id=given.lease_id)
    expire = ExpireLease(job_id=lost, lease_id=given.lease_id, at=given.due_at, watched_since=0)
    culm.send(expire, QUEUE, role="system")
    late = culm.send(RUNNING, str(lost), actor="pilot-1", role="pilot", lease_id=given.lease_id)

    assert asked_again not in (0, lost)
    assert held_meanwhile == "sent"
    assert (of_other_job.reason, of_other_job.message) == ("NOT_PERMITTED", "the token is for another lease")
    assert (late.reason, late.pilot_command) == ("ALREADY_FINAL", "tobekilled")
    assert culm.state("job", lost).status == "failed"
    assert culm.state("job", asked_again).status == "sent"


def test_a_pilot_too_small_for_the_jobs_gets_none() -> None:
    culm = a_running_task()

    assert lease(culm, memory_mb=100) is None
    assert lease(culm, memory_mb=4000) == job(1)


def test_a_pilot_of_another_tenant_gets_none() -> None:
    culm = a_running_task()

    answer = culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE, role="pilot", vo="other")

    assert answer.reason == "NO_JOBS"


def test_a_queue_without_configuration_is_named_as_unknown() -> None:
    culm = a_culm()

    answer = culm.send(LeaseJob(offer=PilotOffer(pilot="p")), "NOWHERE", role="pilot")

    assert answer.reason == "UNKNOWN_QUEUE"


def test_jobs_are_leased_by_priority_then_age() -> None:
    culm = a_running_task()
    a_queue(culm)
    queue = culm.state("queue", QUEUE)
    specs = [queue.waiting[job(n)].spec for n in (1, 2, 3)]

    assert [spec.priority for spec in specs] == [1000, 1000, 1000]
    assert [lease(culm) for _ in range(3)] == [job(1), job(2), job(3)]


def test_a_job_says_which_harvester_and_worker_took_it() -> None:
    culm = a_running_task()

    lease(culm, harvester_id="h", worker_id="h:2")

    sent = culm.last(JobSent)
    assert (sent.harvester_id, sent.worker_id) == ("h", "h:2")
