"""`/v1/sources`: sources outside, how old they are, and what they say. They are taken over by commands (docs/bridges.md)."""

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import Operator
from api.http.forms import with_times
from api.http.problems import json_response
from api.native.reading import CaughtUp
from api.queries import sources as questions
from api.services import Services
from schemas.outside import digest_of


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/sources`."""
    router = APIRouter(prefix="/v1/sources", tags=["queues"])
    read_models = services.read_models

    @router.get("")
    async def sources(identity: Operator, _: CaughtUp) -> Response:
        """The sources of the organisation: when each was made, how many entries it names, what of it was held back."""
        rows = await questions.listed(read_models, identity.vo)
        return json_response({"sources": [with_times(row) for row in rows]})

    @router.get("/{source}")
    async def one(source: str, identity: Operator, _: CaughtUp) -> Response:
        """The facts of a source by policy key, each as the SHA-256 of its JSON with sorted keys; none of a source not known."""
        facts = await questions.facts_of(read_models, identity.vo, source)
        return json_response({"name": source, "facts": {key: digest_of(fact) for key, fact in facts.items()}})

    return router
