"""`/api/v1/event/*` and their older names below `/server/panda/`: the calls of an event service, for pilots and Harvesters.

Only who holds a job gets and reports ranges of it; to a person the answer says so in the form that clients read.
"""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import guarded
from api.http.errors import BadRequest
from api.http.problems import json_response
from api.pilots.dispatch import FAILED, SUCCESS
from api.pilots.event_ranges import EventRangeService, RangesReply, job_of
from api.pilots.hot_routes import HotCall
from api.pilots.v1 import PREFIXES, envelope
from api.pilots.values import whole_of
from identity.identity import Identity
from identity.ruling import PILOT, EndpointClass

NOT_A_PILOT = "ranges of the event service are reported by the pilot that holds their job"
COUNT = "event/get_available_event_range_count"


def build_router(service: EventRangeService) -> APIRouter:
    """Routes of both dialects."""
    router = APIRouter()
    calls = EventCalls(service)
    for path, hot in _busiest(calls).items():
        methods = ["POST"] if path.startswith("/api/") else ["GET", "POST"]
        router.add_route(path, hot.endpoint(), methods=methods, include_in_schema=False)
    for prefix in PREFIXES:
        endpoint = guarded(EndpointClass.REPORT, calls.count)
        router.add_route(f"{prefix}/{COUNT}", endpoint, methods=["GET"], include_in_schema=False)
    return router


def busiest(service: EventRangeService) -> dict[str, HotCall]:
    """Path -> call of what every few events need."""
    return _busiest(EventCalls(service))


def _busiest(calls: "EventCalls") -> dict[str, HotCall]:
    legacy = {
        "getEventRanges": HotCall(EndpointClass.REPORT, calls.legacy_acquire),
        "updateEventRange": HotCall(EndpointClass.REPORT, calls.legacy_update_one),
        "updateEventRanges": HotCall(EndpointClass.REPORT, calls.legacy_update),
    }
    newer = {
        "event/acquire_event_ranges": HotCall(EndpointClass.REPORT, calls.acquire),
        "event/update_single_event_range": HotCall(EndpointClass.REPORT, calls.update_one),
        # Clients of people make this call too, and read the envelope.
        "event/update_event_ranges": HotCall(EndpointClass.MEMBER, calls.update),
    }
    return {f"/server/panda/{name}": call for name, call in legacy.items()} | {
        f"{prefix}/{path}": call for prefix in PREFIXES for path, call in newer.items()
    }


class EventCalls:
    """The calls of both dialects."""

    def __init__(self, service: EventRangeService) -> None:
        self._service = service

    async def acquire(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """Up to `n_ranges` ranges of a job's input."""
        found = await self._service.acquire(job_of(body, "job_id", "pandaID"), whole_of(body, "n_ranges"), identity)
        return envelope(found.status_code == SUCCESS, found.message, _acquired(found))

    async def legacy_acquire(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """The same by older names."""
        found = await self._service.acquire(job_of(body, "pandaID", "job_id"), whole_of(body, "nRanges"), identity)
        return _acquired(found) | ({"ErrorDialog": found.message} if found.status_code else {})

    async def count(self, request: Request, identity: Identity) -> Response:
        """How many ranges of a job's input are ready."""
        job_id = job_of(request.query_params, "job_id", "pandaID")
        return json_response(envelope(True, "", await self._service.count(job_id, identity)))

    async def update(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """How ranges ended: for each whether that was taken."""
        if PILOT not in identity.roles:
            return envelope(False, NOT_A_PILOT)
        try:
            return envelope(True, "", await self._updated(body.get("event_ranges", "[]"), identity))
        except BadRequest as problem:
            return envelope(False, f"Argument error: {problem.detail}")

    async def legacy_update(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """The same by older names."""
        try:
            return await self._updated(body.get("eventRanges", "[]"), identity)
        except BadRequest as problem:
            return {"StatusCode": FAILED, "ErrorDialog": problem.detail}

    async def update_one(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """How one range ended."""
        is_taken, command = await self._updated_one(body, "event_range_id", "event_range_status", identity)
        message = "" if is_taken else "the range is not with this job"
        return envelope(is_taken, message, {"StatusCode": SUCCESS, "Command": command})

    async def legacy_update_one(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """The same by older names."""
        is_taken, command = await self._updated_one(body, "eventRangeID", "eventStatus", identity)
        return {"StatusCode": SUCCESS if is_taken else FAILED, "Command": command}

    async def _updated(self, given: object, identity: Identity) -> dict[str, Any]:
        returns, commands = await self._service.update(given, identity)
        return {"StatusCode": SUCCESS, "Returns": returns, "Commands": commands}

    async def _updated_one(
        self, body: dict[str, Any], named: str, status: str, identity: Identity
    ) -> tuple[bool, str | None]:
        row = {"eventRangeID": body.get(named), "eventStatus": body.get(status)}
        (is_taken,), commands = await self._service.update([row], identity)
        return is_taken, next(iter(commands.values()), None)


def _acquired(found: RangesReply) -> dict[str, Any]:
    return {"StatusCode": found.status_code, "eventRanges": found.ranges}
