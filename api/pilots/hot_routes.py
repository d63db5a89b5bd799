"""The busiest calls, answered ahead of the app: no search through routes, no layers, one look at the headers.

In: POST to a hot path. Out: what the same path among the routes would answer, because the call is the same
function and admission, limits, error forms, traces and metrics are the same. All other requests go on to the app. What
this leaves out of a request is a third of what a pilot's call used to cost.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.access import Gate, Handler, guarded
from api.http.bodies import too_large
from api.http.errors import ApiError
from api.http.metrics import observe
from api.http.problems import answer_to, json_response, unexpected
from api.http.tracing import correlation_of_request, trace_begins, trace_ends
from api.pilots.bodies import parse_report, read_report
from identity.identity import Identity
from identity.ruling import EndpointClass

#: A call that needs nothing of a request but its body: content of the answer, to be sent as JSON with status 200.
BodyCall = Callable[[dict[str, Any], Identity], Awaitable[Any]]


def from_body(call: BodyCall) -> Handler:
    """`call` as the handler of a route."""

    async def handler(request: Request, identity: Identity) -> Response:
        return json_response(await call(await read_report(request), identity))

    return handler


@dataclass(frozen=True, slots=True)
class HotCall:
    """A call and whom it serves."""

    kind: EndpointClass
    call: BodyCall

    def endpoint(self) -> Callable[[Request], Awaitable[Response]]:
        """The same as a route."""
        return guarded(self.kind, from_body(self.call))


@dataclass(frozen=True, slots=True)
class HotRoutes:
    """ASGI application: POST to a path of `calls` is answered here, for members of the call's class; all else by `app`."""

    app: ASGIApp
    calls: Mapping[str, HotCall]
    gate: Gate
    bytes_max: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        call = self.calls.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if call is None:
            await self.app(scope, receive, send)
            return
        began, path, status = time.perf_counter(), scope["path"], 0
        try:
            found = await self._outcome(call, path, scope["headers"], receive)
            if isinstance(found, Response):
                status = found.status_code
                await found(scope, receive, send)
            else:
                status = 200
                await _send_json(found, send)
        except ClientDisconnect:
            pass  # no one is left to be answered
        finally:
            observe(path, "POST", status, time.perf_counter() - began)

    async def _outcome(self, hot: HotCall, path: str, pairs: list[tuple[bytes, bytes]], receive: Receive) -> bytes | Response:
        """JSON for success, else the response that tells what went wrong."""
        headers = dict(reversed(pairs))  # of a repeated header the first holds
        parent = headers.get(b"traceparent")
        trace = None if parent is None else trace_begins(parent)
        try:
            declared = headers.get(b"content-length", b"")
            if declared.isdigit() and int(declared) > self.bytes_max:
                raise too_large(int(declared), self.bytes_max)
            origin = _text(headers, b"origin")
            identity = await self.gate.let_in(hot.kind, _text(headers, b"authorization") or "", origin, path)
            raw = await _whole_body(receive, self.bytes_max)
            body = parse_report(raw, {"content-type": _text(headers, b"content-type") or ""}, self.bytes_max)
            return orjson.dumps(await hot.call(body, identity), default=str)
        except ApiError as error:
            return answer_to(path, error)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost frame of these calls, as Starlette's is of the others
            return unexpected(path, error, correlation_of_request())
        finally:
            if trace is not None:
                trace_ends(trace)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


async def _whole_body(receive: Receive, bytes_max: int) -> bytes:
    """The body; raises BodyTooLarge while it is read, ClientDisconnect when the client hangs up before its end."""
    pieces: list[bytes] = []
    seen = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        seen += len(piece)
        if seen > bytes_max:
            raise too_large(seen, bytes_max)
        if not message.get("more_body", False):
            return b"".join((*pieces, piece)) if pieces else piece
        pieces.append(piece)


async def _send_json(content: bytes, send: Send) -> None:
    length = str(len(content)).encode()
    headers = [(b"content-length", length), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
