"""Logins in a browser at a provider: what is asked of it, what is taken of its answer, and what a browser keeps."""

import hashlib
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from api.app import create_app
from api.services import Services
from tests.api.test_routes import Client, services_at
from tests.login.browser import ROUTES, CookieBrowser, believing
from tests.login.provider import CLIENT, CodeProvider


@pytest.fixture(scope="module")
def provider() -> Iterator[CodeProvider]:
    found = CodeProvider()
    yield found
    found.close()


@pytest.fixture
def services(tmp_path: Path, provider: CodeProvider) -> Services:
    provider.replies.clear()
    provider.asked.clear()
    provider.offers.clear()
    return believing(services_at(tmp_path), provider)


@pytest.fixture
def browser(services: Services) -> CookieBrowser:
    return CookieBrowser(Client(create_app(services, only=ROUTES)))


def rules(services: Services) -> list[str]:
    """The rules of the refusals on record."""
    return [record.rule for record in services.gate.refusals.take(0)]


def test_the_login_page_leads_to_the_provider_of_the_organisation(browser: CookieBrowser, provider: CodeProvider) -> None:
    page = browser.get("/login?next=/tasks/").text

    assert 'href="/login/at/wlcg?next=%2Ftasks%2F"' in page
    assert f"at {provider.issuer}" in page


def test_a_login_asks_the_provider_for_a_code_with_a_challenge(browser: CookieBrowser) -> None:
    asked = browser.begin()

    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "code_challenge_method")} == {
        "response_type": "code", "client_id": "panda", "redirect_uri": "http://127.0.0.1:1/login/callback",
        "code_challenge_method": "S256",
    }  # fmt: skip
    assert asked["scope"] == "openid profile email"
    assert [len(asked[name]) for name in ("state", "nonce", "code_challenge")] == [43, 43, 43]


def test_a_completed_login_begins_a_session_of_the_person(browser: CookieBrowser, provider: CodeProvider) -> None:
    asked = browser.begin("/tasks/?status=failed")
    provider.replies.append((200, provider.tokens(asked["nonce"])))

    answer = browser.come_back(state=asked["state"], code="the-code")

    told = provider.asked[-1]
    challenge = urlsafe_b64encode(hashlib.sha256(told["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks/?status=failed")
    assert (told["grant_type"], told["code"], told["client_id"]) == ("authorization_code", "the-code", "panda")
    assert told["redirect_uri"] == asked["redirect_uri"]
    assert challenge == asked["code_challenge"]
    status, page = browser.who()
    assert status == 200
    assert "Jane Doe" in page
    assert provider.issuer in page


def test_the_cookie_is_opaque_and_out_of_reach_of_scripts(browser: CookieBrowser, provider: CodeProvider) -> None:
    answer = browser.log_in(provider)

    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("culm_session=")]
    assert re.fullmatch(r"culm_session=[\w-]{43}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax", line)
    assert answer.headers["cache-control"] == "no-store"
    assert set(browser.cookies) == {"culm_session"}


def test_no_token_stands_in_the_store_that_apis_share(browser: CookieBrowser, provider: CodeProvider, tmp_path: Path) -> None:
    asked = browser.begin()
    tokens = provider.tokens(asked["nonce"])
    provider.replies.append((200, tokens))
    browser.come_back(state=asked["state"], code="the-code")

    kept = b"".join(path.read_bytes() + path.name.encode() for path in tmp_path.rglob("*") if path.is_file())

    secrets = [tokens["id_token"], tokens["access_token"], "refresh-1", *browser.cookies.values(), asked["nonce"], asked["state"]]
    assert [secret for secret in secrets if secret.encode() in kept] == []


def test_every_login_begins_a_new_session_and_ends_the_one_before(browser: CookieBrowser, provider: CodeProvider) -> None:
    browser.log_in(provider)
    before = browser.cookies["culm_session"]

    browser.log_in(provider)

    after = browser.cookies["culm_session"]
    assert before != after
    assert browser.who()[0] == 200
    browser.cookies["culm_session"] = before
    assert browser.who()[0] == 303


def test_a_session_text_that_was_made_up_names_no_one_and_is_not_taken_over(
    browser: CookieBrowser, provider: CodeProvider
) -> None:
    browser.cookies["culm_session"] = "a" * 43
    assert browser.who()[0] == 303

    browser.log_in(provider)

    assert browser.cookies["culm_session"] != "a" * 43


def test_an_answer_to_a_login_that_another_browser_began_is_refused(
    browser: CookieBrowser, provider: CodeProvider, services: Services
) -> None:
    attacker, victim = CookieBrowser(browser.client), browser
    asked = attacker.begin()
    victim.begin()

    answer = victim.come_back(state=asked["state"], code="code-of-the-attacker")

    assert answer.status_code == 403
    assert "this browser has not begun this login" in answer.text
    assert "culm_session" not in victim.cookies
    assert provider.asked == []
    assert rules(services) == ["state"]


def test_an_answer_works_once(browser: CookieBrowser, provider: CodeProvider) -> None:
    asked = browser.begin()
    cookie = browser.cookies["culm_login"]
    provider.replies.append((200, provider.tokens(asked["nonce"])))
    browser.come_back(state=asked["state"], code="the-code")
    browser.cookies = {"culm_login": cookie}

    again = browser.come_back(state=asked["state"], code="the-code")

    assert (again.status_code, len(provider.asked)) == (403, 1)


def test_a_login_that_took_too_long_is_begun_again(
    browser: CookieBrowser, provider: CodeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = browser.begin()
    later = time.time() + 601
    monkeypatch.setattr("time.time", lambda: later)

    assert browser.come_back(state=asked["state"], code="the-code").status_code == 403


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ({"iss": "https://other.example.org"}, "iss"),
        ({"iss": ""}, "iss"),
        ({"error": "access_denied", "error_description": "<b>No</b>"}, "provider"),
        ({"code": "x" * 3000}, "form"),
    ],
)
def test_an_answer_of_another_shape_is_refused(
    browser: CookieBrowser, provider: CodeProvider, services: Services, query: dict[str, str], rule: str
) -> None:
    asked = browser.begin()

    answer = browser.come_back(**{"state": asked["state"], "code": "c", **query})

    assert answer.status_code == 403
    assert "<b>No</b>" not in answer.text
    assert rules(services) == [rule]


