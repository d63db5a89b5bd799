"""Connections with bounds: how large the head of a request may be, and how long its head and body may take.

In: bytes of whichever client. Out: requests for the application, or an answer that names what was found and what was expected,
and a closed connection. Guards: a client that sends nothing, or a byte now and then, keeps no connection; no head takes much
memory; of many connections without a request those that are oldest end, and no others.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """What a client may take.

    head_seconds_max: from its first byte, or the beginning of the connection, to the end of the headers. body_seconds_max: for
    each `body_step_bytes` of a body. unread: of a body whose request was answered before it was read, what is still taken so
    that the answer arrives. half_open_max: connections of this process whose head is not complete.
    """

    head_bytes_max: int = 64 * 1024
    headers_max: int = 200
    head_seconds_max: float = 20.0
    body_seconds_max: float = 30.0
    body_step_bytes: int = 64 * 1024
    unread_bytes_max: int = 1024 * 1024
    unread_seconds_max: float = 5.0
    half_open_max: int = 300


@dataclass(slots=True)
class HalfOpen:
    """Connections whose head is not complete, the oldest first."""

    connections: "OrderedDict[BoundedConnection, None]" = field(default_factory=OrderedDict)


class Phase(Enum):
    """What a client is expected to send."""

    HEAD = "head"
    BODY = "body"
    NOTHING = "nothing"


def bounded_connections(bounds: ConnectionBounds | None = None, kind: "type[BoundedConnection] | None" = None) -> Any:
    """What uvicorn takes as its `http`: connections of `kind` within `bounds`, which share one count."""
    return partial(kind or BoundedConnection, bounds=bounds or ConnectionBounds(), half_open=HalfOpen())


class BoundedConnection(HttpToolsProtocol):
    """One connection of uvicorn, within bounds."""

    def __init__(self, *args: Any, bounds: ConnectionBounds, half_open: HalfOpen, **options: Any) -> None:
        super().__init__(*args, **options)
        self._bounds, self._half_open = bounds, half_open.connections
        self._phase, self._head_bytes, self._fields, self._field_bytes, self._taken = Phase.HEAD, 0, 0, 0, 0
        self._timer: asyncio.TimerHandle | None = None
        self._refused = self._begun = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It went."""
        self._disarm()
        self._half_open.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """It sent something."""
        if self._refused:
            return
        if self._phase is Phase.NOTHING:
            self._await_head()
        if self._phase is Phase.HEAD:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._phase is Phase.HEAD and self._head_bytes > self._bounds.head_bytes_max:
            self._refuse(431, self._too_large(self._head_bytes))

    def on_message_begin(self) -> None:
        """A request begins; more than one may stand in what was sent."""
        if self._phase is Phase.NOTHING:
            self._await_head()
        self._fields, self._field_bytes, self._begun = 0, 0, True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._field_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._fields += 1
        self._field_bytes += len(name) + len(value) + 4
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The application gets the request if its head is within bounds."""
        self._disarm()
        self._half_open.pop(self, None)
        if self._field_bytes > self._bounds.head_bytes_max or self._fields > self._bounds.headers_max:
            self._refuse(431, self._too_large(self._field_bytes))
        if self._refused:
            return
        self._phase, self._taken = Phase.BODY, 0
        super().on_headers_complete()
        self._arm(self._bounds.body_seconds_max, self._body_is_late)

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        if self._refused:
            return
        self._taken += len(body)
        if self.cycle.response_complete:
            if self._taken > self._bounds.unread_bytes_max:
                self._end()
        elif self._taken >= self._bounds.body_step_bytes:
            self._taken = 0
            self._arm(self._bounds.body_seconds_max, self._body_is_late)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come in full."""
        if self._refused:
            return
        self._disarm()
        self._phase = Phase.NOTHING
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The application has answered; what is left of the body is not waited for long."""
        if self._phase is Phase.BODY:
            self._taken = 0
            self._arm(self._bounds.unread_seconds_max, self._end)
        super().on_response_complete()

    def _await_head(self) -> None:
        self._phase, self._head_bytes, self._begun = Phase.HEAD, 0, False
        self._arm(self._bounds.head_seconds_max, self._head_is_late)
        self._half_open[self] = None
        if len(self._half_open) > self._bounds.half_open_max:
            found = f"more than {self._bounds.half_open_max} connections have sent no request; this one is the oldest"
            next(iter(self._half_open))._refuse(503, found)

    def _head_is_late(self) -> None:
        if self.flow.read_paused:  # it waits for the answer to the request before
            self._arm(self._bounds.head_seconds_max, self._head_is_late)
        elif self._begun:
            self._refuse(408, f"the headers of a request had not come in full after {self._bounds.head_seconds_max:g} s")
        else:
            self._end()

    def _body_is_late(self) -> None:
        if self.flow.read_paused:  # it is we who are slow
            self._arm(self._bounds.body_seconds_max, self._body_is_late)
            return
        expected = f"expected {self._bounds.body_step_bytes:,} in {self._bounds.body_seconds_max:g} s, or the end"
        self._refuse(408, f"the body comes too slowly: {self._taken:,} bytes, {expected}")

    def _too_large(self, found: int) -> str:
        expected = f"at most {self._bounds.head_bytes_max:,} bytes in {self._bounds.headers_max} headers are accepted"
        return f"the head of the request has {found:,} bytes in {self._fields:,} headers (so far), {expected}"

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer, unless an answer is under way already, and close."""
        if self._refused or self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        if cycle is None or cycle.response_complete or not cycle.response_started:
            head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: "
            text = f"ERROR : {sentence}\n".encode()
            self.transport.write(STATUS_LINE[status] + head + str(len(text)).encode() + b"\r\n\r\n" + text)
        self._end()

    def _end(self) -> None:
        self._refused = True
        self._disarm()
        self._half_open.pop(self, None)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    def _arm(self, seconds: float, late: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
