"""Small agreements of the native API: times, waits, limits, pages."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from api.http.errors import BadRequest
from schemas.instants import micros_of_seconds
from schemas.times import EPOCH, datetime_of, utc

WAIT_SECONDS_MAX = 60.0
LIMIT, LIMIT_MAX = 100, 1_000


def wait_seconds_of(prefer: str | None) -> float:
    """Seconds that `Prefer: wait=N` asks for, at most a minute; 0 without it."""
    found = re.search(r"\bwait=(\d+(?:\.\d+)?)", prefer or "")
    return min(float(found.group(1)), WAIT_SECONDS_MAX) if found else 0.0


def iso(micros: int | None) -> str | None:
    """A time of the read models as ISO 8601 in UTC; one that no calendar shows as a sentence with its number."""
    return None if micros is None else utc(micros)


def with_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` with its times (`at`, `*_at`) as ISO 8601."""
    return {
        name: iso(value) if (name == "at" or name.endswith("_at")) and isinstance(value, int) else value
        for name, value in row.items()
    }


def instant_of(text: str | None) -> int | None:
    """Microseconds since 1970 of an ISO time, or of seconds since 1970; raises BadRequest."""
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            micros = micros_of_seconds(float(text))
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            micros = (moment - EPOCH) // timedelta(microseconds=1)
    except ValueError as problem:
        raise BadRequest(f"since: found {text[:60]!r}, expected an ISO 8601 time or seconds since 1970") from problem
    except OverflowError:  # more seconds than a number holds
        micros = 1 << 63
    if datetime_of(micros) is None:
        raise BadRequest(f"since: found {text[:60]!r}, expected a time in the years 1 to 9999")
    return micros


def limit_of(limit: int | None) -> int:
    """How many rows a page has; raises BadRequest."""
    if limit is None:
        return LIMIT
    if not 1 <= limit <= LIMIT_MAX:
        raise BadRequest(f"limit: found {limit}, expected 1 to {LIMIT_MAX}")
    return limit


def page(name: str, rows: Sequence[Mapping[str, Any]], limit: int, key: str) -> dict[str, Any]:
    """Up to `limit` of `rows` (asked for one more) and the `after` of the next page, None on the last."""
    shown = rows[:limit]
    following = str(shown[-1][key]) if len(rows) > limit else None
    return {name: [with_times(row) for row in shown], "next": following}


def words_of(text: str | None) -> list[str] | None:
    """The members of a comma-separated parameter."""
    return [word.strip() for word in text.split(",") if word.strip()] if text else None
