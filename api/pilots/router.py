"""All routes for pilots together."""

from fastapi import APIRouter

from api.pilots import documents, legacy, v1
from api.pilots.desk import PilotDesk
from api.services import Services


def build_router(services: Services) -> APIRouter:
    """Routes of both dialects and the documents."""
    desk = PilotDesk(services)
    router = APIRouter()
    router.include_router(legacy.build_router(desk))
    router.include_router(v1.build_router(desk))
    router.include_router(documents.build_router(services, desk))
    return router
