"""`POST /v1/queues/QUEUE/workers` and `.../workers/reports`: where workers are, one of them or many in one request.

In: reports of harvesters. Out: for each the command `ReportWorker`, and the decider's answer to it. Guards: many are at most
`REPORTS_MAX` in `BYTES_MAX`; each is judged by itself (form, whose worker it is), so that a bad one has an answer of its own and
hurts no other; all reach the log in their order, and none after one that did not.
"""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import Pilot
from api.http.bodies import read_body, too_large
from api.http.errors import ApiError, BadRequest, Unavailable
from api.http.problems import json_response
from api.native.command_body import command_from, entry_of_command
from api.native.commands import answer_document
from api.pilots.agent_tokens import AgentTokens
from api.pilots.bodies import parse_report, read_report
from api.services import Services
from identity.identity import Identity
from identity.ruling import EndpointClass
from schemas.answer import CommandAnswered
from schemas.characters import NAME, TEXT
from schemas.wire import Message

#: Of one request with many reports.
REPORTS_MAX, BYTES_MAX = 200, 500_000
NAME_LENGTH_MAX = 128
TEXTS_OF_WORKERS = {"diagnostic": 4_000, "reason": 1_000, "native_state": 200, "batch_id": 200}
NOT_YET = "no answer from the decider yet; report again"
Answer = dict[str, Any]


def build_router(services: Services) -> APIRouter:
    """The two routes."""
    router = APIRouter(prefix="/v1", tags=["queues"])
    reports = WorkerReports(services)

    @router.post("/queues/{queue}/workers")
    async def report(queue: str, request: Request, identity: Pilot) -> Response:
        """A harvester says where a worker is."""
        command = reports.command_of(await read_report(request), queue, identity)
        answer = await reports.decided(command, queue, identity)
        if answer is None:
            raise Unavailable(NOT_YET, retry_after_seconds=2)
        return json_response(answer_document(answer))

    @router.post("/queues/{queue}/workers/reports")
    async def many(queue: str, request: Request, identity: Pilot) -> Response:
        """A harvester says where many workers are: `reports`, at most 200 in 500 kB, in their order.

        Answers with as many `answers`, each with a `status`: 200 the decider answered (`accepted`, `reason`, `message`), 503 it
        has not, and this one and those after it are to be reported again; any other: the report is bad, and `detail` says how.
        """
        raw = await read_body(request)
        if len(raw) > BYTES_MAX:
            raise too_large(len(raw), BYTES_MAX)
        found = parse_report(raw, request.headers, BYTES_MAX).get("reports")
        if not isinstance(found, list) or not 0 < len(found) <= REPORTS_MAX:
            raise BadRequest(f"reports: found {_shown(found)}, expected a list of 1 to {REPORTS_MAX} objects")
        reports.tokens.check(identity, EndpointClass.PILOT, queue)
        return json_response({"answers": await reports.answers(found, queue, identity)})

    return router


class WorkerReports:
    """Takes reports of workers."""

    def __init__(self, services: Services) -> None:
        self._services, self.tokens = services, AgentTokens(services.gate)

    def command_of(self, report: dict[str, Any], queue: str, identity: Identity) -> Message:
        """The command that `report` is; raises AccessDenied, BadRequest."""
        self.tokens.check(identity, EndpointClass.PILOT, queue, str(report.get("worker_id") or ""))
        return command_from(entry_of_command("ReportWorker"), _worker_fields(report))

    async def decided(self, command: Message, queue: str, identity: Identity) -> CommandAnswered | None:
        """What the decider says to it, or None when it has not yet."""
        seconds = self._services.config.answer_seconds
        return await self._services.gateway.submit(command, queue, identity, role="pilot", wait_seconds=seconds)

    async def answers(self, found: list[Any], queue: str, identity: Identity) -> list[Answer]:
        """As many as reports, in their order."""
        is_away = False

        async def one(report: Any) -> Answer:
            nonlocal is_away
            if is_away:
                return {"status": Unavailable.status, "detail": NOT_YET}
            try:
                if not isinstance(report, dict):
                    raise BadRequest(f"found {_shown(report)}, expected an object")
                answer = await self.decided(self.command_of(report, queue, identity), queue, identity)
            except ApiError as problem:
                if isinstance(problem, Unavailable):
                    is_away = True
                return {"status": problem.status, "detail": problem.detail}
            if answer is None:
                return {"status": Unavailable.status, "detail": NOT_YET}
            return {"status": 200, "accepted": answer.accepted, "reason": answer.reason, "message": answer.message}

        # Tasks begin in their order, and each sends before it waits: so do the commands.
        return await asyncio.gather(*(one(report) for report in found))


def _shown(found: Any) -> str:
    return f"{len(found)}" if isinstance(found, list) else type(found).__name__


def _worker_fields(body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a worker's report, odd characters replaced: a report of a worker's end must not get lost."""
    fields = {name: value for name, value in body.items() if value is not None}
    for name in ("worker_id", "harvester_id", "node", "submit_host"):
        if isinstance(fields.get(name), str):
            fields[name] = NAME.replaced(fields[name], NAME_LENGTH_MAX)
    for name, length_max in TEXTS_OF_WORKERS.items():
        if isinstance(fields.get(name), str):
            fields[name] = TEXT.replaced(fields[name], length_max)
    if isinstance(fields.get("state"), str):
        fields["state"] = fields["state"].upper()
    return fields
