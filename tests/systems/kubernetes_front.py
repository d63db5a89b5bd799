"""Stands between the plugin and an API server, emulated or real, and injects faults.

In: requests of the plugin on a port of loopback. Out: the server's answers, or what the fault of the moment makes of them.
"""

import json
import random
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from tests.systems.http_front import WAIT_SECONDS_MAX, FrontHandler, HttpFront
from tests.systems.kit import HOSTILE
from tests.systems.kubernetes_emulator import Object, status


class Server(Protocol):
    """What stands behind the front."""

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Object | None) -> tuple[int, Object]:
        """One request that is no watch."""

    def watch(self, path: str, query: Mapping[str, str], stopped: threading.Event) -> tuple[int, Iterator[bytes]]:
        """A watch: status and lines."""


class Front(HttpFront):
    """A port before `server`."""

    def __init__(self, server: Server) -> None:
        self.handler, self.server = _Handler, server
        super().__init__()


class _Handler(FrontHandler):
    front: "Front"

    def _do(self, method: str) -> None:
        front = self.front
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        length = int(self.headers.get("Content-Length") or 0)
        body: Object | None = json.loads(self.rfile.read(length)) if length else None
        front.requests.append((method, self.path))
        for planned in front.planned:
            if planned[0] == method and planned[1] in self.path:
                front.planned.remove(planned)
                return self._send(planned[2], planned[4], planned[3])
        if query.get("watch"):
            return self._watch(parts.path, query)

        def inner() -> tuple[int, bytes]:
            code, document = front.server.answer(method, parts.path, query, body)
            return code, json.dumps(document).encode()

        role = _role(method, parts.path)
        if front.fault is None or not role or not front.fault.name.startswith(role):
            return self._send(*inner())
        return getattr(self, f"_{front.fault.name.lower()}")(inner, parts.path)  # type: ignore[no-any-return]

    def _watch(self, path: str, query: Mapping[str, str]) -> None:
        code, lines = self.front.server.watch(path, query, self.front.stopped)
        self.send_response(code)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in lines:
            self._chunk(line)
        self._chunk(b"")

    def _submit_refused_for_good(self, *_: object) -> None:
        self._status(422, "Invalid", 'Job.batch "x" is invalid: spec.template.spec.containers[0].image: Required value')

    def _submit_refused_for_now(self, *_: object) -> None:
        self._status(403, "Forbidden", "exceeded quota: batch, requested: count/jobs.batch=1, used: 10, limited: 10")

    def _submit_succeeds_with_error(self, *_: object) -> None:
        self._send(200, json.dumps(status(500, "InternalError", "etcdserver: leader changed")[1]).encode())

    def _submit_hostile_refusal(self, *_: object) -> None:
        self._status(422, HOSTILE, HOSTILE * (1_000_000 // len(HOSTILE)))

    def _submit_answer_decorated(self, inner: Any, _: str) -> None:
        code, content = inner()
        self._send(code, b"\n\n  " + content + b"\n\n", {"Warning": '299 - "unknown field"'})

    def _submit_answer_missing(self, inner: Any, _: str) -> None:
        self._send(inner()[0], b"")

    def _submit_answer_wrong(self, inner: Any, _: str) -> None:
        inner()
        self._send(201, b'{"kind":"Job","metadata":{"name":"another","uid":-1}}')

    def _submit_fails_after_accepting(self, inner: Any, _: str) -> None:
        inner()
        self._status(504, "Timeout", "Timeout: request did not complete within the allotted timeout")

    def _submit_accepted_twice(self, inner: Any, _: str) -> None:
        inner()
        self._send(*inner())

    def _listing_fails(self, *_: object) -> None:
        self._status(500, "InternalError", "etcdserver: request timed out")

    def _listing_fails_politely(self, *_: object) -> None:
        self._send(200, json.dumps(status(500, "InternalError", "etcdserver: leader changed")[1]).encode())

    def _listing_cut(self, inner: Any, _: str) -> None:
        code, content = inner()
        self._send(code, content[:-40])

    def _listing_killed(self, inner: Any, _: str) -> None:
        code, content = inner()
        self._send(code, content[: len(content) // 2], length=len(content))
        self._cut()

    def _listing_empty_while_restarting(self, _: Any, path: str) -> None:
        kind = "PodList" if path.endswith("/pods") else "JobList"
        self._send(200, json.dumps({"kind": kind, "metadata": {"resourceVersion": "0"}, "items": []}).encode())

    def _listing_endless(self, inner: Any, _: str) -> None:
        self._endless(inner()[1] or b" ")

    def _listing_noise(self, *_: object) -> None:
        self._send(200, random.Random(7).randbytes(4096))

    def _listing_late(self, inner: Any, path: str) -> None:
        """The last of the two lists; the first has arrived by then."""
        answer = inner()
        if path.endswith("/pods") and not self.front.released.is_set():
            self.front.made.set()
            self.front.released.wait(WAIT_SECONDS_MAX)
        self._send(*answer)

    def _cancel_fails(self, *_: object) -> None:
        self._status(500, "InternalError", "etcdserver: request timed out")

    def _cancel_does_nothing(self, *_: object) -> None:
        self._send(200, json.dumps({"kind": "Status", "status": "Success", "metadata": {}}).encode())

    def _status(self, code: int, reason: str, message: str) -> None:
        self._send(code, json.dumps(status(code, reason, message)[1]).encode())


def _role(method: str, path: str) -> str:
    """Of a request: the first word of the faults that concern it."""
    if method == "POST" and path.endswith("/jobs"):
        return "SUBMIT"
    if method == "GET" and path.endswith(("/jobs", "/pods")):
        return "LISTING"
    return "CANCEL" if method == "DELETE" else ""
