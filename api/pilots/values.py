"""Values as pilots send them: numbers as text, `NULL` for nothing, times in three spellings."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NOTHING = frozenset({"", "NULL", "null", "None", "undefined", "Undefined"})


def text_of(body: Mapping[str, Any], name: str, length_max: int = 500) -> str:
    """The text under `name`, cut at `length_max`; empty for nothing."""
    value = body.get(name)
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = str(value)
    return "" if text in NOTHING else text[:length_max]


def number_of(body: Mapping[str, Any], name: str) -> float | None:
    """The number under `name`, also when it is spelled as text; None for nothing and for what is no number."""
    value = body.get(name)
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def whole_of(body: Mapping[str, Any], name: str) -> int | None:
    """The whole number under `name`, rounded down; None for nothing and for what no `long` can hold."""
    value = body.get(name)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) <= 19:
        found = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        found = value
    else:
        number = number_of(body, name)
        if number is None:
            return None
        found = int(number)
    return found if -(1 << 63) <= found < 1 << 63 else None


def amount_of(body: Mapping[str, Any], *names: str) -> int | None:
    """The first whole number from 0 under one of `names`; pilots send -1 for what could not be measured."""
    for name in names:
        found = whole_of(body, name)
        if found is not None and found >= 0:
            return found
    return None


def micros_of(body: Mapping[str, Any], name: str) -> int | None:
    """Microseconds since 1970 of a time given as epoch seconds, `YYYY-MM-DD HH:MM:SS` (UTC) or ISO 8601."""
    if body.get(name) is None:
        return None
    seconds = number_of(body, name)
    if seconds is not None:
        return round(seconds * 1_000_000) if 0 < seconds < 1e11 else None
    try:
        moment = datetime.fromisoformat(text_of(body, name, 60))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)
