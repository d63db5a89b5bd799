"""`/v1/secrets`: what a person keeps for jobs. Values come in and go to jobs; these routes never show one."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import Submitter
from api.http.bodies import read_object
from api.http.errors import BadRequest
from api.http.problems import json_response
from api.secrets.service import FILE_PREFIX
from api.services import Services

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["name", "value"],
                    "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
                }
            }
        },
    }
}
#: One value, JSON around it.
BODY_BYTES_MAX = 8 * 1024 * 1024


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/secrets`."""
    router = APIRouter(prefix="/v1/secrets", tags=["identity"])

    @router.get("")
    async def secrets(identity: Submitter) -> Response:
        """The caller's secrets: names, sizes, ids; never values."""
        found = await services.secrets.names(identity)
        return json_response(
            {
                "secrets": [
                    {
                        "name": secret.name.removeprefix(FILE_PREFIX),
                        "secret_id": secret.secret_id,
                        "size_bytes": len(secret.value.encode()),
                        "is_file": secret.name.startswith(FILE_PREFIX),
                    }
                    for secret in found
                ]
            }
        )

    @router.put("", openapi_extra=BODY)
    async def keep(request: Request, identity: Submitter) -> Response:
        """Keep a secret in place of an earlier one of that name."""
        body = await read_object(request, BODY_BYTES_MAX)
        secret_id = await services.secrets.keep(identity, _text(body, "name"), _text(body, "value"))
        return json_response({"secret_id": secret_id})

    @router.delete("/{name}")
    async def forget(name: str, identity: Submitter) -> Response:
        """Forget a secret; one that is not there is forgotten already."""
        await services.secrets.delete(identity, (name, FILE_PREFIX + name))
        return json_response({"deleted": True})

    return router


def _text(body: dict[str, Any], name: str) -> str:
    """A text of the body; what is no text is not repeated, for it may be a secret."""
    found = body.get(name)
    if not isinstance(found, str):
        raise BadRequest(f"{name}: found {type(found).__name__}, expected a text")
    return found
