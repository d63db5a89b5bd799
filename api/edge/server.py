"""The edge's TLS server: uvicorn, with the verified chain of each connection beside its requests."""

from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.edge.app import CONNECTION, REQUESTS_MAX
from api.edge.callers import Connection
from api.edge.config import EdgeConfig
from api.edge.verified_chain import verified_chain
from api.edge.watching import TrustWatch

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 65
HEADER_BYTES_MAX = 64 * 1024


class CertifiedProtocol(H11Protocol):
    """HTTP/1.1 on a connection whose chain was taken from the TLS library when it was made."""

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


def server_of(config: EdgeConfig, watch: TrustWatch, app: ASGIApp) -> uvicorn.Server:
    """A server that verifies clients by what `watch` believes."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=config.host,
            port=config.port,
            loop="asyncio",
            http=CertifiedProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=REQUESTS_MAX,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=HEADER_BYTES_MAX,
            ssl_context_factory=lambda *_: watch.context,
        )
    )
