"""One end for the whole of an HTTP request: connecting, sending, headers and body.

httpx bounds the time between two bytes, so a server that sends one byte at a time, in the headers above all, holds its client for
ever. In: a client, and the seconds around a call. Out: httpx.ReadTimeout, WriteTimeout or ConnectTimeout once they have passed.
httpx offers no public place for a network of one's own beside proxies of the environment; the only places that reach into it are
`with_deadlines` and `sent_as_it_is`, which tests hold to the installed release.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

_end: ContextVar[float | None] = ContextVar("end of the request", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All that clients of `with_deadlines` do in this thread, until the block ends, ends within `seconds`."""
    outer = _end.get()
    end = time.monotonic() + seconds
    token = _end.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _end.reset(token)


def with_deadlines(client: httpx.Client) -> httpx.Client:
    """`client`, whose requests keep to `within`."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool
            pool._network_backend = _Network(pool._network_backend)
    return client


def sent_as_it_is(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """The answer to `request` over the connections of `client`, to be read and closed; raises httpx.HTTPError.

    No cookies, no redirects, no credentials of a .netrc: where none of them is known, a request costs a third less CPU.
    """
    return client._transport_for_url(request.url).handle_request(request)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    """Seconds that one step may take; raises `late` when none are left."""
    end = _end.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise late("the request did not end in time")
    return left if timeout is None else min(timeout, left)


class _Network(httpcore.NetworkBackend):
    """Connections whose every step keeps to the end of the request."""

    def __init__(self, network: httpcore.NetworkBackend) -> None:
        self._network = network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._network.connect_tcp(host, port, left, local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._network.connect_unix_socket(path, _left(timeout, httpcore.ConnectTimeout), socket_options))

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection; TLS in it is one, too."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
