"""Routes below `/idds`: arguments from path and body, the answer as plain JSON, errors in headers.

In: the table of calls and a function for each that is served. Out: routes. A success is 200 exactly, its body the value without
an envelope; with `?json_outputs=true` value and error stand in an object, also with 200.
Source: docs/reference/idds.md, "Answers and errors".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import Handler
from api.http.bodies import DEPTH_MAX, check_depth, check_nul, decompressed, opening_brackets, read_body
from api.http.errors import AccessDenied, ApiError, NotServed, UnreadableBody
from api.http.exception_headers import exception_headers
from api.http.problems import answer_to, json_response
from api.idds.arguments import flag_of, text_of, whole_of
from api.idds.callers import admitting, open_to_all
from api.idds.surface import CALLS, IddsCall
from api.services import Services
from identity.identity import Identity

PREFIX = "/idds"
#: From here on a body is read apart from the event loop.
LARGE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class IddsRequest:
    """A call on its way: who (None on an open route), with what, upon which services.

    arguments: by the client's names; values as they came. raw: the body, of a call that reads it itself. address: the caller's.
    """

    services: Services
    identity: Identity
    arguments: Mapping[str, Any]
    raw: bytes | str = b""
    address: str = ""

    def whole(self, name: str) -> int | None:
        """The number `name`; None where it is absent."""
        return whole_of(self.arguments, name)

    def flag(self, name: str) -> bool:
        """The flag `name`; false where it is absent."""
        return flag_of(self.arguments, name)

    def text(self, name: str) -> str | None:
        """The text `name`; None where it is absent."""
        return text_of(self.arguments, name)


Function = Callable[[IddsRequest], Awaitable[Any]]


def mount(router: APIRouter, services: Services, functions: Mapping[str, Function]) -> None:
    """The routes of all calls; one that has no function is refused with its reason."""
    for call in CALLS:
        handler = _handler(services, call, functions.get(call.name))
        endpoint = open_to_all(handler) if call.is_open else admitting(handler, call.capability)
        for path in call.paths:
            router.add_route(PREFIX + path, endpoint, methods=[call.verb], include_in_schema=False)


def _handler(services: Services, call: IddsCall, function: Function | None) -> Handler:
    async def handle(request: Request, identity: Identity) -> Response:
        wrapped = request.query_params.get("json_outputs", "").lower() == "true"
        try:
            if function is None:
                raise NotServed(call.reason)
            arguments, raw = await _sent(request, call)
            value = await function(IddsRequest(services, identity, arguments, raw, address_of(request)))
        except ApiError as problem:
            if isinstance(problem, AccessDenied):
                request.app.state.gate.record(request, problem)
            return json_response(failure(problem)) if wrapped else answer_to(request.scope["path"], problem)
        return json_response(success(value) if wrapped else value)

    return handle


def address_of(request: Request) -> str:
    """Where a request comes from, for limits of rates."""
    return request.client.host if request.client else "unknown"


async def _sent(request: Request, call: IddsCall) -> tuple[dict[str, Any], bytes]:
    """The arguments of a request, and its body where the call reads that itself."""
    arguments: dict[str, Any] = dict(request.path_params)
    if request.method == "GET":
        return arguments, b""
    raw = await read_body(request)
    if not call.body:
        return arguments, raw
    most = request.app.state.config.body_bytes_max
    arguments[call.body] = await asyncio.to_thread(parsed, raw, most) if len(raw) > LARGE_BYTES else parsed(raw, most)
    return arguments, raw


def parsed(raw: bytes, bytes_max: int) -> Any:
    """The JSON value in a body of any or no Content-Type, also packed by gzip; None of an empty one. Raises UnreadableBody."""
    raw = decompressed(raw, bytes_max)
    if not raw.strip():
        return None
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise UnreadableBody(f"the body is not JSON: {problem}") from problem
    if opening_brackets(raw) > DEPTH_MAX:
        check_depth(found)
    if b"\\u0000" in raw:
        check_nul(found)
    return found


def success(value: Any) -> dict[str, Any]:
    """What `json_outputs` makes of an answer."""
    return {"status": 0, "data": value, "error": None}


def failure(problem: ApiError) -> dict[str, Any]:
    """What `json_outputs` makes of an error."""
    error = exception_headers(problem.status, problem.detail, problem.exception_class)
    return {"status": problem.status, "data": None, "error": error}
