"""A person at a browser who completes a device login: opens the address, logs in, consents. Standard library and httpx only."""

import html
import re

import httpx

FORM = re.compile(r'<form[^>]*?action="([^"]+)"', re.DOTALL)
HIDDEN = re.compile(r'<input[^>]*?type="hidden"[^>]*?>', re.DOTALL)
NAME, VALUE = re.compile(r'name="([^"]*)"'), re.compile(r'value="([^"]*)"')
PAGES_MAX = 8


class LoginFailed(AssertionError):
    """The provider's pages did not lead to a completed login."""


def log_in(address: str, user: str, password: str) -> None:
    """Complete the login that `address` (verification_uri_complete) belongs to; raises LoginFailed with the last page's words."""
    cookies: dict[str, str] = {}
    with httpx.Client(timeout=60) as client:
        page = _followed(client, client.get(address), cookies)
        for _ in range(PAGES_MAX):
            form = FORM.search(page.text)
            if form is None:
                break
            fields = {_first(NAME, one): _first(VALUE, one) for one in HIDDEN.findall(page.text)}
            if 'name="password"' in page.text:
                fields |= {"username": user, "password": password, "credentialId": ""}
            else:
                fields |= {"accept": "Yes"}
            target = httpx.URL(str(page.url)).join(html.unescape(form[1]))
            page = _followed(client, client.post(target, data=fields, headers=_header(cookies)), cookies)
        if "/device/status" not in str(page.url) and "successful" not in page.text.lower():
            raise LoginFailed(re.sub(r"<[^>]+>|\s+", " ", page.text)[:600])


def _followed(client: httpx.Client, page: httpx.Response, cookies: dict[str, str]) -> httpx.Response:
    """The page that redirects lead to. Cookies are kept by hand: the provider marks them Secure, also over http on loopback."""
    while True:
        for line in page.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        if not page.is_redirect:
            return page
        page = client.get(httpx.URL(str(page.url)).join(page.headers["location"]), headers=_header(cookies))


def _header(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return html.unescape(found[1]) if found else ""
