"""`/v1/issuers`: which issuers of tokens this Culm believes, and how their keys are. They are set by the command `SetIssuers`."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import Operator
from api.http.problems import json_response
from api.services import Services
from identity.key_cache import KeysCondition
from schemas.types import TrustedIssuer


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/issuers`."""
    router = APIRouter(prefix="/v1/issuers", tags=["identity"])

    @router.get("")
    async def issuers(_: Operator) -> Response:
        """Every issuer that is believed, with its row and the age of its keys; `revision` is for the next `SetIssuers`."""
        gate = services.gate
        return json_response(
            {
                "revision": services.issuers.revision if services.issuers is not None else 0,
                "issuers": [_document(row, gate.keys.condition(row)) for row in gate.verifier.issuers],
            }
        )

    return router


def _document(row: TrustedIssuer, keys: KeysCondition) -> dict[str, Any]:
    return {
        **row.to_avro(),
        "keys": keys.keys,
        "keys_age_seconds": None if keys.age_seconds is None else round(keys.age_seconds),
        "keys_problem": keys.problem or None,
    }
