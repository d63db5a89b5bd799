"""Stands between the plugin and an A-REX and injects faults at the HTTP boundary."""

import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.systems.arc_emulator import ARex
from tests.systems.http_front import WAIT_SECONDS_MAX, FrontHandler, HttpFront
from tests.systems.kit import HOSTILE


class ArcFrontHandler(FrontHandler):
    """Requests to an A-REX; names of faults are names of methods."""

    front: "ArcFront"

    def _do(self, method: str) -> None:
        front = self.front
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        front.requests.append((method, self.path))
        for planned in front.planned:
            if planned[0] == method and planned[1] in self.path:
                front.planned.remove(planned)
                return self._send(planned[2], planned[4], planned[3])

        def inner() -> tuple[int, str, bytes]:
            return front.arex.answer(method, parts.path, query, dict(self.headers.items()), body)

        role = _role(method, parts.path, query)
        if front.fault is None or not role or not front.fault.name.startswith(role):
            return self._say(*inner(), is_head=method == "HEAD")
        return getattr(self, f"_{front.fault.name.lower()}")(inner, body)  # type: ignore[no-any-return]

    def _say(self, code: int, words: str, content: bytes = b"", *, is_head: bool = False) -> None:
        self.send_response(code, words)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(b"" if is_head else content)
        self.wfile.flush()

    def _one_refused(self, reason: str) -> None:
        self._send(201, json.dumps({"job": [{"status-code": "500", "reason": reason}]}).encode())

    def _submit_refused_for_good(self, *_: object) -> None:
        self._one_refused("[ADLParser] Missing or wrong value in WallTime.")

    def _submit_refused_for_now(self, *_: object) -> None:
        self._say(500, "No more jobs allowed")

    def _submit_succeeds_with_error(self, *_: object) -> None:
        self._one_refused("Failed to find valid session directory")

    def _submit_hostile_refusal(self, *_: object) -> None:
        self._one_refused(HOSTILE * (1_000_000 // len(HOSTILE) - 10_000))

    def _submit_answer_decorated(self, inner: Any, _: object) -> None:
        code, _words, content = inner()
        self._send(code, b"\n\n  " + content + b"\n\n", {"Warning": '299 - "a proxy of the site"'})

    def _submit_answer_missing(self, inner: Any, _: object) -> None:
        self._send(inner()[0], b"")

    def _submit_answer_wrong(self, inner: Any, _: object) -> None:
        inner()
        self._send(201, json.dumps({"job": [{"status-code": "201", "reason": "Created", "id": "../$(id)"}]}).encode())

    def _submit_fails_after_accepting(self, inner: Any, _: object) -> None:
        inner()
        self._say(500, "Failed to send response")

    def _submit_accepted_twice(self, inner: Any, _: object) -> None:
        inner()
        self._say(*inner())

    def _listing_fails(self, *_: object) -> None:
        self._say(500, "User can't be assigned configuration")

    def _listing_fails_politely(self, *_: object) -> None:
        self._send(200, b"<HTML><BODY>The service is in maintenance</BODY></HTML>")

    def _listing_cut(self, inner: Any, _: object) -> None:
        code, _words, content = inner()
        self._send(code, content[:-10])

    def _listing_killed(self, inner: Any, _: object) -> None:
        code, _words, content = inner()
        self._send(code, content[: len(content) // 2], length=len(content))
        self._cut()

    def _listing_empty_while_restarting(self, *_: object) -> None:
        self._send(200, b"")

    def _listing_endless(self, inner: Any, _: object) -> None:
        self._endless(inner()[2] or b" ")

    def _listing_noise(self, *_: object) -> None:
        self._send(200, random.Random(7).randbytes(4096))

    def _listing_late(self, inner: Any, _: object) -> None:
        answer = inner()
        if not self.front.released.is_set():
            self.front.made.set()
            self.front.released.wait(WAIT_SECONDS_MAX)
        self._say(*answer)

    def _cancel_fails(self, *_: object) -> None:
        self._say(500, "User can't be assigned configuration")

    def _cancel_does_nothing(self, inner: Any, _: object) -> None:
        self.front.arex.ignores_kill = True
        self._say(*inner())
        self.front.arex.ignores_kill = False


class ArcFront(HttpFront):
    """A port before an A-REX."""

    handler = ArcFrontHandler

    def __init__(self, arex: ARex) -> None:
        self.arex = arex
        super().__init__()


def _role(method: str, path: str, query: Mapping[str, str]) -> str:
    """Of a request: the first word of the faults that concern it."""
    if not path.endswith("/jobs"):
        return ""
    if method == "GET":
        return "LISTING"
    return {"new": "SUBMIT", "info": "LISTING", "kill": "CANCEL"}.get(query.get("action", ""), "")
