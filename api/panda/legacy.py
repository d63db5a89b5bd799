"""Legacy calls of panda-client below `/server/panda/` that are not a pilot's: workflows and iDDS.

They answer JSON arrays, `[false, "<why>"]`: Culm has no workflows yet, and a client that asks shall read that instead of an
error of the transport (panda-client-protocol 3.10).
"""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.identity.access import EndpointClass
from api.problems import json_response

PATHS = (
    "put_workflow_request",
    "execute_idds_workflow_command",
    "relay_idds_command",
    "put_file_recovery_request",
    "putEventPickingRequest",
)


def mount_legacy(router: APIRouter) -> None:
    """Routes that say no in the form the client reads."""
    for name in PATHS:
        router.add_route(f"/server/panda/{name}", _saying_no(name), methods=["GET", "POST"], include_in_schema=False)


def _saying_no(name: str):  # type: ignore[no-untyped-def]  # the endpoint carries an attribute of its own
    async def answer(_: Request) -> Response:
        return json_response([False, f"{name}: workflows are not offered by this server yet"])

    answer.access = EndpointClass.PUBLIC  # type: ignore[attr-defined]  # read by the test that lists all routes
    return answer
