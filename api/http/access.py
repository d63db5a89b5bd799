"""Who is let in to a route, by the headers of the request.

Every route declares an endpoint class, by one of the dependencies `Public`, `User`, `Pilot`, `Operator` or, on hot
paths, by `guarded`; a route without one fails a test. Denied unless the token is believed, its owner is a member of
the VO that `Origin` names, and the class's group is among the groups. The rules themselves stand in `identity/`. Only a token
with a key that is not known yet waits, in a thread, until its issuer was asked for its keys.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated, TypeVar, cast

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.http.errors import AccessDenied, LogUnavailable, NotAuthenticated, RoleMissing
from api.http.streams import OpenStreams
from identity.believed import BelievedToken
from identity.errors import IdentityRefused, IssuersNotKnown, KeyNotKnown
from identity.identity import Identity, identity_from
from identity.key_cache import KeyCache
from identity.rights import problem_of_class
from identity.ruling import EndpointClass
from identity.verify import Verifier
from schemas.types import TrustedIssuer

#: Identities that are remembered, one by token and `Origin`.
REMEMBERED_MAX = 10_000
Item = TypeVar("Item")
Handler = Callable[[Request, Identity], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests in or not."""

    verifier: Verifier
    keys: KeyCache
    vos: Collection[str]
    #: By what is believed, which the verifier gives again only for the same token and only while it believes it.
    _remembered: dict[tuple[int, str | None], tuple[BelievedToken, Identity]] = field(default_factory=dict, repr=False)
    streams: OpenStreams = field(default_factory=OpenStreams, repr=False)
    _refreshing: dict[str, "asyncio.Task[bool]"] = field(default_factory=dict, repr=False)

    async def admit(self, kind: EndpointClass, request: Request) -> Identity:
        """Who makes `request`, if a route of class `kind` is open to them.

        Raises NotAuthenticated, AccessDenied, RoleMissing. Not for public routes.
        """
        return await self.let_in(kind, request.headers.get("authorization", ""), request.headers.get("origin"))

    async def let_in(self, kind: EndpointClass, authorization: str, origin: str | None) -> Identity:
        """As `admit`, by the values of the two headers that count."""
        identity = await self._identity(authorization, origin)
        problem = problem_of_class(identity, kind)
        if problem:
            raise RoleMissing(problem)
        return identity

    async def identity_of(self, request: Request) -> Identity:
        """Who makes `request`; raises NotAuthenticated, AccessDenied."""
        return await self._identity(request.headers.get("authorization", ""), request.headers.get("origin"))

    async def _identity(self, authorization: str, origin: str | None) -> Identity:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated("no bearer token in the Authorization header")
        return await self.member(token, origin)

    async def member(self, token: str, origin: str | None) -> Identity:
        """The member that `token` names, in the VO that `origin` asks for; raises AccessDenied."""
        try:
            return self._member(await self._believed(token), origin)
        except IssuersNotKnown as problem:
            raise LogUnavailable(problem.detail) from problem
        except IdentityRefused as problem:
            raise AccessDenied(problem.detail) from problem

    async def still_holds(self, token: str, origin: str | None, identity: Identity) -> bool:
        """True while `token` gives `identity`."""
        try:
            return await self.member(token, origin) == identity
        except (AccessDenied, LogUnavailable):
            return False

    async def _believed(self, token: str) -> BelievedToken:
        try:
            return self.verifier.believe(token)
        except KeyNotKnown as problem:
            issuer = self.verifier.issuer_named(problem.issuer)
            if issuer is None:
                raise
            await self._refreshed(issuer)
            return self.verifier.believe(token)

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
        _, _, token = request.headers.get("authorization", "").partition(" ")
        origin = request.headers.get("origin")
        if not token and cookies is not None:
            token, origin = request.cookies.get(cookies[0], ""), request.cookies.get(cookies[1]) or None
        return self.streams.of(identity, stream, lambda: self.still_holds(token.strip(), origin, identity))

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


def guarded(kind: EndpointClass, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """`handler` as a plain endpoint (for `router.add_route`) that is called only with an identity that was let in."""
    assert kind is not EndpointClass.PUBLIC, "a public route gets no identity"

    async def endpoint(request: Request) -> Response:
        return await handler(request, await cast(Gate, request.app.state.gate).admit(kind, request))

    endpoint.access = kind  # type: ignore[attr-defined]  # read by the test that lists all routes
    endpoint.__name__ = getattr(handler, "__name__", "endpoint")
    return endpoint
