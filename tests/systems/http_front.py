"""A port before a batch system that speaks HTTP, where faults are injected: what the fronts of all such systems share.

In: requests of a plugin on a port of loopback. Out: the answers of a subclass's handler, whose methods are named by faults.
"""

import json
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.held_ports import held_port
from tests.systems.kit import Fault

WAIT_SECONDS_MAX = 60.0


class HttpFront:
    """A port that can be closed and opened again; it is ours until `end`."""

    handler: "type[FrontHandler]"

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.requests: list[tuple[str, str]] = []
        #: Answers that the next requests get instead of the server's: method, part of the path -> (status, headers, body).
        self.planned: list[tuple[str, str, int, dict[str, str], bytes]] = []
        self.made, self.released, self.stopped = threading.Event(), threading.Event(), threading.Event()
        self._sockets: set[socket.socket] = set()
        self._holder, self._is_open = held_port(), False
        self._port: int = self._holder.getsockname()[1]
        self.open()

    @property
    def address(self) -> str:
        """Where the plugin finds it."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listen, on the same port as before."""
        handler = type("Handler", (self.handler,), {"front": self})
        self.stopped = threading.Event()
        self._http = _Listener(("127.0.0.1", self._port), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self._is_open = True

    def close(self) -> None:
        """No one listens any more, and all connections are cut."""
        if not self._is_open:
            return
        self._is_open = False
        self.stopped.set()
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)
        self.cut()

    def end(self) -> None:
        """Close it for good."""
        self.close()
        self._holder.close()

    def cut(self) -> None:
        """End all connections."""
        for one in list(self._sockets):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def inject(self, fault: Fault) -> None:
        """Let the requests of its kind suffer `fault`."""
        self.fault = fault
        if fault in (Fault.SUBMIT_UNREACHABLE, Fault.LISTING_UNREACHABLE):
            self.close()

    def heal(self) -> None:
        """End it."""
        if self.fault in (Fault.SUBMIT_UNREACHABLE, Fault.LISTING_UNREACHABLE):
            self.open()
        self.fault = None

    def plan(self, method: str, part: str, code: int, body: object = b"", **headers: str) -> None:
        """The next request of `method` whose path has `part` gets this answer, once."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.planned.append((method, part, code, {name.replace("_", "-"): value for name, value in headers.items()}, content))


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class FrontHandler(BaseHTTPRequestHandler):
    """One connection; a subclass says in `_do` what is answered."""

    protocol_version = "HTTP/1.1"
    front: HttpFront

    def setup(self) -> None:
        super().setup()
        self.front._sockets.add(self.connection)

    def finish(self) -> None:
        self.front._sockets.discard(self.connection)
        super().finish()

    def log_message(self, *args: Any) -> None:
        """Tests say themselves what they saw."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        self._do("GET")

    def do_POST(self) -> None:
        self._do("POST")

    def do_PUT(self) -> None:
        self._do("PUT")

    def do_HEAD(self) -> None:
        self._do("HEAD")

    def do_DELETE(self) -> None:
        self._do("DELETE")

    def _send(self, code: int, content: bytes, headers: Mapping[str, str] | None = None, *, length: int | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()

    def _endless(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not self.front.stopped.is_set():
            self._chunk(content)

    def _hang(self, *_: object) -> None:
        self.front.stopped.wait(WAIT_SECONDS_MAX)
        self._cut()

    _submit_hangs = _listing_hangs = _cancel_hangs = _hang

    def _submit_endless_answer(self, *_: object) -> None:
        self._endless(b"still thinking " * 4096)

    def _submit_dies_after_accepting(self, inner: Any, *_: object) -> None:
        inner()
        self._cut()

    def _do(self, method: str) -> None:
        raise NotImplementedError
