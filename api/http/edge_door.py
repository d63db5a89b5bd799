"""The Unix socket on which the edge for X.509 hands requests on, beside the API's port.

In: requests on that socket, each with a token of the edge. Out: the same application, which knows that they came this way.
Guards: a token of the edge is believed here and nowhere else, and no other token is believed here; the socket's folder is its
user's alone; a socket on which another API listens stays that one's.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

log = structlog.get_logger()
#: True while a request is served that the edge handed on.
came_through_edge: ContextVar[bool] = ContextVar("came_through_edge", default=False)


class ThroughEdge:
    """`app`, told that its requests came through the edge."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        token = came_through_edge.set(True)
        try:
            await self._app(scope, receive, send)
        finally:
            came_through_edge.reset(token)


class _Door(uvicorn.Server):
    """A server within another, which alone handles signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the other."""
        yield


class ServerWithDoor(uvicorn.Server):
    """The API's server, which opens the door when it has started and shuts it before it ends."""

    def __init__(self, config: uvicorn.Config, path: Path) -> None:
        super().__init__(config)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._door = _Door(
            uvicorn.Config(
                ThroughEdge(config.app),  # type: ignore[arg-type]  # an application, never a name of one
                uds=str(path),
                lifespan="off",
                http="httptools",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=65,
                timeout_graceful_shutdown=config.timeout_graceful_shutdown,
            )
        )
        self._path = path
        self._open: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then open the door, unless another API has it open."""
        await super().startup(sockets)
        if self.started and _is_open(self._path):
            log.error("edge_socket_taken", path=str(self._path), expected="a socket on which no other API listens")
        elif self.started:
            self._open = asyncio.create_task(self._door.serve())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut the door, then end."""
        if self._open is not None:
            self._door.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await self._open
        await super().shutdown(sockets)


def _is_open(path: Path) -> bool:
    """Whether a process listens there: the file stays when one ends without a word."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
