"""Calls that clients make and Culm does not serve (`surface.py`): each answer says so, in the form that the client reads.

Below `/api/v1/` that is the envelope with `success: false`; below `/server/panda/` a JSON array `[false, "<why>"]`
(docs/reference/client.md, "What is not offered"). An error of the transport would look to users as if the server were broken.
The relay of iDDS alone answers with status 501: `bps` takes what comes with 200 for rows, also the refusal.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.http.access import guarded
from api.http.problems import json_response
from api.panda.calls import PREFIXES, Call, Endpoint
from api.panda.envelope import Reply, failed
from api.panda.surface import IDDS, PICKING, SURFACE, WORKFLOWS, OfferedAs
from identity.identity import Identity
from identity.profiles import MODIFY, READ
from identity.ruling import EndpointClass

#: Answered by the modules that have their form.
ELSEWHERE = frozenset(
    {
        "file_server/upload_jedi_log", "job/set_debug_mode",
    }
)  # fmt: skip
#: Calls whose answer is a plain text, without an envelope.
PLAIN_CALLS = frozenset({"job/generate_offline_execution_script"})
#: Verb and path -> why, of all that are refused here with any arguments.
CALLS = {
    f"{call.verb} {call.path}": call.reason
    for call in SURFACE
    if call.standing is not OfferedAs.SERVED and call.path not in ELSEWHERE | PLAIN_CALLS
}
LEGACY_CALLS = {
    "put_workflow_request": WORKFLOWS,
    "execute_idds_workflow_command": WORKFLOWS,
    "put_file_recovery_request": "use /api/v1/file_server/upload_file_recovery_request",
    "putEventPickingRequest": PICKING,
}
#: Calls of which the client reads the status alone before it uses the body.
RELAYED_CALLS = {"relay_idds_command": IDDS}
NOT_IMPLEMENTED = 501


def endpoints_saying_no() -> tuple[Endpoint, ...]:
    """Calls of `/api/v1/` that are refused with any arguments, which are not read."""
    return tuple(
        Endpoint((verb,), path, _failing(why), reads_arguments=False, capability=READ if verb == "GET" else MODIFY)
        for verb, path, why in ((*call.split(" "), why) for call, why in CALLS.items())
    )


def mount_plain(router: APIRouter) -> None:
    """Calls of `/api/v1/` that are refused in plain text, as the reference server answers an error there."""
    for call in SURFACE:
        if call.path in PLAIN_CALLS:
            for prefix in PREFIXES:
                saying = guarded(EndpointClass.USER, _saying(f"ERROR: {call.reason}"), READ)
                router.add_route(f"{prefix}/{call.path}", saying, methods=["GET"], include_in_schema=False)


def mount_legacy(router: APIRouter) -> None:
    """Legacy routes that are refused to every caller."""
    for name, why in LEGACY_CALLS.items():
        router.add_route(f"/server/panda/{name}", _answering([False, why]), methods=["GET", "POST"], include_in_schema=False)
    for name, why in RELAYED_CALLS.items():
        refused = _answering([False, why], NOT_IMPLEMENTED)
        router.add_route(f"/server/panda/{name}", refused, methods=["GET", "POST"], include_in_schema=False)


def _failing(why: str) -> Callable[[Call], Awaitable[Reply]]:
    async def refuse(_: Call) -> Reply:
        return failed(why)

    return refuse


def _saying(text: str) -> Callable[[Request, Identity], Awaitable[Response]]:
    async def answer(_: Request, __: Identity) -> Response:
        return PlainTextResponse(text)

    return answer


def _answering(content: list[object], status: int = 200) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return json_response(content, status)

    answer.access = EndpointClass.PUBLIC  # type: ignore[attr-defined]  # read by the test that lists all routes
    return answer
