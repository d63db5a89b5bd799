"""`/v1/links`: a person shows the credentials of both ids; everything else is refused, bounded, and on record."""

from dataclasses import replace as replace_part
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.http.edge_door import came_through_edge
from api.native import commands, health, links
from api.services import Services
from identity.edge_tokens import edge_home
from identity.issuer import make_token, subject_of
from identity.own_issuers import EDGE_ISSUER, OWN_ISSUER, edge_issuer
from identity.verify import Verifier
from schemas.ids import linked_identity_key
from schemas.policy import IdentityLinked, LinkIdentities, UnlinkIdentities
from schemas.records import replace
from tests.api.builders import run
from tests.api.test_routes import Client, services_at

JANE, OTHER = subject_of("jane"), subject_of("jane2")
FIRST, LAST = sorted((JANE, OTHER))
#: What is asked here; to build all routes takes longer than to ask them.
ROUTES = (links.build_router, health.build_router)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    made = services_at(tmp_path)
    for row in made.gate.verifier.issuers:
        made.gate.keys.refresh(row)
    return made


@pytest.fixture
def client(services: Services) -> Client:
    return Client(create_app(services, only=ROUTES))


def a_login(home: Path, user: str = "jane", *groups: str, **more: Any) -> str:
    return make_token(home, user=user, name="Jane Doe", groups=groups or ["wlcg"], audience_hours=1, **more)


def asked(client: Client, token: str, body: dict[str, Any], path: str = "/v1/links") -> tuple[int, str]:
    """Status and sentence of the answer."""
    answer = client.post(path, json=body, headers={"Authorization": f"Bearer {token}", "Origin": "wlcg"})
    return answer.status_code, answer.json().get("detail", "")


def sent(services: Services) -> list[tuple[Any, str]]:
    gateway: Any = services.gateway
    return list(gateway.sent)


def know(services: Services, *pairs: tuple[str, str]) -> None:
    """Let the log say that these ids are of one person."""
    for one, other in pairs:
        services.gate.verifier.links.take(IdentityLinked(actor=min(one, other), other=max(one, other)))


def test_a_person_links_two_ids_with_the_tokens_of_both(client: Client, services: Services, tmp_path: Path) -> None:
    body = {"token": a_login(tmp_path, "jane2"), "reason": "my certificate"}

    status, _ = asked(client, a_login(tmp_path), body)

    assert status == 200
    assert sent(services) == [(LinkIdentities(actor=FIRST, other=LAST, reason="my certificate"), linked_identity_key(FIRST))]


def test_a_pair_that_is_linked_already_is_not_linked_again(client: Client, services: Services, tmp_path: Path) -> None:
    know(services, (JANE, OTHER))

    assert asked(client, a_login(tmp_path), {"token": a_login(tmp_path, "jane2")})[0] == 200
    assert sent(services) == []


@pytest.mark.parametrize("restricted", ["the caller's", "the other"])
def test_a_token_for_some_capabilities_links_no_ids(
    client: Client, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restricted: str
) -> None:
    believe = services.gate.verifier.believe
    whole = JANE if restricted == "the other" else OTHER

    def believed(token: str) -> Any:
        found = believe(token)
        return found if found.actor == whole else replace_part(found, capabilities=frozenset({"compute.create", "compute.read"}))

    monkeypatch.setattr(services.gate.verifier, "believe", believed)

    status, said = asked(client, a_login(tmp_path), {"token": a_login(tmp_path, "jane2")})

    assert (status, said) == (403, "a token for some capabilities alone links and unlinks no ids; log in for all of them")
    assert sent(services) == []


def test_someone_elses_id_is_not_linked_by_naming_it(client: Client, services: Services, tmp_path: Path) -> None:
    for groups in (("wlcg",), ("wlcg", "wlcg/operator", "wlcg/production", "wlcg/administrator")):
        status, told = asked(client, a_login(tmp_path, "joe", *groups), {"actor": subject_of("joe"), "other": JANE})
        assert (status, told.partition(";")[0]) == (403, "ids of others are linked by administrators")
    assert sent(services) == []


def test_an_administrator_links_ids_that_he_names(client: Client, services: Services, tmp_path: Path) -> None:
    root = a_login(tmp_path, "root", "wlcg", "wlcg/administrator", issuer=OWN_ISSUER)

    assert asked(client, root, {"actor": JANE, "other": OTHER})[0] == 200
    gateway: Any = services.gateway
    assert ([command.actor for command, _ in sent(services)], gateway.roles) == ([FIRST], ["administrator"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 403),
        ({"token": ""}, 400),
        ({"token": 7}, 400),
        ({"token": "x" * 20_000}, 400),
        ({"token": "a.b.c"}, 403),
        ({"token": ["x"] * 1000}, 400),
        ({"other": "x" * 300, "actor": "y"}, 403),
    ],
)
def test_what_is_no_second_token_links_nothing(
    client: Client, services: Services, tmp_path: Path, body: dict[str, Any], status: int
) -> None:
    assert asked(client, a_login(tmp_path), body)[0] == status
    assert sent(services) == []


def test_a_second_token_that_is_not_believed_is_on_record(client: Client, services: Services, tmp_path: Path) -> None:
    forged = a_login(tmp_path / "elsewhere", "jane2")

    status, told = asked(client, a_login(tmp_path), {"token": forged})

    (record,) = services.gate.refusals.take(0)
    assert (status, record.route, forged in told) == (403, "/v1/links", False)


