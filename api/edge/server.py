"""The edge's TLS server: uvicorn, with the verified chain of each connection beside its requests."""

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge.app import CONNECTION, REQUESTS_MAX
from api.edge.callers import Connection
from api.edge.config import EdgeConfig
from api.edge.verified_chain import verified_chain
from api.edge.watching import TrustWatch
from api.http.connections import BoundedConnection, bounded_connections

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 65


class CertifiedConnection(BoundedConnection):
    """A connection within bounds, whose chain was taken from the TLS library when it was made."""

    def connection_made(self, transport: Any) -> None:
        """A handshake has ended well."""
        super().connection_made(transport)
        self.app = _WithConnection(self.app, Connection(verified_chain(transport.get_extra_info("ssl_object"))))


class _WithConnection:
    """`app`, told of which connection a request is."""

    def __init__(self, app: ASGIApp, connection: Connection) -> None:
        self._app, self._connection = app, connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {**(scope.get("extensions") or {}), CONNECTION: self._connection}
        await self._app(scope, receive, send)


class _EdgeServer(uvicorn.Server):
    """A server that says when it takes connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def server_of(
    config: EdgeConfig, watch: TrustWatch, app: ASGIApp, ready: Callable[[], None] = lambda: None
) -> uvicorn.Server:
    """A server that verifies clients by what `watch` believes. ready: called when it takes connections."""
    return _EdgeServer(
        uvicorn.Config(
            app,
            host=config.host,
            port=config.port,
            loop="asyncio",
            http=bounded_connections(kind=CertifiedConnection),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=REQUESTS_MAX,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_context_factory=lambda *_: watch.context,
        ),
        ready,
    )
