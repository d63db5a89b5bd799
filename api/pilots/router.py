"""All routes for pilots together."""

from typing import cast

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts

from api.fast_lane import Endpoint
from api.pilots import documents, legacy, v1
from api.pilots.desk import PilotDesk
from api.services import Services

BUSIEST = (
    "/server/panda/getJob",
    "/server/panda/updateJob",
    "/api/v1/pilot/acquire_jobs",
    "/api/v1/pilot/update_job",
    "/api/v1/pilot/update_jobs_bulk",
)


def build_router(services: Services) -> APIRouter:
    """Routes of both dialects and the documents."""
    desk = PilotDesk(services)
    router = APIRouter()
    router.include_router(legacy.build_router(desk))
    router.include_router(v1.build_router(desk))
    router.include_router(documents.build_router(services, desk))
    return router


def busiest(router: APIRouter) -> dict[str, Endpoint]:
    """Path -> endpoint of the calls that every job makes, out of the routes of `build_router`."""
    found = {str(route.path): route.endpoint for route in iter_route_contexts(router.routes)}
    return {path: cast(Endpoint, found[path]) for path in BUSIEST}
