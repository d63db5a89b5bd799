"""Requests whose path, query and host are text; every other request is answered 404 or 400 before a route sees it.

In: any request. Out: the same, or an error that names the place, what was found and what was expected. Guards: no route
meets a NUL or bytes that are not UTF-8 in a path or a query: no name and no database text has them. Whole numbers from such text
are read by `whole_from`, typed parameters are `Whole`: both hold the range of a database's 64 bits.
"""

import re
from typing import Annotated
from urllib.parse import unquote_to_bytes

from pydantic import Field
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import ApiError, BadRequest, NotFound
from api.http.problems import answer_to

WHOLE_MIN, WHOLE_MAX = -(1 << 63), (1 << 63) - 1
WHOLE_DIGITS_MAX = 19
#: The type of whole numbers in paths and queries.
Whole = Annotated[int, Field(ge=WHOLE_MIN, le=WHOLE_MAX)]
HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{0,255})(:\d{1,5})?")
EXPECTED = "expected UTF-8 text without NUL"


def whole_from(text: str, lowest: int = 0, highest: int = WHOLE_MAX) -> int | None:
    """The whole number that `text` spells in ASCII digits; None for anything else and beyond `lowest` to `highest`."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > WHOLE_DIGITS_MAX:
        return None
    found = int(text)
    return found if lowest <= found <= highest else None


def problem_in(scope: Scope) -> ApiError | None:
    """What is wrong with path, query or host of a request; None for one that can be served."""
    raw_path, query = scope.get("raw_path") or b"", scope["query_string"]
    if b"%" in raw_path and not _is_text(unquote_to_bytes(raw_path)):
        return NotFound(f"path: found {raw_path[:80].decode('latin-1')!r}, {EXPECTED}")
    if b"%" in query:
        for pair in query.split(b"&"):
            if b"%" in pair and not _is_text(unquote_to_bytes(pair)):
                name, _, value = (part.decode("latin-1") for part in pair.partition(b"="))
                return BadRequest(f"{name[:60]}: found {value[:80]!r}, {EXPECTED}")
    for name, value in scope["headers"]:
        if name == b"host" and HOST.fullmatch(value) is None:
            found = value[:80].decode("latin-1")
            return BadRequest(f"Host: found {found!r}, expected a name or address with an optional port")
    return None


def _is_text(raw: bytes) -> bool:
    if b"\0" in raw:
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class PlainRequests:
    """Middleware that refuses a request whose path, query or host is no text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        problem = problem_in(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await answer_to(scope["path"], problem)(scope, receive, send)
