"""Sessions of browsers: refreshed, changed, and ended by logout, by the provider and by what is revoked."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.services import Services
from identity.believed import actor_of
from schemas.instants import micros_of_seconds
from schemas.policy import EndLogin, IdentityRevoked, TokenRevoked, TokensRevokedBefore
from schemas.records import replace
from tests.api.test_routes import Client, services_at
from tests.login.browser import ROUTES, CookieBrowser, believing
from tests.login.provider import AUDIENCE, CLIENT, LOGIN, CodeProvider

SOON = 30


@pytest.fixture(scope="module")
def provider() -> Iterator[CodeProvider]:
    found = CodeProvider()
    yield found
    found.close()


@pytest.fixture
def services(tmp_path: Path, provider: CodeProvider) -> Services:
    provider.replies.clear()
    provider.asked.clear()
    return believing(services_at(tmp_path), provider)


@pytest.fixture
def client(services: Services) -> Client:
    return Client(create_app(services, only=ROUTES))


@pytest.fixture
def browser(client: Client) -> CookieBrowser:
    return CookieBrowser(client)


def log_in(browser: CookieBrowser, provider: CodeProvider, seconds: int = 600, sid: str | None = "session-1") -> dict[str, Any]:
    """A login whose access token lives `seconds`: the tokens."""
    asked = browser.begin()
    tokens = answer_of(provider, seconds, nonce=asked["nonce"], sid=sid)
    provider.replies.append((200, tokens))
    assert browser.come_back(state=asked["state"], code="c").status_code == 303
    provider.asked.clear()
    return tokens


def answer_of(provider: CodeProvider, seconds: int = 600, sub: str = "jane", **claims: Any) -> dict[str, Any]:
    """An answer of the token endpoint."""
    ends = int(time.time()) + seconds
    return {
        "access_token": provider.signed(aud=AUDIENCE, scope="openid", exp=ends, jti=f"t{time.time_ns()}", sub=sub),
        "id_token": provider.signed(aud=CLIENT, typ="ID", exp=ends, sub=sub, **claims),
        "refresh_token": f"refresh-{time.time_ns()}", "token_type": "Bearer",
    }  # fmt: skip


def jane(provider: CodeProvider) -> str:
    """Whom the log knows the person as."""
    return actor_of(provider.row, "jane")


def told(client: Client, token: str) -> int:
    """The status that a provider gets for a logout token."""
    return client.post("/auth/back-channel-logout", data={"logout_token": token}).status_code


def test_a_token_that_ends_soon_is_refreshed_without_a_question(browser: CookieBrowser, provider: CodeProvider) -> None:
    first = log_in(browser, provider, SOON)
    provider.replies.append((200, answer_of(provider)))

    statuses = [browser.who()[0] for _ in range(3)]

    (asked,) = provider.asked
    assert statuses == [200, 200, 200]
    assert (asked["grant_type"], asked["refresh_token"]) == ("refresh_token", first["refresh_token"])


def test_the_refresh_after_the_next_uses_the_newest_refresh_token(
    browser: CookieBrowser, provider: CodeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(browser, provider, SOON)
    second = answer_of(provider, SOON)
    provider.replies += [(200, second), (200, answer_of(provider))]
    browser.who()

    later = time.time() + 20
    monkeypatch.setattr("time.time", lambda: later)
    browser.who()

    assert [asked["refresh_token"] for asked in provider.asked][1] == second["refresh_token"]


def test_of_several_apis_that_are_asked_at_once_one_refreshes(
    browser: CookieBrowser, provider: CodeProvider, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The right to refresh is given once in each window: the test is within one, however slow the machine.
    monkeypatch.setattr("api.login.sessions.REFRESH_SECONDS", 1e9)
    log_in(browser, provider, SOON)
    browsers = [browser, *(CookieBrowser(Client(create_app(services, only=ROUTES))) for _ in range(2))]
    for one in browsers:
        one.cookies = dict(browser.cookies)
        one.get("/login")  # builds the application's routes, which is not for several threads at once
    provider.replies.append((200, answer_of(provider)))

    with ThreadPoolExecutor(3) as threads:
        statuses = list(threads.map(lambda one: one.who()[0], browsers))

    assert statuses == [200] * 3
    assert [asked["grant_type"] for asked in provider.asked] == ["refresh_token"]


@pytest.mark.parametrize(
    "reply",
    [(400, {"error": "invalid_grant"}), (200, {}), (200, {"access_token": "x.y.z"})],
)
def test_a_refresh_that_the_provider_refuses_ends_the_session(
    browser: CookieBrowser, provider: CodeProvider, reply: tuple[int, Any]
) -> None:
    log_in(browser, provider, SOON)
    provider.replies.append(reply)

    assert browser.who()[0] == 303
    assert browser.who()[0] == 303
    assert len(provider.asked) == 1


def test_a_refresh_that_gives_another_person_ends_the_session(browser: CookieBrowser, provider: CodeProvider) -> None:
    log_in(browser, provider, SOON)
    provider.replies.append((200, answer_of(provider, sub="joe")))

    assert browser.who()[0] == 303


def test_a_provider_that_is_away_ends_no_session_while_its_token_is_good(browser: CookieBrowser, provider: CodeProvider) -> None:
    log_in(browser, provider, SOON)
    provider.replies.append((200, b"no JSON"))

    assert browser.who()[0] == 200


def test_a_session_ends_after_a_day_however_fresh_its_tokens_are(
    browser: CookieBrowser, provider: CodeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(browser, provider)
    later = time.time() + 24 * 3600 + 1
    monkeypatch.setattr("time.time", lambda: later)

    assert browser.who()[0] == 303


def test_a_logout_ends_the_session_the_token_and_the_refresh_token(
    browser: CookieBrowser, provider: CodeProvider, services: Services
) -> None:
    tokens = log_in(browser, provider)
    cookie = browser.cookies["culm_session"]

    answer = browser.post("/logout")

    gateway: Any = services.gateway
    assert (answer.status_code, browser.cookies) == (303, {})
    ((command, _),) = gateway.sent
    assert isinstance(command, EndLogin)
    assert command.token == services.gate.verifier.believe(tokens["access_token"]).digest
    assert provider.asked[-1]["to"] == "/revoke"
    assert provider.asked[-1]["token"] == tokens["refresh_token"]
    browser.cookies["culm_session"] = cookie
    assert browser.who()[0] == 303


def test_a_logout_from_another_site_ends_no_session(browser: CookieBrowser, provider: CodeProvider) -> None:
    log_in(browser, provider)

    assert browser.post("/logout", origin="https://evil.example.org").status_code == 403
    assert browser.who()[0] == 200


def test_a_session_ends_with_its_person_and_stays_ended(
    browser: CookieBrowser, provider: CodeProvider, services: Services
) -> None:
    log_in(browser, provider)
    services.gate.verifier.revocations.take(IdentityRevoked(actor=jane(provider)), 0)

    assert browser.who()[0] == 303
    services.gate.verifier.revocations._identities.clear()
    assert browser.who()[0] == 303


def test_a_session_ends_with_a_token_that_it_had_before_a_refresh(
    browser: CookieBrowser, provider: CodeProvider, services: Services
) -> None:
    first = services.gate.verifier.believe(log_in(browser, provider, SOON)["access_token"])
    provider.replies.append((200, answer_of(provider)))
    assert browser.who()[0] == 200
    until = micros_of_seconds(float(first.claims["exp"]))

    revoked = TokenRevoked(actor=first.actor, issuer=first.issuer.issuer, token=first.digest, until=until)
    services.gate.verifier.revocations.take(revoked, 0)

    assert browser.who()[0] == 303


def test_a_session_ends_when_old_tokens_of_its_issuer_are_refused(
    browser: CookieBrowser, provider: CodeProvider, services: Services
) -> None:
    log_in(browser, provider, SOON)
    before = TokensRevokedBefore(issuer=provider.issuer, time=micros_of_seconds(time.time() + 1))
    services.gate.verifier.revocations.take(before, 0)

    assert browser.who()[0] == 303
    assert provider.asked == []


def test_a_session_ends_with_its_issuer(browser: CookieBrowser, provider: CodeProvider, services: Services) -> None:
    log_in(browser, provider)

    services.gate.verifier.trust([])

    assert browser.who()[0] == 303


def test_a_session_ends_when_its_client_is_replaced(browser: CookieBrowser, provider: CodeProvider, services: Services) -> None:
    log_in(browser, provider)

    services.gate.verifier.trust([replace(provider.row, login=replace(LOGIN, client_id="other"))])

    assert browser.who()[0] == 303


def test_no_session_ends_while_the_issuers_are_not_known(
    browser: CookieBrowser, provider: CodeProvider, services: Services
) -> None:
    log_in(browser, provider)
    services.gate.verifier.believe_no_one()

    assert browser.who()[0] == 503

    services.gate.verifier.trust([provider.row])
    assert browser.who()[0] == 200


def test_a_session_acts_in_the_role_that_was_chosen(browser: CookieBrowser, provider: CodeProvider) -> None:
    log_in(browser, provider)
    before = browser.who()[1]

    changed = browser.post("/session", acting="wlcg:user")

    after = browser.who()[1]
    assert changed.status_code == 303
    assert "<dt>Roles</dt><dd>production</dd>" in before
    assert "<dt>Roles</dt><dd>none</dd>" in after
    browser.post("/session", acting="wlcg:production")
    assert "<dt>Roles</dt><dd>production</dd>" in browser.who()[1]


@pytest.mark.parametrize("acting", ["wlcg:operator", "wlcg:system", "wlcg:pilot", "cms", "", "wlcg:" + "x" * 500])
def test_a_session_acts_in_nothing_that_its_person_may_not(browser: CookieBrowser, provider: CodeProvider, acting: str) -> None:
    log_in(browser, provider)

    assert browser.post("/session", acting=acting).status_code == 403

    assert "<dt>Roles</dt><dd>production</dd>" in browser.who()[1]


def test_another_site_does_not_change_as_what_one_acts(browser: CookieBrowser, provider: CodeProvider) -> None:
    log_in(browser, provider)

    assert browser.post("/session", origin="https://evil.example.org", acting="wlcg:user").status_code == 403
    assert "<dt>Roles</dt><dd>production</dd>" in browser.who()[1]
