"""Who is let in to a route, by the headers of the request.

Every route declares an endpoint class, by one of the dependencies `Public`, `User`, `Pilot`, `Operator` or, on hot
paths, by `guarded`; a route without one fails a test. Denied unless the token is believed, its owner is a member of
the VO that `Origin` names, and the class's group is among the groups. The rules themselves stand in `identity/`. Only a token
with a key that is not known yet waits, in a thread, until its issuer was asked for its keys. Every
refusal is recorded (`refusals`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated, TypeVar, cast

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.http.edge_door import came_through_edge
from api.http.errors import AccessDenied, LogUnavailable, NotAuthenticated, RoleMissing
from api.http.streams import OpenStreams
from api.http.tracing import correlation_of_request
from identity.believed import BelievedToken
from identity.errors import IdentityRefused, IssuersNotKnown, KeyNotKnown, TokenRefused
from identity.identity import Identity, identity_from
from identity.key_cache import KeyCache
from identity.refusals import ANY_CLASS, NO_TOKEN, Refusals, RefusedRequest, caller_of_actor, caller_of_token
from identity.rights import problem_of_class
from identity.ruling import EndpointClass
from identity.verify import Verifier
from schemas.instants import micros_of_seconds
from schemas.types import TrustedIssuer

#: Identities that are remembered, one by token and `Origin`.
REMEMBERED_MAX = 10_000
Item = TypeVar("Item")
Handler = Callable[[Request, Identity], Awaitable[Response]]
Refused = TypeVar("Refused", AccessDenied, NotAuthenticated, RoleMissing)
ROUTE_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class AskedRoute:
    """What was asked for: the class of a route and the route as it is declared, empty where that is not known."""

    route_class: str
    route: str


ANYTHING = AskedRoute(ANY_CLASS, "")


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests in or not."""

    verifier: Verifier
    keys: KeyCache
    vos: Collection[str]
    #: What is believed of requests that the edge for X.509 handed on, and of no others; None where there is no edge.
    edge: Verifier | None = None
    #: By what is believed, which the verifier gives again only for the same token and only while it believes it.
    _remembered: dict[tuple[int, str | None], tuple[BelievedToken, Identity]] = field(default_factory=dict, repr=False)
    streams: OpenStreams = field(default_factory=OpenStreams, repr=False)
    refusals: Refusals = field(default_factory=Refusals, repr=False)
    _refreshing: dict[str, "asyncio.Task[bool]"] = field(default_factory=dict, repr=False)

    async def admit(self, kind: EndpointClass, request: Request) -> Identity:
        """Who makes `request`, if a route of class `kind` is open to them.

        Raises NotAuthenticated, AccessDenied, RoleMissing. Not for public routes.
        """
        route = getattr(request.scope.get("route"), "path", "")
        authorization, origin = request.headers.get("authorization", ""), request.headers.get("origin")
        identity = await self.let_in(kind, authorization, origin, route)
        request.state.identity = identity
        return identity

    async def let_in(self, kind: EndpointClass, authorization: str, origin: str | None, route: str = "") -> Identity:
        """As `admit`, by the values of the two headers that count. route: for the record of a refusal."""
        asked = AskedRoute(kind, route)
        identity = await self._identity(authorization, origin, asked)
        problem = problem_of_class(identity, kind)
        if problem:
            raise self._recorded(RoleMissing(problem), caller_of_actor(identity.subject), "role", asked, identity.vo)
        return identity

    async def identity_of(self, request: Request) -> Identity:
        """Who makes `request`; raises NotAuthenticated, AccessDenied."""
        return await self._identity(request.headers.get("authorization", ""), request.headers.get("origin"), ANYTHING)

    async def _identity(self, authorization: str, origin: str | None, asked: AskedRoute) -> Identity:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise self._recorded(
                NotAuthenticated("no bearer token in the Authorization header"), NO_TOKEN, "token", asked
            )
        return await self.member(token, origin, asked)

    async def member(self, token: str, origin: str | None, asked: AskedRoute | None = None) -> Identity:
        """The member that `token` names, in the VO that `origin` asks for; raises AccessDenied."""
        caller, rule = caller_of_token(token), "member"
        try:
            believed = await self._believed(token)
            caller = caller_of_actor(believed.actor)
            return self._member(believed, origin)
        except IssuersNotKnown as problem:
            raise LogUnavailable(problem.detail) from problem
        except TokenRefused as problem:
            caller, rule = caller_of_actor(problem.actor) if problem.actor else caller, problem.rule
            raise self._recorded(AccessDenied(problem.detail), caller, rule, asked or ANYTHING) from problem
        except IdentityRefused as problem:
            raise self._recorded(AccessDenied(problem.detail), caller, rule, asked or ANYTHING) from problem

    def record(self, request: Request, error: AccessDenied) -> None:
        """Record that a member who was let in to a route was refused there, as one who is not the owner; once for an error."""
        identity = getattr(request.state, "identity", None)
        if identity is not None and not error.is_recorded:
            asked = AskedRoute(ANY_CLASS, getattr(request.scope.get("route"), "path", ""))
            self._recorded(error, caller_of_actor(identity.subject), "owner", asked, identity.vo)

    def _recorded(self, error: Refused, caller: str, rule: str, asked: AskedRoute, vo: str = "") -> Refused:
        correlation = correlation_of_request()
        refusal = RefusedRequest(caller, rule, asked.route_class, vo, asked.route[:ROUTE_LENGTH_MAX], correlation)
        self.refusals.note(refusal, micros_of_seconds(time.time()))
        if isinstance(error, AccessDenied):
            error.is_recorded = True
        return error

    async def still_holds(self, token: str, origin: str | None, identity: Identity) -> bool:
        """True while `token` gives `identity`."""
        try:
            return await self.member(token, origin) == identity
        except (AccessDenied, LogUnavailable):
            return False

    async def _believed(self, token: str) -> BelievedToken:
        verifier = self.edge if came_through_edge.get() else self.verifier
        if verifier is None:
            raise TokenRefused("no edge hands requests on to this API", "iss")
        if not self.verifier.knows_issuers:
            # The edge's issuer is fixed; who is revoked is read with the list of the others.
            raise IssuersNotKnown("who is believed is not known yet; try again in a moment")
        try:
            return verifier.believe(token)
        except KeyNotKnown as problem:
            issuer = verifier.issuer_named(problem.issuer)
            if issuer is None:
                raise
            await self._refreshed(issuer)
            return verifier.believe(token)

    async def _refreshed(self, issuer: TrustedIssuer) -> None:
        """Wait until the keys of `issuer` were asked for; however many wait, one thread asks."""
        task = self._refreshing.get(issuer.issuer)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(self.keys.refresh, issuer))
            self._refreshing[issuer.issuer] = task
            task.add_done_callback(lambda _: self._refreshing.pop(issuer.issuer, None))
        await asyncio.shield(task)

    def of_one_member(
        self, request: Request, identity: Identity, stream: AsyncIterator[Item], cookies: tuple[str, str] | None = None
    ) -> AsyncIterator[Item]:
        """`stream` for as long as the login of `request` gives `identity`; cookies: names of token and VO, for browsers."""
        token, origin = token_of(request), request.headers.get("origin")
        if not token and cookies is not None:
            token, origin = request.cookies.get(cookies[0], ""), request.cookies.get(cookies[1]) or None
        return self.streams.of(identity, stream, lambda: self.still_holds(token, origin, identity))

    def _member(self, token: BelievedToken, origin: str | None) -> Identity:
        known = self._remembered.get((id(token), origin))
        if known is not None and known[0] is token:
            return known[1]
        identity = identity_from(token, origin, self.vos)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[id(token), origin] = (token, identity)
        return identity


