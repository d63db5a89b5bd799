"""The answers to pilots, and what becomes a command."""

from pathlib import Path
from typing import Any

import pytest

from api.config import ApiConfig
from api.pilots.dispatch import NO_JOBS, SUCCESS, TIMEOUT, PilotDispatch, PilotReply
from api.pilots.legacy import update_reply
from api.pilots.v1 import update_envelope
from process.addresses import ApiAddresses
from schemas.job import ReportJobEnd, ReportJobProgress
from schemas.queue import LeaseJob
from schemas.types import LeasedJob
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, a_job, an_answer, an_identity, run, services_of

CONFIG = ApiConfig(Path("/nowhere"), ApiAddresses.at("http://127.0.0.1:1"), "", "", "")
PILOT = an_identity(subject="pilot", roles=frozenset({"pilot"}))


def a_row(**changes: Any) -> dict[str, Any]:
    return {"status": "running", "attempt": 1, "order_kill": False, "queue": "LOCAL", "vo": "wlcg", "holder": "pilot"} | changes


def a_dispatch(gateway: GatewayStandIn, row: dict[str, Any] | None = None) -> PilotDispatch:
    rows = [] if row is None else [row]
    return PilotDispatch(services_of(gateway, ReadModelsStandIn({"from job": rows}), CONFIG))


def a_report(state: str = "running", **changes: Any) -> dict[str, Any]:
    return {"jobId": "7", "state": state, "attemptNr": 1, "siteName": "LOCAL", "node": "n"} | changes


def test_a_job_that_was_leased_is_given_to_the_pilot() -> None:
    leased = LeasedJob(spec=a_job(), lease_id="l", lease_seconds=60)
    gateway = GatewayStandIn(lambda *_: an_answer(leased=leased))

    found = run(a_dispatch(gateway).lease({"siteName": "LOCAL"}, PILOT))

    assert found["PandaID"] == 100000000000001
    assert gateway.sent[0][1] == "LOCAL"
    assert gateway.roles == ["pilot"]


@pytest.mark.parametrize(
    ("sent", "kept"), [("a" * 64, "a" * 64), ("a" * 65, ""), ("a b", ""), ("a\n", ""), (["a"], ""), (None, ""), ({}, "")]
)
def test_a_pilots_own_id_of_its_request_is_handed_on_whole_or_not_at_all(sent: object, kept: str) -> None:
    gateway = GatewayStandIn(lambda *_: an_answer(accepted=False, reason="NO_JOBS"))

    run(a_dispatch(gateway).lease({"siteName": "LOCAL", "request_id": sent}, PILOT))

    assert gateway.sent[0][0].offer.request_id == kept


def first_requests(gateway: GatewayStandIn) -> list[bool]:
    """Of each request for work that was sent on, whether it may be the first of its worker."""
    return [command.is_first_request for command, _ in gateway.sent]


def test_the_first_request_of_a_worker_is_marked_until_it_was_answered() -> None:
    answers = iter([None, an_answer(accepted=False, reason="NO_JOBS"), an_answer(accepted=False, reason="NO_JOBS")])
    gateway = GatewayStandIn(lambda *_: next(answers))
    dispatch = a_dispatch(gateway)

    for _ in range(3):
        run(dispatch.lease({"siteName": "Q", "worker_id": "w1"}, PILOT))

    assert first_requests(gateway) == [True, True, False]


def test_each_worker_queue_and_organisation_has_a_first_request_of_its_own() -> None:
    gateway = GatewayStandIn(lambda *_: an_answer(accepted=False, reason="NO_JOBS"))
    dispatch = a_dispatch(gateway)

    for queue, worker, vo in (("Q", "w1", "wlcg"), ("Q", "w2", "wlcg"), ("P", "w1", "wlcg"), ("Q", "w1", "other")):
        run(dispatch.lease({"siteName": queue, "worker_id": worker}, an_identity(subject="p", vo=vo, roles=frozenset({"pilot"}))))

    assert first_requests(gateway) == [True, True, True, True]


def test_no_jobs_and_no_answer_are_different_replies() -> None:
    empty = GatewayStandIn(lambda *_: an_answer(accepted=False, reason="NO_JOBS", message="no job waits"))
    silent = GatewayStandIn(lambda *_: None)

    assert run(a_dispatch(empty).lease({"siteName": "Q"}, PILOT)) == PilotReply(NO_JOBS, message="no jobs in PanDA: no job waits")
    assert run(a_dispatch(silent).lease({"siteName": "Q"}, PILOT)).status_code == TIMEOUT


def test_a_state_that_is_already_known_is_a_heartbeat_and_no_command() -> None:
    gateway = GatewayStandIn()

    reply = run(a_dispatch(gateway, a_row()).report(a_report(), PILOT))

    assert reply == PilotReply(SUCCESS, "NULL")
    assert gateway.sent == []
    assert [(beat.job_id, beat.queue, beat.attempt) for beat in gateway.heartbeats] == [(7, "LOCAL", 1)]


def test_news_is_a_heartbeat_and_a_command() -> None:
    gateway = GatewayStandIn()

    reply = run(a_dispatch(gateway, a_row(status="sent")).report(a_report("starting"), PILOT))

    assert reply == PilotReply(SUCCESS, "NULL")
    assert [type(command) for command, _ in gateway.sent] == [ReportJobProgress]
    assert len(gateway.heartbeats) == 1


