"""Calls that clients make and Culm does not answer yet: each answer says so, in the form that the client reads.

Below `/api/v1/` that is the envelope with `success: false`; below `/server/panda/` a JSON array `[false, "<why>"]`
(docs/reference/client.md, "What is not offered"). An error of the transport would look to users as if the server were broken.
The relay of iDDS alone answers with status 501: `bps` takes what comes with 200 for rows, also the refusal.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import json_response
from api.panda.calls import Call, Endpoint
from api.panda.envelope import Reply, failed
from identity.profiles import MODIFY, READ
from identity.ruling import EndpointClass

WORKFLOWS = "workflows are not offered by this server yet"
EVENTS = "the event service is not offered by this server yet"
JOBS_ALONE = "jobs without a task are not taken by this server; submit a task"
CALLS = {
    "POST workflow/submit_workflow_raw_request": WORKFLOWS,
    "POST workflow/submit_workflow": WORKFLOWS,
    "GET workflow/get_workflow_details": WORKFLOWS,
    "POST idds/relay_idds_command": "iDDS is not offered by this server yet",
    "POST idds/execute_idds_workflow_command": WORKFLOWS,
    "POST file_server/upload_workflow_request": WORKFLOWS,
    "GET event/get_event_range_statuses": EVENTS,
    "POST job/submit": JOBS_ALONE,
}
LEGACY_CALLS = {
    "put_workflow_request": WORKFLOWS,
    "execute_idds_workflow_command": WORKFLOWS,
    "put_file_recovery_request": "use /api/v1/file_server/upload_file_recovery_request",
    "putEventPickingRequest": "event picking is not offered by this server",
}
#: Calls of which the client reads the status alone before it uses the body.
RELAYED_CALLS = {"relay_idds_command": "iDDS is not offered by this server yet"}
NOT_IMPLEMENTED = 501


def endpoints_saying_no() -> tuple[Endpoint, ...]:
    """Calls of `/api/v1/` that are refused with any arguments."""
    return tuple(
        Endpoint((verb,), path, _failing(why), parameters=None, capability=READ if verb == "GET" else MODIFY)
        for verb, path, why in ((*call.split(" "), why) for call, why in CALLS.items())
    )


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


def _answering(content: list[object], status: int = 200) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return json_response(content, status)

    answer.access = EndpointClass.PUBLIC  # type: ignore[attr-defined]  # read by the test that lists all routes
    return answer
