"""Tokens that are exchanged: a robot's for one of a worker, for less and to end with the robot; others at the provider."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import APIRouter

from api.login import documents
from api.login.exchange import TokenExchange
from api.login.providers import EXCHANGE_GRANT, Providers
from api.native import tasks
from api.pilots import router as pilots
from api.pilots.dispatch import PilotDispatch
from api.services import Services
from identity.issuer import make_token
from identity.own_issuers import ISSUER
from schemas.instants import MICROSECONDS
from schemas.policy import IdentityRestored, IdentityRevoked, TokensRevokedBefore
from tests.api.builders import run
from tests.identity.test_agent_tokens import GET_JOB, RENEW, Site
from tests.login.test_device_flow import LOGIN, Provider

ROUTE = "/auth/wlcg/token"
SCOPE = "queue:LOCAL worker:w7"
NOW = int(time.time()) * MICROSECONDS


@pytest.fixture
def site(api_home: Path) -> Site:
    """An API of its own: what is revoked in a test is revoked for no other."""
    return Site(api_home, only=[documents.build_router, tasks.build_router, for_pilots])


def for_pilots(services: Services) -> APIRouter:
    """What pilots ask for."""
    return pilots.build_router(services, PilotDispatch(services))


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.server.shutdown()
    found.server.server_close()


def robot(home: Path, *groups: str) -> str:
    return make_token(home, user="robot", name="Robot", groups=["wlcg", *groups])


def exchanged(site: Site, token: str, **changes: Any) -> httpx.Response:
    form = {
        "grant_type": EXCHANGE_GRANT,
        "subject_token": token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "culm-worker",
        "scope": SCOPE,
    }
    return site.post("", ROUTE, form | changes)


def test_a_robots_token_becomes_one_of_a_worker_for_less(site: Site, api_home: Path) -> None:
    answer = exchanged(site, robot(api_home, "wlcg/pilot")).json()

    found = site.gate.verifier.believe(answer["access_token"])
    assert {name: found.claims[name] for name in ("aud", "queues", "worker", "vo")} == {
        "aud": "culm-worker", "queues": ["LOCAL"], "worker": "w7", "vo": "wlcg",
    }  # fmt: skip
    assert (answer["token_type"], answer["expires_in"] <= 7200) == ("Bearer", True)
    assert site.post(answer["access_token"], GET_JOB, {"siteName": "LOCAL", "worker_id": "w7"}).json()["StatusCode"] == 0
    assert site.rules() == []
    assert site.post(answer["access_token"], GET_JOB, {"siteName": "OTHER", "worker_id": "w7"}).status_code == 403
    assert site.post(answer["access_token"], "/v1/tasks", {}).status_code == 403
    assert [rule for rule, _ in site.rules()] == ["queue", "agent"]


def test_a_worker_is_the_same_subject_after_another_exchange_and_another_worker_is_another(site: Site, api_home: Path) -> None:
    token = robot(api_home, "wlcg/pilot")
    first, again, other = (
        site.gate.verifier.believe(exchanged(site, token, scope=scope).json()["access_token"]).actor
        for scope in (SCOPE, SCOPE, "queue:LOCAL worker:w8")
    )

    assert first == again
    assert first != other


def test_it_is_renewed_with_its_key_within_a_day(site: Site, api_home: Path) -> None:
    answer = exchanged(site, robot(api_home, "wlcg/pilot")).json()

    renewed = site.get(answer["access_token"], RENEW, {"client_name": "pilot_server", "token_key": answer["token_key"]}).json()

    claims = site.gate.verifier.believe(renewed["userProxy"]).claims
    assert claims["act"] == site.gate.verifier.believe(answer["access_token"]).claims["act"]
    assert claims["until"] <= time.time() + 24 * 3600


@pytest.mark.parametrize(
    ("groups", "changes", "error", "rule"),
    [
        ((), {}, "invalid_grant", "member"),
        (("wlcg/production",), {}, "invalid_grant", "member"),
        (("wlcg/pilot", "wlcg/pilot/OTHER"), {}, "invalid_grant", "queue"),
        (("wlcg/pilot",), {"subject_token": "rubbish"}, "invalid_grant", "form"),
        (("wlcg/pilot",), {"subject_token": ""}, "invalid_request", ""),
        (("wlcg/pilot",), {"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request", ""),
        (("wlcg/pilot",), {"scope": ""}, "invalid_scope", ""),
        (("wlcg/pilot",), {"scope": "queue:LOCAL"}, "invalid_scope", ""),
        (("wlcg/pilot",), {"scope": "worker:w7"}, "invalid_scope", ""),
        (("wlcg/pilot",), {"scope": "queue:LOCAL worker:a worker:b"}, "invalid_scope", ""),
        (("wlcg/pilot",), {"scope": "queue:LOCAL worker:a admin:b"}, "invalid_scope", ""),
        (("wlcg/pilot",), {"scope": f"queue:LOCAL worker:{'w' * 129}"}, "invalid_scope", ""),
        (("wlcg/pilot",), {"audience": "https://storage.example.org"}, "unsupported_grant_type", ""),
    ],
)
def test_what_is_not_exchanged_is_refused_with_an_error_of_the_protocol(
    site: Site, api_home: Path, groups: tuple[str, ...], changes: dict[str, Any], error: str, rule: str
) -> None:
    answer = exchanged(site, robot(api_home, *groups), **changes)

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert [found for found, _ in site.rules()] == ([rule] if rule else [])


def test_a_token_of_an_agent_is_not_exchanged(site: Site) -> None:
    assert exchanged(site, site.worker()).json()["error"] == "invalid_request"


def test_it_ends_with_the_robot_the_age_of_its_token_and_its_issuer(site: Site, api_home: Path) -> None:
    verifier = site.gate.verifier
    token = exchanged(site, robot(api_home, "wlcg/pilot")).json()["access_token"]
    act = verifier.believe(token).claims["act"]
    assert act["iss"] == ISSUER

    verifier.revocations.take(IdentityRevoked(actor=act["sub"]), NOW)
    assert refused(site, token)
    verifier.revocations.take(IdentityRestored(actor=act["sub"]), NOW)
    assert not refused(site, token)
    verifier.revocations.take(TokensRevokedBefore(issuer=ISSUER, time=NOW + 3600 * MICROSECONDS), NOW)
    assert refused(site, token)
    verifier.revocations.take(TokensRevokedBefore(issuer=ISSUER, time=None), NOW)
    assert not refused(site, token)
    verifier.trust([row for row in verifier.issuers if row.issuer != ISSUER])
    assert refused(site, token)


def refused(site: Site, token: str) -> bool:
    """True when it is refused as revoked; it is believed otherwise."""
    if site.gate.verifier.refuses_as_revoked(token):
        return True
    site.gate.verifier.believe(token)
    return False


def test_for_another_audience_the_provider_is_asked_where_it_offers_that(site: Site, provider: Provider) -> None:
    exchange = TokenExchange(Providers(), site.gate)
    form = {"subject_token": "a.b.c", "audience": "storage", "client_id": "robot", "client_secret": "s", "other": "x"}
    row = provider.row

    assert run(exchange.token((row, LOGIN), "wlcg", form))[1]["error"] == "unsupported_grant_type"
    assert provider.asked == []
    provider.more["grant_types_supported"] = [EXCHANGE_GRANT]
    answered = {"access_token": "x.y.z", "issued_token_type": "t", "expires_in": 60, "secret": "of the provider"}
    provider.replies["/token"] += [(200, answered), (403, {"error": "access_denied", "error_description": "planted"})]

    exchange = TokenExchange(Providers(), site.gate)
    status, found = run(exchange.token((row, LOGIN), "wlcg", form))
    assert (status, found) == (200, {"access_token": "x.y.z", "issued_token_type": "t", "expires_in": 60})
    assert provider.asked == [{"grant_type": EXCHANGE_GRANT, **{name: form[name] for name in form if name != "other"}}]
    assert run(exchange.token((row, LOGIN), "wlcg", form)) == (
        400, {"error": "access_denied", "error_description": "the provider refused"},
    )  # fmt: skip
    assert "secret of the provider" not in orjson.dumps(found).decode()
