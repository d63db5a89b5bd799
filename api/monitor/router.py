"""Routes of the monitor: pages with their JSON, live streams, actions, log-in, static files, and BigPanDA's own paths."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Header, Request
from pydantic import Field
from starlette.datastructures import FormData
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse

from api.http.access import Gate, Public
from api.http.errors import AccessDenied, ApiError, NotAuthenticated, NotFound
from api.http.forms import with_times
from api.http.plain_requests import WHOLE_MAX
from api.http.problems import json_response
from api.http.static_files import plain_file
from api.log import dead_letters
from api.log.audit_service import AuditService
from api.log.gateway import now_micros
from api.monitor import actions, job_parts
from api.monitor.aliases import ALIASES, canonical
from api.monitor.counting import Counts
from api.monitor.hub import Hub
from api.monitor.page import Page, View
from api.monitor.pages import PAGES
from api.monitor.rendering import Renderer
from api.monitor.session import (
    LoginNeeded,
    Visitor,
    check_same_site,
    forget,
    identity_of_token,
    keep,
    safe_next,
    to_login,
    visitor,
    wants_json,
)
from api.native.job_files import JobFiles
from api.pilots.queue_cache import QueueCache
from api.queries.positions import stored_positions
from api.services import Services
from identity.identity import OPERATOR, PRODUCTION, Identity

Partition = Annotated[int, Field(ge=0, lt=10_000)]
Offset = Annotated[int, Field(ge=0, le=WHOLE_MAX)]
STATIC = Path(__file__).parent / "static"
PATHS = (
    "/", "/tasks/", "/task/{name}/", "/jobs/", "/job/{name}/", "/queues/", "/queue/{name}/", "/workers/", "/users/", "/errors/",
    "/shares/", "/health/", "/trace/{name}/",
)  # fmt: skip
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Monitor:
    """Pages of one API process."""

    def __init__(self, services: Services, desk: AuditService) -> None:
        self.services, self.desk = services, desk
        self.renderer = Renderer()
        self.counts = Counts()
        self.files = JobFiles(services, QueueCache(services.read_models))
        self.hub = Hub(lambda: services.live.everything, services.read_models, self.renderer)

    async def show(self, request: Request, page: Page, names: Mapping[str, str]) -> Response:
        """A page, or its data."""
        try:
            view = self._view(visitor(request), page, request.scope["path"], names, request.query_params)
            data = await page.load(view)
            position = sum((await stored_positions(self.services.read_models)).values())
            if wants_json(request):
                return json_response(plain(page.document(data)), headers={"Culm-Events-Applied": str(position)})
            about = {
                "identity": view.identity,
                "position": position,
                "is_past": bool(view.parameters.get("asof")),
                "live": f"/monitor/live?{self._live_query(request)}",
                "may_operate": bool(view.identity.roles.intersection((OPERATOR, PRODUCTION))),
            }
            return HTMLResponse(self.renderer.page(page, view, data, about), headers=SECURITY)
        except ApiError as problem:
            return self.problem(request, problem)

    def problem(self, request: Request, problem: ApiError) -> Response:
        """An error as a page, or as JSON."""
        if wants_json(request) or request.headers.get("authorization"):
            raise problem
        if isinstance(problem, LoginNeeded) and request.method == "GET":
            return to_login(request)
        bare = request.scope["path"] if request.method == "GET" and request.url.query else ""
        text = self.renderer.other(
            "problem.html", title=problem.title, status=problem.status, detail=problem.detail, bare=bare
        )
        return HTMLResponse(text, problem.status, headers={**SECURITY, **problem.headers})

    def live(self, identity: Identity, path: str, last_version: str) -> Response:
        """The stream of the page at `path` (with its query)."""
        bare, _, query = path.partition("?")
        page, names = page_at(bare)
        parameters = {name: value for name, value in _query(query).items() if name not in ("asof", "against")}
        view = self._view(identity, page, bare, names, parameters)
        key = f"{bare}?{sorted(parameters.items())}"
        stream = self.hub.stream(page, view, key, last_version)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    def view_of(self, identity: Identity) -> View:
        """A look at no page, for actions."""
        return self._looking(identity, "/monitor/act", {}, {})

    def _view(
        self,
        identity: Identity,
        page: Page,
        path: str,
        names: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> View:
        given = {name: value for name, value in parameters.items() if name != "json"}
        if not page.has_past and (given.get("asof") or given.get("against")):
            raise NotFound(f"{page.name} has no past to look at; tasks, jobs and queues have")
        return self._looking(identity, path, names, given)

    def _looking(
        self, identity: Identity, path: str, names: Mapping[str, str], parameters: Mapping[str, str]
    ) -> View:
        services = self.services
        return View(identity, path, names, parameters, services.read_models, self.desk, services, self.counts, self.files)

    def _live_query(self, request: Request) -> str:
        here = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
        return urlencode({"path": here})


def build_router(services: Services, desk: AuditService) -> APIRouter:
    """All routes of the monitor."""
    router = APIRouter(include_in_schema=False)
    monitor = Monitor(services, desk)

    @router.get("/monitor/static/{name:path}")
    async def static(name: str, _: Public) -> Response:
        folder, _slash, file = name.rpartition("/")
        if folder not in ("", "vendor"):
            raise NotFound(f"no file {name[:100]!r} here")
        return FileResponse(plain_file(STATIC / folder, file), headers={"Cache-Control": "max-age=3600"})

    @router.get("/monitor/live")
    async def live(request: Request, identity: Visitor, path: str, last_event_id: str = Header("")) -> Response:
        return monitor.live(identity, path, last_event_id)

    _add_login(router, monitor)
    _add_actions(router, monitor)
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


def _add_login(router: APIRouter, monitor: Monitor) -> None:
    @router.get("/login")
    async def login(request: Request, _: Public) -> Response:
        return _login_page(monitor, safe_next(request.query_params.get("next")))

    @router.post("/login")
    async def log_in(request: Request, _: Public) -> Response:
        check_same_site(request)
        form = await request.form()
        token, vo, following = _text(form, "token").strip(), _text(form, "vo"), safe_next(_text(form, "next"))
        try:
            identity_of_token(cast(Gate, request.app.state.gate), token, vo)
        except (NotAuthenticated, AccessDenied) as problem:
            return _login_page(monitor, following, problem.detail, problem.status)
        answer = RedirectResponse(following, 303)
        keep(answer, request, token, vo)
        return answer

    @router.post("/logout")
    async def log_out(request: Request, _: Public) -> Response:
        check_same_site(request)
        answer = RedirectResponse("/login", 303)
        forget(answer)
        return answer


def _login_page(monitor: Monitor, following: str, problem: str = "", status: int = 200) -> Response:
    vos = monitor.services.config.vos
    text = monitor.renderer.other("login.html", title="Log in", next=following, problem=problem, vos=vos)
    return HTMLResponse(text, status, headers=SECURITY)


def _add_actions(router: APIRouter, monitor: Monitor) -> None:
    @router.post("/monitor/act")
    async def act(request: Request, identity: Visitor) -> Response:
        """Preview first; with `confirm` the commands."""
        try:
            form = await request.form()
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            asked = actions.request_from(fields, [value for value in form.getlist("id") if isinstance(value, str)])
            view = monitor.view_of(identity)
            back = safe_next(fields.get("back"))
            context: dict[str, Any] = {"asked": asked, "back": back, "about": {"identity": identity}}
            if fields.get("confirm"):
                context["outcomes"] = await actions.carry_out(view, asked)
            else:
                context["targets"], context["total"] = await actions.preview(view, asked)
            return HTMLResponse(monitor.renderer.other("act.html", **context, title=asked.action.label), headers=SECURITY)
        except ApiError as problem:
            return monitor.problem(request, problem)

    @router.post("/monitor/letters/{partition}/{offset}")
    async def letter(request: Request, partition: Partition, offset: Offset, identity: Visitor) -> Response:
        """Try the record of a dead letter again."""
        try:
            if not identity.roles.intersection((OPERATOR,)):
                raise AccessDenied("only an operator tries dead letters again")
            config, codec = monitor.services.config, monitor.services.codec
            found = await asyncio.to_thread(dead_letters.letter_at, config.kafka, codec, partition, offset)
            await asyncio.to_thread(dead_letters.retry, config.kafka, codec, found, identity.subject, now_micros())
            text = f"Dead letter {found.document['id']} is being tried again."
            shown = monitor.renderer.other("done.html", title="Tried again", text=text, back="/health/")
            return HTMLResponse(shown, headers=SECURITY)
        except ApiError as problem:
            return monitor.problem(request, problem)


def page_at(path: str) -> tuple[Page, Mapping[str, str]]:
    """The page of a path with the names in it; raises NotFound."""
    for page in PAGES:
        names = page.match(path)
        if names is not None:
            return page, names
    raise NotFound(f"nothing at {path[:200]}")


def plain(value: Any) -> Any:
    """Data as JSON: times as ISO 8601."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in with_times(value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return plain({name: getattr(value, name) for name in value.__dataclass_fields__})
    return value


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


