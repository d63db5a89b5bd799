"""`/api/v1/pilot/*` and `/api/v1/metaconfig/*`: the newer dialect, always an envelope of success, message and data.

The command of an update stands at the top and in `data`, because pilots look in either place.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import Handler, Public, guarded
from api.http.errors import AccessDenied, BadRequest, Unavailable
from api.http.problems import json_response
from api.pilots import offers, reports
from api.pilots.agent_tokens import TOKEN_KEY_MAX
from api.pilots.bodies import read_report
from api.pilots.dispatch import FAILED, SUCCESS, TIMEOUT, PilotDispatch, PilotReply
from api.pilots.hot_routes import HotCall
from api.pilots.queue_cache import listed_for, queue_document
from api.pilots.values import name_of, text_of, whole_numbers_in, whole_of
from identity.identity import Identity
from identity.ruling import EndpointClass
from schemas.characters import WORD

JOBS_MAX, BULK_MAX, BULK_AT_ONCE = 100, 500, 20
PREFIXES = ("/api/v1", "/api/latest")
WORKER_EXPECTED = "ids, and started or finished"


def envelope(success: bool, message: str = "", data: Any = None) -> dict[str, Any]:
    """The form of every answer."""
    return {"success": success, "message": message, "data": data}


def update_envelope(reply: PilotReply) -> dict[str, Any]:
    """The answer to an update."""
    data: dict[str, Any] = {"StatusCode": reply.status_code, "command": reply.command}
    if reply.job_token:
        data["job_token"] = reply.job_token
    return {**envelope(reply.status_code == SUCCESS, reply.message, data), "command": reply.command}


def build_router(service: PilotDispatch) -> APIRouter:
    """Routes of the v1 dialect."""
    router = APIRouter()
    calls = PilotCallsV1(service)
    routes: Mapping[str, tuple[str, Handler]] = {
        "pilot/get_job_status": ("GET", calls.get_job_status),
        "pilot/update_worker_status": ("POST", calls.update_worker_status),
        "pilot/update_worker_node": ("POST", calls.update_worker_node),
        "pilot/update_worker_node_gpu": ("POST", calls.update_worker_node),
        "creds/get_access_token": ("GET", calls.get_access_token),
    }
    for prefix in PREFIXES:
        for path, hot in _busiest(calls).items():
            router.add_route(f"{prefix}/{path}", hot.endpoint(), methods=["POST"], include_in_schema=False)
        for path, (method, handler) in routes.items():
            endpoint = guarded(EndpointClass.PILOT, handler)
            router.add_route(f"{prefix}/{path}", endpoint, methods=[method], include_in_schema=False)
        any_member = guarded(EndpointClass.MEMBER, calls.get_resource_types)
        path = f"{prefix}/metaconfig/get_resource_types"
        router.add_route(path, any_member, methods=["GET"], include_in_schema=False)

        @router.get(f"{prefix}/metaconfig/get_site_specs", include_in_schema=False)
        async def get_site_specs(request: Request, _: Public) -> Response:
            found = await listed_for(service.queue_cache, request.app.state.gate, request)
            return json_response(envelope(True, "", {name: queue_document(settings) for name, settings in found.items()}))

    return router


def busiest(service: PilotDispatch) -> dict[str, HotCall]:
    """Path -> call of what every job needs."""
    return {f"{PREFIXES[0]}/{path}": call for path, call in _busiest(PilotCallsV1(service)).items()}


def _busiest(calls: "PilotCallsV1") -> dict[str, HotCall]:
    return {
        "pilot/acquire_jobs": HotCall(EndpointClass.PILOT, calls.acquire_jobs),
        "pilot/update_job": HotCall(EndpointClass.REPORT, calls.update_job),
        "pilot/update_jobs_bulk": HotCall(EndpointClass.PILOT, calls.update_jobs_bulk),
    }


class PilotCallsV1:
    """The calls of the v1 dialect."""

    def __init__(self, service: PilotDispatch) -> None:
        self._dispatch = service

    async def acquire_jobs(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """Up to `n_jobs` jobs for a pilot or a push-mode harvester."""
        # A Harvester writes the name of its own host as computing element: the site says where the jobs are to run.
        names = {name: value for name, value in body.items() if name != "computing_element" or not body.get("site_name")}
        body = offers.legacy_names(names, offers.LEGACY_OF_V1)
        wanted = max(1, min(whole_of(body, "n_jobs") or 1, JOBS_MAX))
        jobs: list[dict[str, Any]] = []
        refused = ""
        while len(jobs) < wanted and not refused:
            found = await self._dispatch.lease(body, identity)
            if isinstance(found, dict):
                jobs.append(found)
            else:
                refused = found.message[:1].upper() + found.message[1:] if found.status_code == 20 else found.message
        if not jobs:
            return envelope(False, refused)
        return envelope(True, "", {"StatusCode": SUCCESS, "jobs": jobs})

    async def update_job(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """A pilot's report."""
        try:
            reply = await self._dispatch.report(offers.legacy_names(body, reports.LEGACY_OF_V1), identity)
        except BadRequest as problem:
            return update_envelope(PilotReply(FAILED, message=problem.detail))
        return update_envelope(reply)

    async def update_jobs_bulk(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """A harvester's reports: as many replies as reports, in their order."""
        jobs = body.get("job_list")
        if not isinstance(jobs, list) or len(jobs) > BULK_MAX or not all(isinstance(job, dict) for job in jobs):
            return envelope(False, f"job_list: expected a list of up to {BULK_MAX} objects")
        room = asyncio.Semaphore(BULK_AT_ONCE)

        async def one(job: dict[str, Any]) -> dict[str, Any]:
            async with room:
                try:
                    return await self.update_job(job, identity)
                except Unavailable as problem:
                    return update_envelope(PilotReply(TIMEOUT, message=problem.detail))

        return envelope(True, "", await asyncio.gather(*(one(job) for job in jobs)))

    async def get_job_status(self, request: Request, identity: Identity) -> Response:
        """Status and attempt of jobs."""
        words = ",".join(request.query_params.getlist("job_ids"))
        ids = whole_numbers_in(words)[:BULK_MAX]
        found = await self._dispatch.statuses(ids, identity)
        missing = {"status": "not found", "attempt": 0}
        rows = [(job_id, found.get(job_id, missing)) for job_id in ids]
        return json_response(
            envelope(
                True,
                "",
                [{"job_id": job_id, "status": row["status"], "attempt_number": row["attempt"]} for job_id, row in rows],
            )
        )

    async def update_worker_status(self, request: Request, identity: Identity) -> Response:
        """A pilot started or ended."""
        body = await read_report(request)
        state, worker_id, harvester_id = text_of(body, "status", 40), name_of(body, "worker_id"), name_of(body, "harvester_id")
        if state not in ("started", "finished") or not worker_id or not harvester_id:
            problem = f"worker_id {worker_id!r}, harvester_id {harvester_id!r}, status {state!r}, expected {WORKER_EXPECTED}"
            return json_response(envelope(False, problem))
        queue, node = text_of(body, "site", offers.QUEUE_MAX, WORD), name_of(body, "node_id")
        self._dispatch.tokens.check(identity, EndpointClass.PILOT, queue, worker_id)
        known = await self._dispatch.worker(worker_id, harvester_id, state, queue, node, identity)
        return json_response(envelope(True, "" if known else "unknown worker"))

    async def update_worker_node(self, request: Request, identity: Identity) -> Response:
        """Facts about a host; accepted and not kept."""
        await read_report(request)
        return json_response(envelope(True))

    async def get_access_token(self, request: Request, identity: Identity) -> Response:
        """A new token for an agent of Culm's; a provider's token is renewed where the pilot was submitted from."""
        try:
            renewed = self._dispatch.tokens.renewed(identity, text_of(request.query_params, "token_key", TOKEN_KEY_MAX))
        except (AccessDenied, BadRequest, Unavailable) as problem:
            return json_response(envelope(False, problem.detail))
        return json_response(envelope(True, "", {"access_token": renewed.token}))

    async def get_resource_types(self, request: Request, identity: Identity) -> Response:
        """Classes of jobs by cores and memory."""
        return json_response(envelope(True, "", await self._dispatch.queue_cache.resource_types()))
