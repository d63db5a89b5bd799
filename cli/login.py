"""`culm login`, `culm logout`, `culm whoami`: who one is for a Culm elsewhere."""

import os
import time
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from cli.api_client import api_client
from cli.credentials import Login, credentials_of, refresh_until, valid
from cli.shown import escape
from deploy.errors import StepFailed

SECONDS_MAX = 60.0
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid profile email offline_access"
out = Console()
Api = Annotated[str, typer.Option(help="Address of the API, https://HOST[:PORT].")]
Vo = Annotated[str, typer.Option(help="Virtual organisation.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)


def login(api: Api, vo: Vo = "wlcg") -> None:
    """Log in at the provider of a VO, in any browser; the login is kept and refreshed."""
    address = api.rstrip("/")
    config = _document(f"{address}/auth/{vo}_auth_config.json")
    discovery = _document(str(config["oidc_config_url"]))
    begun = _begun(str(discovery["device_authorization_endpoint"]), config)
    out.print(f"Open [bold]{escape(begun['verification_uri_complete'])}[/bold] and log in.", soft_wrap=True, highlight=False)
    tokens = _awaited(str(discovery["token_endpoint"]), str(config["client_id"]), begun)
    kept = Login(
        api=address,
        vo=vo,
        id_token=tokens["id_token"],
        refresh_token=tokens.get("refresh_token", ""),
        token_endpoint=str(discovery["token_endpoint"]),
        client_id=str(config["client_id"]),
        refresh_until=refresh_until(tokens),
    )
    credentials_of(os.environ).keep(kept)
    _say_who(kept)


def logout(api: Annotated[str, typer.Option(help="Address of the API; not needed with one login.")] = "") -> None:
    """End a login: its token is refused from then on, and forgotten here."""
    credentials = credentials_of(os.environ)
    kept = credentials.find(api.rstrip("/"))
    if kept is None:
        raise StepFailed(f"no login{f' for {api}' if api else ''} to forget")
    problem = _ended(kept)
    credentials.forget(kept.api)
    what = f"but its token could not be ended and ends by itself: {problem}" if problem else "and its token is refused there"
    out.print(escape(f"the login at {kept.api} is forgotten here, {what}"), soft_wrap=True, highlight=False)


def _ended(kept: Login) -> str:
    """Have the API refuse the token; why it could not be, empty when it was or is over anyway."""
    if kept.expires <= time.time():
        return ""
    headers = {"Authorization": f"Bearer {kept.id_token}", "Origin": kept.vo}
    try:
        answer = httpx.post(f"{kept.api}/auth/logout", headers=headers, timeout=SECONDS_MAX)
    except httpx.HTTPError as problem:
        return f"the API does not answer: {type(problem).__name__}"
    return _sentence(answer) if answer.is_error else ""


def whoami(api: Annotated[str, typer.Option(help="Address of the API; not needed with one login.")] = "") -> None:
    """Who one is, until when, and what one may do."""
    credentials = credentials_of(os.environ)
    kept = credentials.find(api.rstrip("/"))
    if kept is not None:
        _say_who(valid(kept, credentials))
        return
    _say(api_client(os.environ).get("/v1/whoami"), None)


def _say_who(kept: Login) -> None:
    headers = {"Authorization": f"Bearer {kept.id_token}", "Origin": kept.vo}
    try:
        answer = httpx.get(f"{kept.api}/v1/whoami", headers=headers, timeout=SECONDS_MAX)
    except httpx.HTTPError as problem:
        raise StepFailed(f"the API at {kept.api} does not answer: {type(problem).__name__}") from problem
    if answer.is_error:
        raise StepFailed(f"{kept.api} does not believe the login: {_sentence(answer)}")
    _say(answer.json(), kept)


def _say(me: dict[str, Any], kept: Login | None) -> None:
    until = f", until {time.strftime('%H:%M', time.localtime(kept.expires))}" if kept else ""
    refreshed = f", refreshed {_how_long(kept.refresh_until)}" if kept and kept.refresh_token else ""
    out.print(escape(f"{me['display_name']} ({me['nickname']}) of {me['vo']}{until}{refreshed}"), highlight=False, soft_wrap=True)
    for word, rows in (("may", me.get("may", ())), ("not", me.get("may_not", ()))):
        for row in rows:
            out.print(escape(f"{word}: {row['what']} ({row['because']})"), highlight=False, soft_wrap=True)
    if me.get("linked"):
        told = f"linked: {me['subject']} may do what these may with what they own: {', '.join(me['linked'])}"
        out.print(escape(told), highlight=False, soft_wrap=True)


def _how_long(until: float) -> str:
    """For how long a login is refreshed, in the largest unit that says it."""
    left = until - time.time()
    if not until or left <= 0:
        return "by itself"
    return f"for {left / 86_400:.0f} days" if left >= 2 * 86_400 else f"for {left / 3600:.0f} h"


def _document(url: str) -> dict[str, Any]:
    try:
        answer = httpx.get(url, timeout=SECONDS_MAX)
        found = answer.json()
    except (httpx.HTTPError, ValueError) as problem:
        raise StepFailed(f"{url} did not answer with a document: {type(problem).__name__}") from problem
    if answer.is_error or not isinstance(found, dict):
        raise StepFailed(f"{url}: {_sentence(answer)}")
    return found


def _begun(endpoint: str, config: dict[str, Any]) -> dict[str, Any]:
    form = {"client_id": str(config["client_id"]), "scope": SCOPE, "audience": str(config["audience"])}
    answer = _posted(endpoint, form)
    if answer.is_error:
        raise StepFailed(f"the login could not begin: {_sentence(answer)}")
    found: dict[str, Any] = answer.json()
    return found


def _awaited(endpoint: str, client_id: str, begun: dict[str, Any]) -> dict[str, Any]:
    """The tokens, once the person has logged in."""
    end = time.monotonic() + float(begun["expires_in"])
    form = {"client_id": client_id, "grant_type": DEVICE_GRANT, "device_code": str(begun["device_code"])}
    while time.monotonic() < end:
        time.sleep(float(begun.get("interval", 5)) + 0.5)
        answer = _posted(endpoint, form)
        if not answer.is_error:
            found: dict[str, Any] = answer.json()
            return found
        error = answer.json().get("error") if "json" in answer.headers.get("content-type", "") else None
        if error != "authorization_pending":
            raise StepFailed(f"the login failed: {_sentence(answer)}")
    raise StepFailed("no one logged in in time")


def _posted(endpoint: str, form: dict[str, str]) -> httpx.Response:
    try:
        return httpx.post(endpoint, data=form, timeout=SECONDS_MAX)
    except httpx.HTTPError as problem:
        raise StepFailed(f"{endpoint} does not answer: {type(problem).__name__}") from problem


def _sentence(answer: httpx.Response) -> str:
    try:
        found = answer.json()
        return str(found.get("error_description") or found.get("detail") or answer.status_code)
    except (ValueError, AttributeError):
        return f"HTTP {answer.status_code}"
