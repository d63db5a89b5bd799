"""`/v1/can-i`: whether the caller may do something to something, with the rule that decides; nothing is done.

In: a verb and a kind, as `kill` and `task`, or the name of a command, and what it would touch. Out: yes or no, by which rule, and
why not. The same functions decide as when it is done. Of what belongs to another VO it says what it says of what is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import Member
from api.http.errors import BadRequest, NotFound
from api.http.plain_requests import whole_from
from api.http.problems import json_response
from api.queries import datasets, jobs, tasks
from api.queries.read_models import ReadModels, Row
from api.services import Services
from identity.identity import Identity
from identity.rights import (
    CLASSES,
    capability_of_command,
    class_of_command,
    grounds_of,
    judged_by,
    role_of_command,
    rule_on_thing_of,
    ruling_on_class,
    scope_of_command,
)
from identity.ruling import EndpointClass, Ruling, Scope, Thing

ID_LENGTH_MAX = 400
#: What people say -> the command.
COMMANDS: Mapping[str, str] = {
    "submit task": "SubmitTask",
    **{
        f"{verb} task": f"{verb.capitalize()}Task"
        for verb in ("kill", "finish", "retry", "pause", "resume", "reassign", "reload")
    },
    "priority task": "ChangeTaskPriority",
    "attribute task": "ChangeTaskAttribute",
    "split_rule task": "ChangeSplitRule",
    "schedule task": "ScheduleTaskCommand",
    "wake task": "WakeTask",
    "share task": "AssignShare",
    "kill job": "KillJob",
    "lease job": "LeaseJob",
    "configure queue": "ConfigureQueue",
    "register dataset": "RegisterFiles",
    "close dataset": "CloseDataset",
    "set shares": "SetShares",
    "set retry_rules": "SetRetryRules",
    "set resource_types": "SetResourceTypes",
    "set brokers": "SetBrokers",
    "set issuers": "SetIssuers",
    "set policy": "SetAccessPolicy",
    "revoke identity": "RevokeIdentity",
}
#: Whose they are only the decider knows.
KNOWN_TO_DECIDER = {
    Scope.OWN_SETTINGS: "the settings are your organisation's, which was the first to set them",
    Scope.OWN_WORKER: "the worker is your organisation's",
    Scope.OWN_HARVESTER: "you were the first to report for the Harvester",
    Scope.OWN_WORKFLOW: "you submitted the workflow",
    Scope.OWN_LEASE: "you hold the lease of the job",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    command: str
    name: str


def build_router(services: Services) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1", tags=["identity"])

    @router.get("/can-i")
    async def can_i(
        identity: Member,
        verb: str = Query("", max_length=64),
        kind: str = Query("", max_length=64),
        command: str = Query("", max_length=64),
        name: str = Query("", alias="id", max_length=ID_LENGTH_MAX),
    ) -> Response:
        """Whether you may: `?verb=kill&kind=task&id=10000007`, or `?command=KillTask&id=10000007`."""
        asked = _Asked(_command_of(verb, kind, command), name)
        return json_response(await _document(services.read_models, asked, identity))

    return router


def _command_of(verb: str, kind: str, command: str) -> str:
    told = command or f"{verb} {kind}".strip()
    # `submit` alone says enough where nothing else is submitted.
    named = [one for one in COMMANDS if one == told or (not kind and one.startswith(f"{told} "))]
    found = command or (COMMANDS[named[0]] if len(named) == 1 else "")
    if found not in CLASSES:
        raise BadRequest(f"found {told[:80]!r}, expected the name of a command or one of: {', '.join(COMMANDS)}")
    return found


async def _document(read_models: ReadModels, asked: _Asked, member: Identity) -> dict[str, Any]:
    capability = capability_of_command(asked.command)
    identity = judged_by(member, capability)
    role = role_of_command(asked.command, identity)
    ruling = _ruling_on_class(member, asked.command, capability)
    provided = ""
    if ruling.allowed:
        found = await _ruling_on_thing(read_models, asked, identity)
        ruling, provided = found or ruling, "" if found else KNOWN_TO_DECIDER.get(scope_of_command(asked.command), "")
    return {
        "allowed": ruling.allowed,
        "command": asked.command,
        "id": asked.name or None,
        "rule": ruling.rule,
        "acting_as": grounds_of(identity, role).rule,
        "because": ruling.sentence or None,
        "provided_that": provided or None,
    }


def _ruling_on_class(member: Identity, command: str, capability: str) -> Ruling:
    """Commands of class internal have a route for users, by which they are judged here."""
    kind = class_of_command(command)
    return ruling_on_class(member, EndpointClass.USER if kind is EndpointClass.INTERNAL else kind, capability)


async def _ruling_on_thing(read_models: ReadModels, asked: _Asked, identity: Identity) -> Ruling | None:
    """None where nothing is owned, nothing is named, or only the decider knows whose it is; raises NotFound."""
    scope = scope_of_command(asked.command)
    if scope not in (Scope.OWN_TASK, Scope.OWN_JOB, Scope.OWN_DATASET) or not asked.name or asked.command == "SubmitTask":
        return None
    owned = await _owner(read_models, scope, asked.name)
    if owned is None or owned["vo"] != identity.vo:
        if scope is Scope.OWN_DATASET and owned is None:
            return None
        raise NotFound(f"no {scope.value.removeprefix('own ')} {asked.name} in {identity.vo}")
    return rule_on_thing_of(identity, scope, Thing(asked.name, owned["vo"], owned["owner"]), by_membership=True)


async def _owner(read_models: ReadModels, scope: Scope, name: str) -> Row | None:
    if scope is Scope.OWN_DATASET:
        return await datasets.owner_of(read_models, name)
    number = whole_from(name)
    if number is None:
        raise BadRequest(f"id: found {name[:80]!r}, expected a whole number")
    return await (tasks.owner_of if scope is Scope.OWN_TASK else jobs.owner_of)(read_models, number)
