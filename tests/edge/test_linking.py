"""A certificate and a login at a provider become one person: from a handshake with a proxy to the command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from api.app import create_app
from api.edge.config import EdgeConfig
from api.edge.watching import TrustWatch
from api.http.edge_door import ServerWithDoor
from api.services import Services
from cli import link
from cli.api_client import ApiClient
from cli.main import app
from identity.issuer import make_token, subject_of
from schemas.ids import linked_identity_key
from schemas.policy import LinkIdentities
from tests.edge.conftest import Running, Serving, started
from tests.edge.grid import authority, person, proxy
from tests.edge.test_door import port, services_of

__all__ = ["port"]
JANE = subject_of("jane")
PROXY = proxy(person(authority()))


@pytest.fixture
def services(config: EdgeConfig, edge_key: bytes) -> Services:
    return services_of(config, edge_key)


@pytest.fixture
def whole(config: EdgeConfig, services: Services, port: int) -> Iterator[Running]:
    """An edge before an API of `services`."""
    settings = uvicorn.Config(
        create_app(services), host="127.0.0.1", port=port, log_config=None, ws="none", timeout_graceful_shutdown=1
    )
    with Serving(ServerWithDoor(settings, config.socket)):
        yield from started(Running(config, TrustWatch(config)), httpx.AsyncHTTPTransport(uds=str(config.socket)))


def a_login(home: Path, user: str = "jane") -> str:
    return make_token(home, user=user, name="Jane Doe", groups=["wlcg"], audience_hours=1)


def sent(services: Services) -> list[tuple[Any, str]]:
    gateway: Any = services.gateway
    return list(gateway.sent)


def test_a_proxy_and_a_token_in_one_request_are_linked(whole: Running, services: Services) -> None:
    certified = whole.get(PROXY, "/v1/whoami").json()["subject"]

    answer = whole.get(PROXY, "/v1/links", "POST", json={"token": a_login(whole.config.home)})

    first, last = sorted((certified, JANE))
    assert answer.json() == {"actor": first, "other": last, "linked": True}
    assert sent(services) == [(LinkIdentities(actor=first, other=last), linked_identity_key(first))]


def test_a_proxy_alone_is_linked_with_no_one(whole: Running, services: Services) -> None:
    bodies: tuple[dict[str, str], ...] = ({}, {"other": JANE}, {"token": "a.b.c"}, {"actor": JANE, "other": "x"})

    statuses = [whole.get(PROXY, "/v1/links", "POST", json=body).status_code for body in bodies]

    assert (statuses, sent(services)) == ([403] * 4, [])


def test_culm_link_goes_through_the_edge_with_the_proxy(
    whole: Running, services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = ApiClient("http://unused", {"Authorization": f"Bearer {a_login(whole.config.home)}", "Origin": "wlcg"})
    monkeypatch.setattr(link, "api_client", lambda _: client)
    (tmp_path / "proxy.pem").write_bytes(PROXY.pem())
    edge = f"https://localhost:{whole.config.port}"
    words = ["link", "--certificate", str(tmp_path / "proxy.pem"), "--edge", edge]

    done = CliRunner().invoke(app, [*words, "--authorities", str(whole.config.authorities)])

    assert done.exit_code == 0, done.exception
    assert "are one person" in done.output
    assert [JANE in (command.actor, command.other) for command, _ in sent(services)] == [True]
