"""All routes for pilots together, and those calls that every job makes."""

from fastapi import APIRouter

from api.pilots import documents, event_routes, legacy, v1
from api.pilots.dispatch import PilotDispatch
from api.pilots.event_ranges import EventRangeService
from api.pilots.hot_routes import HotCall
from api.services import Services


def build_router(services: Services, service: PilotDispatch) -> APIRouter:
    """Routes of both dialects and the documents."""
    router = APIRouter()
    router.routes.extend(legacy.build_router(service).routes)
    router.routes.extend(v1.build_router(service).routes)
    router.routes.extend(event_routes.build_router(EventRangeService(services, service)).routes)
    router.routes.extend(documents.build_router(services, service).routes)
    return router


def busiest(services: Services, service: PilotDispatch) -> dict[str, HotCall]:
    """Path -> call of what every job needs, in both dialects; the same calls stand among the routes."""
    events = event_routes.busiest(EventRangeService(services, service))
    return legacy.busiest(service) | v1.busiest(service) | events
