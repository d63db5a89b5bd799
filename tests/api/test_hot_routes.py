"""What pilots call most goes ahead of the app, and no client can tell the difference."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from prometheus_client.registry import REGISTRY

from api.app import create_app
from api.http.tracing import correlation_of_request
from api.native import health
from api.pilots.hot_routes import HotRoutes
from api.services import Services
from schemas.types import LeasedJob
from tests.api.builders import GatewayStandIn, a_job, an_answer, run
from tests.api.test_routes import Client, headers, services_at

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GET_JOB, UPDATE_JOB = "/server/panda/getJob", "/server/panda/updateJob"
PATHS = ("/api/v1/pilot/acquire_jobs", "/api/v1/pilot/update_job", "/api/v1/pilot/update_jobs_bulk", GET_JOB, UPDATE_JOB)
#: What is asked, with which bodies: each must be answered alike on the hot routes and without them.
REQUESTS: dict[str, tuple[str, dict[str, str], bytes]] = {
    "a form": (GET_JOB, FORM, b"siteName=LOCAL&node=a%20b+c"),
    "a form without a type": (GET_JOB, {}, b"siteName=LOCAL&node=n"),
    "json": ("/api/v1/pilot/acquire_jobs", JSON, b'{"site_name": "LOCAL", "n_jobs": 1}'),
    "gzip that does not say so": (GET_JOB, JSON, gzip.compress(b'{"siteName": "LOCAL"}')),
    "no queue": (GET_JOB, FORM, b"node=n"),
    "a report": (UPDATE_JOB, FORM, b"jobId=7&state=running&attemptNr=1&siteName=LOCAL"),
    "a last report": (UPDATE_JOB, JSON, b'{"jobId": 7, "state": "finished", "attemptNr": 1, "xml": {"o": {"fsize": 1}}}'),
    "a report of the new dialect": ("/api/v1/pilot/update_job", JSON, b'{"job_id": 7, "job_status": "running"}'),
    "reports together": ("/api/v1/pilot/update_jobs_bulk", JSON, b'{"job_list": [{"job_id": 7, "job_status": "running"}]}'),
    "an unknown state": (UPDATE_JOB, FORM, b"jobId=7&state=asleep"),
    "broken json": (UPDATE_JOB, JSON, b'{"jobId": '),
    "a list": (UPDATE_JOB, JSON, b"[1]"),
    "nothing": (UPDATE_JOB, JSON, b""),
    "too much": (UPDATE_JOB, FORM, b"x" * (4 * 1024 * 1024 + 1)),
    "too much once decompressed": (UPDATE_JOB, {}, gzip.compress(b" " * 5_000_000)),
}


def leasing(*_: Any) -> Any:
    return an_answer(leased=LeasedJob(spec=a_job(), lease_id="l", lease_seconds=60))


def the_hot_routes(
    home: Path, answer: Callable[..., Any] = leasing, *, only: Sequence[Callable[[Services], APIRouter]] = (health.build_router,)
) -> HotRoutes:
    gateway: Any = GatewayStandIn(answer)
    return create_app(replace(services_at(home), gateway=gateway), only=only)


@pytest.fixture(scope="module")
def hot_routes(api_home: Path) -> HotRoutes:
    """Hot routes whose gateway leases a job for every command; all routes are behind it."""
    return the_hot_routes(api_home, only=())


def shown(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.parametrize("request_name", REQUESTS)
def test_a_hot_route_answers_as_the_app_does(hot_routes: HotRoutes, api_home: Path, request_name: str) -> None:
    path, sent, body = REQUESTS[request_name]
    sent = headers(api_home, "wlcg/pilot") | sent

    ahead = Client(hot_routes).post(path, headers=sent, content=body)
    behind = Client(hot_routes.app).post(path, headers=sent, content=body)

    assert path in hot_routes.calls
    assert shown(ahead) == shown(behind)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer a.b.c", "Origin": "wlcg"},
        {"Origin": "cms"},
        {"Origin": "wlcg:production"},
    ],
)
def test_a_wrong_caller_gets_the_same_refusal(hot_routes: HotRoutes, api_home: Path, path: str, sent: dict[str, str]) -> None:
    sent = sent if "Authorization" in sent or not sent else headers(api_home, "wlcg/pilot") | sent

    ahead = Client(hot_routes).post(path, headers=sent, content=b"siteName=LOCAL")
    behind = Client(hot_routes.app).post(path, headers=sent, content=b"siteName=LOCAL")

    assert ahead.text.startswith("ERROR : Token authentication failed. ")
    assert shown(ahead) == shown(behind)


def test_a_user_is_no_pilot_there_either(hot_routes: HotRoutes, api_home: Path) -> None:
    answer = Client(hot_routes).post("/api/v1/pilot/update_job", headers=headers(api_home), json={})

    assert answer.json() == {"success": False, "message": "pilot role required", "data": None}


def test_other_methods_go_to_the_routes(hot_routes: HotRoutes, api_home: Path) -> None:
    by_get = Client(hot_routes).get(GET_JOB, headers=headers(api_home, "wlcg/pilot"))

    assert (by_get.status_code, by_get.text) == (400, "ERROR : siteName: found nothing, expected the name of a queue")


def test_an_unexpected_error_says_nothing_of_itself_and_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr("api.http.problems.log.error", lambda event, **facts: logged.append(facts), raising=False)

    def broken(*_: Any) -> Any:
        raise RuntimeError("inner matter")

    sent = headers(tmp_path, "wlcg/pilot")
    answer = Client(the_hot_routes(tmp_path, broken)).post(GET_JOB, headers=sent, content=b"siteName=Q")

    assert (answer.status_code, answer.text) == (500, "ERROR : an unexpected error; it was logged")
    assert [facts["problem"] for facts in logged] == ["RuntimeError"]


def test_a_trace_is_remembered_during_the_call_only(tmp_path: Path) -> None:
    seen: list[str | None] = []

    def looking(*_: Any) -> Any:
        seen.append(correlation_of_request())
        return leasing()

    hot_routes = the_hot_routes(tmp_path, looking)
    sent = headers(tmp_path, "wlcg/pilot")
    parent = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}

    Client(hot_routes).post(GET_JOB, headers=sent | parent, content=b"siteName=LOCAL")
    Client(hot_routes).post(GET_JOB, headers=sent, content=b"siteName=LOCAL")

    assert seen == ["4bf92f35-77b3-4da6-a3ce-929d0e0e4736", None]


def test_a_call_is_counted_under_its_path(hot_routes: HotRoutes) -> None:
    labels = {"route": UPDATE_JOB, "method": "POST", "status": "403"}
    before = REGISTRY.get_sample_value("culm_http_request_seconds_count", labels) or 0

    Client(hot_routes).post(UPDATE_JOB, content=b"jobId=7")

    assert REGISTRY.get_sample_value("culm_http_request_seconds_count", labels) == before + 1


def asked(hot_routes: HotRoutes, home: Path, messages: list[dict[str, Any]]) -> list[Any]:
    """What is sent to a pilot whose request arrives as `messages`."""
    sent: list[Any] = []
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers(home, "wlcg/pilot").items()]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    run(hot_routes({"type": "http", "method": "POST", "path": GET_JOB, "headers": pairs}, receive, send))
    return sent


def test_a_body_may_come_in_pieces(hot_routes: HotRoutes, api_home: Path) -> None:
    pieces = [b"siteN", b"ame=LO", b"CAL"]
    messages = [{"type": "http.request", "body": piece, "more_body": piece != b"CAL"} for piece in pieces]

    start, _ = asked(hot_routes, api_home, messages)

    assert start["status"] == 200


def test_pieces_over_the_limit_are_refused_while_they_are_read(hot_routes: HotRoutes, api_home: Path) -> None:
    piece: dict[str, Any] = {"type": "http.request", "body": b" " * 1_000_000, "more_body": True}
    pieces = [piece] * 6

    start, _ = asked(hot_routes, api_home, pieces)

    assert start["status"] == 413
    assert len(pieces) == 1


def test_a_client_that_hangs_up_gets_no_answer_and_nothing_is_sent(tmp_path: Path) -> None:
    commands: list[Any] = []
    hot_routes = the_hot_routes(tmp_path, lambda *found: commands.append(found))
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": b"site", "more_body": True}, {"type": "http.disconnect"}]

    assert asked(hot_routes, tmp_path, messages) == []
    assert commands == []
