"""The cookies of browsers that logged in at a provider, and the way there and back.

Guards: a cookie holds a random text and nothing else; it is out of reach of scripts and, but for plain http on loopback,
sent over TLS alone and set by no other host (`__Host-`); a login begins a new session, never one that the browser had before;
where cookies would travel unprotected, no login begins.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.http.errors import AccessDenied, ApiError, NotFound, Overloaded
from api.login.browser_sessions import BrowserSessions, OpenSession, SessionEnded
from api.login.code_flow import SECONDS_MAX as LOGIN_SECONDS_MAX
from api.login.code_flow import CodeFlow
from api.login.providers import Providers, row_with_login
from api.login.rates import CallerRates
from api.login.sessions import SECONDS_MAX, Sessions
from api.services import Services
from api.shared.store import SharedKind
from identity.errors import IssuersNotKnown, TokenRefused
from identity.key_fetching import problem_of_address

CALLBACK = "/login/callback"
#: Of one address; a whole institute may stand behind one.
LOGINS = RateLimitItemPerMinute(60)


class LoginNeeded(ApiError):
    """The visitor is not known."""

    status = 401
    title = "Not authenticated"


@dataclass(frozen=True, slots=True)
class LoginPlace:
    """Where the members of a VO log in."""

    vo: str
    issuer: str


class Browsers:
    """Logins and sessions of one API process."""

    def __init__(self, services: Services) -> None:
        public = services.config.addresses.public
        self._services = services
        #: Cookies of a loopback address over plain http are refused by browsers when they are marked so.
        self.are_cookies_secure = urlsplit(public).scheme == "https"
        prefix = "__Host-" if self.are_cookies_secure else ""
        self._session_cookie, self._login_cookie = f"{prefix}culm_session", f"{prefix}culm_login"
        self._problem = problem_of_address(public)
        providers = Providers()
        self._sessions = BrowserSessions(services.gate, providers, Sessions(services.shared))
        space = services.shared.space(SharedKind.BROWSER_LOGINS)
        self._flow = CodeFlow(services.gate, providers, space, f"{public}{CALLBACK}")
        self._limiter = CallerRates()

    @property
    def places(self) -> list[LoginPlace]:
        """Where one can log in; nowhere while cookies would travel unprotected."""
        if self._problem:
            return []
        issuers, vos = self._services.gate.verifier.issuers, self._services.config.vos
        found = ((vo, row_with_login(issuers, vo)) for vo in vos)
        return [LoginPlace(vo, place[0].issuer) for vo, place in found if place is not None]

    async def current(self, request: Request) -> OpenSession | None:
        """The session of a browser; None without a cookie of one. Raises LoginNeeded, Unavailable."""
        cookie = request.cookies.get(self._session_cookie)
        if not cookie:
            return None
        try:
            return await self._sessions.current(cookie)
        except (SessionEnded, AccessDenied) as problem:
            raise LoginNeeded(problem.detail) from problem

    async def begin(self, request: Request, vo: str, following: str) -> Response:
        """Send the browser to the provider of `vo`; raises NotFound, AccessDenied, ProviderAway."""
        if self._problem:
            raise AccessDenied(f"no one logs in with a browser here: {self._problem}")
        found = row_with_login(self._services.gate.verifier.issuers, vo) if vo in self._services.config.vos else None
        if found is None:
            raise NotFound(f"no login for a virtual organisation {vo[:100]!r} here")
        self._check_rate(request)
        address, text = await self._flow.begin(*found, vo, following)
        answer = RedirectResponse(address, 303)
        self._set(answer, self._login_cookie, text, LOGIN_SECONDS_MAX)
        return answer

    async def complete(self, request: Request) -> Response:
        """Take the browser that comes back from a provider in, with a new session; raises AccessDenied, ProviderAway."""
        self._check_rate(request)
        try:
            login = await self._flow.complete(request.cookies.get(self._login_cookie, ""), request.query_params)
        except IssuersNotKnown as problem:
            raise Overloaded(problem.detail) from problem
        except TokenRefused as problem:
            raise self._services.gate.record_token(request, "", problem) from problem
        text = await self._sessions.begin(login)
        before = request.cookies.get(self._session_cookie)
        if before:
            await self._sessions.end(before)
        answer = RedirectResponse(login.begun.following, 303)
        self._set(answer, self._session_cookie, text, SECONDS_MAX)
        answer.delete_cookie(self._login_cookie, secure=self.are_cookies_secure, httponly=True, samesite="lax")
        return answer

    async def act_as(self, request: Request, vo: str, role: str) -> None:
        """Let the session of `request` act in `vo` as `role`; raises AccessDenied, LoginNeeded."""
        try:
            await self._sessions.act_as(request.cookies.get(self._session_cookie, ""), vo, role)
        except SessionEnded as problem:
            raise LoginNeeded(problem.detail) from problem

    def choices(self, session: OpenSession) -> list[tuple[str, str]]:
        """VOs and roles that its owner may act in; the role is empty for all of them together."""
        return list(self._sessions.choices(session.believed))

    async def end(self, request: Request) -> None:
        """End the session of `request`, if it has one."""
        cookie = request.cookies.get(self._session_cookie)
        if cookie:
            await self._sessions.end(cookie)

    def forget(self, response: Response) -> None:
        """Let the browser forget its session."""
        response.delete_cookie(self._session_cookie, secure=self.are_cookies_secure, httponly=True, samesite="lax")

    def _set(self, response: Response, name: str, text: str, seconds: float) -> None:
        response.set_cookie(name, text, max_age=int(seconds), httponly=True, samesite="lax", secure=self.are_cookies_secure)

    def _check_rate(self, request: Request) -> None:
        if not self._limiter.hit(LOGINS, "login", request.client.host if request.client else "unknown"):
            raise Overloaded("too many logins from this address; try again in a minute", retry_after_seconds=60)
