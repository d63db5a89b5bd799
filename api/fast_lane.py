"""A shortcut for the busiest calls: an exact path leads to its endpoint without the search through all routes.

The same endpoints stand among the routes, too; access and error forms are the same here as there.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ApiError
from api.problems import answer_to

Endpoint = Callable[[Request], Awaitable[Response]]


class FastLane:
    """Middleware that answers POST to the paths of `lane` itself."""

    def __init__(self, app: ASGIApp, lane: Mapping[str, Endpoint]) -> None:
        self._app = app
        self._lane = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        endpoint = self._lane.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        try:
            response = await endpoint(Request(scope, receive))
        except ApiError as error:
            response = answer_to(scope["path"], error)
        await response(scope, receive, send)
