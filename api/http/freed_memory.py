"""Memory that requests have freed goes back to the system while the server runs, once for so many requests.

What a request frees lies between pieces that others still use, so that the heaps of a server grow with what comes and never
shrink by themselves. By the number of requests and not by the clock: an idle server has nothing to give back.
"""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from process.free_memory import trim_heaps

REQUESTS_BETWEEN = 1_000


class GivesMemoryBack:
    """Middleware that trims the heaps after each `every` requests, in a thread beside them. trim: how."""

    def __init__(self, app: ASGIApp, trim: Callable[[], bool] = trim_heaps, every: int = REQUESTS_BETWEEN) -> None:
        self._app, self._trim, self._every = app, trim, every
        self._since = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                self._since += 1
                if self._since >= self._every:
                    self._since = 0
                    asyncio.get_running_loop().run_in_executor(None, self._trim)
