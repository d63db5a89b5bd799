"""Pages of one API process: a look at one, its JSON, its live stream, and errors as pages.

In: a request and who makes it. Out: responses. Guards: all that is shown comes with headers that let it run nothing of others;
only pages with a past are asked for one.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from api.http.errors import ApiError, NotFound
from api.http.forms import with_times
from api.http.problems import json_response
from api.log.audit_service import AuditService
from api.monitor.browsers import LoginNeeded
from api.monitor.counting import Counts
from api.monitor.hub import Hub
from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages import PAGES
from api.monitor.rendering import Renderer
from api.monitor.session import still_visits, to_login, visitor, wants_json
from api.native.job_files import JobFiles
from api.pilots.queue_cache import QueueCache
from api.queries.positions import stored_positions
from api.services import Services
from identity.identity import Identity
from schemas.records import is_record_class, names_of

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

    def __init__(self, services: Services, audit_service: AuditService) -> None:
        self.services, self.audit_service = services, audit_service
        self.renderer = Renderer()
        self.counts = Counts()
        self.files = JobFiles(services, QueueCache(services.read_models))
        self.hub = Hub(lambda: services.live.everything, services.read_models, self.renderer)

    async def show(self, request: Request, page: MonitorPage, names: Mapping[str, str]) -> Response:
        """A page, or its data."""
        try:
            view = self._view(await visitor(request), page, request.scope["path"], names, request.query_params)
            data = await page.load(view)
            position = sum((await stored_positions(self.services.read_models)).values())
            if wants_json(request):
                return json_response(plain(page.document(data)), headers=_headers_of(data, position))
            place = page.leads_to(data)
            if place is not None:
                return RedirectResponse(place, 303, headers=SECURITY)
            about = {
                "identity": view.identity,
                "position": position,
                "is_past": bool(view.parameters.get("asof")),
                "live": f"/monitor/live?{self._live_query(request)}",
                "may_operate": view.may_operate,
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

    def live(self, request: Request, identity: Identity, path: str, last_version: str) -> Response:
        """The stream of the page at `path` (with its query)."""
        bare, _, query = path.partition("?")
        page, names = page_at(bare)
        parameters = {name: value for name, value in _query(query).items() if name not in ("asof", "against")}
        view = self._view(identity, page, bare, names, parameters)
        found = self.hub.stream(page, view, stream_key(page, identity, bare, parameters), last_version)
        cookies = None if request.headers.get("authorization") else lambda: still_visits(request, identity)
        stream = self.services.gate.of_one_member(request, identity, found, cookies)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    def view_of(self, identity: Identity) -> PageView:
        """A look at no page, for actions."""
        return self._looking(identity, "/monitor/act", {}, {})

    def _view(
        self,
        identity: Identity,
        page: MonitorPage,
        path: str,
        names: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> PageView:
        given = {name: value for name, value in parameters.items() if name != "json"}
        if not page.has_past and (given.get("asof") or given.get("against")):
            raise NotFound(f"{page.name} has no past to look at; tasks, jobs and queues have")
        return self._looking(identity, path, names, given)

    def _looking(
        self, identity: Identity, path: str, names: Mapping[str, str], parameters: Mapping[str, str]
    ) -> PageView:
        services = self.services
        rows, audit = services.read_models, self.audit_service
        return PageView(identity, path, names, parameters, rows, audit, services, self.counts, self.files)

    def _live_query(self, request: Request) -> str:
        here = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
        return urlencode({"path": here})


def _headers_of(data: Data, position: int) -> dict[str, str]:
    """What programs need beside the rows of a list, whose form is BigPanDA's: how many fit, and the cursor of the next page."""
    more = {"Culm-Total": data.get("total"), "Culm-Next": data.get("next")}
    return {"Culm-Events-Applied": str(position), **{name: str(value) for name, value in more.items() if value is not None}}


def stream_key(page: MonitorPage, identity: Identity, path: str, parameters: Mapping[str, str]) -> str:
    """What those have in common, within a VO, who are served from one rendering of a page."""
    looks = f"{path}?{sorted(parameters.items())}"
    return f"{looks} of {identity.owners} as {sorted(identity.roles)}" if page.is_personal else looks


def page_at(path: str) -> tuple[MonitorPage, Mapping[str, str]]:
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
    if is_record_class(type(value)):
        return plain({name: getattr(value, name) for name in names_of(value)})
    if hasattr(value, "__dataclass_fields__"):
        return plain({name: getattr(value, name) for name in value.__dataclass_fields__})
    return value


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
