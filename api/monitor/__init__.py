"""The monitor: pages for people, each with its data as JSON under the same URL, live from the log."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import answer_to
from api.monitor.router import build_router
from api.monitor.session import LoginNeeded, to_login, wants_json

__all__ = ["build_router", "install"]


def install(app: FastAPI) -> None:
    """Send browsers without a login to the login page; programs get 401."""

    @app.exception_handler(LoginNeeded)
    async def unknown(request: Request, error: LoginNeeded) -> Response:
        reads_html = "text/html" in request.headers.get("accept", "")
        if request.method == "GET" and reads_html and not wants_json(request):
            return to_login(request)
        return answer_to(request.url.path, error)
