"""Who looks at a page: the bearer token of a program, or the cookie of a browser.

A browser has a session, begun by a login at a provider (`browsers.py`), or a token that it brought once. Guards: the cookie is
out of reach of scripts; a form that a browser sends from another site is refused; an unknown visitor is sent to the login page
when a browser asks, and gets 401 when a program does.
"""

from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import urlencode, urlsplit

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.http.access import Gate, RequiredRight
from api.http.errors import AccessDenied, ApiError, NotAuthenticated
from api.monitor.browsers import Browsers, LoginNeeded
from identity.believed import BelievedToken
from identity.identity import Identity
from identity.profiles import READ
from identity.rights import judged_by, problem_of_class
from identity.ruling import EndpointClass

TOKEN_COOKIE, VO_COOKIE = "culm_token", "culm_vo"
COOKIE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Visiting(RequiredRight):
    """A dependency: the identity of a header or a cookie; class USER."""

    kind: EndpointClass = EndpointClass.USER
    capability: str = READ

    async def __call__(self, request: Request) -> Identity:
        """The identity; raises LoginNeeded, AccessDenied."""
        return await visitor(request)


def browsers_of(request: Request) -> Browsers:
    """The sessions of browsers at the API that `request` came to."""
    return cast(Browsers, request.app.state.browsers)


Visitor = Annotated[Identity, Depends(Visiting())]


async def visitor(request: Request) -> Identity:
    """Who makes `request`; raises LoginNeeded, AccessDenied."""
    gate = cast(Gate, request.app.state.gate)
    if request.headers.get("authorization"):
        return await gate.admit(EndpointClass.USER, request, READ)
    found = await browsers_of(request).current(request)
    token = request.cookies.get(TOKEN_COOKIE)
    if found is None and not token:
        raise LoginNeeded("log in first, or send a bearer token")
    try:
        identity = found.identity if found else await identity_of_token(gate, token or "", request.cookies.get(VO_COOKIE))
    except (NotAuthenticated, AccessDenied) as problem:
        raise LoginNeeded(problem.detail) from problem
    if request.method not in ("GET", "HEAD"):
        check_same_site(request)
    return identity


async def still_visits(request: Request, identity: Identity) -> bool:
    """True while the cookie of `request` gives `identity`."""
    try:
        return await visitor(request) == identity
    except ApiError:
        return False


async def identity_of_token(gate: Gate, token: str, vo: str | None) -> Identity:
    """The member that `token` names; raises AccessDenied."""
    identity = await gate.member(token, vo or None)
    problem = problem_of_class(identity, EndpointClass.USER, READ)
    if problem:
        raise AccessDenied(problem)
    return judged_by(identity, READ)


async def login_in_cookie(request: Request) -> tuple[BelievedToken, Identity] | None:
    """The token of a browser's session, or that it kept, and whose it is; None without one that is believed."""
    try:
        found = await browsers_of(request).current(request)
    except LoginNeeded:
        return None
    if found is not None:
        return found.believed, found.identity
    gate, token = cast(Gate, request.app.state.gate), request.cookies.get(TOKEN_COOKIE)
    if not token:
        return None
    try:
        identity = await identity_of_token(gate, token, request.cookies.get(VO_COOKIE))
    except (NotAuthenticated, AccessDenied):
        return None
    return gate.verifier.believe(token), identity


def check_same_site(request: Request) -> None:
    """Raise AccessDenied for a form that did not come from one of our pages."""
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise AccessDenied("this form did not come from this site")


def wants_json(request: Request) -> bool:
    """True when the data is asked for and not the page (monitor 4)."""
    return "json" in request.query_params or "json" in request.headers.get("accept", "").split(";")[0]


def to_login(request: Request) -> Response:
    """Where a browser without a login goes."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?{urlencode({'next': here})}", 303)


def safe_next(text: str | None) -> str:
    """A path of ours to go on to; the home page for anything else."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")):
        return "/"
    return text


def keep(response: Response, request: Request, token: str, vo: str | None) -> None:
    """Let the browser keep the token."""
    secure = browsers_of(request).are_cookies_secure
    for name, value in ((TOKEN_COOKIE, token), (VO_COOKIE, vo or "")):
        response.set_cookie(name, value, max_age=COOKIE_SECONDS, httponly=True, samesite="lax", secure=secure)


def forget(response: Response, request: Request) -> None:
    """Let the browser forget the token and its session."""
    for name in (TOKEN_COOKIE, VO_COOKIE):
        response.delete_cookie(name)
    browsers_of(request).forget(response)
