"""`/v1/queues/QUEUE/living`: what a harvester of Culm must know of a queue that it serves, or will.

In: requests of harvesters. Out: who serves the queue, and the workers of the caller's organisation that the log has alive,
without those of foreign harvesters. Claims, intents, withdrawals and listings are commands (`/v1/commands`). Guards: a caller of
another organisation sees neither workers nor the name of the harvester.
"""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import Pilot
from api.http.errors import Unavailable
from api.http.forms import limit_of
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.pilots.agent_tokens import AgentTokens
from api.queries import queues, workers
from api.queries.read_models import ReadModels, Row
from api.services import Services
from identity.ruling import EndpointClass

#: A record of the log is a row at the latest after this.
CATCH_UP_SECONDS = 5.0
LOOK_SECONDS = 0.02
NOT_SERVED: Row = {"epoch": 0, "harvester_id": "", "instance": "", "until": 0, "vo": ""}


def build_router(services: Services) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1", tags=["queues"])
    tokens = AgentTokens(services.gate)

    @router.get("/queues/{queue}/living")
    async def living(
        queue: str,
        identity: Pilot,
        sequence: Whole | None = None,
        after: str | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Service and living workers by their id, as of event `sequence` of the queue's workers or later."""
        tokens.check_harvester(identity, EndpointClass.PILOT, queue)
        count = limit_of(limit)
        known = await _sequence_from(services.read_models, queue, sequence or 0)
        service = await workers.service_of(services.read_models, queue) or NOT_SERVED
        rows = await workers.living(services.read_models, identity.vo, queue, after, count + 1)
        return json_response({"queue": queue, "sequence": known, **_service(service, identity.vo), **_page(rows, count)})

    return router


def _service(row: Row, vo: str) -> dict[str, Any]:
    mine = row["vo"] in ("", vo)
    named = {name: row[name] if mine else "" for name in ("harvester_id", "instance")}
    return {"epoch": row["epoch"], "until": row["until"], **named}


def _page(rows: list[Row], count: int) -> dict[str, Any]:
    following = rows[count - 1]["worker_id"] if len(rows) > count else None
    return {"workers": rows[:count], "next": following}


async def _sequence_from(read_models: ReadModels, queue: str, sequence: int) -> int:
    """How far the rows of the queue's workers are, once that is `sequence`; raises Unavailable."""
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while True:
        row = await queues.demand(read_models, queue)
        found = int(row["sequence"]) if row else 0
        if found >= sequence:
            return found
        if time.monotonic() > deadline:
            raise Unavailable(f"rows are at event {found} of the workers of {queue}, not at {sequence}", retry_after_seconds=2)
        await asyncio.sleep(LOOK_SECONDS)
