"""The relay: calls of iDDS through the endpoints of PanDA, as bps, pbook and most users make them.

In: `command_name`, `args` and `kwargs` (JSON texts), packed by gzip without a header, as a form or as JSON. Out: `[true, value]`
or `[false, "<why>"]` below `/server/panda`, the same in an envelope below `/api/v1/idds`. What cannot be answered now has another
status than 200, because bps takes anything that comes with 200 for rows. The address behind a `+` in the name is not looked at.
Source: docs/reference/idds.md, "The relay".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import guarded
from api.http.bodies import check_depth, parse_object, read_body
from api.http.errors import AccessDenied, ApiError, BadRequest, NotServed, Unavailable
from api.http.problems import json_response
from api.idds.arguments import flag_of, whole_of
from api.idds.calls import LARGE_BYTES, Function, IddsRequest, address_of, success
from api.idds.relayed_commands import bound, command_named
from api.idds.surface import BY_NAME
from api.idds.workflow_commands import NO_MATCH
from api.panda.arguments import ArgumentKind, Parameter
from api.panda.calls import Call, Endpoint, post
from api.panda.envelope import Reply, done, failed
from api.services import Services
from identity.identity import Identity
from identity.profiles import READ
from identity.rights import ruling_on_class
from identity.ruling import EndpointClass
from streams.idds.tree import BODY_BYTES_MAX

#: A submission is read as it comes, others are small.
SUBMITTING = frozenset({"submit", "submit_build"})
ARGUMENTS_CHARACTERS_MAX = 4_000_000
#: What `execute_idds_workflow_command` takes.
EXECUTED = ("get_status", "abort", "suspend", "resume", "retry", "finish")
LEGACY = "/server/panda"
_COMMAND = Parameter("command_name", ArgumentKind.TEXT)


class Relay:
    """Carries out the commands of the relay with the functions of the REST calls."""

    def __init__(self, services: Services, functions: Mapping[str, Function]) -> None:
        self._services, self._functions = services, functions

    async def relayed(self, given: Mapping[str, Any], identity: Identity, address: str) -> Any:
        """The value of the command that `given` names; raises ApiError."""
        name = given.get("command_name")
        if not isinstance(name, str) or not name:
            raise BadRequest("command_name: found nothing, expected the name of a method")
        by_manager = flag_of(given, "manager")
        command = command_named(name, manager=by_manager)
        args, kwargs = given.get("args"), _json_of(given.get("kwargs"), "kwargs", dict)
        if command.call in SUBMITTING and isinstance(args, str):
            arguments, raw = bound(command, (), {name: one for name, one in kwargs.items() if name != "workflow"}), args
        else:
            arguments, raw = bound(command, _json_of(args, "args", list), kwargs), ""
        value = await self._call(command.call, arguments, identity, raw, address)
        if command.call in SUBMITTING:
            value = value["request_id"]
        if flag_of(given, "json_outputs"):
            value = success(value)
        return [True, value] if command.is_nested else value

    async def executed(self, given: Mapping[str, Any], identity: Identity, address: str) -> Any:
        """The value of `execute_idds_workflow_command`: a text, or a list of code and sentence, as pbook prints what is in it."""
        name = given.get("command_name")
        if name not in EXECUTED:
            raise BadRequest(f"{str(name)[:60]} is unsupported")
        kwargs = _json_of(given.get("kwargs"), "kwargs", dict)
        if whole_of(kwargs, "request_id") is None:
            raise BadRequest("request_id is missing")
        value = await self._call(name, kwargs, identity, "", address)
        if name == "get_status":
            if "\n" not in value:  # the line of the columns alone
                raise BadRequest(f"request {kwargs['request_id']} is not found")
            return value
        code, said = value[0]
        if said["message"] == NO_MATCH:
            raise BadRequest(f"request {kwargs['request_id']} is not found")
        return [[code, said["message"]]]

    async def _call(self, name: str, arguments: Mapping[str, Any], identity: Identity, raw: str, address: str) -> Any:
        call, function = BY_NAME[name], self._functions.get(name)
        ruling = ruling_on_class(identity, EndpointClass.USER, call.capability)
        if not ruling.allowed:
            raise self._services.gate.refusal(identity, EndpointClass.USER, "capability", ruling.sentence)
        if function is None:
            raise NotServed(call.reason)
        return await function(IddsRequest(self._services, identity, arguments, raw, address))


def endpoints(relay: Relay) -> tuple[Endpoint, ...]:
    """The two calls below `/api/v1/idds`."""
    optional = [Parameter(name, ArgumentKind.TEXT, None) for name in ("args", "kwargs")]
    flags = [Parameter(name, ArgumentKind.FLAG, False) for name in ("manager", "json_outputs")]

    def in_envelope(function: Callable[..., Awaitable[Any]]) -> Callable[[Call], Awaitable[Reply]]:
        async def answer(call: Call) -> Reply:
            try:
                return done(await function(call.arguments, call.identity, address_of(call.request)))
            except (BadRequest, NotServed) as problem:
                return failed(problem.detail)

        return answer

    return (
        post(
            "idds/relay_idds_command", in_envelope(relay.relayed), _COMMAND, *optional, *flags,
            body_bytes_max=BODY_BYTES_MAX, capability=READ,
        ),
        post("idds/execute_idds_workflow_command", in_envelope(relay.executed), _COMMAND, optional[1], capability=READ),
    )  # fmt: skip


def mount_legacy(router: APIRouter, relay: Relay) -> None:
    """The two calls below `/server/panda`."""
    for path, function, bytes_max, refused in (
        ("relay_idds_command", relay.relayed, BODY_BYTES_MAX, 501),
        ("execute_idds_workflow_command", relay.executed, None, 200),
    ):
        handler = guarded(EndpointClass.USER, _as_array(function, bytes_max, refused), READ)
        router.add_route(f"{LEGACY}/{path}", handler, methods=["POST"], include_in_schema=False)


def _as_array(
    function: Callable[..., Awaitable[Any]], bytes_max: int | None, not_served: int
) -> Callable[[Request, Identity], Awaitable[Response]]:
    async def answer(request: Request, identity: Identity) -> Response:
        try:
            given = await _fields(request, bytes_max)
            return json_response([True, await function(given, identity, address_of(request))])
        except NotServed as problem:
            return json_response([False, problem.detail], not_served)
        except (AccessDenied, Unavailable):
            raise
        except ApiError as problem:
            return json_response([False, problem.detail])

    return answer


async def _fields(request: Request, bytes_max: int | None) -> dict[str, Any]:
    raw = await read_body(request)
    most = bytes_max or request.app.state.config.body_bytes_max
    if len(raw) <= LARGE_BYTES:
        return parse_object(raw, request.headers, most)
    return await asyncio.to_thread(parse_object, raw, request.headers, most)


def _json_of(given: Any, name: str, kind: type[Any]) -> Any:
    """The list or object in a JSON text; empty where it is absent."""
    if given is None or given == "":
        return kind()
    if isinstance(given, str):
        if len(given) > ARGUMENTS_CHARACTERS_MAX:
            raise BadRequest(f"{name}: found {len(given):,} characters, expected at most {ARGUMENTS_CHARACTERS_MAX:,}")
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError as problem:
            raise BadRequest(f"{name}: {problem}, expected JSON") from problem
    if not isinstance(given, kind):
        raise BadRequest(f"{name}: found a {type(given).__name__}, expected the JSON of a {kind.__name__}")
    check_depth(given)
    return given
