"""Where one logs in, at a provider (`session_routes.py`) or with a token, and logs out again."""

from typing import cast

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.access import Gate, Public
from api.http.errors import AccessDenied, ApiError, NotAuthenticated
from api.login.logout import end_login
from api.monitor.session import browsers_of, check_same_site, forget, identity_of_token, keep, login_in_cookie, safe_next
from api.monitor.showing import SECURITY, Monitor


def add_to(router: APIRouter, monitor: Monitor) -> None:
    """Add `/login` and `/logout`."""

    @router.get("/login")
    async def login(request: Request, _: Public) -> Response:
        following = safe_next(request.query_params.get("next"))
        return login_page(monitor, request, following, takes_address=opened_by_visitor(request))

    @router.post("/login")
    async def log_in(request: Request, _: Public) -> Response:
        check_same_site(request)
        form = await request.form()
        token, vo, following = _text(form, "token").strip(), _text(form, "vo"), safe_next(_text(form, "next"))
        try:
            await identity_of_token(cast(Gate, request.app.state.gate), token, vo)
        except (NotAuthenticated, AccessDenied) as problem:
            return login_page(monitor, request, following, problem.detail, problem.status)
        await browsers_of(request).end(request)
        answer = RedirectResponse(following, 303)
        forget(answer, request)
        keep(answer, request, token, vo)
        return answer

    @router.post("/logout")
    async def log_out(request: Request, _: Public) -> Response:
        """End the login everywhere; where the log cannot take that, the browser forgets it all the same and the page says so."""
        check_same_site(request)
        answer: Response = RedirectResponse("/login", 303)
        try:
            try:
                kept = await login_in_cookie(request)
            finally:
                await browsers_of(request).end(request)
            if kept is not None:
                await end_login(monitor.services.gateway, *kept)
        except ApiError as problem:
            told = f"This browser has forgotten the login, but its token could not be ended: {problem.detail}"
            answer = login_page(monitor, request, "/", told, problem.status)
        forget(answer, request)
        return answer


def opened_by_visitor(request: Request) -> bool:
    """True when the visitor typed or followed an address of their own: a page of another site did not lead here."""
    return request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def login_page(
    monitor: Monitor, request: Request, following: str, problem: str = "", status: int = 200, *, takes_address: bool = False
) -> Response:
    """Where one logs in, and what was wrong the last time. takes_address: a token behind the # of its address is offered."""
    vos, places = monitor.services.config.vos, browsers_of(request).places
    shown = {"next": following, "problem": problem, "vos": vos, "places": places, "takes_address": takes_address}
    text = monitor.renderer.other("login.html", title="Log in", **shown)
    return HTMLResponse(text, status, headers=SECURITY)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
