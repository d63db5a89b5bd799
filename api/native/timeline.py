"""Pages of a timeline as JSON: where one begins, its events, where the next one begins."""

import re
from collections.abc import Mapping
from typing import Any

from api.http.errors import BadRequest
from api.http.forms import with_times
from api.queries.read_models import Row
from api.queries.timeline import Cursor, cursor_of


def cursor_from(text: str | None) -> Cursor | None:
    """The place that `after` or `Last-Event-ID` names; raises BadRequest."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,18})\.([a-z_]{1,40})\.(\d{1,18})\.(.{1,400})", text)
    if found is None:
        raise BadRequest(f"after: found {text[:80]!r}, expected the id of an event or `next` of a page")
    return Cursor(int(found[1]), found[2], found[4], int(found[3]))


def event_document(row: Row) -> dict[str, Any]:
    """A timeline row as JSON; `id` is its place for `after` and `Last-Event-ID`."""
    return {"id": str(cursor_of(row)), **with_times(row)}


def page_document(rows: list[Row], limit: int) -> Mapping[str, Any]:
    """A page of events, asked for with one row more than `limit`."""
    shown = rows[:limit]
    following = str(cursor_of(shown[-1])) if len(rows) > limit else None
    return {"events": [event_document(row) for row in shown], "next": following}
