"""People log in to the monitor at a real Keycloak, in a real Chromium; Culm's server keeps the tokens."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from deploy.stack import Stack
from tests.keycloak.conftest import Administrator
from tests.keycloak.realms import USER_PASSWORD, Realm
from tests.monitor.conftest import SHOTS, browser

__all__ = ["browser"]
pytestmark = pytest.mark.stack
ENDED_SECONDS = 5.0


@pytest.fixture(scope="module")
def open_realm(believed: Administrator, lab: Realm, stack: Stack) -> Realm:
    """The laboratory, which lets people come back to the monitor."""
    lab.allow_browsers(stack.config.api)
    return lab


@pytest.fixture
def context(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A browser in which no one is logged in."""
    made = browser.new_context(base_url=stack.config.api, viewport={"width": 1100, "height": 700})
    yield made
    made.close()


def log_in(page: Page, user: str, realm: Realm) -> None:
    """Go the whole way, from a page that asks who one is."""
    page.goto("/tasks/")
    page.get_by_role("link", name="Log in for wlcg").click()
    page.wait_for_url(f"{realm.server.address}/**")
    page.locator("#username").fill(user)
    page.locator("#password").fill(USER_PASSWORD)
    page.locator("#kc-login").click()
    page.wait_for_url("**/tasks/")


def is_asked_to_log_in(page: Page) -> bool:
    """True when the page asks who one is."""
    page.goto("/session")
    return "/login" in page.url


def test_a_person_logs_in_and_the_browser_has_no_token(open_realm: Realm, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/login")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "login_at_a_provider.png")

    log_in(page, "jane", open_realm)

    (kept,) = [cookie for cookie in context.cookies() if cookie["name"].startswith("culm")]
    page.get_by_role("link", name="Jane Doe · wlcg").click()
    page.screenshot(path=SHOTS / "session.png")
    assert (kept["name"], kept["httpOnly"], kept["sameSite"], len(kept["value"])) == ("culm_session", True, "Lax", 43)
    assert page.locator("dd", has_text="Jane Doe").count() == 1
    assert page.locator("dd", has_text=open_realm.issuer).count() == 1
    assert page.evaluate("document.cookie") == ""


def test_as_what_one_acts_is_shown_and_changed(open_realm: Realm, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(page, "jane", open_realm)
    page.goto("/session")
    assert page.locator("dt:has-text('Roles') + dd").inner_text() == "production"

    page.get_by_label("Act in").select_option("wlcg:user")
    page.get_by_role("button", name="Change").click()

    assert page.locator("dt:has-text('Roles') + dd").inner_text() == "none"


def test_a_short_token_is_refreshed_and_no_one_notices(open_realm: Realm, context: BrowserContext) -> None:
    open_realm.change(accessTokenLifespan=30)
    try:
        page = context.new_page()
        log_in(page, "carl", open_realm)

        pages = [page.goto("/session") for _ in range(3)]

        assert [one and one.status for one in pages] == [200, 200, 200]
    finally:
        open_realm.change(accessTokenLifespan=600)


def test_a_logout_ends_the_session_for_a_copy_of_the_cookie(
    open_realm: Realm, context: BrowserContext, browser: Browser, stack: Stack
) -> None:
    page = context.new_page()
    log_in(page, "carl", open_realm)
    copy = browser.new_context(base_url=stack.config.api, storage_state=context.storage_state())
    thief = copy.new_page()
    assert not is_asked_to_log_in(thief)

    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")

    assert is_asked_to_log_in(thief)
    assert is_asked_to_log_in(page)
    copy.close()


def test_a_provider_that_ends_a_persons_sessions_ends_ours(
    open_realm: Realm, context: BrowserContext, believed: Administrator
) -> None:
    page = context.new_page()
    log_in(page, "carl", open_realm)
    assert not is_asked_to_log_in(page)

    open_realm.end_sessions("carl")

    ended = time.monotonic()
    while not is_asked_to_log_in(page):
        assert time.monotonic() - ended < ENDED_SECONDS, believed.culm("refusals")
