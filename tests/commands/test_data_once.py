"""What is carried how often: the specification of a job, and the records of its life."""

from commands.job.model import JobStatus
from schemas.job import JobDefined, JobEvent, JobFinished, KillJob
from schemas.queue import EndLeases, ExpireLease, JobQueued
from schemas.types import ReportedState
from tests.commands.builders import QUEUE, a_running_task, end, lease, report
from tests.commands.in_memory import MINUTE, START


def test_a_specification_stands_in_one_event_and_in_the_answer_of_its_pilot() -> None:
    culm = a_running_task()
    spec = culm.last(JobQueued).spec
    assert spec.parameters

    while lease(culm) is not None:
        pass

    events = [culm.codec.encode(message, envelope) for message, envelope in culm.events]
    assert sum(spec.parameters.encode() in value for value in events) == 1
    answers = [answer for answer in culm.answers if answer.leased and answer.leased.spec == spec]
    assert len(answers) == 1


def test_a_made_job_keeps_what_its_guards_and_its_row_need() -> None:
    culm = a_running_task()
    defined, queued = culm.last(JobDefined).spec, culm.last(JobQueued).spec

    assert (defined.parameters, defined.inputs, defined.container_name, defined.multi_step_json) == ("", (), None, None)
    assert defined.outputs == queued.outputs
    assert (defined.attempt, defined.owner, defined.vo, defined.queue) == (1, queued.owner, queued.vo, queued.queue)


def test_an_accepted_report_of_a_pilot_is_answered_by_its_event() -> None:
    culm = a_running_task()
    job_id = lease(culm)
    assert job_id is not None

    answer = report(culm, job_id, ReportedState.RUNNING)

    event, envelope = culm.events[-1]
    assert (type(event).__name__, envelope.is_answer) == ("JobStarted", True)
    assert (answer.accepted, answer.command_id, answer.sequence) == (True, envelope.command_id, envelope.sequence)


def test_a_report_that_is_answered_with_more_than_its_event_has_an_answer_of_its_own() -> None:
    culm = a_running_task()
    job_id = lease(culm)
    assert job_id is not None
    culm.send(KillJob(code=3), str(job_id))

    answer = report(culm, job_id, ReportedState.RUNNING)

    assert (answer.pilot_command, culm.events[-1][1].is_answer) == ("tobekilled", False)


def test_a_late_report_is_refused_by_an_answer_also_when_it_leaves_an_event() -> None:
    culm = a_running_task()
    job_id = lease(culm)
    assert job_id is not None
    culm.send(KillJob(code=9), str(job_id))

    answer = end(culm, job_id)

    event, envelope = culm.events[-1]
    assert (type(event).__name__, envelope.is_answer, answer.reason) == ("LateReportRefused", False, "ALREADY_FINAL")


def test_a_life_leaves_ten_records_and_its_share_of_an_end_of_leases() -> None:
    culm = a_running_task()
    before, answered = len(culm.events), len(culm.answers)

    job_id = lease(culm)
    assert job_id is not None
    report(culm, job_id, ReportedState.RUNNING)
    end(culm, job_id)

    made = {type(one).__name__ for one, _ in culm.events[:before] if isinstance(one, JobEvent) or getattr(one, "spec", None)}
    by_events = {envelope.command_id for _, envelope in culm.events if envelope.is_answer}
    assert made == {"JobDefined", "JobQueued"}
    assert culm.names(before) == ["JobLeased", "JobSent", "JobStarted", "JobFinished"]
    told = [answer.command_type for answer in culm.answers[answered:]]
    assert told == ["LeaseJob", "ReportJobProgress", "ReportJobEnd"]
    assert [one.command_type for one in culm.answers[answered:] if one.command_id not in by_events] == ["LeaseJob"]


def test_leases_of_ended_jobs_end_together() -> None:
    culm = a_running_task()
    jobs = [lease(culm), lease(culm)]
    for job_id in jobs:
        assert job_id is not None
        end(culm, job_id)
    assert [event.lease_on for event, _ in culm.events if isinstance(event, JobFinished)] == [QUEUE, QUEUE]
    before = len(culm.events)

    numbers = tuple(job_id for job_id in jobs if job_id is not None)
    told = culm.send(EndLeases(job_ids=(*numbers, numbers[0], 77)), QUEUE, role="system")
    again = culm.send(EndLeases(job_ids=numbers), QUEUE, role="system")

    ((event, _),) = culm.events[before:]
    assert (told.accepted, again.accepted) == (True, True)
    assert [one.job_id for one in event.leases] == jobs
    assert (event.waiting, event.leased) == (1, 0)
    assert not culm.state("queue", QUEUE).leases


def test_a_lease_that_runs_out_after_its_job_ended_loses_nothing() -> None:
    culm = a_running_task()
    job_id = lease(culm)
    assert job_id is not None
    end(culm, job_id)
    culm.now += 2 * MINUTE
    held = culm.state("queue", QUEUE).leases[job_id]

    expiry = ExpireLease(job_id=job_id, lease_id=held.lease_id, at=culm.now, watched_since=START)
    assert culm.send(expiry, QUEUE, role="system").accepted

    assert culm.state("job", job_id).status is JobStatus.FINISHED
    assert not culm.state("queue", QUEUE).leases
