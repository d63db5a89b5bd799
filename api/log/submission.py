"""Submitting a task: its name, its id, its registration.

In: parameters as panda-client makes them. Out: the outcome with PanDA's code
(docs/reference/client.md, "Submission"). Invariants:
a unique name belongs to one task for ever, and the same Idempotency-Key never makes a second task, because both are
decided by the task_name aggregate; the id comes from a block that was given to this API. The read models are needed where a name
is taken, a parent is named or input is named by a pattern, and for nothing else. The command is checked against its bounds before
anything is claimed: a name is never given to a task that cannot be submitted. Long lists of names follow in chunks; one that
fails half-way leaves a task that ends unfinished within the hour and gives its name free.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import orjson
import structlog

from api.http.errors import BadRequest, BodyTooLarge, LogUnavailable, OutcomeUnknown, ReadModelsUnavailable, Unavailable
from api.http.plain_requests import whole_from
from api.log.dataset_patterns import with_dataset_names
from api.log.gateway import CommandGateway, check_command
from api.log.long_lists import LongList, chunks_of, problems_of_lists, taken_out
from api.log.positions import Position
from api.log.stored_parameters import parameters_of_reexecution, stored_parameters, with_server_name
from api.log.submitted_parameters import PROBLEMS_MAX, priority_asked, problems_in
from api.log.task_numbers import TaskNumbers
from api.queries import answers, tasks
from api.queries.read_models import ReadModels
from identity.identity import Identity
from identity.rights import acting_role
from schemas.answer import CommandAnswered
from schemas.ids import FIRST_TASK_ID, caused_command_id, task_name_key
from schemas.task import AddInputNames, ReloadTask, SubmitTask
from schemas.task_name import ClaimTaskName
from schemas.wire import Message

NEW, QUEUED, ACTIVE, REEXECUTED, FAILED, NO_PARENT = 0, 1, 2, 3, 4, 11
MANDATORY = ("taskName", "vo", "prodSourceLabel")
#: A task in one of these is executed again when its name is submitted again.
ENDED = frozenset({"finished", "failed", "aborted", "done", "exhausted"})
ID_TRIES = 5
#: Chunks of names on their way at once.
CHUNKS_UNDER_WAY_MAX = 8
UNFINISHED = "SUBMISSION_UNFINISHED"
NO_SECRETS = "useSecrets: you have no secrets on this server; set one first (pbook set_secret, culm secret set)"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Submission:
    """How a submission went: PanDA's `code`, the sentence for people, the task, and where the log has it."""

    code: int
    message: str
    task_id: int | None = None
    position: Position | None = None

    @property
    def accepted(self) -> bool:
        """True for a new task and for one that is executed again."""
        return self.code in (NEW, REEXECUTED)


async def submit_task(
    gateway: CommandGateway,
    read_models: ReadModels,
    numbers: TaskNumbers,
    identity: Identity,
    parameters: Mapping[str, Any],
    *,
    parent_task_id: int | None = None,
    command_id: str | None = None,
    correlation_id: str | None = None,
    wait_seconds: float = 10.0,
    readable_seconds: float = 2.0,
    own_addresses: Collection[str] = (),
    has_secrets: Callable[[], Awaitable[bool]] | None = None,
) -> Submission:
    """Register a task with `parameters`; returns once readers find it (or `readable_seconds` passed).

    own_addresses: base addresses that stand for this server; the task keeps its name in their place. command_id:
    Idempotency-Key; the same key finds the same task. has_secrets: says whether there are secrets for a task that asks for
    them. Raises Unavailable when the log gives no answer.
    """
    missing = [name for name in MANDATORY if not parameters.get(name)]
    if missing:
        return Submission(FAILED, f"failed to register task: {', '.join(missing)} missing in the task parameters")
    stored, lists = taken_out(with_server_name(stored_parameters(parameters, identity), own_addresses))
    stored, problems = await with_dataset_names(read_models, identity.vo, stored)
    problems += problems_in(stored, parent_task_id)
    problems += await asyncio.to_thread(lambda: list(islice(problems_of_lists(lists), PROBLEMS_MAX)))
    if problems:
        return Submission(FAILED, f"failed to register task: {'; '.join(problems)}")
    if stored.get("useSecrets") and has_secrets is not None and not await has_secrets():
        return Submission(FAILED, f"failed to register task: {NO_SECRETS}")
    if "parentTaskName" in parameters and parent_task_id is None:
        parent_task_id = await tasks.newest_of_name(read_models, identity.vo, identity.owners, str(parameters["parentTaskName"]))
        if parent_task_id is None:
            return Submission(NO_PARENT, f"failed to find parent with {parameters['parentTaskName']}")
    registrar = Registrar(gateway, read_models, numbers, identity, command_id, correlation_id, wait_seconds, lists)
    try:
        submission = await registrar.register(stored, parent_task_id)
    except (BadRequest, BodyTooLarge) as problem:
        return Submission(FAILED, f"failed to register task: {problem.detail}")
    if not submission.accepted:
        return submission
    return replace(submission, position=await _position(gateway, submission.task_id, readable_seconds))


