"""A certificate and a login at a provider become one person: from a handshake with a proxy to the command."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from api.app import create_app
from api.edge.app import NO_ACCESS, Edge
from api.edge.callers import Callers
from api.edge.config import EdgeConfig
from api.edge.policy_rows import linked_in
from api.edge.server import server_of
from api.edge.voms import Voms
from api.edge.watching import TrustWatch
from api.http.edge_door import ServerWithDoor, came_through_edge
from api.log.link_renewal import LinkRenewal
from api.native import health, links
from api.services import Services
from cli import link
from cli.api_client import ApiClient
from cli.main import app
from identity.issuer import make_token, subject_of
from identity.linked_memberships import membership_by
from identity.x509.chains import ProxyPolicy
from identity.x509.rights import CertificateRows
from schemas import records
from schemas.ids import linked_identity_key
from schemas.policy import IdentityLinked, IdentityRestored, IdentityRevoked, IdentityUnlinked
from tests.api.builders import run
from tests.edge.conftest import Running, Serving, started
from tests.edge.grid import authority, person, proxy
from tests.edge.test_chains import OTHER
from tests.edge.test_door import port, services_of

__all__ = ["port"]
JANE = subject_of("jane")
PROXY = proxy(person(authority()))
#: What is asked for here; to build all routes takes longer than to ask them.
ROUTES = (health.build_router, links.build_router)


@pytest.fixture
def services(config: EdgeConfig, edge_key: bytes) -> Services:
    made = services_of(config, edge_key)
    edge, verifier = made.gate.edge, made.gate.verifier
    assert edge is not None
    edge.revocations, edge.links = verifier.revocations, verifier.links  # as api/services.py has it
    return made


@pytest.fixture
def whole(config: EdgeConfig, services: Services, port: int) -> Iterator[Running]:
    """An edge before an API of `services`."""
    settings = uvicorn.Config(
        create_app(services, only=ROUTES), host="127.0.0.1", port=port, log_config=None, ws="none", timeout_graceful_shutdown=1
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
    ((command, key),) = sent(services)
    assert (command.actor, command.other, key) == (first, last, linked_identity_key(first))
    assert (command.membership.prover, command.membership.groups) == (JANE, ("wlcg",))


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


JOHN = person(authority(), OTHER)
JOHNS_LOGIN = subject_of("john")


class ByLinks:
    """An edge before an API that read the same log: `now` is when the edge judges."""

    def __init__(self, config: EdgeConfig, services: Services) -> None:
        self.verifier, self.now = services.gate.verifier, time.time()
        self.watch = TrustWatch(config, policy=lambda: CertificateRows(linked=linked_in(self.verifier)))

    def read(self, *commands: Any) -> None:
        """The links that `commands` asked for are in the log, and read."""
        for one in commands:
            self.verifier.links.take(IdentityLinked(actor=one.actor, other=one.other, membership=one.membership))
        self.watch.look()


@pytest.fixture
def log(config: EdgeConfig, services: Services) -> ByLinks:
    return ByLinks(config, services)


@pytest.fixture
def by_links(config: EdgeConfig, services: Services, port: int, log: ByLinks) -> Iterator[Running]:
    """An edge whose clock and links are those of `log`, before an API of `services`."""
    settings = uvicorn.Config(
        create_app(services, only=ROUTES), host="127.0.0.1", port=port, log_config=None, ws="none", timeout_graceful_shutdown=1
    )
    running = Running(config, log.watch)
    callers = Callers(config.home, log.watch, Voms(config.voms, config.authorities), lambda: log.now)
    edge = Edge(callers, httpx.AsyncHTTPTransport(uds=str(config.socket)))
    with Serving(ServerWithDoor(settings, config.socket)), Serving(server_of(config, log.watch, edge), edge.close):
        yield running


def john_links(edge: Running) -> httpx.Response:
    login = make_token(edge.config.home, user="john", name="John Roe", groups=["wlcg", "wlcg/sub"], audience_hours=1)
    return edge.get(proxy(JOHN), "/v1/links", "POST", json={"token": login})


def test_a_certificate_that_nothing_gives_anything_is_linked_and_has_what_the_login_has(
    by_links: Running, services: Services, log: ByLinks
) -> None:
    before = by_links.get(proxy(JOHN), "/v1/whoami")

    linking = john_links(by_links)
    ((command, _),) = sent(services)
    log.read(command)

    me = by_links.get(proxy(JOHN), "/v1/whoami").json()
    assert (before.status_code, before.json()["detail"]) == (403, NO_ACCESS)
    assert (linking.status_code, command.membership.prover, command.membership.groups) == (200, JOHNS_LOGIN, ("wlcg", "wlcg/sub"))
    assert (me["linked"], me["groups"], me["roles"]) == ([JOHNS_LOGIN], ["wlcg", "wlcg/sub"], [])
    assert (john_links(by_links).status_code, len(sent(services))) == (200, 1), "nothing is recorded again before it is due"


def test_all_that_such_a_certificate_may_do_is_to_be_linked(by_links: Running, services: Services) -> None:
    bodies: tuple[dict[str, str], ...] = ({}, {"other": JANE}, {"token": "a.b.c"}, {"actor": JANE, "other": "x"})
    asked = [("/v1/links", body) for body in bodies] + [("/v1/links/certificate", bodies[0]), ("/v1/links/remove", bodies[1])]

    statuses = [by_links.get(proxy(JOHN), path, "POST", json=body).status_code for path, body in asked]

    assert statuses == [400, 400, 403, 400, 403, 403]
    limited = by_links.get(proxy(JOHN, ProxyPolicy.LIMITED), "/v1/links", "POST", json={"token": a_login(by_links.config.home)})
    assert (limited.status_code, by_links.get(proxy(JOHN), "/v1/links").status_code, sent(services)) == (403, 403, [])


def test_what_a_link_gives_ends_and_the_answer_names_the_way_out(by_links: Running, services: Services, log: ByLinks) -> None:
    john_links(by_links)
    ((command, _),) = sent(services)
    log.read(records.replace(command, membership=records.replace(command.membership, until=int((log.now + 30) * 1e6))))
    assert by_links.get(proxy(JOHN), "/v1/whoami").status_code == 200

    log.now += 31  # the API takes a token of the edge that was made up to 60 s ahead of its clock
    late = by_links.get(proxy(JOHN), "/v1/whoami")

    assert (late.status_code, "use that login once (culm login" in late.json()["detail"]) == (403, True)
    again = john_links(by_links)
    assert (again.status_code, len(sent(services))) == (200, 2)


def test_a_person_who_is_revoked_or_unlinked_has_nothing_by_certificate_any_more(
    by_links: Running, services: Services, log: ByLinks
) -> None:
    john_links(by_links)
    ((command, _),) = sent(services)
    log.read(command)
    assert by_links.get(proxy(JOHN), "/v1/whoami").status_code == 200

    log.verifier.revocations.take(IdentityRevoked(actor=JOHNS_LOGIN), 0)
    assert by_links.get(proxy(JOHN), "/v1/whoami").status_code == 403, "by the API, before the edge has looked"
    log.read()
    assert by_links.get(proxy(JOHN), "/v1/whoami").json()["detail"] == NO_ACCESS

    log.verifier.revocations.take(IdentityRestored(actor=JOHNS_LOGIN), 0)
    log.read()
    assert by_links.get(proxy(JOHN), "/v1/whoami").status_code == 200
    log.verifier.links.take(IdentityUnlinked(actor=command.actor, other=command.other))
    log.read()
    assert by_links.get(proxy(JOHN), "/v1/whoami").json()["detail"] == NO_ACCESS


def test_a_login_records_again_what_is_due_and_once(services: Services, config: EdgeConfig) -> None:
    now = [time.time()]
    gate = services.gate
    renewal = LinkRenewal(services.gateway, gate.verifier.links, lambda: now[0])
    gate = replace(gate, seen_with_links=renewal.consider)
    token = a_login(config.home)
    proven = membership_by(run(gate.believed(token)), int(now[0] * 1e6))
    assert proven is not None
    gate.verifier.links.take(IdentityLinked(actor="0dn", other=JANE, membership=proven))

    async def logins(days: float, through_edge: bool = False) -> int:
        """How many commands were sent after several logins so many days later."""
        now[0] += days * 86_400
        through = came_through_edge.set(through_edge)
        for _ in range(3):
            renewal.consider(replace(identity, linked=("0dn",)), believed)
            await asyncio.sleep(0)
        came_through_edge.reset(through)
        return len(sent(services))

    identity, believed = run(gate.member(token, "wlcg")), run(gate.believed(token))
    counts = [run(logins(days, through)) for days, through in ((0, False), (3.4, False), (0.2, True), (0, False), (0.001, False))]
    assert counts == [0, 0, 0, 1, 1]
    ((command, key),) = sent(services)
    assert (command.actor, command.other, key) == ("0dn", JANE, linked_identity_key("0dn"))
    assert command.membership.until > proven.until


def test_a_certificate_is_linked_at_the_edges_socket_alone(by_links: Running, services: Services, port: int) -> None:
    login = a_login(by_links.config.home)
    address = f"http://127.0.0.1:{port}/v1/links/certificate"

    answers = [
        httpx.post(address, json={"token": login}, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        for token in (login, by_links.get(PROXY, "/auth/x509/token", "POST").json()["access_token"], "x")
    ]

    assert ([answer.status_code for answer in answers], sent(services)) == ([403, 403, 403], [])
    assert {record.route for record in services.gate.refusals.take(0)} == {"/v1/links/certificate"}
