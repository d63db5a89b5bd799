"""A browser, and people who act, for the pages."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from deploy.stack import Stack
from tests.monitor.manual_actors import token_of
from tests.starting import starts_processes

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
#: Without these a browser looks for its maker's servers all the time.
ALONE = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SHOTS = Path(__file__).resolve().parents[2] / "out" / "pages"


@pytest.fixture(scope="module")
@starts_processes
def browser() -> Iterator[Browser]:
    """A real Chromium; `make test` needs one on the machine.

    Not for the session: Playwright keeps an event loop running in this thread, in which no other test could run one.
    """
    found = next((path for path in CHROMIUM if Path(path).exists()), None)
    assert found is not None, f"no browser at any of {', '.join(CHROMIUM)}; install Debian's package chromium"
    assert subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ALONE)
        yield browser
        browser.close()


class Pages:
    """Windows of a browser in which a user is logged in."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser, self._stack = browser, stack

    def window(
        self, user: str = "pages", *groups: str, dark: bool = False, phone: bool = False, bypass_csp: bool = False
    ) -> Page:
        """A new window in which `user` is logged in. bypass_csp: for scripts of the test's own."""
        size = {"width": 360, "height": 740} if phone else {"width": 1280, "height": 900}
        context = self._browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if dark else "light",
            timezone_id="Europe/Zurich",
            locale="en-GB",
            base_url=self._stack.config.api,
            bypass_csp=bypass_csp,
        )
        page = context.new_page()
        page.goto(f"/login#token={token_of(self._stack, user, *groups)}")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{self._stack.config.api}/")
        return page


@pytest.fixture
def pages(browser: Browser, stack: Stack) -> Iterator[Pages]:
    """Windows that are closed after the test."""
    yield Pages(browser, stack)
    for context in browser.contexts:
        context.close()
