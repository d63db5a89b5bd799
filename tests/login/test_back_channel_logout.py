"""Sessions that the provider ends: its logout tokens, good ones and others."""

import time
from typing import Any

import pytest

from api.services import Services
from tests.api.test_routes import Client
from tests.login.browser import CookieBrowser
from tests.login.provider import CodeProvider
from tests.login.test_browser_sessions import browser as browser
from tests.login.test_browser_sessions import client as client
from tests.login.test_browser_sessions import log_in, told
from tests.login.test_browser_sessions import provider as provider
from tests.login.test_browser_sessions import services as services


def test_the_provider_ends_a_session_by_its_number(browser: CookieBrowser, client: Client, provider: CodeProvider) -> None:
    other = CookieBrowser(client)
    log_in(browser, provider, sid="session-1")
    log_in(other, provider, sid="session-2")

    assert told(client, provider.logout_token(sid="session-1")) == 200

    assert (browser.who()[0], other.who()[0]) == (303, 200)


def test_the_provider_ends_all_sessions_of_a_subject(browser: CookieBrowser, client: Client, provider: CodeProvider) -> None:
    other, later = CookieBrowser(client), CookieBrowser(client)
    log_in(browser, provider, sid="session-1")
    log_in(other, provider, sid=None)

    assert told(client, provider.logout_token(sid=None)) == 200

    log_in(later, provider, sid="session-3")
    assert (browser.who()[0], other.who()[0], later.who()[0]) == (303, 303, 200)


def test_a_logout_token_works_once(browser: CookieBrowser, client: Client, provider: CodeProvider, services: Services) -> None:
    token = provider.logout_token()

    assert [told(client, token), told(client, token)] == [200, 400]
    assert [record.rule for record in services.gate.refusals.take(0)] == ["replay"]


LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"events": None}, "kind"),
        ({"events": {LOGOUT: "yes"}}, "kind"),
        ({"events": [LOGOUT]}, "kind"),
        ({"nonce": "n"}, "kind"),
        ({"aud": "other"}, "aud"),
        ({"aud": None}, "aud"),
        ({"jti": None}, "jti"),
        ({"jti": ["x"]}, "jti"),
        ({"sub": None, "sid": None}, "subject"),
        ({"sid": "x" * 300}, "sid"),
        ({"exp": 1}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": int(time.time()) + 7200, "exp": int(time.time()) + 9000}, "iat"),
        ({"exp": int(time.time()) + 40 * 3600}, "lifetime"),
        ({"iss": "https://iam.example.org"}, "iss"),
        ({"header_type": "at+jwt2"}, "kind"),
    ],
)
def test_a_token_that_is_no_logout_token_for_us_ends_nothing(
    browser: CookieBrowser, client: Client, provider: CodeProvider, services: Services, changes: dict[str, Any], rule: str
) -> None:
    log_in(browser, provider)

    assert told(client, provider.logout_token(**changes)) == 400

    assert browser.who()[0] == 200
    assert [record.rule for record in services.gate.refusals.take(0)] == [rule]


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "x" * 20_000])
def test_what_is_no_token_ends_nothing(client: Client, text: str) -> None:
    assert told(client, text) == 400


def test_an_id_token_ends_no_session_and_a_logout_token_begins_none(
    browser: CookieBrowser, client: Client, provider: CodeProvider
) -> None:
    tokens = log_in(browser, provider)
    assert told(client, tokens["id_token"]) == 400

    answer = client.get("/v1/whoami", headers={"Authorization": f"Bearer {provider.logout_token()}", "Origin": "wlcg"})

    assert (answer.status_code, browser.who()[0]) == (403, 200)
