"""`/v1/queues` and `/v1/workers`: queues, how many pilots they want, and the workers that live there.

In: requests of members and harvesters. Out: JSON documents. Guards: a long poll ends within its limit; members see only queues
that serve their VO. What harvesters report of workers: `worker_reports.py`.
"""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import Pilot, Reader
from api.http.errors import NotFound
from api.http.forms import limit_of, page, with_times, words_of
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.native.reading import CaughtUp
from api.pilots.agent_tokens import AgentTokens
from api.queries import queues as questions
from api.queries import workers as worker_questions
from api.queries.read_models import ReadModels, Row
from api.queries.set_aside import set_aside_of
from api.services import Services
from identity.ruling import EndpointClass

#: Less than the 30 s after which proxies and clients give an answer up.
LONG_POLL_SECONDS_MAX = 25.0
LOOK_SECONDS = 0.02
#: A record of the log is a row at the latest after this.
CATCH_UP_SECONDS = 3.0
#: What a harvester needs to know of a class.
CLASS_FIELDS = ("name", "wanted", "memory_mb", "cores", "walltime_seconds", "kept_for_now")


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/queues`, and `/v1/workers`."""
    router = APIRouter(prefix="/v1", tags=["queues"])
    read_models = services.read_models
    tokens = AgentTokens(services.gate)

    @router.get("/queues")
    async def queues(identity: Reader, _: CaughtUp, text: str | None = None) -> Response:
        """All queues that serve the VO."""
        shown = await questions.serving(read_models, identity.vo, text)
        demands = await questions.demands(read_models)
        return json_response({"queues": [_queue_document(row, demands.get(row["name"])) for row in shown]})

    @router.get("/queues/{queue}")
    async def one(queue: str, identity: Reader, _: CaughtUp) -> Response:
        """One queue with its demand for pilots."""
        row = await questions.one(read_models, identity.vo, queue)
        if row is None:
            raise NotFound(f"no queue {queue!r} for {identity.vo}")
        document = _queue_document(row, await questions.demand(read_models, queue))
        return json_response({**document, "set_aside": await set_aside_of(read_models, "queue", queue)})

    @router.get("/queues/{queue}/wanted")
    async def wanted(
        queue: str, identity: Pilot, after: Whole | None = None, wait: float = Query(LONG_POLL_SECONDS_MAX, ge=0)
    ) -> Response:
        """How many pilots the queue wants: at once beyond `after`, else when it moves or after `wait` seconds, at most 25."""
        tokens.check(identity, EndpointClass.PILOT, queue)
        seconds = min(wait, LONG_POLL_SECONDS_MAX)
        return json_response(await wanted_workers(services, queue, after, seconds))

    @router.get("/workers")
    async def workers(
        identity: Reader,
        _: CaughtUp,
        queue: str | None = None,
        state: str | None = None,
        harvester_id: str | None = None,
        after: str | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Workers by their id, of queues that serve the VO."""
        count = limit_of(limit)
        rows = await worker_questions.listed(
            read_models,
            identity.vo,
            queue=queue,
            states=words_of(state.lower() if state else None),
            harvester_id=harvester_id,
            after=after,
            limit=count + 1,
        )
        return json_response(page("workers", rows, count, "worker_id"))

    return router


async def wanted_workers(services: Services, queue: str, after: int | None, seconds: float) -> dict[str, Any]:
    """The demand of `queue`, once its sequence is beyond `after` or `seconds` have passed."""
    found = await _wanted(services.read_models, queue)
    if after is None or found["sequence"] > after or seconds <= 0:
        return found
    deadline = time.monotonic() + seconds
    async with services.live.workers.follow(lambda _, key: key == queue) as records:
        found = await _wanted(services.read_models, queue)
        while found["sequence"] <= after and (left := deadline - time.monotonic()) > 0:
            try:
                record = await asyncio.wait_for(records.get(), left)
            except TimeoutError:
                break
            if record is None:
                break
            caught_up_by = time.monotonic() + CATCH_UP_SECONDS
            found = await _wanted(services.read_models, queue)
            while found["sequence"] < record.event.envelope.sequence and time.monotonic() < caught_up_by:
                await asyncio.sleep(LOOK_SECONDS)
                found = await _wanted(services.read_models, queue)
    return found


async def _wanted(read_models: ReadModels, queue: str) -> dict[str, Any]:
    row = await questions.demand(read_models, queue) or {"wanted": 0, "live": 0, "sequence": 0, "classes": [], "mode": "PULL"}
    classes = [{name: one.get(name) for name in CLASS_FIELDS} for one in row["classes"] or ()]
    numbers = {name: row[name] for name in ("wanted", "live", "sequence")}
    return {"queue": queue, **numbers, "mode": row["mode"], "classes": classes}


def _queue_document(row: Row, demand: Row | None) -> dict[str, Any]:
    demand = demand or {"wanted": 0, "live": 0, "reason": "", "classes": [], "held_back": "", "unhealthy": "", "probe_at": None}
    names = ("wanted", "live", "reason", "classes", "held_back", "unhealthy", "probe_at")
    workers = {name: demand[name] for name in names}
    return {**with_times(row), "workers": workers}
