"""Who may command what, judged by the decider itself: pilots by their lease, people by owner, Culm by its role."""

from typing import Any

import pytest

from schemas.dataset import CloseDataset, RegisterFiles
from schemas.job import KillJob, LateReportRefused, ReportJobEnd, ReportJobProgress
from schemas.policy import ConfigureQueue, SetIssuers, SetRetryRules, SetShares
from schemas.queue import EndLease, HoldTask, JobLeased, RenewLeases, WithdrawJob
from schemas.task import BreakTask, ChangeTaskPriority, KillTask
from schemas.task_name import ClaimTaskName
from schemas.types import DatasetFile, JobsSeen, LeaseEnding, QueueSettings, ReportedState, WorkerState
from schemas.worker import ReportWorker, WantWorkers
from tests.commands.builders import QUEUE, TASK, a_queue, a_running_task, a_submission, end, lease, report
from tests.commands.in_memory import a_culm

SECOND = 1_000_000
A_FILE = DatasetFile(lfn="f", scope="s", size_bytes=1, checksum="ad:00000001", endpoint="E")
REPORTS: tuple[Any, ...] = (
    ReportJobProgress(attempt=1, state=ReportedState.RUNNING),
    ReportJobEnd(attempt=1, succeeded=False),
    ReportJobEnd(attempt=1, succeeded=True),
)


@pytest.mark.parametrize("command", REPORTS)
def test_only_the_subject_that_leased_a_job_reports_of_it(command: Any) -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    events = len(culm.events)

    answer = culm.send(command, str(held), actor="pilot-2", role="pilot")

    assert (answer.accepted, answer.reason, answer.pilot_command) == (False, "NOT_PERMITTED", "tobekilled")
    assert answer.message == "another pilot holds the job"
    assert culm.names(events) == []


@pytest.mark.parametrize("command", REPORTS)
def test_for_pilots_of_another_organisation_a_job_does_not_exist(command: Any) -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    answer = culm.send(command, str(held), actor="pilot-1", role="pilot", vo="lsst")

    assert (answer.reason, answer.message, answer.pilot_command) == ("UNKNOWN_JOB", "no such job", "tobekilled")
    assert culm.state("job", held).status == "sent"


@pytest.mark.parametrize("command", REPORTS)
def test_a_token_for_another_lease_reports_nothing(command: Any) -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    events = len(culm.events)

    answer = culm.send(command, str(held), actor="pilot-1", role="pilot", lease_id="another-lease")

    assert (answer.accepted, answer.reason, answer.pilot_command) == (False, "NOT_PERMITTED", "tobekilled")
    assert answer.message == "the token is for another lease"
    assert culm.names(events) == []


def test_a_token_for_the_lease_reports_until_the_lease_is_over() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    lease_id = culm.state("job", held).lease_id
    pilot: dict[str, Any] = {"actor": "pilot-1", "role": "pilot", "lease_id": lease_id}

    running = culm.send(ReportJobProgress(attempt=1, state=ReportedState.RUNNING), str(held), **pilot)
    ended = culm.send(ReportJobEnd(attempt=1, succeeded=False), str(held), **pilot)
    late = culm.send(ReportJobProgress(attempt=1, state=ReportedState.HOLDING), str(held), **pilot)
    other = culm.send(ReportJobEnd(attempt=1, succeeded=True), str(held), **pilot)

    assert (running.accepted, ended.accepted) == (True, True)
    assert (late.reason, late.pilot_command, other.reason) == ("ALREADY_FINAL", "tobekilled", "ALREADY_FINAL")
    assert culm.state("job", held).status == "failed"


def test_the_pilot_that_leased_reports_and_ends_its_job() -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    assert report(culm, held, ReportedState.RUNNING).accepted
    assert end(culm, held).accepted


def test_a_stranger_leaves_no_trace_on_a_job_that_ended() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    end(culm, held)

    answer = culm.send(ReportJobEnd(attempt=1, succeeded=False), str(held), actor="pilot-2", role="pilot")

    assert answer.reason == "NOT_PERMITTED"
    assert not [message for message, _ in culm.events if isinstance(message, LateReportRefused)]


@pytest.mark.parametrize("command", REPORTS)
def test_a_report_about_a_job_that_ended_before_it_was_leased_leaves_no_trace(command: Any) -> None:
    culm = a_running_task()
    job = next(iter(culm.state("queue", QUEUE).waiting))
    culm.send(KillJob(reason="r"), str(job))
    events = len(culm.events)

    answer = culm.send(command, str(job), actor="pilot-1", role="pilot")

    assert (answer.reason, answer.message) == ("NOT_PERMITTED", "no pilot holds the job")
    assert culm.names(events) == []


def test_a_report_is_for_pilots_and_not_for_the_owner_of_the_task() -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    assert culm.send(ReportJobEnd(attempt=1, succeeded=True), str(held), actor="pilot-1", role="user").reason == "NOT_PERMITTED"


def test_a_heartbeat_of_another_subject_keeps_no_lease_alive() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    due = culm.last(JobLeased).due_at

    for actor, vo in (("pilot-2", "wlcg"), ("pilot-1", "lsst")):
        seen = (JobsSeen(actor=actor, job_ids=(held,)),)
        culm.send(RenewLeases(seen=seen, seen_at=culm.now + 30 * SECOND), QUEUE, role="system", vo=vo)

    assert culm.state("queue", QUEUE).leases[held].due_at == due


def test_renewals_of_an_earlier_release_which_name_no_subject_renew_nothing() -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    answer = culm.send(RenewLeases(job_ids=(held,), seen_at=culm.now + 30 * SECOND), QUEUE, role="system")

    assert (answer.accepted, culm.state("queue", QUEUE).leases[held].seen_at) == (True, None)


