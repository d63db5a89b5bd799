"""`/v1/health`, `/v1/whoami` and the OpenAPI document."""

import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import Public, User
from api.http.errors import ReadModelsUnavailable
from api.http.problems import json_response
from api.log.condition import Condition
from api.native.set_aside import documents_of
from api.services import Services


def build_router(services: Services) -> APIRouter:
    """Routes that tell about the API itself."""
    router = APIRouter(tags=["api"])

    @router.get("/v1/health")
    async def health(_: Public) -> Response:
        """200 when commands can be sent and read models can be asked, else 503 with what is missing.

        `status` is `degraded` also while it serves and something is wrong: `problems` says what, in sentences.
        """
        started = time.monotonic()
        try:
            await services.read_models.row("select 1 as one from task limit 1")
            readable = True
        except ReadModelsUnavailable:
            readable = False
        answers = services.gateway.answers
        serves = readable and answers.ready
        condition = await services.condition.now() if services.condition else Condition()
        missing = [
            *([] if answers.ready else ["The log does not answer: commands cannot be sent."]),
            *([] if readable else ["The read models cannot be asked."]),
        ]
        document = {
            "status": "ok" if serves and not condition.problems else "degraded",
            "problems": [*missing, *condition.problems],
            "set_aside": documents_of(condition.set_aside),
            "log": answers.ready,
            "read_models": readable,
            "read_milliseconds": round((time.monotonic() - started) * 1000, 1),
            "answers_awaited": answers.waiting,
            "records_unsent": services.gateway.sender.unsent,
        }
        return json_response(document, 200 if serves else 503)

    @router.get("/v1/whoami")
    async def whoami(identity: User) -> Response:
        """Who the token and the Origin header say you are."""
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
            }
        )

    @router.get("/openapi.json", include_in_schema=False)
    @router.get("/v1/openapi.json", include_in_schema=False)
    async def document(request: Request, _: Public) -> Response:
        return json_response(request.app.openapi())

    return router
