"""`/v1/access-policy`: which groups give which roles and what roles may do. It is set by the command `SetAccessPolicy`."""

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import Administrator
from api.http.problems import json_response
from api.services import Services


def build_router(services: Services) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1/access-policy", tags=["identity"])

    @router.get("")
    async def access_policy(_: Administrator) -> Response:
        """The policy in force at this API; `revision` is for the next `SetAccessPolicy`, 0 while the built-in one holds."""
        rules = services.gate.verifier.access
        return json_response({"revision": rules.revision, "policy": rules.policy.to_avro()})

    return router
