"""Where one logs in with a token and out again."""

from typing import cast

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.access import Gate, Public
from api.http.errors import AccessDenied, NotAuthenticated
from api.monitor.session import check_same_site, forget, identity_of_token, keep, safe_next
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
        check_same_site(request)
        answer = RedirectResponse("/login", 303)
        forget(answer)
        return answer


def _login_page(monitor: Monitor, following: str, problem: str = "", status: int = 200) -> Response:
    vos = monitor.services.config.vos
    text = monitor.renderer.other("login.html", title="Log in", next=following, problem=problem, vos=vos)
    return HTMLResponse(text, status, headers=SECURITY)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
