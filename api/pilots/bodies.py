"""Bodies of pilots and harvesters: all that can be read is taken, because a last report is sent once and must not get lost.

In: bytes that ought to be JSON, gzip of JSON, or a form. Out: a dictionary whose numbers are finite and whose texts are Unicode.
Python's `NaN` and `Infinity` become null, bytes that are not UTF-8 and halves of surrogate pairs U+FFFD, what lies deeper than
`DEPTH_MAX` null, fields of a form beyond the first 1,000 are left out. Guards: no recursion deeper than that, and sizes as for
every body. What is no object at all is `UnreadableBody`.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from api.http.bodies import DEPTH_MAX, FORM_FIELDS_MAX, check_depth, decompressed, is_json, opening_brackets, read_body
from api.http.errors import UnreadableBody

#: A text of JSON, closed or not, or a bracket.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


async def read_report(request: Request) -> dict[str, Any]:
    """The body as a dictionary; raises BodyTooLarge, UnreadableBody."""
    return parse_report(await read_body(request), request.headers, request.app.state.config.body_bytes_max)


def parse_report(raw: bytes, headers: Mapping[str, str], bytes_max: int) -> dict[str, Any]:
    """`raw` as a dictionary; raises BodyTooLarge, UnreadableBody."""
    raw = decompressed(raw, bytes_max)
    if not raw.strip():
        return {}
    if not is_json(raw, headers):
        return _form(raw)
    found = lenient_json(raw)
    if not isinstance(found, dict):
        raise UnreadableBody(f"the body is a JSON {type(found).__name__}, expected an object")
    return found


def lenient_json(raw: bytes) -> Any:
    """What `raw` means as JSON in UTF-8, odd parts replaced; raises UnreadableBody for what is no JSON."""
    try:
        found = orjson.loads(raw)
        if opening_brackets(raw) > DEPTH_MAX:
            check_depth(found)
        return found
    except (orjson.JSONDecodeError, UnreadableBody):
        pass
    text = shallow(raw.decode("utf-8", "replace"))
    try:
        found = json.loads(text, parse_constant=lambda _: None, parse_float=_finite, parse_int=_whole, strict=False)
    except ValueError as problem:
        raise UnreadableBody(f"the body is not JSON: {str(problem)[:100]}") from problem
    return _readable(found)


def shallow(text: str, depth_max: int = DEPTH_MAX) -> str:
    """The JSON `text` with `null` for every list and object deeper than `depth_max`; linear in its length."""
    kept: list[str] = []
    depth = begin = 0
    for token in TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
                if depth == depth_max + 1:
                    kept.append(text[begin : token.start()] + "null")
            case "]" | "}":
                if depth == depth_max + 1:
                    begin = token.end()
                depth -= 1
    if depth <= depth_max:
        kept.append(text[begin:])
    return "".join(kept)


def _form(raw: bytes) -> dict[str, Any]:
    text = "&".join(raw.decode("utf-8", "replace").split("&", FORM_FIELDS_MAX)[:FORM_FIELDS_MAX])
    if "=" not in text:
        raise UnreadableBody(f"the body is neither JSON nor a form: found {text[:60]!r}")
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))


def _readable(value: Any) -> Any:
    match value:
        case str():
            return LONE_SURROGATE.sub("\ufffd", value)
        case list():
            return [_readable(one) for one in value]
        case dict():
            return {_readable(name): _readable(one) for name, one in value.items()}
        case _:
            return value


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _whole(text: str) -> int | float | None:
    """A whole number; one beyond any that is kept here as the nearest float, as `orjson` has it."""
    return int(text) if len(text) <= 19 else _finite(text)