@dataclass(frozen=True, slots=True)
class RequiredRight:
    """A dependency that declares the class of a route and gives the identity that was let in."""

    kind: EndpointClass

    async def __call__(self, request: Request) -> Identity | None:
        """The identity; None on public routes."""
        if self.kind is EndpointClass.PUBLIC:
            return None
        return await cast(Gate, request.app.state.gate).admit(self.kind, request)


public = RequiredRight(EndpointClass.PUBLIC)
Member = Annotated[Identity, Depends(RequiredRight(EndpointClass.MEMBER))]
Public = Annotated[None, Depends(public)]
User = Annotated[Identity, Depends(RequiredRight(EndpointClass.USER))]
Pilot = Annotated[Identity, Depends(RequiredRight(EndpointClass.PILOT))]
Operator = Annotated[Identity, Depends(RequiredRight(EndpointClass.OPERATOR))]
Administrator = Annotated[Identity, Depends(RequiredRight(EndpointClass.ADMINISTRATOR))]


def token_of(request: Request) -> str:
    """The text after `Bearer` in a request; empty without one."""
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def guarded(kind: EndpointClass, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """`handler` as a plain endpoint (for `router.add_route`) that is called only with an identity that was let in."""
    assert kind is not EndpointClass.PUBLIC, "a public route gets no identity"

    async def endpoint(request: Request) -> Response:
        return await handler(request, await cast(Gate, request.app.state.gate).admit(kind, request))

    endpoint.access = kind  # type: ignore[attr-defined]  # read by the test that lists all routes
    endpoint.__name__ = getattr(handler, "__name__", "endpoint")
    return endpoint
