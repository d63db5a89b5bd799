"""What a shifter may do from a page, to one or many: preview first, then the commands, with the reason recorded.

In: an action, and ids or a filter. Out: what would be hit and what not and why; after the confirmation the outcome of each.
Guards: the rights are those of the commands; every command of one confirmation carries one correlation id; a confirmation
sent twice sends the same command ids, which are decided once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from api.http.errors import ApiError, BadRequest
from api.http.plain_requests import whole_from
from api.monitor.offers import ACTIONS, Action, too_late
from api.monitor.page import PageView
from api.queries import targets as targets_of
from api.queries.read_models import Row
from identity.identity import Identity
from identity.rights import capability_of_command, class_of_command, may_act_on, role_of_command, ruling_on_class
from identity.ruling import EndpointClass
from schemas.ids import caused_command_id
from schemas.job import KillJob
from schemas.task import (
    ChangeTaskPriority,
    FinishTask,
    KillTask,
    PauseTask,
    ReloadTask,
    ResumeTask,
    RetryTask,
    RevertRequirements,
    WakeTask,
)

TARGETS_MAX = 1_000
AT_ONCE = 20
PRIORITY_MAX = 1_000_000
#: Kill code of a waiting job whose input its task makes another job of.
REASSIGNED = 51


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What is to be done. ids, or filters that say which. confirmation: a uuid that the preview made up."""

    action: Action
    name: str
    ids: tuple[int, ...]
    filters: Mapping[str, str]
    reason: str
    priority: int | None
    confirmation: str


@dataclass(frozen=True, slots=True)
class Target:
    """One task or job. refused: why it would not be hit, empty when it would."""

    number: int
    name: str
    status: str
    user_name: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """The outcome for one."""

    number: int
    accepted: bool
    message: str


def request_from(form: Mapping[str, str], ids: Sequence[str]) -> ActionRequest:
    """What a form asks for; raises BadRequest."""
    for field, value in form.items():
        if "\0" in field + value:
            raise BadRequest(f"{field[:40]!a}: found {value[:40]!a}, expected text without NUL")
    name = form.get("action", "")
    if name not in ACTIONS:
        raise BadRequest(f"action: found {name[:40]!r}, expected one of {', '.join(ACTIONS)}")
    action = ACTIONS[name]
    numbers = [whole_from(text) for text in ids]
    if len(ids) > TARGETS_MAX or None in numbers:
        raise BadRequest(f"id: expected numbers of at most {TARGETS_MAX} tasks or jobs")
    filters = {key.removeprefix("q."): value for key, value in form.items() if key.startswith("q.") and value}
    if bool(ids) == bool(filters):
        raise BadRequest("name some of them, or a filter that says which")
    given = form.get("priority") or None
    priority = None if given is None else whole_from(given, -PRIORITY_MAX, PRIORITY_MAX)
    if given is not None and priority is None:
        raise BadRequest(f"priority: found {given[:20]!r}, expected a whole number from -{PRIORITY_MAX} to {PRIORITY_MAX}")
    return ActionRequest(
        action,
        name,
        tuple(number for number in numbers if number is not None),
        filters,
        form.get("reason", "").strip()[:500],
        priority,
        _confirmation(form.get("confirmation")),
    )


def _confirmation(text: str | None) -> str:
    try:
        return str(UUID(text)) if text else str(uuid4())
    except ValueError as problem:
        raise BadRequest("confirmation: expected the one that the preview made") from problem


async def preview(view: PageView, asked: ActionRequest) -> tuple[list[Target], int]:
    """Who is meant, each with why it would be refused, and how many there are in all (more than are listed are not touched)."""
    kind: targets_of.Kind = "task" if asked.action.kind == "task" else "job"
    if asked.ids:
        where = targets_of.of_numbers(kind, view.vo, asked.ids)
    else:
        where = targets_of.of_filters(kind, view.vo, asked.filters, view.now)
    rows, total = await targets_of.first(view.read_models, kind, where, TARGETS_MAX)
    targets = [_target(view.identity, asked.action, row) for row in rows]
    found = {target.number for target in targets}
    targets += [Target(number, "", "", "", f"not in {view.vo}") for number in asked.ids if number not in found]
    return targets, total


def _target(identity: Identity, action: Action, row: Row) -> Target:
    refused = ""
    kind, capability = class_of_command(action.command), capability_of_command(action.command)
    if not ruling_on_class(identity, kind, capability).allowed:
        refused = "only production and operators may" if kind is EndpointClass.OPERATOR else f"the token lacks {capability}"
    elif kind is not EndpointClass.OPERATOR and not may_act_on(identity, row["owner"], identity.vo, by_membership=True):
        refused = f"it belongs to {row['user_name']}"
    if not refused and too_late(action, row["status"]):
        refused = f"it is {row['status']}"
    return Target(row["number"], row["name"], row["status"], row["user_name"], refused)


async def carry_out(view: PageView, asked: ActionRequest) -> list[ActionOutcome]:
    """Send the command to each that is not refused, a few at once; raises BadRequest without a reason."""
    if not asked.reason:
        raise BadRequest("reason: it is recorded with every command and must say something")
    if asked.action.asks_priority and asked.priority is None:
        raise BadRequest("priority: expected a whole number")
    targets, total = await preview(view, asked)
    if total > TARGETS_MAX:
        raise BadRequest(f"{total} fit; at most {TARGETS_MAX} are done at once: narrow the filter")
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> ActionOutcome:
        if target.refused:
            return ActionOutcome(target.number, False, target.refused)
        async with turn:
            return await _send(view, asked, target)

    return list(await asyncio.gather(*(one(target) for target in targets)))


async def _send(view: PageView, asked: ActionRequest, target: Target) -> ActionOutcome:
    try:
        answer = await view.services.gateway.submit(
            _command(asked),
            str(target.number),
            view.identity,
            role=role_of_command(asked.action.command, view.identity),
            command_id=caused_command_id(asked.confirmation, asked.name, target.number),
            correlation_id=asked.confirmation,
            wait_seconds=view.services.config.answer_seconds,
        )
    except ApiError as problem:
        return ActionOutcome(target.number, False, problem.detail)
    if answer is None:
        return ActionOutcome(target.number, True, "sent; no answer yet")
    why = "done" if answer.accepted else f"{answer.reason}: {answer.message or ''}"
    return ActionOutcome(target.number, answer.accepted, why)


def _command(asked: ActionRequest) -> Any:
    reason = asked.reason
    match asked.name:
        case "kill_task":
            return KillTask(reason=reason)
        case "finish_task":
            return FinishTask(soft=True, reason=reason)
        case "retry_task":
            return RetryTask(reason=reason)
        case "pause_task":
            return PauseTask(reason=reason)
        case "resume_task":
            return ResumeTask(reason=reason)
        case "priority_task":
            assert asked.priority is not None
            return ChangeTaskPriority(priority=asked.priority, reason=reason)
        case "reload_task":
            return ReloadTask(reason=reason)
        case "revert_task":
            return RevertRequirements(reason=reason)
        case "wake_task":
            return WakeTask(cause="OPERATOR")
        case "reassign_job":
            return KillJob(code=REASSIGNED, reason=reason)
        case _:
            return KillJob(reason=reason)
