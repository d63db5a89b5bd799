"""Queue and storage documents that pilots download without a token."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import Public
from api.http.errors import NotFound
from api.http.problems import json_response
from api.pilots.dispatch import PilotDispatch
from api.pilots.queue_cache import listed_for, queue_document, storage_documents
from api.services import Services


def build_router(services: Services, service: PilotDispatch) -> APIRouter:
    """Routes below `/cache` that are not files."""
    router = APIRouter(prefix="/cache", include_in_schema=False)

    @router.get("/schedconfig/{name}.all.json")
    async def queue(name: str, _: Public) -> Response:
        settings = (await service.queue_cache.settings()).get(name)
        if settings is None:
            raise NotFound(f"no queue {name[:200]!r} is configured")
        return json_response(queue_document(settings))

    @router.get("/schedconfig.json")
    async def queues(request: Request, _: Public) -> Response:
        found = await listed_for(service.queue_cache, services.gate, request)
        return json_response({name: queue_document(settings) for name, settings in found.items()})

    @router.get("/ddmendpoints.json")
    async def storages(_: Public) -> Response:
        return json_response(storage_documents(await service.queue_cache.settings(), services.config.home))

    return router
