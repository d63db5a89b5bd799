"""Who makes a request below `/idds`: its token is in `X-IDDS-Auth-Token`, its organisation in `X-IDDS-Auth-VO`.

Where the first is not there, `Authorization` and `Origin` count, as the edge for certificates sets them and other clients send
them. The four headers of one who acts for another user are refused (docs/decisions/0095): a name proves nothing.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from api.http.access import Gate, Handler
from api.http.errors import RoleMissing
from identity.identity import Identity
from identity.ruling import EndpointClass

TOKEN, ORGANISATION = "x-idds-auth-token", "x-idds-auth-vo"
ON_BEHALF = tuple(f"x-idds-auth-{what}-original" for what in ("username", "userdn", "usercert", "usertoken"))
Endpoint = Callable[[Request], Awaitable[Response]]


def admitting(handler: Handler, capability: str) -> Endpoint:
    """`handler` as an endpoint for users; capability: what a token that has any needs."""

    async def endpoint(request: Request) -> Response:
        gate = cast(Gate, request.app.state.gate)
        headers = request.headers
        token = headers.get(TOKEN)
        authorization = headers.get("authorization", "") if token is None else f"Bearer {token}"
        organisation = headers.get(ORGANISATION) or headers.get("origin")
        route = getattr(request.scope.get("route"), "path", "")
        identity = await gate.let_in(EndpointClass.USER, authorization, organisation, route, capability)
        request.state.identity = identity
        named = next((name for name in ON_BEHALF if headers.get(name)), None)
        if named is not None:
            problem = f"{named}: no caller acts for another user here"
            recorded = gate.refusal(identity, EndpointClass.USER, "behalf", problem)
            refused = RoleMissing(problem)
            refused.is_recorded = recorded.is_recorded
            raise refused
        return await handler(request, identity)

    endpoint.access = EndpointClass.USER  # type: ignore[attr-defined]  # read by the test that lists all routes
    endpoint.capability = capability  # type: ignore[attr-defined]
    return endpoint


def open_to_all(handler: Handler) -> Endpoint:
    """`handler` as an endpoint without identity."""

    async def endpoint(request: Request) -> Response:
        return await handler(request, cast(Identity, None))

    endpoint.access = EndpointClass.PUBLIC  # type: ignore[attr-defined]
    return endpoint
