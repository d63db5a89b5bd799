"""All routes for pilots together, and those calls that every job makes."""

from fastapi import APIRouter

from api.fast_lane import BodyCall
from api.pilots import documents, legacy, v1
from api.pilots.desk import PilotDesk
from api.services import Services


def build_router(services: Services, desk: PilotDesk) -> APIRouter:
    """Routes of both dialects and the documents."""
    router = APIRouter()
    router.include_router(legacy.build_router(desk))
    router.include_router(v1.build_router(desk))
    router.include_router(documents.build_router(services, desk))
    return router


def busiest(desk: PilotDesk) -> dict[str, BodyCall]:
    """Path -> call of what every job needs, in both dialects; the same calls stand among the routes."""
    return legacy.busiest(desk) | v1.busiest(desk)
