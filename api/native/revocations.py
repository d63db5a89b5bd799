"""`/v1/revocations`: who and what is believed no more. It is changed by the commands `RevokeIdentity`, `RestoreIdentity`,
`RevokeToken` and `RevokeTokensBefore`, which go to keys that this document names."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import Administrator
from api.http.forms import iso
from api.http.problems import json_response
from api.log.gateway import now_micros
from api.native.reading import CaughtUp
from api.queries import jobs
from api.services import Services

SHOWN_MAX = 1_000
#: Culm's pilot beats every 5 s and stops a payload after 20 s of refusals.
STOPS_SECONDS = 60


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

    @router.get("/payloads")
    async def payloads(identity: Administrator, _: CaughtUp, actor: str) -> Response:
        """Which payloads of `actor` in the VO run now, as owner of the job or as its pilot, at most 1,000, and when each stops.

        `stops_within_seconds` after its order to stop, or after its pilot's heartbeats are refused; null where it stops at the
        pilot's next call, whenever that is (pilot3: up to 30 minutes).
        """
        rows = await jobs.payloads_of(services.read_models, identity.vo, actor, SHOWN_MAX)
        return json_response({"payloads": [{**row, "stops_within_seconds": stops_within(row["lease_seconds"])} for row in rows]})

    return router


def stops_within(lease_seconds: int) -> int | None:
    """Within how many seconds a pilot with leases of this length stops a payload; None where it does not call so often.

    A lease is several heartbeats long, and a pilot that says how often it beats has a short one.
    """
    return STOPS_SECONDS if lease_seconds <= STOPS_SECONDS else None


def _document(event: Any) -> dict[str, Any]:
    return {
        name: iso(value) if name in ("since", "time", "until") and value is not None else value
        for name, value in event.to_avro().items()
    }
