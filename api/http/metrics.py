"""What an HTTP server counts: requests by route. Guards: no id becomes a label."""

import time
from functools import lru_cache

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Histogram(
    "culm_http_request_seconds",
    "Requests to the API by route.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def observe(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request to `route` that took `seconds`; status 0 when nothing was answered."""
    _counted(route, method, status).observe(seconds)


@lru_cache(maxsize=1_000)
def _counted(route: str, method: str, status: int) -> Histogram:
    """Where such requests are counted: finding it costs more than counting."""
    return REQUESTS.labels(route, method, str(status))


class Measured:
    """Middleware that times requests; the route is its path with names for values, so that no id becomes a label."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", None) or "other"
            observe(route, scope["method"], status, time.perf_counter() - began)