def test_a_parameter_that_stands_twice_is_refused(browser: CookieBrowser) -> None:
    state = browser.begin()["state"]

    assert browser.get(f"/login/callback?state={state}&state={state}&code=c").status_code == 403


def test_a_provider_that_names_itself_must_do_so(browser: CookieBrowser, provider: CodeProvider, services: Services) -> None:
    provider.offers["authorization_response_iss_parameter_supported"] = True
    asked = browser.begin()

    assert browser.come_back(state=asked["state"], code="c").status_code == 403
    assert rules(services) == ["iss"]


def forged(provider: CodeProvider, case: str, nonce: str) -> dict[str, Any]:
    """An answer of the token endpoint with one thing wrong."""
    good = provider.tokens(nonce)
    match case:
        case "no nonce":
            return provider.tokens(None)
        case "another nonce":
            return provider.tokens("another")
        case "another client":
            return {**good, "id_token": provider.signed(aud="other", nonce=nonce, typ="ID")}
        case "another party":
            return {**good, "id_token": provider.signed(aud=[CLIENT, "other"], azp="other", nonce=nonce, typ="ID")}
        case "an access token in its place":
            return {**good, "id_token": provider.signed(aud=CLIENT, nonce=nonce, typ="Bearer")}
        case "no ID token":
            return {name: good[name] for name in good if name != "id_token"}
        case "of another access token":
            return {**good, "id_token": provider.signed(aud=CLIENT, nonce=nonce, typ="ID", at_hash="x" * 22)}
        case "of another person":
            return {**good, "access_token": provider.signed(aud="https://culm.example.org", scope="openid", sub="joe"),
                    "id_token": provider.signed(aud=CLIENT, nonce=nonce, typ="ID", exp=1)}  # fmt: skip
        case "another issuer":
            return {**good, "id_token": provider.signed(aud=CLIENT, nonce=nonce, typ="ID", iss="https://iam.example.org")}
        case "another key":
            own = provider.key
            provider.key = RSAKey.import_key({**RSAKey.generate_key(2048).as_dict(private=True), "kid": str(own.kid)})
            made = {**good, "id_token": provider.signed(aud=CLIENT, nonce=nonce, typ="ID")}
            provider.key = own
            return made
        case _:
            return {**good, "id_token": provider.logout_token()}


CASES = ("no nonce", "another nonce", "another client", "another party", "an access token in its place", "no ID token",
         "of another access token", "of another person", "another issuer", "another key", "a logout token")  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_id_token_of_another_login_is_refused(browser: CookieBrowser, provider: CodeProvider, case: str) -> None:
    asked = browser.begin()
    provider.replies.append((200, forged(provider, case, asked["nonce"])))

    answer = browser.come_back(state=asked["state"], code="c")

    assert answer.status_code == 403, answer.text
    assert "culm_session" not in browser.cookies


@pytest.mark.parametrize("reply", [(200, b"no JSON"), (200, b"[]"), (200, b"x" * 300_000), (302, {}), (400, {"error": "x"})])
def test_a_provider_that_answers_badly_hurts_its_own_logins_alone(
    browser: CookieBrowser, provider: CodeProvider, reply: tuple[int, Any]
) -> None:
    asked = browser.begin()
    provider.replies.append(reply)

    answer = browser.come_back(state=asked["state"], code="c")

    assert answer.status_code in (403, 502)
    assert browser.get("/login").status_code == 200


def test_one_who_is_no_member_gets_no_session(browser: CookieBrowser, provider: CodeProvider) -> None:
    asked = browser.begin()
    tokens = provider.tokens(asked["nonce"])
    tokens["access_token"] = provider.signed("JWT", **{"aud": "https://culm.example.org", "wlcg.groups": ["/cms"]})
    provider.replies.append((200, tokens))

    answer = browser.come_back(state=asked["state"], code="c")

    assert answer.status_code == 403
    assert "Not a member of the wlcg group" in answer.text


def test_an_organisation_without_a_provider_has_no_login(browser: CookieBrowser) -> None:
    assert browser.get("/login/at/cms").status_code == 404
    assert browser.get("/login/at/..%2F..%2Fetc").status_code == 404


@pytest.mark.parametrize("following", ["//evil.example.org/", "https://evil.example.org/", "/\\evil", "javascript:alert(1)"])
def test_a_login_leads_to_no_other_site(browser: CookieBrowser, provider: CodeProvider, following: str) -> None:
    asked = browser.begin(following)
    provider.replies.append((200, provider.tokens(asked["nonce"])))

    assert browser.come_back(state=asked["state"], code="c").headers["location"] == "/"


def test_logins_from_one_address_are_bounded(browser: CookieBrowser) -> None:
    statuses = [browser.get("/login/at/wlcg").status_code for _ in range(61)]

    assert (set(statuses[:60]), statuses[60]) == ({303}, 503)
