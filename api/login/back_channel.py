"""The logout that a provider tells us of (OpenID Connect Back-Channel Logout 1.0): the sessions that it names end at every API.

In: a logout token, from any sender. Out: 200 when it was taken. Guards: the verifier judges the token; one works once; what
is refused is recorded; one address may send a bounded number.
"""

import asyncio

from fastapi import APIRouter, Request
from limits import RateLimitItemPerMinute
from starlette.responses import Response

from api.http.access import Public
from api.http.bodies import read_object
from api.http.errors import LogUnavailable
from api.http.problems import json_response
from api.login.device_flow import refusal
from api.login.rates import CallerRates
from api.login.sessions import Sessions
from api.services import Services
from identity.errors import IssuersNotKnown, TokenRefused

#: Of one address: each is a signature to be checked.
TOLD = RateLimitItemPerMinute(600)
NOT_STORED = {"Cache-Control": "no-store"}


def build_router(services: Services) -> APIRouter:
    """`POST /auth/back-channel-logout`."""
    router = APIRouter(include_in_schema=False)
    gate, sessions = services.gate, Sessions(services.shared)
    limiter = CallerRates()

    @router.post("/auth/back-channel-logout")
    async def ended(request: Request, _: Public) -> Response:
        """End the sessions that a logout token names."""
        if not limiter.hit(TOLD, "told", request.client.host if request.client else "unknown"):
            return _refused("too many logout tokens from this address; try again in a minute", 429)
        token = (await read_object(request)).get("logout_token")
        text = token if isinstance(token, str) else ""
        try:
            logout = await gate.with_keys(gate.verifier, lambda: gate.verifier.believe_logout(text))
            if not await asyncio.to_thread(sessions.end_by, logout):
                raise TokenRefused("this logout token was used before", "replay")
        except IssuersNotKnown as problem:
            raise LogUnavailable(problem.detail) from problem
        except TokenRefused as problem:
            gate.record_token(request, text, problem)
            return _refused(problem.told, 400)
        return Response(status_code=200, headers=NOT_STORED)

    return router


def _refused(sentence: str, status: int) -> Response:
    _, content = refusal("invalid_request", sentence)
    return json_response(content, status, NOT_STORED)