async def _position(gateway: CommandGateway, task_id: int | None, seconds: float) -> Position | None:
    """Where readers find the task, once they do or `seconds` passed; what cannot be known now does not undo the submission."""
    try:
        return await gateway.readable("task", str(task_id), seconds)
    except Unavailable as problem:
        log.warning("submission_without_position", task_id=task_id, problem=problem.detail)
        return None


@dataclass(frozen=True, slots=True)
class WorkOrigin:
    """Of a task that is a work of a workflow: which. input_held: all input waits until the workflow releases it."""

    request_id: int
    work: int
    input_held: bool


@dataclass(frozen=True, slots=True)
class Registrar:
    """One submission on its way. origin: of the task of a work."""

    gateway: CommandGateway
    read_models: ReadModels
    numbers: TaskNumbers
    identity: Identity
    command_id: str | None
    correlation_id: str | None
    wait_seconds: float
    lists: Sequence[LongList] = ()
    origin: WorkOrigin | None = None

    async def register(self, parameters: Mapping[str, Any], parent_task_id: int | None) -> Submission:
        """Claim an id (and the name, when it is to be unique) and submit under it."""
        check_command(self._command(FIRST_TASK_ID, parameters, parent_task_id), str(FIRST_TASK_ID))
        unique = parameters.get("taskType") == "anal" and parameters.get("uniqueTaskName") is True
        for _ in range(ID_TRIES):
            task_id = await self._task_id()
            if unique:
                owner = await self._claim(self._name_key(parameters), str(parameters["taskName"]), task_id)
                if owner != task_id:
                    return await self._again(owner, task_id, parameters, parent_task_id)
            answer = await self._submit(task_id, parameters, parent_task_id)
            if answer.accepted:
                return Submission(NEW, f"succeeded. new jediTaskID={task_id}", task_id)
            log.warning("task_id_taken", task_id=task_id, reason=answer.reason)
            self.numbers.give_up(task_id)
            if unique or self.command_id is not None:
                break
        return Submission(FAILED, f"failed to register task: {answer.message}")

    async def _again(
        self, task_id: int, new_id: int, parameters: Mapping[str, Any], parent_task_id: int | None
    ) -> Submission:
        """The name is taken: execute its task again when that has ended; else say in which state it is.

        new_id: the task that takes the name over from one whose submission was never finished.
        """
        name = parameters["taskName"]
        away: ReadModelsUnavailable | None = None
        try:
            status = await tasks.status_of(self.read_models, self._vo, task_id)
        except ReadModelsUnavailable as problem:
            status, away = None, problem
        if status is None:
            # Claimed, and perhaps never submitted: then it is ours to submit now. So is what was submitted under this key.
            answer = await self._submit(task_id, parameters, parent_task_id)
            if answer.accepted:
                return Submission(NEW, f"succeeded. new jediTaskID={task_id}", task_id)
            if away is not None:
                raise away
            return Submission(QUEUED, _duplicate(f"jediTaskID={task_id} is already queued for outDS={name}."), task_id)
        if status == "waiting":
            message = f"jediTaskID={task_id} is waiting for names of its input; unfinished, it ends within the hour."
            return Submission(QUEUED, _duplicate(message), task_id)
        if status in ENDED or status == "broken":
            new = orjson.dumps(parameters_of_reexecution(parameters)).decode()
            answer = await self._send(ReloadTask(parameters_json=new), str(task_id), self.command_id)
            if answer.accepted:
                message = (
                    f"reactivation accepted. jediTaskID={task_id} (currently in {status} state)"
                    " will be re-executed with old and/or new input"
                )
                return Submission(REEXECUTED, message, task_id)
            if answer.reason == UNFINISHED:
                return await self._in_place_of(task_id, new_id, parameters, parent_task_id)
        if self.command_id is not None and await answers.was_accepted(self.read_models, self.command_id, str(task_id)):
            return Submission(NEW, f"succeeded. new jediTaskID={task_id}", task_id)
        return Submission(ACTIVE, _duplicate(f"jediTaskID={task_id} is in the {status} state for outDS={name}."), task_id)

    async def _in_place_of(
        self, unfinished: int, task_id: int, parameters: Mapping[str, Any], parent_task_id: int | None
    ) -> Submission:
        """A new task with the name of one that never came to be."""
        name = str(parameters["taskName"])
        if await self._claim(self._name_key(parameters), name, task_id, replaces=unfinished) != task_id:
            return Submission(QUEUED, _duplicate(f"jediTaskID={unfinished} is already queued for outDS={name}."), unfinished)
        answer = await self._submit(task_id, parameters, parent_task_id)
        if not answer.accepted:
            return Submission(FAILED, f"failed to register task: {answer.message}")
        return Submission(NEW, f"succeeded. new jediTaskID={task_id}", task_id)

    async def _task_id(self) -> int:
        """A free task id; with a key, the one that the key got first."""
        hint = await self.numbers.next(self.identity, self.wait_seconds)
        if self.command_id is None:
            return hint
        key = f"{self._vo}/key/{self.identity.subject}/{self.command_id}"
        return await self._claim(key, f"key:{self.command_id}", hint)

    async def _claim(self, key: str, name: str, task_id: int, *, replaces: int | None = None) -> int:
        """The task that has `name` under `key`: `task_id`, or the one that came first and is not `replaces`."""
        answer = await self._send(ClaimTaskName(name=name, task_id=task_id, replaces_task_id=replaces), key, None)
        if answer.accepted:
            return task_id
        owner = whole_from(answer.message or "")
        if owner is None:  # not a refusal of the name: out of bounds, too large, a bug
            raise BadRequest(f"the name {name[:100]!r} cannot be claimed: {answer.reason}: {answer.message or ''}")
        return owner

    async def _submit(self, task_id: int, parameters: Mapping[str, Any], parent_task_id: int | None) -> CommandAnswered:
        """The answer to the submission, or to the chunk of names that was refused after it."""
        answer = await self._send(self._command(task_id, parameters, parent_task_id), str(task_id), self.command_id)
        if not answer.accepted:
            return answer
        refused = await self._send_names(str(task_id))
        # A task that was broken or killed while names arrived is there, and says itself why it ended.
        return answer if refused is None or refused.reason == "WRONG_STATUS" else refused

    async def _send_names(self, task_id: str) -> CommandAnswered | None:
        """Send the names of long lists, some chunks ahead of their answers; the first refusal, None when all was taken.

        They reach the log in their order: the event loop begins tasks in the order in which they were made, and a command is
        handed over before its task waits for the first time.
        """
        under_way: deque[asyncio.Task[CommandAnswered]] = deque()
        try:
            for chunk in chunks_of(self.lists):
                if len(under_way) >= CHUNKS_UNDER_WAY_MAX and not (answer := await under_way.popleft()).accepted:
                    return answer
                number = self.command_id and caused_command_id(self.command_id, "AddInputNames", task_id, chunk.chunk)
                under_way.append(asyncio.create_task(self._send(chunk, task_id, number)))
            while under_way:
                if not (answer := await under_way.popleft()).accepted:
                    return answer
            return None
        finally:
            await asyncio.gather(*under_way, return_exceptions=True)

    def _command(self, task_id: int, parameters: Mapping[str, Any], parent_task_id: int | None) -> SubmitTask:
        return SubmitTask(
            task_id=task_id,
            name=str(parameters["taskName"]),
            user_name=str(parameters["userName"]),
            nickname=self.identity.nickname,
            label=str(parameters["prodSourceLabel"]),
            working_group=parameters.get("workingGroup") or None,
            priority=priority_asked(parameters),
            parent_task_id=parent_task_id,
            parameters_json=orjson.dumps(parameters).decode(),
            lists=tuple(one.announced for one in self.lists),
            request_id=None if self.origin is None else self.origin.request_id,
            work=None if self.origin is None else self.origin.work,
            input_held=self.origin is not None and self.origin.input_held,
        )

    async def _send(
        self, command: ClaimTaskName | SubmitTask | AddInputNames | ReloadTask, aggregate_id: str, command_id: str | None
    ) -> CommandAnswered:
        if command_id is None and self.command_id is not None:
            command_id = caused_command_id(self.command_id, type(command).__name__, aggregate_id, command)
        try:
            answer = await self.gateway.submit(
                command,
                aggregate_id,
                self.identity,
                role=self._role_for(command, aggregate_id),
                command_id=command_id,
                correlation_id=self.correlation_id or self.command_id,
                wait_seconds=self.wait_seconds,
                only_in_time=True,
            )
        except OutcomeUnknown as problem:
            raise self._unknown(command, aggregate_id, problem) from problem
        assert answer is not None, "a command that is only of use in time was not answered"
        return answer

    def _unknown(self, command: Message, aggregate_id: str, problem: OutcomeUnknown) -> LogUnavailable:
        """The answer to the client: a name that was claimed makes no task, so nothing was submitted then."""
        if isinstance(command, ClaimTaskName):
            return LogUnavailable(f"{problem.what}; no task was submitted", retry_after_seconds=problem.retry_after_seconds)
        key, task_id = self.command_id, int(aggregate_id)
        advice = "" if key else f"look whether task {task_id} is there before you submit again"
        return OutcomeUnknown(problem.what, key or problem.command_id, stands=False, advice=advice, task_id=task_id)

    def _role_for(self, command: ClaimTaskName | SubmitTask | AddInputNames | ReloadTask, aggregate_id: str) -> str | None:
        """A name without an owner is claimed by a production role, which a member need not have asked for."""
        is_of_no_one = isinstance(command, ClaimTaskName) and aggregate_id.split("/")[2:3] == [""]
        return acting_role(self.identity, by_membership=True) if is_of_no_one else None

    def _name_key(self, parameters: Mapping[str, Any]) -> str:
        owner = "" if parameters.get("official") else self.identity.subject
        return task_name_key(self._vo, str(parameters["prodSourceLabel"]), owner, str(parameters["taskName"]))

    @property
    def _vo(self) -> str:
        return self.identity.vo


def _duplicate(what: str) -> str:
    return f"{what} You cannot submit duplicated tasks. "
