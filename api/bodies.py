"""Request bodies as clients and pilots really send them, within limits.

In: bytes that are JSON, gzip of JSON (with or without saying so) or a form (with or without a Content-Type).
Out: a dictionary. Guards: size on the wire and after decompression; everything else that is wrong is `UnreadableBody`.
"""

import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BodyTooLarge, UnreadableBody
from api.problems import answer_to

GZIP_MAGIC = b"\x1f\x8b"
FORM_FIELDS_MAX = 1_000


async def read_body(request: Request) -> bytes:
    """The whole body; raises BodyTooLarge (the limit is held by `BodyLimit`)."""
    return await request.body()


async def read_object(request: Request) -> dict[str, Any]:
    """The body as a dictionary, whatever of the known forms it has; an empty body is an empty dictionary."""
    raw = await read_body(request)
    return parse_object(raw, request.headers, request.app.state.config.body_bytes_max)


def parse_object(raw: bytes, headers: Mapping[str, str], bytes_max: int) -> dict[str, Any]:
    """`raw` as a dictionary: gzip is known by its magic bytes, JSON by Content-Type or its look, else it is a form."""
    if raw[:2] == GZIP_MAGIC:
        raw = gunzip(raw, bytes_max)
    if not raw.strip():
        return {}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or (kind != "application/x-www-form-urlencoded" and raw.lstrip()[:1] in (b"{", b"[")):
        return parse_json_object(raw)
    return parse_form(raw)


def parse_json_object(raw: bytes) -> dict[str, Any]:
    """`raw` as a JSON object."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise UnreadableBody(f"the body is not JSON: {problem}") from problem
    if not isinstance(found, dict):
        raise UnreadableBody(f"the body is a JSON {type(found).__name__}, expected an object")
    return found


def parse_form(raw: bytes) -> dict[str, Any]:
    """`raw` as urlencoded pairs; of a repeated key the last value holds."""
    try:
        text = raw.decode("utf-8")
        if "%" not in text and "+" not in text:  # nothing to decode: most reports
            plain = [pair.split("=", 1) for pair in text.split("&")]
            if len(plain) <= FORM_FIELDS_MAX and all(len(pair) == 2 for pair in plain):
                return dict(plain)
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError as problem:
        raise UnreadableBody(f"the body is neither JSON nor a form: {str(problem)[:100]}") from problem
    return dict(pairs)


def gunzip(raw: bytes, bytes_max: int) -> bytes:
    """`raw` decompressed, at most `bytes_max` bytes of it; raises BodyTooLarge, UnreadableBody."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = inflater.decompress(raw, bytes_max + 1)
    except zlib.error as problem:
        raise UnreadableBody(f"the body begins like gzip and is not: {problem}") from problem
    if len(found) > bytes_max:
        raise BodyTooLarge(f"the body has more than {bytes_max:,} bytes once decompressed", limit_bytes=bytes_max)
    if not inflater.eof:
        raise UnreadableBody("the gzip body is cut off")
    return found


class BodyLimit:
    """Middleware that refuses bodies over a limit: by their declared length before reading, else while they are read.

    larger: limit by path, for uploads.
    """

    def __init__(self, app: ASGIApp, bytes_max: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"], self._bytes_max)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if declared.isdigit() and int(declared) > limit:
            await answer_to(scope["path"], too_large(int(declared), limit))(scope, receive, send)
            return
        if declared.isdigit():  # the server reads no more than was declared
            await self._app(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_large(seen, limit)
            return message

        await self._app(scope, counted, send)


def too_large(found: int, limit: int) -> BodyTooLarge:
    """The error for a body of `found` bytes (so far) where `limit` are allowed."""
    return BodyTooLarge(f"the body has {found:,} bytes, at most {limit:,} are accepted here", limit_bytes=limit)
