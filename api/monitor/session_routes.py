"""A session in the browser: the way to a provider and back, and the page that shows and changes as what one acts."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.access import Public
from api.http.errors import ApiError
from api.monitor.browsers import CALLBACK
from api.monitor.login import login_page
from api.monitor.session import Visitor, browsers_of, safe_next
from api.monitor.showing import SECURITY, Monitor

ACTING_LENGTH_MAX = 200


def add_to(router: APIRouter, monitor: Monitor) -> None:
    """Add `/login/at/VO`, where it comes back to, and `/session`."""

    @router.get("/login/at/{vo}")
    async def begin(request: Request, vo: str, _: Public) -> Response:
        following = safe_next(request.query_params.get("next"))
        try:
            answer = await browsers_of(request).begin(request, vo, following)
        except ApiError as problem:
            return login_page(monitor, request, following, problem.detail, problem.status)
        return _unstored(answer)

    @router.get(CALLBACK)
    async def complete(request: Request, _: Public) -> Response:
        try:
            answer = await browsers_of(request).complete(request)
        except ApiError as problem:
            return login_page(monitor, request, "/", problem.detail, problem.status)
        return _unstored(answer)

    @router.get("/session")
    async def session(request: Request, identity: Visitor) -> Response:
        """Who one is, as what one acts, and until when."""
        try:
            browsers = browsers_of(request)
            found = await browsers.current(request)
        except ApiError as problem:
            return monitor.problem(request, problem)
        choices = browsers.choices(found) if found is not None else []
        context = {"session": found and found.session, "identity": identity, "choices": choices, "about": {"identity": identity}}
        return HTMLResponse(monitor.renderer.other("session.html", title="Session", **context), headers=SECURITY)

    @router.post("/session")
    async def act_as(request: Request, identity: Visitor) -> Response:
        """Act in another VO or role from now on."""
        asked = (await request.form()).get("acting")
        vo, _, role = (asked if isinstance(asked, str) else "")[:ACTING_LENGTH_MAX].partition(":")
        try:
            await browsers_of(request).act_as(request, vo, role)
        except ApiError as problem:
            return monitor.problem(request, problem)
        return RedirectResponse("/session", 303)


def _unstored(answer: Response) -> Response:
    answer.headers.update({name: SECURITY[name] for name in ("Cache-Control", "Referrer-Policy")})
    return answer
