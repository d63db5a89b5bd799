"""`/v1/dead-letters`: records that could not be handled, for operators, and how to have one handled again."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import Operator
from api.http.errors import NotFound
from api.http.forms import with_times
from api.http.problems import json_response
from api.log.dead_letters import Letter, dead_letters, find_letter, retry
from api.log.gateway import now_micros
from api.services import Services
from identity.identity import Identity

SHOWN_MAX = 200


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/dead-letters`."""
    router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])
    kafka, codec = services.config.kafka, services.codec

    async def found(letter_id: str, identity: Identity) -> Letter:
        letter = await asyncio.to_thread(find_letter, kafka, codec, letter_id)
        if not _may_see(letter.document, identity):
            raise NotFound(f"no dead letter {letter_id[:100]!r}")
        return letter

    @router.get("")
    async def newest(identity: Operator) -> Response:
        """The newest letters of the VO, the newest first, and how many there are in all."""
        letters = await asyncio.to_thread(dead_letters, kafka, codec, SHOWN_MAX)
        mine = [with_times(one) for one in letters.shown if _may_see(one, identity)]
        return json_response({"dead_letters": mine, "total": letters.total})

    @router.get("/{letter_id}")
    async def one(letter_id: str, identity: Operator) -> Response:
        """One letter: where its record stands, what met it, and whose it is."""
        return json_response(with_times((await found(letter_id, identity)).document))

    @router.post("/{letter_id}/retry")
    async def again(letter_id: str, identity: Operator) -> Response:
        """Have the record handled again, and the task that waits for it restored; harmless when said twice."""
        letter = await found(letter_id, identity)
        await asyncio.to_thread(retry, kafka, codec, letter, identity.subject, now_micros())
        return json_response({"id": letter.document["id"], "retried": True}, 202)

    return router


def _may_see(document: dict[str, Any], identity: Identity) -> bool:
    return document["vo"] in (None, identity.vo)
