"""The end of a login: its token is refused by every API from then on, so that a copy of it is worth nothing.

In: a token that is believed. Out: an event in the log (`TokenRevoked`), which each API takes within seconds. Guards: one ends
one's own token and no other; pilots, who share one, cannot end it.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import User, token_of
from api.http.errors import LogUnavailable, Refused
from api.http.problems import json_response
from api.log.gateway import CommandGateway
from api.services import Services
from identity.believed import BelievedToken
from identity.identity import Identity
from schemas.ids import revoked_identity_key
from schemas.instants import micros_of_seconds
from schemas.policy import EndLogin

WAIT_SECONDS = 5.0


def build_router(services: Services) -> APIRouter:
    """`POST /auth/logout`."""
    router = APIRouter(tags=["identity"])

    @router.post("/auth/logout")
    async def logout(request: Request, identity: User) -> Response:
        """End the login of this request; its token is refused from then on, within seconds everywhere."""
        token = services.gate.verifier.believe(token_of(request))
        await end_login(services.gateway, token, identity)
        return json_response({"ended": True})

    return router


async def end_login(gateway: CommandGateway, token: BelievedToken, identity: Identity) -> None:
    """Have `token` of `identity` refused until it ends; raises Refused, LogUnavailable."""
    command = EndLogin(
        issuer=token.issuer.issuer, token=token.digest, until=micros_of_seconds(float(token.claims["exp"]))
    )
    answer = await gateway.submit(command, revoked_identity_key(identity.subject), identity, wait_seconds=WAIT_SECONDS)
    if answer is None:
        raise LogUnavailable("the logout was taken and not answered in time; the token ends at the latest by itself")
    if not answer.accepted:
        raise Refused(f"the login was not ended: {answer.message}", reason=answer.reason)
