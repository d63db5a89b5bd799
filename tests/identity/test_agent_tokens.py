"""Tokens of agents: stolen, late, widened or forged, each is refused with its rule on record; a renewal no one notices."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import APIRouter
from joserfc import jwt
from joserfc.jwk import ECKey

from api.app import create_app
from api.services import Services
from identity.agent_issuer import job_token, worker_token
from identity.agents import Agent, AgentJob, claims_of, code_digest_of, key_digest_of
from identity.issuer import make_token, signing_key
from identity.own_issuers import AGENTS_ISSUER
from schemas.instants import MICROSECONDS
from schemas.types import LeasedJob
from tests.api.builders import GatewayStandIn, a_job, an_answer
from tests.api.test_routes import Client, services_at

LEASE = "11111111-2222-4333-8444-555555555555"
WORKER = Agent(code_digest_of("code"), "wlcg", ("LOCAL",), "w1", int(time.time()) + 86_400, key_digest_of("key"))
JOB = AgentJob(100000000000001, 1, LEASE)
GET_JOB, UPDATE_JOB, RENEW = "/server/panda/getJob", "/server/panda/updateJob", "/server/panda/get_access_token"
REPORT = {"jobId": JOB.job_id, "attemptNr": 1, "state": "running", "siteName": "LOCAL"}


class Site:
    """An API whose deciders say yes, and what it recorded. only: what builds its routes, beside the hot ones; without it, all."""

    def __init__(self, home: Path, answer: Any = None, *, only: Sequence[Callable[[Services], APIRouter]] = ()) -> None:
        leased = LeasedJob(spec=a_job(), lease_id=LEASE, lease_seconds=60)
        self.gateway = GatewayStandIn(answer or (lambda *_: an_answer(leased=leased)))
        gateway: Any = self.gateway
        self.services: Services = replace(services_at(home), gateway=gateway)
        self.gate = self.services.gate
        self._client = Client(create_app(self.services, only=only))

    def worker(self, agent: Agent = WORKER, ago: float = 0) -> str:
        assert self.gate.agent_keys is not None
        return worker_token(self.gate.agent_keys, agent, time.time() - ago)[0]

    def job(self, job: AgentJob = JOB, ago: float = 0) -> str:
        assert self.gate.agent_keys is not None
        return job_token(self.gate.agent_keys, WORKER, job, time.time() - ago)[0]

    def post(self, token: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._client.post(path, json=body, headers=_headers(token))

    def post_bytes(self, token: str, path: str, body: bytes) -> httpx.Response:
        return self._client.post(path, content=body, headers={**_headers(token), "Content-Type": "application/json"})

    def get(self, token: str, path: str, query: dict[str, str] | None = None) -> httpx.Response:
        return self._client.get(path, params=query or {}, headers=_headers(token))

    def rules(self) -> list[tuple[str, str]]:
        """Rule and caller of what was refused since the last look."""
        return [(row.rule, row.caller) for row in self.gate.refusals.take(int(time.time() * MICROSECONDS))]


def _headers(token: str) -> dict[str, str]:
    return {"Origin": "wlcg"} | ({"Authorization": f"Bearer {token}"} if token else {})


@pytest.fixture(scope="module")
def shared_site(api_home: Path) -> Site:
    """To make an app takes longer than to ask it."""
    return Site(api_home)


@pytest.fixture
def site(shared_site: Site) -> Site:
    """An API of which nothing was asked, and nothing refused within a minute."""
    shared_site.gateway.sent.clear()
    shared_site.gateway.heartbeats.clear()
    shared_site.gate.refusals.take_all(int((time.time() + 1) * MICROSECONDS))
    return shared_site


def test_a_worker_takes_a_job_of_its_queue_and_gets_a_token_for_it(site: Site) -> None:
    answer = site.post(site.worker(), GET_JOB, {"siteName": "LOCAL", "worker_id": "w1", "wants_job_token": True}).json()

    believed = site.gate.verifier.believe(answer["job_token"])
    told = {name: believed.claims[name] for name in ("aud", "job", "attempt", "lease", "worker", "vo", "queues")}
    assert told == {
        "aud": "culm-job", "job": JOB.job_id, "attempt": 1, "lease": LEASE, "worker": "w1", "vo": "wlcg", "queues": ["LOCAL"],
    }  # fmt: skip
    assert believed.claims["exp"] - believed.claims["iat"] == 900
    assert believed.actor == WORKER.subject
    assert believed.claims["key"] == ""
    assert site.post(answer["job_token"], UPDATE_JOB, REPORT).json()["StatusCode"] == 0
    assert site.rules() == []


def test_of_a_lease_whose_answer_did_not_come_no_token_is_made(api_home: Path) -> None:
    site = Site(api_home, lambda *_: None)

    answer = site.post(site.worker(), GET_JOB, {"siteName": "LOCAL", "worker_id": "w1", "wants_job_token": True}).json()

    assert (answer["StatusCode"], "PandaID" in answer, "job_token" in answer) == (10, False, False)
    assert [(type(command).__name__, key) for command, key in site.gateway.sent] == [("LeaseJob", "LOCAL")]


def test_a_pilot_that_does_not_ask_for_it_and_one_of_a_provider_get_no_job_token(api_home: Path, site: Site) -> None:
    plain = make_token(api_home, user="pilot", name="Pilot", groups=["wlcg", "wlcg/pilot"])

    assert "job_token" not in site.post(site.worker(), GET_JOB, {"siteName": "LOCAL", "worker_id": "w1"}).json()
    assert site.post(plain, GET_JOB, {"siteName": "LOCAL", "wants_job_token": True}).json()["job_token"] == ""
    assert site.post(plain, UPDATE_JOB, REPORT).json()["StatusCode"] == 0


@pytest.mark.parametrize(
    ("path", "body", "rule"),
    [
        (GET_JOB, {"siteName": "OTHER", "worker_id": "w1"}, "queue"),
        (GET_JOB, {"siteName": "LOCAL", "computingElement": "OTHER"}, "queue"),
        (GET_JOB, {"siteName": "LOCAL", "worker_id": "w2"}, "worker"),
        ("/api/v1/pilot/acquire_jobs", {"site_name": "OTHER"}, "queue"),
        (UPDATE_JOB, REPORT | {"siteName": "OTHER"}, "queue"),
        (
            "/server/panda/updateWorkerPilotStatus",
            {"workerID": "w2", "harvesterID": "h", "status": "finished", "site": "LOCAL"},
            "worker",
        ),
        (
            "/api/v1/pilot/update_worker_status",
            {"worker_id": "w1", "harvester_id": "h", "status": "started", "site": "OTHER"},
            "queue",
        ),
        ("/v1/queues/OTHER/workers", {"worker_id": "w1", "harvester_id": "h", "state": "running"}, "queue"),
        ("/v1/queues/LOCAL/workers", {"worker_id": "w2", "harvester_id": "h", "state": "running"}, "worker"),
        ("/v1/queues/OTHER/workers/reports", {"reports": [{"worker_id": "w1"}]}, "queue"),
        ("/v1/commands/LeaseJob", {"aggregate_id": "OTHER", "offer": {"pilot": "p", "node": "n"}}, "queue"),
        ("/v1/commands/LeaseJob", {"aggregate_id": "LOCAL", "offer": {"pilot": "p", "node": "n", "worker_id": "w2"}}, "worker"),
        (
            "/v1/commands/ReportWorker",
            {"aggregate_id": "OTHER", "worker_id": "w1", "harvester_id": "h", "state": "RUNNING"},
            "queue",
        ),
        ("/v1/agents/workers", {"worker_id": "w2"}, "worker"),
        ("/v1/agents/token", {"token_key": "another"}, "token key"),
        ("/v1/tasks", {}, "agent"),
        ("/v1/commands/KillTask", {"aggregate_id": "1"}, "agent"),
        ("/v1/commands/OfferEnrolment", {"aggregate_id": "1"}, "agent"),
    ],
)
def test_a_worker_token_opens_its_queues_and_its_worker_alone(site: Site, path: str, body: dict[str, Any], rule: str) -> None:
    answer = site.post(site.worker(), path, body)

    assert answer.status_code == 403, answer.text
    assert site.rules() == [(rule, WORKER.subject)]
    assert site.gateway.sent == []


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/jobs/1", "/v1/queues", "/v1/workers", "/v1/refusals", "/v1/health/details"])
def test_a_user_route_is_closed_to_agents(site: Site, path: str) -> None:
    for token in (site.worker(), site.job()):
        assert site.get(token, path).status_code == 403
    assert {rule for rule, _ in site.rules()} == {"agent"}


def test_a_long_poll_of_another_queue_is_refused(site: Site) -> None:
    assert site.get(site.worker(), "/v1/queues/OTHER/wanted").status_code == 403
    assert site.rules() == [("queue", WORKER.subject)]


@pytest.mark.parametrize(
    ("path", "body", "rule"),
    [
        (UPDATE_JOB, REPORT | {"jobId": 7}, "job"),
        (UPDATE_JOB, REPORT | {"attemptNr": 2}, "job"),
        (UPDATE_JOB, REPORT | {"jobId": 7, "state": "finished"}, "job"),
        ("/api/v1/pilot/update_job", {"job_id": 7, "job_status": "running"}, "job"),
        (GET_JOB, {"siteName": "LOCAL"}, "agent"),
        ("/server/panda/updateJobsInBulk", {"jobList": [REPORT]}, "agent"),
        ("/server/panda/getStatus", {"ids": "1"}, "agent"),
        ("/v1/agents/token", {"token_key": "key"}, "agent"),
        ("/v1/agents/workers", {"worker_id": "w1"}, "agent"),
        ("/v1/commands/ReportJobEnd", {"aggregate_id": str(JOB.job_id), "attempt": 1, "succeeded": True}, "agent"),
    ],
)
def test_a_job_token_opens_the_reports_of_its_job_alone(site: Site, path: str, body: dict[str, Any], rule: str) -> None:
    answer = site.post(site.job(), path, body)

    assert answer.status_code == 403, answer.text
    assert site.rules() == [(rule, WORKER.subject)]
    assert (site.gateway.sent, site.gateway.heartbeats) == ([], [])


def test_half_a_token_for_a_job_is_replaced_with_the_answer_to_a_report_and_works_on(site: Site) -> None:
    fresh = site.post(site.job(), UPDATE_JOB, REPORT).json()
    half = site.post(site.job(ago=500), UPDATE_JOB, REPORT).json()
    last = site.post(site.job(ago=500), UPDATE_JOB, REPORT | {"state": "finished"}).json()
    newer = site.post(half["job_token"], "/api/v1/pilot/update_job", {"job_id": JOB.job_id, "job_status": "running"}).json()

    assert ("job_token" in fresh, "job_token" in last) == (False, False)
    claims = site.gate.verifier.believe(half["job_token"]).claims
    assert (claims["job"], claims["lease"], claims["exp"] > time.time() + 800) == (JOB.job_id, LEASE, True)
    assert newer["success"] is True


def test_a_job_that_must_stop_gets_no_newer_token(api_home: Path) -> None:
    site = Site(api_home, lambda *_: an_answer(accepted=False, reason="ALREADY_FINAL", pilot_command="tobekilled"))

    answer = site.post(site.job(ago=500), UPDATE_JOB, REPORT).json()

    assert (answer["command"], "job_token" in answer) == ("tobekilled", False)


def test_a_token_that_has_ended_is_refused_to_the_second(site: Site) -> None:
    for token in (site.job(ago=901), site.worker(ago=7201)):
        assert site.post(token, UPDATE_JOB, REPORT).status_code == 403
    assert [rule for rule, _ in site.rules()] == ["exp", "exp"]


def test_the_unmodified_pilot_renews_its_token_with_the_key_that_came_with_it(api_home: Path, site: Site) -> None:
    query = {"client_name": "pilot_server", "token_key": "key"}
    legacy = site.get(site.worker(), RENEW, query).json()
    v1 = site.get(site.worker(), "/api/v1/creds/get_access_token", query).json()
    wrong = site.get(site.worker(), RENEW, query | {"token_key": "other"}).json()
    missing = site.get(site.worker(), RENEW).json()
    plain = make_token(api_home, user="pilot", name="Pilot", groups=["wlcg", "wlcg/pilot"])
    of_provider = site.get(plain, RENEW, query).json()

    renewed = [site.gate.verifier.believe(token).claims for token in (legacy["userProxy"], v1["data"]["access_token"])]
    assert [(claims["worker"], claims["exp"] - claims["iat"]) for claims in renewed] == [("w1", 7200)] * 2
    assert [answer["StatusCode"] for answer in (legacy, wrong, missing, of_provider)] == [0, 80, 80, 80]
    assert [rule for rule, _ in site.rules()] == ["token key"]  # of one minute as one record


def test_renewals_end_with_the_enrolment(site: Site) -> None:
    short = replace(WORKER, until=int(time.time()) + 60)

    renewed = site.post(site.worker(short), "/v1/agents/token", {"token_key": "key"}).json()

    assert renewed["expires_at"] == short.until


def forged(key: Any, header: dict[str, Any], *, seconds: int = 600, **changes: Any) -> str:
    claims = claims_of(WORKER) | {"iss": AGENTS_ISSUER, "iat": int(time.time()), "exp": int(time.time()) + seconds} | changes
    return jwt.encode({"typ": "at+jwt"} | header, claims, key, algorithms=["ES256", "RS256"])


def test_a_token_that_the_issuer_for_agents_did_not_sign_is_refused(api_home: Path, site: Site) -> None:
    assert site.gate.agent_keys is not None
    kid = site.gate.agent_keys.signer().kid
    own, development = ECKey.generate_key("P-256"), signing_key(api_home)
    tokens = {
        "signature": forged(own, {"alg": "ES256", "kid": kid}),
        "key": forged(own, {"alg": "ES256", "kid": "mine"}),
        "alg": forged(development, {"alg": "RS256", "kid": development.kid}),
    }

    for rule, token in tokens.items():
        assert site.post(token, UPDATE_JOB, REPORT).status_code == 403
        assert [found for found, _ in site.rules()] == [rule]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"aud": "culm"}, "aud"),
        ({"aud": "culm-job"}, "member"),
        ({"job": 1, "attempt": 1, "lease": "l"}, "member"),
        ({"sub": "someone"}, "member"),
        ({"queues": []}, "member"),
        ({"worker": None}, "member"),
        ({"seconds": 8000}, "lifetime"),
    ],
)
def test_a_token_of_the_issuer_for_agents_that_names_no_agent_is_believed_nothing(
    site: Site, changes: dict[str, Any], rule: str
) -> None:
    assert site.gate.agent_keys is not None
    key = site.gate.agent_keys.signer()

    answer = site.post(forged(key, {"alg": "ES256", "kid": key.kid}, **changes), GET_JOB, {"siteName": "LOCAL"})

    assert answer.status_code == 403
    assert [found for found, _ in site.rules()] == [rule]


def test_a_pilot_of_a_provider_is_bound_to_the_queues_that_its_groups_name(api_home: Path, site: Site) -> None:
    groups = ["wlcg", "wlcg/pilot", "wlcg/pilot/LOCAL"]
    token = make_token(api_home, user="robot", name="Robot", groups=groups)

    own, other = (site.post(token, GET_JOB, {"siteName": queue}).status_code for queue in ("LOCAL", "OTHER"))

    assert (own, other) == (200, 403)
    assert [rule for rule, _ in site.rules()] == ["queue"]


def test_the_public_keys_are_published_without_a_token(site: Site) -> None:
    assert site.gate.agent_keys is not None

    answer = site.get("", "/v1/agents/keys")

    assert answer.status_code == 200
    assert [key["kid"] for key in orjson.loads(answer.content)["keys"]] == [site.gate.agent_keys.signer().kid]
    assert b'"d"' not in answer.content
