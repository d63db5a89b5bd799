"""Connections of clients that send too much, too slowly or nothing: each ends, with a sentence; others are served."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from api.http.connections import ConnectionBounds, bounded_connections

BOUNDS = ConnectionBounds(
    head_bytes_max=2_000, headers_max=20, head_seconds_max=0.3, body_seconds_max=0.3, body_step_bytes=1_000,
    unread_bytes_max=10_000, unread_seconds_max=0.3, half_open_max=5,
)  # fmt: skip
GOOD = b"GET /good HTTP/1.1\r\nHost: x\r\n\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; at /early before it is read."""
    size, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


@contextlib.contextmanager
def served(bounds: ConnectionBounds) -> Iterator[int]:
    """The port of a server within `bounds`."""
    settings = uvicorn.Config(
        application, port=0, http=bounded_connections(bounds), ws="none", lifespan="off", log_config=None, timeout_keep_alive=65
    )
    server = uvicorn.Server(settings)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # not of this thread
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server within BOUNDS."""
    with served(BOUNDS) as found:
        yield found


def connected(port: int) -> socket.socket:
    """A connection that waits for at most ten seconds."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def until_closed(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            found += part
    return found


def answer_to(port: int, *sent: bytes) -> str:
    """All that the server says to `sent` until it closes."""
    with connected(port) as connection:
        for part in sent:
            connection.sendall(part)
        return until_closed(connection).decode()


def is_served(port: int) -> bool:
    """True when another client is answered as always."""
    with connected(port) as connection:
        connection.sendall(GOOD)
        return b" 200 " in connection.recv(1_000)


@pytest.mark.parametrize(("sent", "found"), [
    (b"GET /" + b"x" * 3_000, "bytes in 0 headers (so far), at most 2,000 bytes in 20 headers are accepted"),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 3_000, "at most 2,000 bytes in 20 headers are accepted"),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 3_000 + b"\r\n\r\n", "has 3,006 bytes in 1 headers (so far), at most 2,000"),
    (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 21 + b"\r\n", "has 127 bytes in 21 headers (so far), at most 2,000"),
])  # fmt: skip
def test_a_head_that_is_too_large_is_refused(port: int, sent: bytes, found: str) -> None:
    said = answer_to(port, sent)

    assert said.startswith("HTTP/1.1 431 ")
    assert found in said
    assert is_served(port)


@pytest.mark.parametrize(("sent", "status", "found"), [
    (b"GET / HT", "408", "the headers of a request had not come in full after 0.3 s"),
    (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234", "408",
     "the body comes too slowly: 4 bytes, expected 1,000 in 0.3 s, or the end"),
])  # fmt: skip
def test_a_request_that_does_not_come_to_its_end_is_answered_and_its_connection_closed(
    port: int, sent: bytes, status: str, found: str
) -> None:
    said = answer_to(port, sent)

    assert said.startswith(f"HTTP/1.1 {status} ")
    assert found in said


def test_a_connection_without_a_byte_is_closed(port: int) -> None:
    assert answer_to(port) == ""


def test_a_second_request_on_a_connection_has_a_time_of_its_own(port: int) -> None:
    said = answer_to(port, GOOD, b"GET /")

    assert (said.count("HTTP/1.1 200 "), said.count("HTTP/1.1 408 ")) == (1, 1)


def test_requests_in_one_piece_and_in_many_are_served_on_one_connection(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(GOOD + GOOD)
        for byte in GOOD:
            connection.sendall(bytes((byte,)))
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n" + b"x" * 5_000)
        said = until_closed(connection).decode()

    assert said.count(" 200 OK") == 4
    assert said.endswith("5000")


def test_a_body_that_is_not_read_is_not_taken_without_end(port: int) -> None:
    head = b"POST /early HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n"

    with connected(port) as connection:
        connection.sendall(head)
        said = connection.recv(1_000)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 10_000)

    assert b" 200 OK" in said


def test_of_too_many_connections_without_a_request_the_oldest_end() -> None:
    with served(ConnectionBounds(half_open_max=5)) as port, contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connected(port)) for _ in range(6)]

        said = until_closed(waiting[0]).decode()
        waiting[5].sendall(GOOD)

        assert "more than 5 connections have sent no request; this one is the oldest" in said
        assert b" 200 OK" in waiting[5].recv(1_000)
