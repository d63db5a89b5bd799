"""`/v1/refusals`: which requests were refused of late, collapsed by minute, for operators."""

import asyncio
from typing import Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import Operator
from api.http.forms import limit_of, with_times
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.log.refusals import newest_refusals
from api.services import Services
from identity.identity import Identity
from identity.ruling import ADMINISTRATOR
from identity.sentences import sentence_of
from schemas.refusal import RequestsRefused

LOOKED_AT = 2_000


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/refusals`."""
    router = APIRouter(prefix="/v1/refusals", tags=["identity"])

    @router.get("")
    async def newest(identity: Operator, limit: Whole | None = Query(None)) -> Response:
        """The newest refusals of members of the VO, the newest first; administrators see those of all callers.

        A record stands for `requests` requests of one caller within a minute; the last 2,000 records of each partition are
        looked at.
        """
        count = limit_of(limit)
        found = await asyncio.to_thread(newest_refusals, services.config.kafka, services.codec, LOOKED_AT)
        return json_response({"refusals": [_document(one) for one in found if may_see(identity, one)][:count]})

    return router


def may_see(identity: Identity, record: RequestsRefused) -> bool:
    """Of callers who are no member of the VO an operator sees nothing: they may be members of another."""
    return ADMINISTRATOR in identity.roles or record.vo == identity.vo


def _document(record: RequestsRefused) -> dict[str, Any]:
    return {**with_times(record.to_avro()), "sentence": sentence_of(record.rule)}
