"""The monitor: pages for people, each with its data as JSON under the same URL, live from the log."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import answer_to
from api.monitor.browsers import Browsers, LoginNeeded
from api.monitor.router import build_router
from api.monitor.session import to_login, wants_json
from api.services import Services

__all__ = ["build_router", "install"]


def install(app: FastAPI, services: Services) -> None:
    """Give pages the sessions of browsers; send browsers without one to the login page; programs get 401."""
    app.state.browsers = Browsers(services)

    @app.exception_handler(LoginNeeded)
    async def unknown(request: Request, error: LoginNeeded) -> Response:
        reads_html = "text/html" in request.headers.get("accept", "")
        if request.method == "GET" and reads_html and not wants_json(request):
            return to_login(request)
        return answer_to(request.url.path, error)
