"""Abort, close, retry, suspend, resume and finish a workflow: the aggregate's commands, answered in iDDS's words.

Whose workflow it is and whether the command fits its status, the decider says. Source: docs/reference/idds.md, "All calls".
"""

from collections.abc import Callable
from typing import Any

from api.http.errors import BadRequest, Conflict, NotFound, RoleMissing
from api.idds.calls import Function, IddsRequest
from api.queries import workflows
from identity.rights import acting_role
from identity.ruling import NOT_PERMITTED
from schemas.answer import CommandAnswered
from schemas.workflow import (
    AbortWorkflow,
    CloseWorkflow,
    FinishWorkflow,
    ResumeWorkflow,
    RetryWorkflow,
    SuspendWorkflow,
)

Ordered = AbortWorkflow | CloseWorkflow | FinishWorkflow | ResumeWorkflow | RetryWorkflow | SuspendWorkflow
TASK_IDS_MAX = 900_000_000_000
REGISTERED = "Command registered successfully"
NO_MATCH = "No match requests"
#: Reasons of deciders for what does not exist; so is what another organisation owns.
UNKNOWN = frozenset({"UNKNOWN_WORKFLOW"})
OF_OTHERS = "belongs to another organisation"
#: Numbers of RequestStatus that `update_request` sets: cancel, suspend, finish. To resume is to go on, or to try again.
TO_CANCEL, TO_SUSPEND, TO_RESUME, TO_FINISH = 7, 10, 13, 18
UPDATES: dict[int, Callable[[], Ordered]] = {TO_CANCEL: AbortWorkflow, TO_SUSPEND: SuspendWorkflow, TO_FINISH: FinishWorkflow}


def ordering(command: Callable[[], Ordered]) -> Function:
    """The call that orders `command`: `[[0, {...}]]`, or `[[-1, {...}]]` with the reason."""

    async def order(asked: IddsRequest) -> Any:
        request_id = 0
        try:
            request_id = await _request_id(asked)
            answer = await _ordered(asked, request_id, command())
            code, sentence = (0, REGISTERED) if answer.accepted else (-1, _sentence(answer, asked, request_id))
        except NotFound as problem:
            code, sentence = -1, problem.detail
        return [[code, {"status": code, "message": sentence}]]

    return order


async def update_request(asked: IddsRequest) -> Any:
    """Sets the status of a request, which stands for a command; raises the error of a refusal."""
    request_id, parameters = await _request_id(asked), asked.arguments.get("parameters")
    status = parameters.get("status") if isinstance(parameters, dict) else None
    if isinstance(status, dict) and isinstance(status.get("attributes"), dict):
        status = status["attributes"].get("_value_")
    if status == TO_RESUME:
        answer = await _ordered(asked, request_id, ResumeWorkflow())
        if answer.reason == "WRONG_STATUS":
            answer = await _ordered(asked, request_id, RetryWorkflow())
    elif isinstance(status, int) and not isinstance(status, bool) and status in UPDATES:
        answer = await _ordered(asked, request_id, UPDATES[status]())
    else:
        expected = f"{TO_CANCEL}, {TO_SUSPEND}, {TO_RESUME} or {TO_FINISH} (ToCancel, ToSuspend, ToResume, ToFinish)"
        raise BadRequest(f"status: found {str(status)[:60]!r}, expected {expected}")
    if not answer.accepted:
        raise _error(answer)(_sentence(answer, asked, request_id))
    return {"status": 0, "message": "update successfully"}


async def _request_id(asked: IddsRequest) -> int:
    """The number that is given, or that of the request one of whose works is the task `workload_id`."""
    request_id, task_id = asked.whole("request_id"), asked.whole("workload_id")
    if request_id is None and task_id is None:
        raise BadRequest("request_id: found nothing, expected a whole number")
    if request_id is None:
        read_models, vo = asked.services.read_models, asked.identity.vo
        is_one = task_id is not None and task_id <= TASK_IDS_MAX
        found = await workflows.requests(read_models, vo, task_id=task_id) if is_one else []
        if not found:
            raise NotFound(NO_MATCH)
        request_id = int(found[0]["request_id"])
    return request_id


async def _ordered(asked: IddsRequest, request_id: int, command: Ordered) -> CommandAnswered:
    """The decider's answer; one that did not come in time is OutcomeUnknown."""
    if not 0 < request_id < 900_000_000:
        raise NotFound(NO_MATCH)
    identity = asked.identity
    answer = await asked.services.gateway.submit(
        command,
        str(request_id),
        identity,
        role=acting_role(identity, by_membership=True),
        wait_seconds=asked.services.config.answer_seconds,
        only_in_time=True,
    )
    assert answer is not None, "a command that is only of use in time was not answered"
    return answer


def _sentence(answer: CommandAnswered, asked: IddsRequest, request_id: int) -> str:
    if _is_unknown(answer):
        return NO_MATCH
    if answer.reason == NOT_PERMITTED:
        return f"User {asked.identity.user_name} has no permission to update request {request_id}"
    return f"{answer.reason}: {answer.message or ''}"


def _is_unknown(answer: CommandAnswered) -> bool:
    return answer.reason in UNKNOWN or (answer.reason == NOT_PERMITTED and OF_OTHERS in (answer.message or ""))


def _error(answer: CommandAnswered) -> type[NotFound | RoleMissing | Conflict]:
    if _is_unknown(answer):
        return NotFound
    return RoleMissing if answer.reason == NOT_PERMITTED else Conflict
