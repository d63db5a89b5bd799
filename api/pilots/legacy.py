"""`/server/panda/*` for pilots: bodies in three forms, JSON back, HTTP 200 for any answer of the application."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.http.access import Handler, guarded
from api.http.errors import AccessDenied, BadRequest, Unavailable
from api.http.problems import json_response
from api.pilots.agent_tokens import TOKEN_KEY_MAX
from api.pilots.bodies import lenient_json, read_report
from api.pilots.dispatch import FAILED, NO_JOBS, TIMEOUT, PilotDispatch, PilotReply
from api.pilots.hot_routes import HotCall
from api.pilots.offers import QUEUE_MAX
from api.pilots.values import name_of, text_of, whole_numbers_in, whole_of
from identity.identity import Identity
from identity.ruling import EndpointClass
from schemas.characters import WORD

KEY_MISSING = 80
WORKER_EXPECTED = "ids, and started or finished"
BULK_MAX = 500
DIALOGS = {TIMEOUT: "database timeout", FAILED: "failed"}


def build_router(service: PilotDispatch) -> APIRouter:
    """Routes below `/server/panda`."""
    router = APIRouter()
    calls = LegacyPilotCalls(service)
    handlers: Mapping[str, Handler] = {
        "updateJobsInBulk": calls.update_jobs,
        "getStatus": calls.get_status,
        "updateWorkerPilotStatus": calls.worker_status,
        "getResourceTypes": calls.resource_types,
        "setDebugMode": calls.debug_mode,
        "get_access_token": calls.access_token,
        "getProxy": calls.proxy,
    }
    endpoints = {
        **{name: hot.endpoint() for name, hot in _busiest(calls).items()},
        **{name: guarded(EndpointClass.PILOT, handler) for name, handler in handlers.items()},
    }
    for name, endpoint in endpoints.items():
        router.add_route(f"/server/panda/{name}", endpoint, methods=["GET", "POST"], include_in_schema=False)
    return router


def busiest(service: PilotDispatch) -> dict[str, HotCall]:
    """Path -> call of what every job needs."""
    return {f"/server/panda/{name}": call for name, call in _busiest(LegacyPilotCalls(service)).items()}


def _busiest(calls: "LegacyPilotCalls") -> dict[str, HotCall]:
    return {
        "getJob": HotCall(EndpointClass.PILOT, calls.get_job),
        "updateJob": HotCall(EndpointClass.REPORT, calls.update_job),
    }


class LegacyPilotCalls:
    """The calls of the legacy dialect."""

    def __init__(self, service: PilotDispatch) -> None:
        self._dispatch = service

    async def get_job(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """A job, or why there is none."""
        found = await self._dispatch.lease(body, identity)
        return found if isinstance(found, dict) else lease_refused(found)

    async def update_job(self, body: dict[str, Any], identity: Identity) -> dict[str, Any]:
        """A pilot's report."""
        try:
            return update_reply(await self._dispatch.report(body, identity))
        except BadRequest as problem:
            return update_reply(PilotReply(FAILED, message=problem.detail))

    async def update_jobs(self, request: Request, identity: Identity) -> Response:
        """A harvester's reports: as many replies as reports, in their order."""
        jobs = _listed(await read_report(request))
        replies = []
        for job in jobs:
            try:
                replies.append(update_reply(await self._dispatch.report(job, identity)))
            except BadRequest as problem:
                replies.append(update_reply(PilotReply(FAILED, message=problem.detail)))
        return json_response([True, [{"content": orjson.dumps(reply).decode(), **reply} for reply in replies]])

    async def get_status(self, request: Request, identity: Identity) -> Response:
        """Status and attempt of jobs."""
        body = {**request.query_params, **await read_report(request)}
        ids = whole_numbers_in(text_of(body, "ids", 20_000))[:BULK_MAX]
        found = await self._dispatch.statuses(ids, identity)
        return json_response(
            [
                True,
                {
                    "StatusCode": 0,
                    "status": ",".join(str(found[i]["status"]) if i in found else "notfound" for i in ids),
                    "attemptNr": ",".join(str(found[i]["attempt"]) if i in found else "0" for i in ids),
                },
            ]
        )

    async def worker_status(self, request: Request, identity: Identity) -> Response:
        """A pilot started or ended."""
        body = await read_report(request)
        state = text_of(body, "status", 40)
        worker_id, harvester_id = name_of(body, "workerID"), name_of(body, "harvesterID")
        if state not in ("started", "finished") or not worker_id or not harvester_id:
            problem = f"workerID {worker_id!r}, harvesterID {harvester_id!r}, status {state!r}, expected {WORKER_EXPECTED}"
            return json_response({"StatusCode": FAILED, "ErrorDialog": problem})
        queue, node = text_of(body, "site", QUEUE_MAX, WORD), name_of(body, "node_id")
        self._dispatch.tokens.check(identity, EndpointClass.PILOT, queue, worker_id)
        await self._dispatch.worker(worker_id, harvester_id, state, queue, node, identity)
        return json_response({"StatusCode": 0})

    async def resource_types(self, request: Request, identity: Identity) -> Response:
        """Classes of jobs by cores and memory."""
        rows = await self._dispatch.queue_cache.resource_types()
        return json_response({"StatusCode": 0, "ResourceTypes": {"ResourceTypes": rows}})

    async def debug_mode(self, request: Request, identity: Identity) -> Response:
        """Accepted for jobs that exist; Culm has no debug mode."""
        body = await read_report(request)
        known = await self._dispatch.statuses([whole_of(body, "pandaID") or 0], identity)
        return PlainTextResponse("Succeeded" if known else "Failed. no such job")

    async def access_token(self, request: Request, identity: Identity) -> Response:
        """A new token for an agent of Culm's; a provider's token is renewed where the pilot was submitted from."""
        body = {**request.query_params, **await read_report(request)}
        try:
            renewed = self._dispatch.tokens.renewed(identity, text_of(body, "token_key", TOKEN_KEY_MAX))
        except (AccessDenied, BadRequest, Unavailable) as problem:
            dialog = problem.detail
            return json_response({"StatusCode": KEY_MISSING, "ErrorDialog": dialog, "errorDialog": dialog})
        return json_response({"StatusCode": 0, "userProxy": renewed.token})

    async def proxy(self, request: Request, identity: Identity) -> Response:
        """Never: proxies are not delegated to Culm."""
        dialog = "no proxies are delegated to this server; renew them where they were made"
        return json_response({"StatusCode": KEY_MISSING, "ErrorDialog": dialog, "errorDialog": dialog})


def update_reply(reply: PilotReply) -> dict[str, Any]:
    """A reply to updateJob."""
    found: dict[str, Any] = {"StatusCode": reply.status_code, "command": reply.command}
    if reply.job_token:
        found["job_token"] = reply.job_token
    if reply.message:
        found["ErrorDialog" if reply.status_code else "message"] = reply.message
    return found


def lease_refused(reply: PilotReply) -> dict[str, Any]:
    """A reply to getJob without a job."""
    dialog = reply.message or DIALOGS.get(reply.status_code, "no jobs in PanDA")
    assert reply.status_code in (NO_JOBS, TIMEOUT), f"StatusCode {reply.status_code} without a job"
    return {"StatusCode": reply.status_code, "errorDialog": dialog}


def _listed(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    jobs = body.get("jobList")
    if isinstance(jobs, str):
        jobs = lenient_json(jobs.encode("utf-8", "replace"))
    if not isinstance(jobs, list) or len(jobs) > BULK_MAX or not all(isinstance(job, dict) for job in jobs):
        raise BadRequest(f"jobList: expected a list of up to {BULK_MAX} objects")
    return jobs
