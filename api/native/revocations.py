"""`/v1/revocations`: who and what is believed no more. It is changed by the commands `RevokeIdentity`, `RestoreIdentity`,
`RevokeToken` and `RevokeTokensBefore`, which go to keys that this document names."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import Administrator
from api.http.forms import iso
from api.http.problems import json_response
from api.log.gateway import now_micros
from api.services import Services

SHOWN_MAX = 1_000


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/revocations`."""
    router = APIRouter(prefix="/v1/revocations", tags=["identity"])

    @router.get("")
    async def revocations(_: Administrator) -> Response:
        """What this API refuses: identities, issuers with tokens that are too old, and at most 1,000 of the single tokens."""
        found = services.gate.verifier.revocations
        tokens = found.tokens(now_micros())
        return json_response(
            {
                "identities": [_document(event) for event in found.identities.values()],
                "before": [_document(event) for event in found.before.values()],
                "tokens": [_document(event) for event in tokens[:SHOWN_MAX]],
                "tokens_total": len(tokens),
            }
        )

    return router


def _document(event: Any) -> dict[str, Any]:
    return {
        name: iso(value) if name in ("since", "time", "until") and value is not None else value
        for name, value in event.to_avro().items()
    }
