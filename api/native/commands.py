"""`/v1/commands`: every command of the vocabulary by its name, and its outcome.

In: JSON of the command's fields plus `aggregate_id`. Out: 200 with the decider's answer when the client waits for it
(`Prefer: wait=5`) and it comes in time, else 202 with the place where it will be found. With `?dry_run=true` it is decided and
answered, not carried out: the answer has what it would touch. With `?at=TIME` a command on a task is decided then. Rights:
`identity/rights.py`.
"""

import asyncio
from typing import Any

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from api.http.access import Member
from api.http.bodies import read_object
from api.http.errors import AccessDenied, BadRequest, NotFound, Unavailable
from api.http.forms import wait_seconds_of, with_times
from api.http.plain_requests import whole_from
from api.http.problems import json_response
from api.http.tracing import correlation_of_request
from api.log.idempotency import CommandFingerprints, command_id_of, fingerprint
from api.log.later import for_later, micros_of
from api.log.scopes import claim_scopes
from api.native.bound_jobs import BoundJobs, with_holder
from api.native.command_body import COMMANDS, command_from, entry_of_command, json_schema
from api.pilots.agent_tokens import AgentTokens
from api.queries import answers, datasets, jobs, queues, tasks
from api.queries.read_models import Row
from api.queries.shares import problem_of_leaf
from api.services import Services
from api.shared.store import SharedKind
from identity.identity import Identity
from identity.rights import capability_of_command, class_of_command, may_act_on, right_in_words, role_of_command, scope_of_command
from identity.ruling import EndpointClass, Scope
from schemas.answer import CommandAnswered
from schemas.catalog import CatalogEntry
from schemas.dataset import RegisterFiles
from schemas.job import ReportJobEnd, ReportJobProgress
from schemas.queue import BindJob, LeaseJob
from schemas.ranges import AcquireRanges, ReportRanges
from schemas.records import replace
from schemas.task import AssignShare
from schemas.wire import Message
from schemas.worker import ClaimService, IntendWorker, ReconcileWorkers, ReportWorker, WithdrawWorker