@pytest.mark.parametrize("role", ["user", "operator", "production", "administrator", "pilot"])
def test_commands_of_the_engine_are_taken_from_culm_alone(role: str) -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    commands: list[tuple[Any, str]] = [
        (BreakTask(reason="R", message="m"), str(TASK)),
        (EndLease(job_id=held, ending=LeaseEnding.JOB_ENDED), QUEUE),
        (WithdrawJob(job_id=held, reason="r"), QUEUE),
        (HoldTask(task_id=TASK), QUEUE),
        (WantWorkers(wanted=3), QUEUE),
    ]
    events = len(culm.events)

    assert {culm.send(*one, role=role).reason for one in commands} == {"NOT_PERMITTED"}
    assert culm.names(events) == []


@pytest.mark.parametrize("role", ["user", "operator", "production", "administrator"])
@pytest.mark.parametrize("command", [KillTask(), ChangeTaskPriority(priority=1)])
def test_no_role_of_another_organisation_commands_a_task(role: str, command: Any) -> None:
    culm = a_running_task()

    answer = culm.send(command, str(TASK), actor="mallory", role=role, vo="lsst")

    assert (answer.accepted, answer.reason) == (False, "NOT_PERMITTED")


@pytest.mark.parametrize(("by", "accepted"), [
    ({}, True), ({"actor": "ops", "role": "operator"}, True), ({"actor": "prod", "role": "production"}, True),
    ({"actor": "mallory"}, False), ({"actor": "ops", "role": "operator", "vo": "lsst"}, False), ({"vo": "lsst"}, False),
])  # fmt: skip
def test_a_job_is_killed_by_its_owner_or_an_operator_of_its_organisation(by: dict[str, Any], accepted: bool) -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    assert culm.send(KillJob(code=9), str(held), **by).accepted is accepted


@pytest.mark.parametrize("role", ["user", "operator", "production", "administrator", "system"])
def test_a_dataset_of_another_organisation_stays_as_it_is(role: str) -> None:
    culm = a_culm()
    culm.send(RegisterFiles(files=(A_FILE,)), "d")

    for command in (RegisterFiles(files=(A_FILE,)), CloseDataset(reason="r")):
        assert culm.send(command, "d", actor="mallory", role=role, vo="lsst").reason == "NOT_PERMITTED"


def test_the_settings_of_a_queue_are_changed_by_the_organisation_that_configured_it() -> None:
    culm = a_culm()
    a_queue(culm)
    other = ConfigureQueue(settings=QueueSettings(name=QUEUE, site="ELSEWHERE"))

    by_others = culm.send(other, f"queue.{QUEUE}", actor="ops-2", role="operator", vo="lsst")
    by_administrator = culm.send(other, f"queue.{QUEUE}", actor="root", role="administrator", vo="lsst")

    assert (by_others.reason, by_others.message) == ("NOT_PERMITTED", f"queue.{QUEUE} belongs to another organisation")
    assert by_administrator.accepted
    assert culm.send(other, f"queue.{QUEUE}", actor="ops-3", role="production", vo="wlcg").accepted


@pytest.mark.parametrize(("command", "key"), [(SetShares(), "shares"), (SetRetryRules(), "retry_rules")])
def test_what_holds_for_all_is_changed_by_who_set_it_first_or_an_administrator(command: Any, key: str) -> None:
    culm = a_culm()
    culm.send(command, key, actor="ops", role="operator")

    assert culm.send(command, key, actor="ops-2", role="operator", vo="lsst").reason == "NOT_PERMITTED"
    assert culm.send(command, key, actor="root", role="administrator", vo="lsst").accepted
    assert culm.send(command, key, actor="jdoe", role="user").reason == "NOT_PERMITTED"


def test_issuers_are_set_by_administrators() -> None:
    assert a_culm().send(SetIssuers(), "issuers", role="operator").reason == "NOT_PERMITTED"


def test_a_worker_is_reported_by_the_organisation_that_submitted_it_by_whichever_subject() -> None:
    culm = a_culm()
    culm.send(ReportWorker(worker_id="w", harvester_id="h", state=WorkerState.SUBMITTED), QUEUE, actor="harvester", role="pilot")

    ended = ReportWorker(worker_id="w", harvester_id="h", state=WorkerState.FINISHED)
    foreign = culm.send(ended, QUEUE, actor="pilot-9", role="pilot", vo="lsst")
    own = culm.send(ended, QUEUE, actor="pilot-1", role="pilot")

    assert (foreign.reason, own.event_types) == ("NOT_PERMITTED", ("WorkerEnded",))


@pytest.mark.parametrize("key", ["wlcg/user/jane/n", "lsst/user/jdoe/n", "wlcg/user//n"])
def test_a_name_of_someone_else_is_not_claimed(key: str) -> None:
    answer = a_culm().send(ClaimTaskName(name="n", task_id=TASK), key)

    assert (answer.accepted, answer.reason) == (False, "NOT_PERMITTED")


def test_names_without_an_owner_are_claimed_by_a_production_role() -> None:
    assert a_culm().send(ClaimTaskName(name="n", task_id=TASK), "wlcg/user//n", role="production").accepted
    assert a_culm().send(ClaimTaskName(name="n", task_id=TASK), "wlcg/user/jdoe/n").accepted


def test_a_task_of_another_organisation_is_not_submitted_again() -> None:
    culm = a_running_task()

    assert culm.send(a_submission(), str(TASK), actor="mallory", vo="lsst").reason == "ALREADY_EXISTS"