def test_one_token_twice_links_nothing(client: Client, services: Services, tmp_path: Path) -> None:
    assert asked(client, a_login(tmp_path), {"token": a_login(tmp_path)})[0] == 400


def test_the_id_that_pilots_share_is_not_linked_by_one_of_them(client: Client, services: Services, tmp_path: Path) -> None:
    pilot = a_login(tmp_path, "pilot", "wlcg", "wlcg/pilot")

    assert asked(client, a_login(tmp_path), {"token": pilot})[0] == 403
    assert asked(client, pilot, {"token": a_login(tmp_path)})[0] == 403
    assert sent(services) == []


def test_the_id_of_a_service_is_not_linked_by_it(client: Client, services: Services, tmp_path: Path) -> None:
    rows = [replace(row, robots=(OTHER,)) for row in services.gate.verifier.issuers]
    services.gate.verifier.trust(rows)

    assert asked(client, a_login(tmp_path), {"token": a_login(tmp_path, "jane2")})[0] == 403


def test_a_person_has_a_bounded_number_of_ids(client: Client, services: Services, tmp_path: Path) -> None:
    know(services, *((JANE, f"id{number}") for number in range(7)))

    status, told = asked(client, a_login(tmp_path), {"token": a_login(tmp_path, "jane2")})

    assert (status, told) == (422, "the person would have 9 ids, at most 8 are linked")


def test_a_chain_does_not_grow_beyond_that_bound(client: Client, services: Services, tmp_path: Path) -> None:
    know(services, *((f"id{number}", f"id{number + 1}") for number in range(4)), ("id0", JANE))
    know(services, *((f"x{number}", f"x{number + 1}") for number in range(2)), ("x0", OTHER))

    assert asked(client, a_login(tmp_path), {"token": a_login(tmp_path, "jane2")})[0] == 422


def test_a_link_is_taken_back_by_its_person(client: Client, services: Services, tmp_path: Path) -> None:
    know(services, (JANE, OTHER))

    assert asked(client, a_login(tmp_path), {"other": OTHER}, "/v1/links/remove")[0] == 200
    assert sent(services) == [(UnlinkIdentities(actor=FIRST, other=LAST), linked_identity_key(FIRST))]


def test_a_link_of_others_is_not_taken_back(client: Client, services: Services, tmp_path: Path) -> None:
    know(services, (JANE, OTHER))

    status, _ = asked(client, a_login(tmp_path, "joe"), {"actor": JANE, "other": OTHER}, "/v1/links/remove")

    assert (status, sent(services)) == (403, [])


def test_one_sees_ones_own_ids_and_not_those_of_others(client: Client, services: Services, tmp_path: Path) -> None:
    know(services, (JANE, OTHER))
    headers = {"Authorization": f"Bearer {a_login(tmp_path)}", "Origin": "wlcg"}

    own = client.get("/v1/links", headers=headers).json()
    me = client.get("/v1/whoami", headers=headers).json()
    others = client.get(f"/v1/links?actor={subject_of('joe')}", headers=headers)

    assert own == {"actor": JANE, "linked": [OTHER], "links": [{"actor": FIRST, "other": LAST}]}
    assert (me["linked"], others.status_code) == ([OTHER], 403)


def test_an_identity_says_which_ids_are_linked(client: Client, services: Services, tmp_path: Path) -> None:
    know(services, (JANE, OTHER))

    identity = run(services.gate.member(a_login(tmp_path), "wlcg"))

    assert (identity.linked, identity.owners) == ((OTHER,), (JANE, OTHER))


def test_users_send_no_links_as_commands(services: Services, tmp_path: Path) -> None:
    client = Client(create_app(services, only=[commands.build_router]))
    body = {"aggregate_id": linked_identity_key(FIRST), "actor": FIRST, "other": LAST}

    for name in ("LinkIdentities", "UnlinkIdentities"):
        assert asked(client, a_login(tmp_path), body, f"/v1/commands/{name}")[0] == 403


def test_a_certificate_and_a_token_are_linked_through_the_edge(services: Services, tmp_path: Path) -> None:
    row = edge_issuer(("wlcg",), 3600)
    services.gate.keys.refresh(row)
    edge = Verifier((row,), services.gate.keys)
    services = replace_part(services, gate=replace_part(services.gate, edge=edge))
    client = Client(create_app(services, only=ROUTES))
    certified = a_login(edge_home(tmp_path), "dn", issuer=EDGE_ISSUER)

    through = came_through_edge.set(True)
    try:
        answer = asked(client, certified, {"token": a_login(tmp_path)})
    finally:
        came_through_edge.reset(through)

    ((command, _),) = sent(services)
    assert answer[0] == 200
    assert (command.actor, command.other) == tuple(sorted((JANE, subject_of("dn"))))


def test_a_token_of_the_edge_is_no_second_token_and_none_of_the_port_is_a_first_one_there(
    client: Client, services: Services, tmp_path: Path
) -> None:
    edge = a_login(edge_home(tmp_path), "jane2", issuer=EDGE_ISSUER)

    assert asked(client, a_login(tmp_path), {"token": edge})[0] == 403
    through = came_through_edge.set(True)
    try:
        assert asked(client, a_login(tmp_path), {"token": a_login(tmp_path, "jane2")})[0] == 403
    finally:
        came_through_edge.reset(through)
    assert sent(services) == []
