"""`/v1/agents`: enrolment of harvesters and workers, their tokens, and the keys by which those are checked.

In: a code that an operator made (`culm agents code`), or the token of an agent. Out: tokens of Culm's issuer for agents. Guards:
a code that was not offered costs no command; one that is used twice ends with all that came of it; neither code, token nor key is
logged.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import Pilot, Public
from api.http.bodies import read_object
from api.http.errors import BadRequest, LogUnavailable, Unavailable
from api.http.problems import json_response
from api.log.gateway import now_micros
from api.pilots.agent_tokens import TOKEN_KEY_MAX, AgentTokens, MadeToken
from api.pilots.offers import MEGABYTES_MAX
from api.services import Services
from identity.agents import code_digest_of
from identity.enrolments import OfferedEnrolment
from identity.errors import KeysRefused
from identity.identity import Identity
from identity.trust import agents_document
from schemas.ids import enrolment_key
from schemas.policy import RedeemEnrolment

CODE_MAX, REDEEMER_MIN, REDEEMER_MAX, WORKER_ID_MAX = 200, 16, 200, 128
ROUTE = "/v1/agents/enrol"
NOT_TAKEN = "the enrolment code is not taken: it was never offered, is over, or was used before"
WAIT_SECONDS = 10.0


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/agents`."""
    router = APIRouter(prefix="/v1/agents", tags=["identity"])
    tokens = AgentTokens(services.gate)

    @router.post("/enrol")
    async def enrol(request: Request, _: Public) -> Response:
        """Use an enrolment code: `code`, and `redeemer`, a secret of the agent's own choice with which it may repeat this.

        Answers with a token, the key to renew it with, and what it is for. The same code with another redeemer ends both.
        """
        body = await read_object(request)
        code = _text(body, "code", 1, CODE_MAX)
        redeemer = code_digest_of(_text(body, "redeemer", REDEEMER_MIN, REDEEMER_MAX))
        offer = services.gate.enrolments.offered(code_digest_of(code), now_micros())
        if offer is None:
            raise services.gate.refusal_of_code(code, NOT_TAKEN, ROUTE)
        await _redeem(services, offer, code, redeemer)
        return _answer(tokens.made(offer.agent))

    @router.post("/token")
    async def renew(request: Request, identity: Pilot) -> Response:
        """A new token for the same agent: `token_key` is what came with the one that it has."""
        body = await read_object(request)
        return _answer(tokens.renewed(identity, _text(body, "token_key", 1, TOKEN_KEY_MAX)))

    @router.post("/workers")
    async def worker(request: Request, identity: Pilot) -> Response:
        """A token for one worker of a harvester that has enrolled: `worker_id`. It is for the harvester's queues.

        `memory_mb`, if it is said, is what the worker's slot has: its pilot gets no job that needs more.
        """
        body = await read_object(request)
        return _answer(tokens.for_worker(identity, _text(body, "worker_id", 1, WORKER_ID_MAX), _memory_mb(body)))

    @router.get("/keys")
    async def keys(_: Public) -> Response:
        """The JSON Web Key Set of the issuer for agents, with the key that signs from tomorrow and those of the last two days."""
        if services.gate.agent_keys is None:
            raise Unavailable("this API makes no tokens for agents")
        try:
            return Response(agents_document(services.gate.agent_keys), media_type="application/json")
        except KeysRefused as problem:
            raise Unavailable("the keys for agents cannot be read now; try again later") from problem

    return router


async def _redeem(services: Services, offer: OfferedEnrolment, code: str, redeemer: str) -> None:
    """Have the log know that the code is used; raises AccessDenied, LogUnavailable."""
    digest = offer.event.code
    agent = Identity(offer.agent.subject, "agent", "Agent", "", offer.vo)
    command = RedeemEnrolment(code=digest, redeemer=redeemer)
    answer = await services.gateway.submit(command, enrolment_key(digest), agent, role="user", wait_seconds=WAIT_SECONDS)
    if answer is None:
        raise LogUnavailable("no answer from the decider yet; use the code again with the same redeemer")
    if not answer.accepted:
        raise services.gate.refusal_of_code(code, NOT_TAKEN, ROUTE, offer.vo)


def _answer(made: MadeToken) -> Response:
    """The token and what it is for; no cache on the way keeps it."""
    document = {
        "token": made.token,
        "token_key": made.token_key,
        "expires_at": made.ends,
        "renewable_until": made.agent.until,
        "vo": made.agent.vo,
        "queues": list(made.agent.queues),
        "worker_id": made.agent.worker_id,
        "subject": made.agent.subject,
    }
    return json_response(document, headers={"Cache-Control": "no-store"})


def _memory_mb(body: dict[str, Any]) -> int:
    found = body.get("memory_mb", 0)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MEGABYTES_MAX:
        raise BadRequest(f"memory_mb: found {str(found)[:40]!r}, expected a whole number from 0 to {MEGABYTES_MAX:,}")
    return found


def _text(body: dict[str, Any], name: str, least: int, most: int) -> str:
    """A text of the body; the error does not repeat it, it may be a secret."""
    found = body.get(name)
    if not isinstance(found, str) or not least <= len(found) <= most or not found.isprintable():
        raise BadRequest(f"{name}: found {type(found).__name__}, expected a text of {least} to {most} printable characters")
    return found
