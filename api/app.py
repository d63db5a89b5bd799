"""The API put together: fronts, error forms, limits, and the hot routes ahead. Wiring only."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from api import harvesters, monitor, panda
from api.http import problems
from api.http import static_files as static
from api.http.bodies import BodyLimit
from api.http.metrics import Measured
from api.http.plain_requests import PlainRequests
from api.http.tracing import Traced
from api.log.audit_service import AuditService, build_audit_service
from api.log.long_lists import SUBMISSION_BYTES_MAX
from api.login import back_channel, documents, logout
from api.native import router as native
from api.pilots import router as pilots
from api.pilots.dispatch import PilotDispatch
from api.pilots.hot_routes import HotRoutes
from api.services import Services
from api.shared.store import SharedKind

UPLOAD_BYTES_MAX = 800 * 1024 * 1024
LARGER_BODIES = {
    "/api/v1/file_server/upload_cache_file": UPLOAD_BYTES_MAX,
    "/api/latest/file_server/upload_cache_file": UPLOAD_BYTES_MAX,
    "/api/v1/task/submit": SUBMISSION_BYTES_MAX,
    "/api/latest/task/submit": SUBMISSION_BYTES_MAX,
    "/v1/tasks": SUBMISSION_BYTES_MAX,
}

#: So long a starting API waits for the list of issuers before it answers at all.
ISSUERS_WAIT_SECONDS = 5.0


def create_app(services: Services, *, only: Sequence[Callable[[Services], APIRouter]] = ()) -> HotRoutes:
    """The API over `services`, which it starts and closes with itself; its `app` is the application of all routes.

    only: what builds the routes; those of all fronts without it. To build all of them takes some 0.2 s.
    """
    audit_service = build_audit_service(services.read_models, services.config.kafka, services.codec)
    dispatch = PilotDispatch(services)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.start()
        await services.ready(ISSUERS_WAIT_SECONDS)
        yield
        services.close()
        audit_service.threads.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(
        title="Culm",
        description="Distributed workload management on an event log.",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.config = services.config
    app.state.gate = services.gate
    app.state.services = services
    problems.install(app)
    for router in [build(services) for build in only] or _all_routers(services, dispatch, audit_service):
        # Taken as they are: `include_router` would analyse the parameters of each route a second time, and no router of ours
        # is included with a prefix or dependencies.
        app.router.routes.extend(router.routes)
    monitor.install(app, services)
    app.add_middleware(BodyLimit, bytes_max=services.config.body_bytes_max, larger=LARGER_BODIES)
    app.add_middleware(PlainRequests)
    app.add_middleware(Traced)
    app.add_middleware(Measured)
    hot_routes = pilots.busiest(services, dispatch)
    return HotRoutes(app, hot_routes, services.gate, services.config.body_bytes_max)


def _all_routers(services: Services, dispatch: PilotDispatch, audit_service: AuditService) -> Iterator[APIRouter]:
    """The routes of every front in the order in which they are looked through: the busiest come first."""
    yield pilots.build_router(services, dispatch)
    for front in (harvesters, panda, back_channel, documents, logout):
        yield front.build_router(services)
    yield static.build_router(services.config.shared / SharedKind.SANDBOXES.value)
    yield native.build_router(services, audit_service)
    yield monitor.build_router(services, audit_service)
