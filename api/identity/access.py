"""Who may what: the one place that decides it.

Every route declares an endpoint class, by one of the dependencies `Public`, `User`, `Pilot`, `Operator` or, on hot
paths, by `guarded`; a route without one fails a test. Denied unless the token is believed, its owner is a member of
the VO that `Origin` names, and the class's group is among the groups. What a command does to somebody's task is
decided by `may_act_on`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, cast

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.http.errors import NotAuthenticated, RoleMissing
from api.identity.identity import OPERATOR, PILOT, PRODUCTION, Identity, identity_from
from api.identity.verify import Verifier


class EndpointClass(StrEnum):
    """Whom a route serves."""

    PUBLIC = "public"
    USER = "user"
    PILOT = "pilot"
    OPERATOR = "operator"


#: Groups of which one is needed, by class.
ROLES_OF_CLASS: dict[EndpointClass, tuple[str, ...]] = {
    EndpointClass.USER: (),
    EndpointClass.PILOT: (PILOT,),
    EndpointClass.OPERATOR: (OPERATOR, PRODUCTION),
}
#: Identities that are remembered, one by token and `Origin`.
REMEMBERED_MAX = 10_000
Handler = Callable[[Request, Identity], Awaitable[Response]]
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests in or not."""

    verifier: Verifier
    vos: Collection[str]
    #: By the claims object, which the verifier gives again only for the same token and only while it believes it.
    _remembered: dict[tuple[int, str | None], tuple[Claims, Identity]] = field(default_factory=dict, repr=False)

    def admit(self, kind: EndpointClass, request: Request) -> Identity:
        """Who makes `request`, if a route of class `kind` is open to them.

        Raises NotAuthenticated, AccessDenied, RoleMissing. Not for public routes.
        """
        return self.let_in(kind, request.headers.get("authorization", ""), request.headers.get("origin"))

    def let_in(self, kind: EndpointClass, authorization: str, origin: str | None) -> Identity:
        """As `admit`, by the values of the two headers that count."""
        identity = self._identity(authorization, origin)
        needed = ROLES_OF_CLASS[kind]
        if needed and not identity.roles.intersection(needed):
            raise RoleMissing(f"{' or '.join(needed)} role required")
        return identity

    def identity_of(self, request: Request) -> Identity:
        """Who makes `request`; raises NotAuthenticated, AccessDenied."""
        return self._identity(request.headers.get("authorization", ""), request.headers.get("origin"))

    def _identity(self, authorization: str, origin: str | None) -> Identity:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated("no bearer token in the Authorization header")
        claims = self.verifier.claims_of(token)
        known = self._remembered.get((id(claims), origin))
        if known is not None and known[0] is claims:
            return known[1]
        identity = identity_from(claims, origin, self.vos)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[id(claims), origin] = (claims, identity)
        return identity


@dataclass(frozen=True, slots=True)
class Declared:
    """A dependency that declares the class of a route and gives the identity that was let in."""

    kind: EndpointClass

    async def __call__(self, request: Request) -> Identity | None:
        """The identity; None on public routes."""
        if self.kind is EndpointClass.PUBLIC:
            return None
        return cast(Gate, request.app.state.gate).admit(self.kind, request)


public = Declared(EndpointClass.PUBLIC)
Public = Annotated[None, Depends(public)]
User = Annotated[Identity, Depends(Declared(EndpointClass.USER))]
Pilot = Annotated[Identity, Depends(Declared(EndpointClass.PILOT))]
Operator = Annotated[Identity, Depends(Declared(EndpointClass.OPERATOR))]


def guarded(kind: EndpointClass, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """`handler` as a plain endpoint (for `router.add_route`) that is called only with an identity that was let in."""
    assert kind is not EndpointClass.PUBLIC, "a public route gets no identity"

    async def endpoint(request: Request) -> Response:
        return await handler(request, cast(Gate, request.app.state.gate).admit(kind, request))

    endpoint.access = kind  # type: ignore[attr-defined]  # read by the test that lists all routes
    endpoint.__name__ = getattr(handler, "__name__", "endpoint")
    return endpoint


def may_act_on(identity: Identity, owner: str, vo: str, *, by_membership: bool = False) -> bool:
    """True when `identity` may change what `owner` has in `vo`.

    Others than the owner need the production or operator role: the one asked for by Origin or, with `by_membership`,
    given by any group (the native API, which has no habit of asking for a role).
    """
    if identity.vo != vo:
        return False
    return identity.subject == owner or acting_role(identity, by_membership=by_membership) in (OPERATOR, PRODUCTION)


def acting_role(identity: Identity, *, by_membership: bool = False) -> str:
    """What commands of `identity` say it acts as: the role asked for, else (`by_membership`) the strongest it has."""
    if identity.role != "user" or not by_membership:
        return identity.role
    return next((role for role in (OPERATOR, PRODUCTION) if role in identity.roles), "user")
