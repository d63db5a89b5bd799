"""Queue and storage documents that pilots download without a token."""

from fastapi import APIRouter
from starlette.responses import Response

from api.errors import NotFound
from api.identity.access import Public
from api.pilots.desk import PilotDesk
from api.pilots.queue_book import queue_document, storage_documents
from api.problems import json_response
from api.services import Services


def build_router(services: Services, desk: PilotDesk) -> APIRouter:
    """Routes below `/cache` that are not files."""
    router = APIRouter(prefix="/cache", include_in_schema=False)

    @router.get("/schedconfig/{name}.all.json")
    async def queue(name: str, _: Public) -> Response:
        settings = (await desk.book.settings()).get(name)
        if settings is None:
            raise NotFound(f"no queue {name[:200]!r} is configured")
        return json_response(queue_document(settings))

    @router.get("/schedconfig.json")
    async def queues(_: Public) -> Response:
        found = await desk.book.settings()
        return json_response({name: queue_document(found[name]) for name in sorted(found)})

    @router.get("/ddmendpoints.json")
    async def storages(_: Public) -> Response:
        return json_response(storage_documents(await desk.book.settings(), services.config.home))

    return router
