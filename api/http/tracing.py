"""W3C `traceparent`: the trace of a caller becomes the correlation id of all that follows from its request.

A trace id is 16 bytes, as a uuid is; so the id that a tracing system shows is the one that `culm trace` and `/v1/trace` take,
written as a uuid. A request with an Idempotency-Key keeps the correlation that its key gives, or a repetition would be
another request.
"""

import re
from contextvars import ContextVar, Token
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

PARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_correlation: ContextVar[str | None] = ContextVar("correlation", default=None)


def correlation_of_request() -> str | None:
    """The correlation id that the present request's `traceparent` gives; None without one."""
    return _correlation.get()


def correlation_from(header: bytes) -> str | None:
    """The correlation id in a `traceparent`; None for one that is not valid, which is ignored as the standard asks."""
    found = PARENT.fullmatch(header)
    if found is None or found[1] == b"0" * 32:
        return None
    return str(UUID(found[1].decode()))


def trace_begins(header: bytes) -> Token[str | None]:
    """Remember the `traceparent` of a request until `trace_ends`."""
    return _correlation.set(correlation_from(header))


def trace_ends(token: Token[str | None]) -> None:
    """Forget it."""
    _correlation.reset(token)


class Traced:
    """Middleware that remembers the `traceparent` of a request while it is handled."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"traceparent":
                    token = trace_begins(value)
                    try:
                        await self._app(scope, receive, send)
                    finally:
                        trace_ends(token)
                    return
        await self._app(scope, receive, send)