def test_a_job_that_the_read_model_has_not_yet_is_the_deciders_business() -> None:
    gateway = GatewayStandIn()

    run(a_dispatch(gateway).report(a_report("starting"), PILOT))

    assert len(gateway.sent) == 1


@pytest.mark.parametrize("row", [a_row(order_kill=True), a_row(status="failed"), a_row(status="merging")])
def test_a_pilot_that_must_stop_is_ordered_so_from_the_read_model(row: dict[str, Any]) -> None:
    gateway = GatewayStandIn()

    assert run(a_dispatch(gateway, row).report(a_report(), PILOT)).command == "tobekilled"
    assert gateway.sent == []


@pytest.mark.parametrize("reason", ["UNKNOWN_JOB", "BAD_ATTEMPT", "ALREADY_FINAL", "NOT_LEASED"])
def test_a_live_pilot_that_is_refused_stops(reason: str) -> None:
    gateway = GatewayStandIn(lambda *_: an_answer(accepted=False, reason=reason, message="why", pilot_command="tobekilled"))

    assert run(a_dispatch(gateway, a_row(attempt=2)).report(a_report(), PILOT)).command == "tobekilled"


def test_a_job_of_another_vo_is_unknown() -> None:
    gateway = GatewayStandIn()

    reply = run(a_dispatch(gateway, a_row(vo="cms")).report(a_report("finished"), PILOT))

    assert reply.command == "tobekilled"
    assert (gateway.sent, gateway.heartbeats) == ([], [])


def test_a_final_report_is_always_a_command() -> None:
    gateway = GatewayStandIn()

    reply = run(a_dispatch(gateway, a_row(status="finished")).report(a_report("finished"), PILOT))

    assert reply == PilotReply(SUCCESS, "NULL")
    assert [(type(command), key) for command, key in gateway.sent] == [(ReportJobEnd, "7")]
    assert gateway.heartbeats == []


def test_a_final_report_that_comes_again_is_harmless() -> None:
    gateway = GatewayStandIn(lambda *_: an_answer(accepted=False, reason="ALREADY_FINAL", pilot_command="tobekilled"))

    assert run(a_dispatch(gateway).report(a_report("failed"), PILOT)) == PilotReply(SUCCESS, "NULL")


def test_a_final_report_without_an_answer_is_to_come_again() -> None:
    assert run(a_dispatch(GatewayStandIn(lambda *_: None)).report(a_report("failed"), PILOT)).status_code == TIMEOUT


def test_the_command_is_never_null_and_stands_in_both_places() -> None:
    assert update_reply(PilotReply(SUCCESS)) == {"StatusCode": 0, "command": "NULL"}
    assert update_envelope(PilotReply(SUCCESS, "tobekilled")) == {
        "success": True,
        "message": "",
        "data": {"StatusCode": 0, "command": "tobekilled"},
        "command": "tobekilled",
    }


def refusing(*_: Any) -> Any:
    return an_answer(accepted=False, reason="NOT_PERMITTED", message="another pilot holds the job", pilot_command="tobekilled")


@pytest.mark.parametrize("state", ["running", "finished", "failed"])
def test_a_report_of_a_job_that_another_subject_holds_is_no_heartbeat_and_no_command(state: str) -> None:
    gateway = GatewayStandIn()

    reply = run(a_dispatch(gateway, a_row(holder="another")).report(a_report(state), PILOT))

    assert reply == PilotReply(SUCCESS, "tobekilled", "another pilot holds the job")
    assert (gateway.sent, gateway.heartbeats) == ([], [])


@pytest.mark.parametrize("row", [None, a_row(holder=None), a_row(holder=None, status="sent")])
def test_where_the_holder_is_not_known_the_decider_is_asked_before_a_heartbeat_counts(row: dict[str, Any] | None) -> None:
    taken, refused = GatewayStandIn(), GatewayStandIn(refusing)

    yes = run(a_dispatch(taken, row).report(a_report(), PILOT))
    no = run(a_dispatch(refused, row).report(a_report(), PILOT))

    assert (yes.command, len(taken.sent), len(taken.heartbeats)) == ("NULL", 1, 1)
    assert (no.command, len(refused.sent), len(refused.heartbeats)) == ("tobekilled", 1, 0)


def test_a_report_without_an_attempt_is_judged_by_its_subject_all_the_same() -> None:
    leased = LeasedJob(spec=a_job(), lease_id="l", lease_seconds=60)
    gateway = GatewayStandIn(lambda command, _: an_answer(leased=leased) if isinstance(command, LeaseJob) else refusing())
    dispatch = a_dispatch(gateway)
    run(dispatch.lease({"siteName": "LOCAL"}, PILOT))
    stranger = an_identity(subject="another", roles=frozenset({"pilot"}))

    reply = run(dispatch.report(a_report(jobId="100000000000001", attemptNr=None), stranger))

    assert reply.command == "tobekilled"
    assert [type(command).__name__ for command, _ in gateway.sent] == ["LeaseJob", "ReportJobProgress"]
    assert gateway.heartbeats == []
