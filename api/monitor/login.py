"""Where one logs in with a token and out again."""

from typing import cast

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.access import Gate, Public
from api.http.errors import AccessDenied, ApiError, NotAuthenticated
from api.login.logout import end_login
from api.monitor.session import check_same_site, forget, identity_of_token, keep, login_in_cookie, safe_next
from api.monitor.showing import SECURITY, Monitor


def add_to(router: APIRouter, monitor: Monitor) -> None:
    """Add `/login` and `/logout`."""

    @router.get("/login")
    async def login(request: Request, _: Public) -> Response:
        return _login_page(monitor, safe_next(request.query_params.get("next")))

    @router.post("/login")
    async def log_in(request: Request, _: Public) -> Response:
        check_same_site(request)
        form = await request.form()
        token, vo, following = _text(form, "token").strip(), _text(form, "vo"), safe_next(_text(form, "next"))
        try:
            await identity_of_token(cast(Gate, request.app.state.gate), token, vo)
        except (NotAuthenticated, AccessDenied) as problem:
            return _login_page(monitor, following, problem.detail, problem.status)
        answer = RedirectResponse(following, 303)
        keep(answer, request, token, vo)
        return answer

    @router.post("/logout")
    async def log_out(request: Request, _: Public) -> Response:
        """End the login everywhere; where the log cannot take that, the browser forgets it all the same and the page says so."""
        check_same_site(request)
        answer: Response = RedirectResponse("/login", 303)
        try:
            kept = await login_in_cookie(request)
            if kept is not None:
                await end_login(monitor.services.gateway, *kept)
        except ApiError as problem:
            told = f"This browser has forgotten the login, but its token could not be ended: {problem.detail}"
            answer = _login_page(monitor, "/", told, problem.status)
        forget(answer)
        return answer


def _login_page(monitor: Monitor, following: str, problem: str = "", status: int = 200) -> Response:
    vos = monitor.services.config.vos
    text = monitor.renderer.other("login.html", title="Log in", next=following, problem=problem, vos=vos)
    return HTMLResponse(text, status, headers=SECURITY)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
