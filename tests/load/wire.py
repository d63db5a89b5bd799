"""HTTP/1.1 over one kept connection, as cheap as asyncio can be: what the load generator costs, the stack cannot use.

Understands answers with Content-Length only, which is what Culm's API sends; anything else is an error.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple


class Answer(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, host: str, port: int, headers: Mapping[str, str]) -> None:
        self._host, self._port = host, port
        lines = {"Host": f"{host}:{port}", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._received = b""

    async def post(self, path: str, body: bytes, kind: str = "application/json") -> Answer:
        """The answer to a POST; raises ConnectionError when the other side hangs up."""
        if self._transport is None or self._transport.is_closing():
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_connection(lambda: self, self._host, self._port)
        start = f"POST {path} HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n".encode()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(start + self._head + b"\r\n" + body)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        self._received += data
        found = parsed(self._received)
        if found is not None and self._waiting is not None and not self._waiting.done():
            self._received = b""
            self._waiting.set_result(found)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side is gone."""
        self._transport, self._received = None, b""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError(str(exc or "hung up")))


def parsed(received: bytes) -> Answer | None:
    """The answer in `received`; None while it is not whole. Raises ValueError for one without Content-Length."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = received[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        raise ValueError(f"an answer without Content-Length: {head[:80]!r}")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0])
    if len(received) < end + 4 + length:
        return None
    return Answer(int(head[9:12]), received[end + 4 : end + 4 + length])
