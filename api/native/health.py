"""`/v1/health`, `/v1/whoami` and the OpenAPI document."""

import time
from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import Member, Operator, Public
from api.http.errors import ReadModelsUnavailable
from api.http.forms import iso
from api.http.problems import json_response
from api.log.condition import HealthCondition
from api.native.openapi import public_document
from api.queries import positions, set_aside
from api.services import Services
from identity.explained import explained

DETAILS_MAX = 1_000


def build_router(services: Services) -> APIRouter:
    """Routes that tell about the API itself."""
    router = APIRouter(tags=["api"])

    @router.get("/v1/health")
    async def health(_: Public) -> Response:
        """200 when commands can be sent and read models can be asked, else 503 with what is missing.

        `status` is `degraded` also while it serves and something is wrong: `problems` says what, in sentences. Of what belongs
        to a VO it tells how many; `/v1/health/details` tells operators which.
        """
        started = time.monotonic()
        try:
            await positions.are_readable(services.read_models)
            readable = True
        except ReadModelsUnavailable:
            readable = False
        answers = services.gateway.answers
        serves = readable and answers.ready
        condition = await services.condition.now() if services.condition else HealthCondition()
        missing = [
            *([] if answers.ready else ["The log does not answer: commands cannot be sent."]),
            *([] if readable else ["The read models cannot be asked."]),
        ]
        document = {
            "status": "ok" if serves and not condition.problems else "degraded",
            "problems": [*missing, *condition.problems],
            "set_aside": {
                "total": condition.set_aside.total,
                "by_kind": dict(condition.set_aside.counts),
                "records_passed_over": condition.set_aside.skipped,
            },
            "log": answers.ready,
            "read_models": readable,
            "read_milliseconds": round((time.monotonic() - started) * 1000, 1),
            "answers_awaited": answers.waiting,
            "records_unsent": services.gateway.sender.unsent,
        }
        return json_response(document, 200 if serves else 503)

    @router.get("/v1/health/details")
    async def details(identity: Operator) -> Response:
        """What is set aside of the VO, of no VO, and of queues: which, as of which event, since when and why."""
        rows = await set_aside.seen_by(services.read_models, identity.vo, DETAILS_MAX)
        return json_response({"set_aside": [{**row, "since": iso(row["since"])} for row in rows]})

    @router.get("/v1/whoami")
    async def whoami(identity: Member) -> Response:
        """Who the token and the Origin header say you are, what you may do and not do, and by what."""
        may, may_not = explained(identity, services.gate.verifier.access)
        return json_response(
            {
                "subject": identity.subject,
                "user_name": identity.user_name,
                "display_name": identity.display_name,
                "nickname": identity.nickname,
                "vo": identity.vo,
                "role": identity.role,
                "roles": sorted(identity.roles),
                "groups": list(identity.groups),
                "may": [asdict(one) for one in may],
                "may_not": [asdict(one) for one in may_not],
                "linked": list(identity.linked),
            }
        )

    @router.get("/openapi.json", include_in_schema=False)
    @router.get("/v1/openapi.json", include_in_schema=False)
    async def document(request: Request, _: Public) -> Response:
        state = request.app.state
        if not hasattr(state, "public_document"):  # of an application it never changes
            state.public_document = public_document(request.app.openapi())
        return json_response(state.public_document)

    return router
