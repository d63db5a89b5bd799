"""Requests of people with certificates, handed on to the API over its Unix socket, both ways as streams.

In: a request on a connection whose certificate was verified. Out: the API's answer; 403 where the certificate gives nothing, with
the reason in the log and in an audit record, and in the answer only where a link gave access and has ended; 503 where the API is
away. Guards: nothing of the client's headers but a list of them;
a bounded number of requests at once; a request that its client leaves ends at the API, too.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import orjson
import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.edge.callers import Callers, CertifiedCaller, Connection
from api.edge.headers import Pairs, passed_back, passed_on
from api.edge.metrics import API_AWAY, HANDED_ON, REQUESTS
from api.edge.recorded import EdgeRecords
from api.http.errors import AccessDenied, ApiError, BadRequest, LogUnavailable
from api.http.plain_requests import problem_in
from api.http.problems import answer_to
from api.http.tracing import correlation_from
from identity.x509.errors import CertificateRefused

TOKEN_PATH = "/auth/x509/token"
#: Where a person links ids; one whom nothing gives anything yet comes to the second by asking for the first.
LINKS_PATH, LINK_OF_CERTIFICATE_PATH = "/v1/links", "/v1/links/certificate"
NO_ACCESS = "the client certificate gives no access here"
CONNECTION = "culm.connection"
CONNECT_SECONDS_MAX = 5.0
WAIT_SECONDS_MAX = 10.0
REQUESTS_MAX = 500
log = structlog.get_logger()


class Edge:
    """ASGI application. The scope's extension `culm.connection` is the connection of the request."""

    def __init__(
        self, callers: Callers, transport: httpx.AsyncBaseTransport, records: EdgeRecords | None = None
    ) -> None:
        """records: of what is refused; without them the log's lines are all."""
        self._callers, self._records = callers, records if records is not None else EdgeRecords()
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS_MAX, pool=WAIT_SECONDS_MAX)
        self._client = httpx.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        connection: Connection = (scope.get("extensions") or {}).get(CONNECTION) or Connection(())
        try:
            problem = problem_in(scope) or _framed_twice(scope)
            if problem is not None:
                answer = answer_to(path, problem)
                answer.headers["Connection"] = "close"
                await answer(scope, receive, send)
                return
            links = path == LINKS_PATH and scope["method"] == "POST"
            caller = await (connection.caller_who_links if links else connection.caller)(self._callers)
            if links and not caller.member.groups:
                scope = {**scope, "raw_path": LINK_OF_CERTIFICATE_PATH.encode()}
            if path == TOKEN_PATH and scope["method"] == "POST":
                _headers_for(scope, caller)
                await self._token(caller)(scope, receive, send)
                return
            await self._hand_on(caller, scope, receive, send)
        except CertificateRefused as refused:
            log.info("certificate_refused", rule=refused.rule, reason=refused.detail)
            self._records.certificate(refused, connection.chain, _correlation_of(scope))
            await answer_to(path, AccessDenied(refused.told or NO_ACCESS))(scope, receive, send)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            log.warning("api_away", problem=type(problem).__name__)
            REQUESTS.labels(API_AWAY).inc()
            await answer_to(path, LogUnavailable("the service behind this address is away; try again"))(scope, receive, send)
        except ClientDisconnect:
            pass

    def _token(self, caller: CertifiedCaller) -> Response:
        document = {
            "access_token": caller.token,
            "token_type": "Bearer",
            "expires_in": max(0, int(caller.ends - self._callers.now())),
            "dn": caller.person.dn,
            "groups": caller.member.groups,
        }
        headers = {"Cache-Control": "no-store"}
        return Response(orjson.dumps(document), media_type="application/json", headers=headers)

    async def _hand_on(self, caller: CertifiedCaller, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers_for(scope, caller)
        target = scope.get("raw_path") or scope["path"].encode()
        query = scope["query_string"]
        url = httpx.URL("http://culm", raw_path=target + b"?" + query if query else target)
        body = _Body(receive)
        has_body = _has_body(scope)
        if not has_body:
            body.is_empty()
        request = self._client.build_request(scope["method"], url, headers=headers, content=body if has_body else None)
        answering = asyncio.create_task(self._answer(request, send))
        leaving = asyncio.create_task(body.left())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not answering.done():
                answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        if not answering.cancelled():
            answering.result()

    async def _answer(self, request: httpx.Request, send: Send) -> None:
        answer = await self._client.send(request, stream=True)
        REQUESTS.labels(HANDED_ON).inc()
        try:
            await send({"type": "http.response.start", "status": answer.status_code, "headers": passed_back(answer.headers.raw)})
            async for piece in answer.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await answer.aclose()

    async def close(self) -> None:
        """Let go of the API."""
        await self._client.aclose()


class _Body:
    """The body of a request as it comes, then the moment at which the client leaves."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read = asyncio.Event()
        self._gone = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message: Message = await self._receive()
            if message["type"] == "http.disconnect":
                self._gone.set()
                self._read.set()
                raise ClientDisconnect
            if message.get("body"):
                yield message["body"]
            more = message.get("more_body", False)
        self._read.set()

    async def left(self) -> None:
        """Return when the client has left; only after its body was read, which reads the same messages."""
        await self._read.wait()
        while not self._gone.is_set() and (await self._receive())["type"] != "http.disconnect":
            pass

    def is_empty(self) -> None:
        """There is no body to read."""
        self._read.set()


def _headers_for(scope: Scope, caller: CertifiedCaller) -> Pairs:
    """What the API is given of a request of `caller`; raises CertificateRefused, with whose it is."""
    try:
        return passed_on(scope["headers"], caller.token, caller.member.wanted)
    except CertificateRefused as refused:
        refused.actor = caller.member.subject
        raise


def _correlation_of(scope: Scope) -> str | None:
    return next((correlation_from(value) for name, value in scope["headers"] if name == b"traceparent"), None)


def _framed_twice(scope: Scope) -> ApiError | None:
    """What is wrong with a request whose end two servers would see at two places (RFC 9112, 6.3)."""
    names = {name for name, _ in scope["headers"]}
    if {b"content-length", b"transfer-encoding"} <= names:
        return BadRequest("found both Content-Length and Transfer-Encoding, expected one of them")
    return None


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
