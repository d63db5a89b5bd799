"""A logout ends the token itself: what is sent to the log, by whom, and what happens where the log does not take it."""

from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.http.errors import LogUnavailable
from api.services import Services
from identity.issuer import make_token
from identity.own_issuers import OWN_ISSUER
from schemas.ids import revoked_identity_key
from schemas.policy import EndLogin, IdentityRevoked
from tests.api.builders import an_answer
from tests.api.test_routes import Client, services_at
from tests.login.browser import ROUTES

HERE = "http://culm"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    made = services_at(tmp_path)
    for row in made.gate.verifier.issuers:
        made.gate.keys.refresh(row)
    return made


@pytest.fixture
def client(services: Services) -> Client:
    return Client(create_app(services, only=ROUTES))


def sent(services: Services) -> list[tuple[Any, str]]:
    gateway: Any = services.gateway
    return list(gateway.sent)


def a_login(home: Path, *groups: str, issuer: str | None = None) -> str:
    more = {"issuer": issuer} if issuer else {}
    return make_token(home, user="jdoe", name="Jane Doe", groups=["wlcg", *groups], audience_hours=1, **more)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Origin": "wlcg"}


def cookies(token: str) -> dict[str, str]:
    return {"Cookie": f"culm_token={token}; culm_vo=wlcg", "Origin": HERE}


def test_a_program_ends_its_own_token(client: Client, services: Services, tmp_path: Path) -> None:
    token = a_login(tmp_path)
    believed = services.gate.verifier.believe(token)

    answer = client.post("/auth/logout", headers=bearer(token))

    command = EndLogin(issuer=believed.issuer.issuer, token=believed.digest, until=int(believed.claims["exp"]) * 1_000_000)
    assert (answer.status_code, answer.json()) == (200, {"ended": True})
    assert sent(services) == [(command, revoked_identity_key(believed.actor))]


def test_the_monitors_logout_ends_the_token_of_the_cookie(client: Client, services: Services, tmp_path: Path) -> None:
    token = a_login(tmp_path)

    answer = client.post("/logout", headers=cookies(token))

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert 'culm_token=""' in answer.headers["set-cookie"]
    assert [command.token for command, _ in sent(services)] == [services.gate.verifier.believe(token).digest]


@pytest.mark.parametrize("token", ["", "no.to.ken"])
def test_a_browser_without_a_login_ends_nothing(client: Client, services: Services, token: str) -> None:
    assert client.post("/logout", headers=cookies(token)).status_code == 303
    assert sent(services) == []


def test_a_logout_from_another_site_ends_nothing(client: Client, services: Services, tmp_path: Path) -> None:
    answer = client.post("/logout", headers=cookies(a_login(tmp_path)) | {"Origin": "http://elsewhere"})

    assert (answer.status_code, sent(services)) == (403, [])


def test_a_browser_forgets_its_login_also_when_the_log_is_away(client: Client, services: Services, tmp_path: Path) -> None:
    def away(command: Any, aggregate_id: str) -> Any:
        raise LogUnavailable("the log did not take the command")

    gateway: Any = services.gateway
    gateway.answer = away

    answer = client.post("/logout", headers=cookies(a_login(tmp_path)))

    assert answer.status_code == 503
    assert "its token could not be ended" in answer.text
    assert 'culm_token=""' in answer.headers["set-cookie"]


def test_a_logout_that_is_refused_says_why(client: Client, services: Services, tmp_path: Path) -> None:
    gateway: Any = services.gateway
    gateway.answer = lambda command, key: an_answer(accepted=False, reason="TOO_MANY_TOKENS", message="500 tokens")

    answer = client.post("/auth/logout", headers=bearer(a_login(tmp_path)))

    assert (answer.status_code, answer.json()["detail"]) == (422, "the login was not ended: 500 tokens")


def test_pilots_cannot_end_the_token_that_they_share(client: Client, services: Services, tmp_path: Path) -> None:
    answer = client.post("/auth/logout", headers=bearer(a_login(tmp_path, "wlcg/pilot")))

    assert (answer.status_code, sent(services)) == (403, [])


def test_what_is_revoked_is_shown_to_administrators_alone(client: Client, services: Services, tmp_path: Path) -> None:
    services.gate.verifier.revocations.take(IdentityRevoked(actor="joe", since=1_700_000_000_000_000, reason="left"), 0)

    seen = client.get("/v1/revocations", headers=bearer(a_login(tmp_path, "wlcg/administrator", issuer=OWN_ISSUER)))
    unseen = client.get("/v1/revocations", headers=bearer(a_login(tmp_path, "wlcg/operator", "wlcg/administrator")))

    row = {"actor": "joe", "since": "2023-11-14T22:13:20.000Z", "reason": "left"}
    assert seen.json() == {"identities": [row], "before": [], "tokens": [], "tokens_total": 0}
    assert unseen.status_code == 403
