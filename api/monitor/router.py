"""Routes of the monitor: pages with their JSON, live streams, static files, and BigPanDA's own paths."""

from pathlib import Path

from fastapi import APIRouter, Header, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from api.http.access import Public
from api.http.errors import NotFound
from api.http.static_files import plain_file
from api.log.audit_service import AuditService
from api.monitor import acting, job_parts, login, session_routes
from api.monitor.aliases import ALIASES, canonical
from api.monitor.session import Visitor
from api.monitor.showing import Monitor, page_at
from api.services import Services

STATIC = Path(__file__).parent / "static"
PATHS = (
    "/", "/now/", "/tasks/", "/task/{name}/", "/jobs/", "/job/{name}/", "/compare/", "/queues/", "/queue/{name}/", "/workers/",
    "/worker/{queue}/{worker:path}/", "/harvesters/", "/harvesters/{harvester_id:path}/", "/users/", "/errors/", "/shares/",
    "/health/", "/search/", "/workflows/", "/workflow/{name}/",
    "/trace/{name}/",
)  # fmt: skip


def build_router(services: Services, audit_service: AuditService) -> APIRouter:
    """All routes of the monitor."""
    router = APIRouter(include_in_schema=False)
    monitor = Monitor(services, audit_service)

    @router.get("/monitor/static/{name:path}")
    async def static(name: str, _: Public) -> Response:
        folder, _slash, file = name.rpartition("/")
        if folder not in ("", "vendor"):
            raise NotFound(f"no file {name[:100]!r} here")
        return FileResponse(plain_file(STATIC / folder, file), headers={"Cache-Control": "max-age=3600"})

    @router.get("/monitor/live")
    async def live(request: Request, identity: Visitor, path: str, last_event_id: str = Header("")) -> Response:
        return monitor.live(request, identity, path, last_event_id)

    login.add_to(router, monitor)
    session_routes.add_to(router, monitor)
    acting.add_to(router, monitor)
    job_parts.add_to(router, services, monitor.files, monitor.problem)

    async def page(request: Request, _: Visitor) -> Response:
        try:
            found, names = page_at(request.scope["path"])
        except NotFound as problem:
            return monitor.problem(request, problem)
        return await monitor.show(request, found, names)

    async def alias(request: Request, _: Public) -> Response:
        return RedirectResponse(canonical(request.scope["path"], request.query_params), 301)

    for path in PATHS:
        router.add_api_route(path, page, methods=["GET"])
    for path in ALIASES:
        router.add_api_route(path, alias, methods=["GET"])
    return router
