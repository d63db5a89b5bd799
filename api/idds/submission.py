"""Submitting a workflow: read, compiled, given a number, kept as it was sent, and brought into the log part by part.

In: the body of `POST /request`, or the `args` of the relay. Out: the number of the request. Invariants: nothing is sent before
all of it was read and fits; the same bytes of the same caller have the same number, at any API and however often they come,
because the number is claimed by a name that follows from them and the ids of all commands follow from the number; a submission
that stops half-way is taken up by the next that sends the same, or expires (docs/decisions/0094, 0095).
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from api.http.errors import BadRequest, NotServed, OutcomeUnknown, Overloaded
from api.http.plain_requests import whole_from
from api.idds.calls import IddsRequest
from api.idds.kept import digest_of, kept_parts
from api.idds.runnable import NOT_YET, announced, fields_of, reason_against
from api.idds.surface import BUILDS
from api.idds.work_tasks import WorkSubmission, check_linked, work_tasks
from api.log.gateway import CommandGateway, check_command
from identity.identity import Identity
from schemas.answer import CommandAnswered
from schemas.ids import FIRST_REQUEST_ID, caused_command_id, task_name_key
from schemas.task_name import ClaimTaskName
from schemas.types import LinkDefinition, WorkDefinition
from schemas.workflow import AddEdges, AddWorks, SealWorkflow, SubmitWorkflow
from streams.idds.compile import CompiledGraph, compile_graph
from streams.idds.compile_conditions import CompiledConditions, compile_conditions, crossing
from streams.idds.compile_links import LINKS_MAX, compile_links
from streams.idds.faults import RequestFault
from streams.idds.grammar import read_relayed, read_submission
from streams.idds.model import SubmittedRequest, WorkflowPlan
from streams.idds.workflow_parts import definitions_of, parts_of
from streams.idds.zipped import UnpackingAllowance

#: What the names of requests are claimed under, beside the labels of tasks.
LABEL = "idds"
PARTS_UNDER_WAY_MAX = 8
#: Submissions of more bytes are read one at a time, so that memory holds one of them.
LARGE_BYTES = 8_000_000
LANE_WAIT_SECONDS = 60.0
WorkflowPart = SubmitWorkflow | AddWorks | AddEdges | SealWorkflow


@dataclass(frozen=True, slots=True)
class ReadSubmission:
    """A request that was read and can be run. request: without its number."""

    plan: WorkflowPlan
    graph: CompiledGraph
    conditions: CompiledConditions
    request: SubmittedRequest
    digest: str


class IddsSubmission:
    """Takes workflows; one of it is in an API."""

    def __init__(self) -> None:
        self._lane = asyncio.Semaphore(1)

    async def submit(self, asked: IddsRequest) -> dict[str, int]:
        """`{"request_id": n}`; raises BadRequest with the place in the tree, NotServed, LogUnavailable, OutcomeUnknown."""
        sent = asked.raw.encode() if isinstance(asked.raw, str) else asked.raw
        is_relayed = isinstance(asked.raw, str)
        if len(sent) <= LARGE_BYTES:
            return {"request_id": await self._submit(asked, sent, is_relayed)}
        try:
            async with asyncio.timeout(LANE_WAIT_SECONDS):
                await self._lane.acquire()
        except TimeoutError as problem:
            raise Overloaded("another large workflow is being read; send it again in a minute") from problem
        try:
            return {"request_id": await self._submit(asked, sent, is_relayed)}
        finally:
            self._lane.release()

    async def _submit(self, asked: IddsRequest, sent: bytes, is_relayed: bool) -> int:
        found = await asyncio.to_thread(read_and_compiled, sent, is_relayed)
        way = _Way(asked, found, asked.services.config.answer_seconds)
        await asyncio.to_thread(way.check)
        hint = await asked.services.request_numbers.next(asked.identity, way.wait_seconds)
        request_id = await way.claim(hint)
        await way.gateway.keep(await asyncio.to_thread(kept_parts, sent, found.digest), way.wait_seconds)
        await way.bring(request_id)
        return request_id


def read_and_compiled(sent: bytes, is_relayed: bool) -> ReadSubmission:
    """What was sent, as a graph that can be run; raises BadRequest, NotServed."""
    allowance = UnpackingAllowance()
    found: SubmittedRequest | RequestFault
    if is_relayed:
        plan = read_relayed(sent.decode(), allowance)
        found = plan if isinstance(plan, RequestFault) else SubmittedRequest(plan)
    else:
        found = read_submission(sent, allowance)
    if isinstance(found, RequestFault):
        raise BadRequest(f"{found.place}: {found.message}")
    if found.is_build:
        raise NotServed(BUILDS)
    plan = found.plan
    reason = reason_against(plan)
    if reason or not isinstance(plan, WorkflowPlan):
        raise NotServed(reason)
    graph = compile_graph(plan, allowance)
    if isinstance(graph, RequestFault):
        raise BadRequest(f"{graph.place}: {graph.message}")
    conditions = compile_conditions(plan)
    assert not isinstance(conditions, str), "what cannot be run was refused"
    if crosses := crossing(graph, conditions.waiting):
        raise NotServed(f"jobs between works that wait for conditions and others are {NOT_YET}: {crosses}")
    return ReadSubmission(plan, graph, conditions, found, digest_of(sent))


@dataclass(frozen=True, slots=True)
class _Way:
    """One submission on its way into the log."""

    asked: IddsRequest
    read: ReadSubmission
    wait_seconds: float

    @property
    def gateway(self) -> CommandGateway:
        """What commands are sent with."""
        return self.asked.services.gateway

    @property
    def identity(self) -> Identity:
        """Who sent it."""
        return self.asked.identity

    @property
    def cause(self) -> str:
        """What the ids of all its commands follow from."""
        return f"{LABEL} {self.identity.subject} {self.read.digest}"

    def check(self) -> None:
        """Raise BadRequest for what the log would not take, before anything is claimed."""
        key = str(FIRST_REQUEST_ID)
        check_command(self._announcement(FIRST_REQUEST_ID), key)
        for part in self._parts(self._definitions(FIRST_REQUEST_ID), FIRST_REQUEST_ID):
            if isinstance(part, AddEdges) or not (part.works or part.conditions or part.links):
                break  # the rest are numbers of the graph
            check_command(part, key)
        links = self._links(FIRST_REQUEST_ID)
        for task in work_tasks(self.read.graph, FIRST_REQUEST_ID, self.identity, self.read.conditions.waiting):
            check_linked(task, links)

    async def claim(self, hint: int) -> int:
        """The number of this request: `hint`, or the one that came first."""
        name = f"{self.read.plan.workflow_id}.{self.read.digest}"
        key = task_name_key(self.identity.vo, LABEL, self.identity.subject, name)
        answer = await self._send(ClaimTaskName(name=name, task_id=hint), key, None)
        if answer.accepted:
            return hint
        owner = whole_from(answer.message or "")
        if owner is None:
            raise BadRequest(f"the request cannot be given a number: {answer.reason}: {answer.message or ''}")
        return owner

    async def bring(self, request_id: int) -> None:
        """Announcement, parts, tasks of the works, seal; raises BadRequest with the first refusal.

        They reach the log in their order: the event loop begins tasks in the order in which they were made, and a command is
        handed over before its task waits for the first time.
        """
        key, graph = str(request_id), self.read.graph
        _check(await self._part(self._announcement(request_id), key, "announced"))
        definitions = self._definitions(request_id)
        under_way: deque[asyncio.Task[CommandAnswered]] = deque()
        try:
            for part in self._parts(definitions, request_id):
                if len(under_way) >= PARTS_UNDER_WAY_MAX:
                    _check(await under_way.popleft())
                under_way.append(asyncio.create_task(self._part(part, key, part.chunk)))
            while under_way:
                _check(await under_way.popleft())
        finally:
            await asyncio.gather(*under_way, return_exceptions=True)
        # Before the seal, so that a submission that stops half-way takes its tasks with it when it expires.
        waiting = self.read.conditions.waiting
        await WorkSubmission(self.asked, graph, self.cause, self.wait_seconds, waiting).submit(request_id)
        seal = SealWorkflow(works=len(definitions), nodes=graph.nodes, edges=len(graph.children))
        _check(await self._part(seal, key, "sealed"))

    def _announcement(self, request_id: int) -> SubmitWorkflow:
        said = fields_of(self.read.request.fields, self.read.plan)
        conditions = len(self.read.conditions.definitions)
        return announced(said, self.read.plan, self.read.graph, request_id, self.read.digest, self.identity, conditions)

    def _parts(self, definitions: tuple[WorkDefinition, ...], request_id: int) -> Iterator[AddWorks | AddEdges]:
        return parts_of(self.read.graph, definitions, self.read.conditions.definitions, self._links(request_id))

    def _links(self, request_id: int) -> tuple[LinkDefinition, ...]:
        waiting, name = self.read.conditions.waiting, self.identity.user_name
        found = compile_links(self.read.plan, self.read.graph, waiting, request_id, name)
        if isinstance(found, RequestFault):
            raise BadRequest(f"{found.place}: {found.message}")
        if len(found) > LINKS_MAX:
            raise BadRequest(f"links between {len(found):,} pairs of works, at most {LINKS_MAX}")
        return found

    def _definitions(self, request_id: int) -> tuple[WorkDefinition, ...]:
        waiting = self.read.conditions.waiting
        found = definitions_of(self.read.graph, request_id, self.identity.user_name, waiting)
        if isinstance(found, RequestFault):
            raise BadRequest(f"{found.place}: {found.message}")
        return found

    async def _part(self, part: WorkflowPart, key: str, number: object) -> CommandAnswered:
        return await self._send(part, key, caused_command_id(self.cause, type(part).__name__, key, number))

    async def _send(self, command: WorkflowPart | ClaimTaskName, key: str, command_id: str | None) -> CommandAnswered:
        try:
            answer = await self.gateway.submit(
                command, key, self.identity, command_id=command_id, wait_seconds=self.wait_seconds, only_in_time=True
            )
        except OutcomeUnknown as problem:
            advice = "send the same request again: it keeps its number"
            raise OutcomeUnknown(problem.what, problem.command_id, stands=False, advice=advice) from problem
        assert answer is not None, "a command that is only of use in time was not answered"
        return answer


def _check(answer: CommandAnswered) -> None:
    """Raise BadRequest unless a part was taken."""
    if not answer.accepted:
        raise BadRequest(f"workflow {answer.aggregate_id}: {answer.reason}: {answer.message or ''}")