AGGREGATE_ID_LENGTH_MAX = 400


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/commands`."""
    router = APIRouter(prefix="/v1/commands", tags=["commands"])
    service = CommandService(services)

    for name, entry in sorted(COMMANDS.items()):
        router.add_api_route(
            f"/{name}",
            _endpoint(service, entry),
            methods=["POST"],
            name=name,
            summary=entry.schema["doc"],
            description=right_in_words(name),
            openapi_extra={"requestBody": _request_body(entry)},
        )

    @router.post("/{name}", include_in_schema=False)
    async def unknown(name: str, _: Member) -> Response:
        raise NotFound(f"no command {entry_of_command(name).name}")

    @router.get("/{command_id}")
    async def answer(command_id: str, identity: Member, prefer: str | None = Header(None)) -> Response:
        """The answer to a command; 202 while it is awaited."""
        try:
            known = command_id_of(command_id)
        except BadRequest as problem:
            raise NotFound(f"no command {command_id[:100]!r}, expected a UUID") from problem
        return await service.look_up(known, identity, wait_seconds_of(prefer))

    return router


def _endpoint(service: "CommandService", entry: CatalogEntry) -> Any:
    async def send(
        request: Request,
        identity: Member,
        prefer: str | None = Header(None),
        idempotency_key: str | None = Header(None),
        dry_run: bool = False,
        at: str | None = None,
    ) -> Response:
        body = await read_object(request)
        if at is not None and dry_run:
            raise BadRequest("dry_run: it is decided now, expected no at beside it")
        if dry_run:
            return await service.try_out(entry, body, identity, request)
        later = None if at is None else _moment(at)
        return await service.send(entry, body, identity, request, idempotency_key, wait_seconds_of(prefer), later)

    send.__doc__ = entry.schema["doc"]
    return send


def _request_body(entry: CatalogEntry) -> dict[str, Any]:
    schema = json_schema(entry)
    schema["properties"]["aggregate_id"] = {"type": "string", "description": f"Key of the {entry.aggregate}."}
    schema["properties"]["expected_sequence"] = {"type": "integer", "description": "Refuse as STALE at another one."}
    schema["required"] = ["aggregate_id", *schema["required"]]
    return {"required": True, "content": {"application/json": {"schema": schema}}}


class CommandService:
    """Takes commands of clients and finds their answers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tokens = AgentTokens(services.gate)
        self._bound_jobs = BoundJobs(services)
        self._fingerprints = CommandFingerprints(services.read_models, services.shared.space(SharedKind.IDEMPOTENCY_KEYS))

    async def send(
        self,
        entry: CatalogEntry,
        body: dict[str, Any],
        identity: Identity,
        request: Request,
        key: str | None,
        wait_seconds: float,
        at: int | None = None,
    ) -> Response:
        """Check form and rights, send, and answer as long as the client waits. at: when it is decided, of a command on a task."""
        admitted = class_of_command(entry.name), request, capability_of_command(entry.name)
        identity = await self._services.gate.admit(*admitted)
        command_id = command_id_of(key)
        aggregate_id, expected = _addressed(body)
        asked = fingerprint(command_id, identity, entry.name, aggregate_id, body if at is None else [body, at])
        command = command_from(entry, _fields_only(body))
        self._check_agent(command, aggregate_id, identity)
        if isinstance(command, BindJob):
            command = with_holder(command, identity)
        if isinstance(command, BindJob | LeaseJob):
            # A pilot that named the order itself would put its own share first.
            command = replace(command, ranks=self._services.share_ranks)
        if key is not None:
            earlier = await self._fingerprints.check(command_id, entry.name, asked, identity)
            if earlier is not None:
                return json_response({**answer_document(earlier), "repeated": True})
        await self._check_owner(entry, aggregate_id, identity)
        if isinstance(command, AssignShare) and (problem := await problem_of_leaf(self._services.read_models, command.share)):
            raise BadRequest(problem)
        if isinstance(command, RegisterFiles):
            await claim_scopes(self._services.gateway, command, aggregate_id, identity, self._services.config.answer_seconds)
        if at is not None:
            if entry.aggregate != "task":
                raise BadRequest(f"at: {entry.name} is no command on a task")
            command = for_later(command, at, getattr(command, "reason", None) or "")
        if key is None:
            await self._fingerprints.remember(command_id, asked)
        answered = await self._services.gateway.submit(
            command,
            aggregate_id,
            identity,
            role=role_of_command(entry.name, identity),
            command_id=command_id,
            correlation_id=asked if key is not None else correlation_of_request() or asked,
            expected_sequence=expected,
            wait_seconds=wait_seconds,
        )
        if answered is None:
            place = f"/v1/commands/{command_id}"
            return json_response({"command_id": command_id, "answered": False}, 202, {"Location": place})
        document = answer_document(answered)
        if isinstance(command, BindJob) and answered.leased is not None:
            document["job"] = await self._bound_jobs.payload(answered.leased, aggregate_id, command.worker_id, identity)
        return json_response(document, headers=await self._position(answered))

    async def try_out(self, entry: CatalogEntry, body: dict[str, Any], identity: Identity, request: Request) -> Response:
        """What the decider would answer and what the command would touch; nothing is carried out. Raises OutcomeUnknown."""
        if class_of_command(entry.name) not in (EndpointClass.USER, EndpointClass.OPERATOR):
            raise BadRequest(f"dry_run: {entry.name} is no command of users or operators")
        identity = await self._services.gate.admit(class_of_command(entry.name), request, capability_of_command(entry.name))
        aggregate_id, expected = _addressed(body)
        command = command_from(entry, _fields_only(body))
        await self._check_owner(entry, aggregate_id, identity)
        answered = await self._services.gateway.submit(
            command,
            aggregate_id,
            identity,
            role=role_of_command(entry.name, identity),
            expected_sequence=expected,
            wait_seconds=self._services.config.answer_seconds,
            only_in_time=True,
            dry_run=True,
        )
        assert answered is not None, "a command that is only of use in time is answered or raises"
        return json_response(answer_document(answered))

    async def look_up(self, command_id: str, identity: Identity, wait_seconds: float) -> Response:
        """The answer to `command_id`, awaited for `wait_seconds` if it is not there yet; raises NotFound."""
        deadline = asyncio.get_running_loop().time() + wait_seconds
        while True:
            row = await answers.in_vo(self._services.read_models, identity.vo, command_id)
            if row is not None:
                return json_response(answer_document(row))
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(0.05)
        if await self._fingerprints.knows(command_id):
            return json_response({"command_id": command_id, "answered": False}, 202)
        raise NotFound(f"no command {command_id} was answered here")

    def _check_agent(self, command: Message, aggregate_id: str, identity: Identity) -> None:
        """Raise AccessDenied unless the token of `identity` is for this queue, worker or job."""
        match command:
            case LeaseJob():
                self._tokens.check(identity, EndpointClass.PILOT, aggregate_id, command.offer.worker_id or "")
            case ReportWorker():
                self._tokens.check(identity, EndpointClass.PILOT, aggregate_id, command.worker_id)
            case ClaimService() | BindJob() | IntendWorker() | WithdrawWorker() | ReconcileWorkers():
                self._tokens.check_harvester(identity, EndpointClass.PILOT, aggregate_id)
            case ReportJobProgress() | ReportJobEnd():
                self._tokens.check_report(identity, whole_from(aggregate_id) or 0, command.attempt, "")
            case ReportRanges():
                self._tokens.check_report(identity, command.job_id, None, "")
            case AcquireRanges():
                # A pilot that said itself what its job reads, and under which lease, would get ranges of other jobs.
                raise BadRequest("AcquireRanges: found a command of a client, expected none: Culm knows its input")
            case _:
                pass

    async def _check_owner(self, entry: CatalogEntry, aggregate_id: str, identity: Identity) -> None:
        """Raise unless `identity` may touch what the command is sent to; what does not exist yet belongs to no one.

        Leases, workers and settings are judged by the decider alone, which knows whose they are. A queue is served by those alone
        whom it serves.
        """
        if entry.name == "ClaimService" and await queues.one(self._services.read_models, identity.vo, aggregate_id) is None:
            raise NotFound(f"no queue {aggregate_id!r} for {identity.vo}")
        scope = scope_of_command(entry.name)
        if scope not in (Scope.OWN_TASK, Scope.OWN_JOB, Scope.OWN_DATASET):
            return
        owned = await self._owned(scope, aggregate_id)
        if owned is None or owned["vo"] != identity.vo:
            if scope is Scope.OWN_DATASET and owned is None:
                return
            raise NotFound(f"no {entry.aggregate} {aggregate_id} in {identity.vo}")
        if not may_act_on(identity, owned["owner"], owned["vo"], by_membership=True):
            raise AccessDenied(f"not the {entry.aggregate} owner or no production role")

    async def _owned(self, scope: Scope, aggregate_id: str) -> Row | None:
        if scope is Scope.OWN_DATASET:
            return await datasets.owner_of(self._services.read_models, aggregate_id)
        number = whole_from(aggregate_id)
        if number is None or str(number) != aggregate_id:  # a decider knows them by their shortest spelling alone
            return None
        question = tasks.owner_of if scope is Scope.OWN_TASK else jobs.owner_of
        return await question(self._services.read_models, number)

    async def _position(self, answered: CommandAnswered) -> dict[str, str]:
        """The header that lets the client read what it wrote."""
        if not answered.accepted:
            return {}
        try:
            position = await self._services.gateway.position_of(answered.aggregate, answered.aggregate_id)
        except Unavailable:
            return {}
        return {"Culm-Position": position.token()}


def answer_document(answered: CommandAnswered | Row) -> dict[str, Any]:
    """An answer as JSON, from the log or from the read model."""
    if isinstance(answered, CommandAnswered):
        found = answered.to_avro()
        del found["leased"], found["numbers_from"]  # for pilots, and for the API itself
        found["at"] = found.pop("answered_at")
        if answered.leased is not None:
            found["leased"] = answered.leased.to_avro()
    else:
        found = dict(answered)
    return with_times({**found, "answered": True})


def _moment(text: str) -> int:
    """Microseconds of an ISO 8601 time; raises BadRequest."""
    found = micros_of(text)
    if found is None:
        raise BadRequest(f"at: found {text[:60]!r}, expected an ISO 8601 time (UTC unless it says otherwise)")
    return found


def _addressed(body: dict[str, Any]) -> tuple[str, int | None]:
    """Aggregate id and expected sequence; raises BadRequest."""
    aggregate_id = body.get("aggregate_id")
    if isinstance(aggregate_id, int) and not isinstance(aggregate_id, bool):
        aggregate_id = str(aggregate_id)
    if not isinstance(aggregate_id, str) or not 0 < len(aggregate_id) <= AGGREGATE_ID_LENGTH_MAX:
        raise BadRequest(
            f"aggregate_id: found {repr(body.get('aggregate_id'))[:100]},"
            f" expected text of 1 to {AGGREGATE_ID_LENGTH_MAX} characters"
        )
    expected = body.get("expected_sequence")
    if expected is not None and (not isinstance(expected, int) or isinstance(expected, bool) or expected < 0):
        raise BadRequest(f"expected_sequence: found {expected!r}, expected a whole number from 0")
    return aggregate_id, expected


def _fields_only(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("aggregate_id", "expected_sequence")}
