"""Request bodies as clients and pilots really send them, within limits.

In: bytes that are JSON, gzip of JSON (with or without saying so) or a form (with or without a Content-Type).
Out: a dictionary. Guards: size on the wire and after decompression, depth of nesting, no NUL in any text; everything else that is
wrong is `UnreadableBody`. Pilots are read more patiently: `pilots/bodies.py`.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import BodyTooLarge, UnreadableBody
from api.http.problems import answer_to

GZIP_MAGIC = b"\x1f\x8b"
FORM_FIELDS_MAX = 1_000
#: Objects and lists within each other; task parameters need five.
DEPTH_MAX = 100
NUL = "\0"
Place = tuple[str | int, ...]


async def read_body(request: Request) -> bytes:
    """The whole body; raises BodyTooLarge (the limit is held by `BodyLimit`)."""
    return await request.body()


async def read_object(request: Request, bytes_max: int | None = None) -> dict[str, Any]:
    """The body as a dictionary, in any of the known forms; an empty body is an empty dictionary.

    bytes_max: limit once decompressed, where it is not that of most requests.
    """
    raw = await read_body(request)
    return parse_object(raw, request.headers, bytes_max or request.app.state.config.body_bytes_max)


def parse_object(raw: bytes, headers: Mapping[str, str], bytes_max: int) -> dict[str, Any]:
    """`raw` as a dictionary: gzip is known by its magic bytes, JSON by Content-Type or its look, else it is a form."""
    raw = decompressed(raw, bytes_max)
    if not raw.strip():
        return {}
    return parse_json_object(raw) if is_json(raw, headers) else parse_form(raw)


def decompressed(raw: bytes, bytes_max: int) -> bytes:
    """`raw`, unpacked when it is gzip; raises BodyTooLarge, UnreadableBody."""
    return gunzip(raw, bytes_max) if raw[:2] == GZIP_MAGIC else raw


def is_json(raw: bytes, headers: Mapping[str, str]) -> bool:
    """True for a body that says it is JSON, or says nothing and looks like it."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind != "application/x-www-form-urlencoded" and raw.lstrip()[:1] in (b"{", b"["))


def opening_brackets(raw: bytes) -> int:
    """An upper bound of the depth to which JSON is nested."""
    return raw.count(b"[") + raw.count(b"{")


def parse_json_object(raw: bytes) -> dict[str, Any]:
    """`raw` as a JSON object."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise UnreadableBody(f"the body is not JSON: {problem}") from problem
    if not isinstance(found, dict):
        raise UnreadableBody(f"the body is a JSON {type(found).__name__}, expected an object")
    if opening_brackets(raw) > DEPTH_MAX:
        check_depth(found)
    if b"\\u0000" in raw:
        check_nul(found)
    return found


def check_depth(found: Any) -> None:
    """Raise UnreadableBody for containers more than `DEPTH_MAX` deep; nothing here or later is recursive beyond that."""
    level = [found] if isinstance(found, (dict, list)) else []
    for _ in range(DEPTH_MAX):
        level = [
            one
            for container in level
            for one in (container.values() if isinstance(container, dict) else container)
            if isinstance(one, (dict, list))
        ]
        if not level:
            return
    raise UnreadableBody(f"the body holds objects or lists more than {DEPTH_MAX} deep in each other, which is not taken")


def check_nul(found: Any) -> None:
    """Raise UnreadableBody naming the place of a text, or the name of a field, that holds a NUL."""
    for place, value in leaves(found):
        for text in (*place[-1:], value):
            if isinstance(text, str) and NUL in text:
                raise UnreadableBody(f"{named(place)[:100]!r}: found {text[:60]!r}, expected text without NUL")


def named(place: Place) -> str:
    """A place in JSON as people write it: `jobParameters[3].value`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value in a JSON document that is no container, and None for every name of a field, each with its place."""
    match value:
        case dict():
            for name, one in value.items():
                yield (*place, name), None
                yield from leaves(one, (*place, name))
        case list():
            for number, one in enumerate(value):
                yield from leaves(one, (*place, number))
        case _:
            yield place, value


def parse_form(raw: bytes) -> dict[str, Any]:
    """`raw` as urlencoded pairs; of a repeated key the last value holds."""
    try:
        text = raw.decode("utf-8")
        if "%" not in text and "+" not in text:  # nothing to decode: most reports
            plain = [pair.split("=", 1) for pair in text.split("&")]
            if len(plain) <= FORM_FIELDS_MAX and all(len(pair) == 2 for pair in plain):
                return dict(plain)
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=FORM_FIELDS_MAX
        )
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
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD"):
            problem = body_of_reading(scope)
            await (self._app if problem is None else answer_to(scope["path"], problem))(scope, receive, send)
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


def body_of_reading(scope: Scope) -> BodyTooLarge | None:
    """What is wrong with a GET or HEAD that announces a body; None for one that has none."""
    for name, value in scope["headers"]:
        if (name == b"content-length" and value.strip().strip(b"0")) or name == b"transfer-encoding":
            found = f"{name.decode()}: {value[:40].decode('latin-1')!r}"
            return BodyTooLarge(f"a {scope['method']} with a body, {found}; expected none", limit_bytes=0)
    return None


def too_large(found: int, limit: int) -> BodyTooLarge:
    """The error for a body of `found` bytes (so far) where `limit` are allowed."""
    return BodyTooLarge(f"the body has {found:,} bytes, at most {limit:,} are accepted here", limit_bytes=limit)
