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
from dataclasses import dataclass, field, replace
from typing import Annotated, TypeVar, cast

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.http.edge_door import came_through_edge
from api.http.errors import AccessDenied, LogUnavailable, NotAuthenticated, RoleMissing
from api.http.streams import OpenStreams
from api.http.tracing import correlation_of_request
from identity.access_policy import AccessRules
from identity.agent_issuer import AgentKeys
from identity.believed import BelievedToken
from identity.enrolments import Enrolments
from identity.errors import IdentityRefused, IssuersNotKnown, KeyNotKnown, TokenRefused
from identity.identity import Identity, identity_from
from identity.key_cache import KeyCache
from identity.profiles import CREATE, READ
from identity.refusals import ANY_CLASS, NO_TOKEN, Refusals, RefusedRequest, caller_of_actor, caller_of_token, groups_on_record
from identity.rights import judged_by, ruling_on_class
from identity.ruling import EndpointClass
from identity.verify import Verifier
from schemas.instants import micros_of_seconds
from schemas.types import TrustedIssuer

#: Identities that are remembered, one by token and `Origin`.
REMEMBERED_MAX = 10_000
Item = TypeVar("Item")
Handler = Callable[[Request, Identity], Awaitable[Response]]
Judged = TypeVar("Judged")
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
    _remembered: dict[tuple[int, str | None], tuple[BelievedToken, AccessRules, Identity]] = field(
        default_factory=dict, repr=False
    )
    streams: OpenStreams = field(default_factory=OpenStreams, repr=False)
    refusals: Refusals = field(default_factory=Refusals, repr=False)
    #: Called with each member with several ids who was let in.
    seen_with_links: Callable[[Identity, BelievedToken], None] = field(default=lambda *_: None, repr=False)
    enrolments: Enrolments = field(default_factory=Enrolments, repr=False)
    #: Signs tokens of agents; None where none are made.
    agent_keys: AgentKeys | None = field(default=None, repr=False)
    _refreshing: dict[str, "asyncio.Task[bool]"] = field(default_factory=dict, repr=False)

    async def admit(self, kind: EndpointClass, request: Request, capability: str = "") -> Identity:
        """Who makes `request`, if a route of class `kind` is open to them.

        capability: what the route needs of a token that has any. Not for public routes. Raises NotAuthenticated, AccessDenied,
        RoleMissing.
        """
        route = getattr(request.scope.get("route"), "path", "")
        authorization, origin = request.headers.get("authorization", ""), request.headers.get("origin")
        identity = await self.let_in(kind, authorization, origin, route, capability)
        request.state.identity = identity
        return identity

    async def let_in(
        self, kind: EndpointClass, authorization: str, origin: str | None, route: str = "", capability: str = ""
    ) -> Identity:
        """As `admit`, by the values of the two headers that count. route: for the record of a refusal."""
        asked = AskedRoute(kind, route)
        identity = await self._identity(authorization, origin, asked)
        ruling = ruling_on_class(identity, kind, capability)
        if not ruling.allowed:
            rule = "agent" if identity.agent is not None else "capability" if ruling.rule == "capability" else "role"
            raise self._recorded(RoleMissing(ruling.sentence), caller_of_actor(identity.subject), rule, asked, identity)
        return judged_by(identity, capability)

    def refusal(self, identity: Identity, kind: EndpointClass, rule: str, problem: str) -> AccessDenied:
        """The error, already recorded, for a member who was let in and asks for what its token is not for."""
        asked = AskedRoute(kind, "")
        return self._recorded(AccessDenied(problem), caller_of_actor(identity.subject), rule, asked, identity)

    def refusal_of_code(self, code: str, problem: str, route: str, vo: str = "") -> AccessDenied:
        """The error, already recorded, for one who shows an enrolment code that is not taken."""
        asked = AskedRoute(EndpointClass.PUBLIC, route)
        return self._recorded(AccessDenied(problem), caller_of_token(code), "code", asked, vo=vo)

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
        believed = None
        try:
            believed = await self.believed(token)
            return self._with_links(self._member(believed, origin), believed)
        except IssuersNotKnown as problem:
            raise LogUnavailable(problem.detail) from problem
        except TokenRefused as problem:
            caller = caller_of_actor(problem.actor) if problem.actor else caller_of_token(token)
            raise self._recorded(AccessDenied(problem.told), caller, problem.rule, asked or ANYTHING) from problem
        except IdentityRefused as problem:
            caller = caller_of_actor(believed.actor) if believed is not None else caller_of_token(token)
            raise self._recorded(AccessDenied(problem.detail), caller, "member", asked or ANYTHING) from problem

    async def member_of_second_token(self, request: Request, token: str, vo: str | None) -> tuple[Identity, BelievedToken]:
        """The member of `vo` (None: of the only one) that a token in the body of `request` names; raises AccessDenied.

        It is judged as at the API's port, also when the request itself came through the edge.
        """
        asked = AskedRoute(EndpointClass.USER, getattr(request.scope.get("route"), "path", ""))
        through = came_through_edge.set(False)
        try:
            identity = await self.member(token, vo, asked)
            ruling = ruling_on_class(identity, EndpointClass.USER)
            if not ruling.allowed:
                raise self._recorded(RoleMissing(ruling.sentence), caller_of_actor(identity.subject), "role", asked, identity)
            return identity, await self.believed(token)
        finally:
            came_through_edge.reset(through)

    def record(self, request: Request, error: AccessDenied) -> None:
        """Record that a member who was let in to a route was refused there, as one who is not the owner; once for an error."""
        identity = getattr(request.state, "identity", None)
        if identity is not None and not error.is_recorded:
            asked = AskedRoute(ANY_CLASS, getattr(request.scope.get("route"), "path", ""))
            self._recorded(error, caller_of_actor(identity.subject), "owner", asked, identity)

    def record_token(self, request: Request, token: str, problem: TokenRefused) -> AccessDenied:
        """The refusal of a `token` (or of what came in its place) that is no bearer token, recorded, to be raised."""
        route = getattr(request.scope.get("route"), "path", "")
        caller = caller_of_actor(problem.actor) if problem.actor else caller_of_token(token) if token else NO_TOKEN
        return self._recorded(AccessDenied(problem.detail), caller, problem.rule, AskedRoute(EndpointClass.PUBLIC, route))

    def _recorded(
        self, error: Refused, caller: str, rule: str, asked: AskedRoute, member: Identity | None = None, vo: str = ""
    ) -> Refused:
        """member: who was let in, whose VO and groups are recorded. vo: where no one was."""
        vo = member.vo if member is not None else vo
        groups = groups_on_record(vo, member.groups) if member is not None else ()
        route = asked.route[:ROUTE_LENGTH_MAX]
        refusal = RefusedRequest(caller, rule, asked.route_class, vo, route, correlation_of_request(), groups)
        self.refusals.note(refusal, micros_of_seconds(time.time()))
        if isinstance(error, AccessDenied):
            error.is_recorded = True
        return error

    async def still_holds(self, token: str, origin: str | None, identity: Identity) -> bool:
        """True while `token` gives `identity`."""
        try:
            found = await self.member(token, origin)
            return identity in (found, judged_by(found, READ))
        except (AccessDenied, LogUnavailable):
            return False

    async def believed(self, token: str) -> BelievedToken:
        """What `token` proves, of whichever VO; raises TokenRefused, IssuersNotKnown. Records nothing."""
        verifier = self.edge if came_through_edge.get() else self.verifier
        if verifier is None:
            raise TokenRefused("no edge hands requests on to this API", "iss")
        if not self.verifier.knows_issuers:
            # The edge's issuer is fixed; who is revoked is read with the list of the others.
            raise IssuersNotKnown("who is believed is not known yet; try again in a moment")
        return await self.with_keys(verifier, lambda: verifier.believe(token))

    async def with_keys(self, verifier: Verifier, judge: Callable[[], Judged]) -> Judged:
        """What `judge` answers, which asks `verifier`, once more when the issuer had to be asked for a key."""
        try:
            return judge()
        except KeyNotKnown as problem:
            issuer = verifier.issuer_named(problem.issuer)
            if issuer is None:
                raise
            await self._refreshed(issuer)
            return judge()

    async def _refreshed(self, issuer: TrustedIssuer) -> None:
        """Wait until the keys of `issuer` were asked for; however many wait, one thread asks."""
        task = self._refreshing.get(issuer.issuer)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(self.keys.refresh, issuer))
            self._refreshing[issuer.issuer] = task
            task.add_done_callback(lambda _: self._refreshing.pop(issuer.issuer, None))
        await asyncio.shield(task)

    def of_one_member(
        self,
        request: Request,
        identity: Identity,
        stream: AsyncIterator[Item],
        still_holds: Callable[[], Awaitable[bool]] | None = None,
    ) -> AsyncIterator[Item]:
        """`stream` for as long as the login of `request` gives `identity`; still_holds: asks so, where it is no bearer token."""
        token, origin = token_of(request), request.headers.get("origin")
        return self.streams.of(identity, stream, still_holds or (lambda: self.still_holds(token, origin, identity)))

    def _with_links(self, identity: Identity, token: BelievedToken) -> Identity:
        linked = self.verifier.links.others(identity.subject)
        if not linked:
            return identity
        found = replace(identity, linked=linked)
        self.seen_with_links(found, token)
        return found

    def _member(self, token: BelievedToken, origin: str | None) -> Identity:
        known, rules = self._remembered.get((id(token), origin)), self.verifier.access
        if known is not None and known[0] is token and known[1] is rules:
            return known[2]
        identity = identity_from(token, origin, self.vos, rules)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[id(token), origin] = (token, rules, identity)
        return identity


