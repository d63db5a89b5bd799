"""From a client certificate through the edge and the socket to the API itself; and what that socket and the API's port refuse."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.edge.config import EdgeConfig
from api.edge.watching import TrustWatch
from api.http.edge_door import ServerWithDoor
from api.native import health, tasks
from api.pilots.hot_routes import HotRoutes
from api.services import Services
from identity.edge_tokens import edge_home
from identity.issuer import make_token
from identity.own_issuers import EDGE_ISSUER, OWN_ISSUER, edge_issuer
from identity.verify import Verifier
from identity.x509.chains import ProxyPolicy
from tests.api.conftest import with_key
from tests.api.test_routes import services_at
from tests.edge.conftest import ROWS, Running, Serving, started
from tests.edge.grid import JANE_DN, authority, person, proxy
from tests.held_ports import held_ports

CA = authority()
PERSON = person(CA)
PILOT_ROWS = ROWS.replace('["wlcg"]', '["wlcg", "wlcg/pilot", "wlcg/administrator"]')


def api_of(config: EdgeConfig, edge_key: bytes) -> HotRoutes:
    """An API that reaches nothing and knows of the edge of `config`."""
    return create_app(services_of(config, edge_key), only=[health.build_router, tasks.build_router])


def services_of(config: EdgeConfig, edge_key: bytes) -> Services:
    """What that API stands on."""
    with_key(config.home, edge_key)
    services = services_at(config.home)
    gate = services.gate
    edge = Verifier((edge_issuer(("wlcg",)),), gate.keys)
    return replace(services, gate=replace(gate, edge=edge))


@pytest.fixture
def port() -> Iterator[int]:
    """A port for the API."""
    with held_ports(1) as (held,):
        yield held


@pytest.fixture
def whole(config: EdgeConfig, edge_key: bytes, port: int) -> Iterator[Running]:
    """An edge before an API that listens at `port` and at the edge's socket."""
    settings = uvicorn.Config(
        api_of(config, edge_key), host="127.0.0.1", port=port, log_config=None, ws="none", timeout_graceful_shutdown=1
    )
    with Serving(ServerWithDoor(settings, config.socket)):
        yield from started(Running(config, TrustWatch(config)), httpx.AsyncHTTPTransport(uds=str(config.socket)))


def ask_socket(config: EdgeConfig, token: str) -> httpx.Response:
    """As a process of this machine would that has found the socket."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(config.socket)), base_url="http://culm") as client:
        return client.get("/v1/whoami", headers={"Authorization": f"Bearer {token}", "Origin": "wlcg"})


def test_a_certificate_is_a_member_at_the_api_and_the_same_one_by_proxy(whole: Running) -> None:
    answers = [whole.get(credential, "/v1/whoami").json() for credential in (PERSON, proxy(PERSON))]

    assert answers[0]["vo"] == "wlcg"
    assert answers[0]["subject"] == answers[1]["subject"]
    assert JANE_DN not in str(answers[0]["subject"])


def test_a_token_of_the_edge_is_believed_at_its_socket_and_nowhere_else(whole: Running, port: int) -> None:
    token = whole.get(PERSON, "/auth/x509/token", "POST").json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}

    assert ask_socket(whole.config, token).status_code == 200
    answer = httpx.get(f"http://127.0.0.1:{port}/v1/whoami", headers=headers, trust_env=False)
    assert (answer.status_code, "the token is not believed here" in answer.text) == (403, True)


def test_no_other_token_is_believed_at_the_socket(whole: Running) -> None:
    home = whole.config.home
    made = {"user": "jdoe", "name": "Jane Doe", "groups": ["wlcg"], "audience_hours": 0.05}

    for forged in (
        make_token(home, **made),  # type: ignore[arg-type]  # as it takes them
        make_token(home, issuer=OWN_ISSUER, **made),  # type: ignore[arg-type]
        make_token(edge_home(home), issuer=OWN_ISSUER, **made),  # type: ignore[arg-type]
        make_token(edge_home(home), issuer=EDGE_ISSUER, **{**made, "audience_hours": 1}),  # type: ignore[arg-type]
    ):
        assert ask_socket(whole.config, forged).status_code == 403


def test_the_role_of_the_whole_installation_does_not_come_by_certificate(whole: Running) -> None:
    assert whole.config.rows is not None
    whole.config.rows.write_text(PILOT_ROWS)
    whole.watch.look()

    assert "administrator" not in whole.get(PERSON, "/v1/whoami").json()["roles"]
    for origin in ("wlcg:operator", "cms", "wlcg:system"):
        assert whole.get(PERSON, "/v1/whoami", headers={"Origin": origin}).status_code == 403


def test_a_limited_proxy_asks_as_a_pilot_and_submits_nothing(whole: Running) -> None:
    assert whole.config.rows is not None
    whole.config.rows.write_text(PILOT_ROWS)
    whole.watch.look()
    limited = proxy(PERSON, ProxyPolicy.LIMITED)

    submitted = whole.get(limited, "/v1/tasks", "POST", json={}, headers={"Origin": "wlcg"})

    assert submitted.status_code == 403
    assert "a token of pilots alone is for the calls of pilots" in submitted.text
    assert whole.get(limited, "/v1/whoami").json()["roles"] == ["pilot"]


def test_an_api_without_an_edge_believes_no_one_who_says_they_come_from_it(tmp_path: Path, edge_key: bytes) -> None:
    with_key(tmp_path, edge_key)

    assert services_at(tmp_path).gate.edge is None


def test_an_api_that_is_away_is_said_to_be(whole: Running) -> None:
    whole.config.socket.unlink()

    answer = whole.get(PERSON, "/v1/whoami")

    assert (answer.status_code, "away; try again" in answer.text) == (503, True)


def test_a_second_api_leaves_the_socket_to_the_one_that_has_it(whole: Running) -> None:
    settings = uvicorn.Config(Starlette(), host="127.0.0.1", port=0, log_config=None, ws="none")

    with Serving(ServerWithDoor(settings, whole.config.socket)):
        meanwhile = whole.get(PERSON, "/v1/whoami").status_code

    assert (meanwhile, whole.get(PERSON, "/v1/whoami").status_code) == (200, 200)


def test_a_socket_that_a_killed_api_left_is_taken_over(config: EdgeConfig, edge_key: bytes, port: int) -> None:
    config.socket.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(config.socket))
    settings = uvicorn.Config(api_of(config, edge_key), host="127.0.0.1", port=port, log_config=None, ws="none")

    with Serving(ServerWithDoor(settings, config.socket)):
        running = Running(config, TrustWatch(config))
        for one in started(running, httpx.AsyncHTTPTransport(uds=str(config.socket))):
            assert one.get(PERSON, "/v1/whoami").status_code == 200