@dataclass(frozen=True, slots=True)
class RequiredRight:
    """A dependency that declares the class of a route and gives the identity that was let in."""

    kind: EndpointClass
    #: Needed of a token that has any; such a token is judged by it alone, and not by its groups.
    capability: str = ""

    async def __call__(self, request: Request) -> Identity | None:
        """The identity; None on public routes."""
        if self.kind is EndpointClass.PUBLIC:
            return None
        return await cast(Gate, request.app.state.gate).admit(self.kind, request, self.capability)


public = RequiredRight(EndpointClass.PUBLIC)
Member = Annotated[Identity, Depends(RequiredRight(EndpointClass.MEMBER))]
Public = Annotated[None, Depends(public)]
User = Annotated[Identity, Depends(RequiredRight(EndpointClass.USER))]
#: Users, with what a token that has capabilities needs where jobs and tasks are concerned.
Reader = Annotated[Identity, Depends(RequiredRight(EndpointClass.USER, READ))]
Submitter = Annotated[Identity, Depends(RequiredRight(EndpointClass.USER, CREATE))]
Pilot = Annotated[Identity, Depends(RequiredRight(EndpointClass.PILOT))]
Operator = Annotated[Identity, Depends(RequiredRight(EndpointClass.OPERATOR))]
Administrator = Annotated[Identity, Depends(RequiredRight(EndpointClass.ADMINISTRATOR))]


def token_of(request: Request) -> str:
    """The text after `Bearer` in a request; empty without one."""
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def guarded(kind: EndpointClass, handler: Handler, capability: str = "") -> Callable[[Request], Awaitable[Response]]:
    """`handler` as a plain endpoint (for `router.add_route`) that is called only with an identity that was let in."""
    assert kind is not EndpointClass.PUBLIC, "a public route gets no identity"

    async def endpoint(request: Request) -> Response:
        return await handler(request, await cast(Gate, request.app.state.gate).admit(kind, request, capability))

    endpoint.access = kind  # type: ignore[attr-defined]  # read by the test that lists all routes
    endpoint.capability = capability  # type: ignore[attr-defined]
    endpoint.__name__ = getattr(handler, "__name__", "endpoint")
    return endpoint
