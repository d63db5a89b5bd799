"""Values as pilots send them: numbers as text, `NULL` for nothing, times in three spellings.

Odd ones are never refused here: characters that a field does not hold are replaced, numbers and times that cannot be meant are
nothing. The ranges are those of `schemas/`.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.characters import NAME, TEXT, CharacterSet
from schemas.instants import MICROSECONDS, micros_of_seconds

#: What stands where bytes of a body were no text.
REPLACED = "\ufffd"
NOTHING = frozenset({"", "NULL", "null", "None", "undefined", "Undefined"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Years 1990 to 2099: a host whose clock says anything else does not know the time.
SECONDS_MIN, SECONDS_MAX = 631_152_000, 4_102_444_800
INT_MAX = (1 << 31) - 1
BYTES_MAX, KILOBYTES_MAX, EVENTS_MAX = 1 << 60, 1 << 50, 10**12


def text_of(body: Mapping[str, Any], name: str, length_max: int = 500, characters: CharacterSet = TEXT) -> str:
    """The text under `name`, cut at `length_max`, what `characters` does not hold replaced; empty for nothing."""
    value = body.get(name)
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = value if isinstance(value, str) else str(value)
    return "" if text in NOTHING else characters.replaced(text, length_max)


def as_sent(body: Mapping[str, Any], name: str, length_max: int, characters: CharacterSet) -> str:
    """The text under `name`, cut at `length_max`; empty where a character had to be replaced, since it will be compared."""
    text = text_of(body, name, length_max, characters)
    return text if text == str(body.get(name))[:length_max] and REPLACED not in text else ""


def name_of(body: Mapping[str, Any], name: str, length_max: int = 128) -> str:
    """The name under `name` (of a host, a worker, a harvester), what no name holds replaced; empty for nothing."""
    return text_of(body, name, length_max, NAME)


def whole_numbers_in(text: str) -> list[int]:
    """The whole numbers among the words of a comma list; others are left out."""
    found = (whole_of({"word": word.strip()}, "word") for word in text.split(","))
    return [number for number in found if number is not None and number >= 0]


def number_of(body: Mapping[str, Any], name: str) -> float | None:
    """The number under `name`, also when it is spelled as text; None for nothing and for what is no number."""
    value = body.get(name)
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole_of(body: Mapping[str, Any], name: str) -> int | None:
    """The whole number under `name`, rounded down; None for nothing and for what no `long` can hold."""
    value = body.get(name)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) <= 19:
        try:
            found = int(value)
        except ValueError:  # for example `--1`
            return None
    elif isinstance(value, int) and not isinstance(value, bool):
        found = value
    else:
        number = number_of(body, name)
        if number is None:
            return None
        found = int(number)
    return found if -(1 << 63) <= found < 1 << 63 else None


def code_of(body: Mapping[str, Any], name: str) -> int:
    """The error code under `name`, 0 for none; one beyond 32 bits is the largest, because it still tells of an error."""
    return max(-INT_MAX, min(whole_of(body, name) or 0, INT_MAX))


def amount_of(body: Mapping[str, Any], *names: str, most: int = BYTES_MAX) -> int | None:
    """The first whole number from 0 to `most` under one of `names`; pilots send -1 for what could not be measured."""
    for name in names:
        found = whole_of(body, name)
        if found is not None and 0 <= found <= most:
            return found
    return None


def micros_of(body: Mapping[str, Any], name: str) -> int | None:
    """Microseconds since 1970 of a time given as epoch seconds, `YYYY-MM-DD HH:MM:SS` (UTC) or ISO 8601.

    None for nothing and outside the years 1990 to 2099.
    """
    if body.get(name) is None:
        return None
    seconds = number_of(body, name)
    if seconds is not None:
        return micros_of_seconds(seconds) if SECONDS_MIN <= seconds <= SECONDS_MAX else None
    try:
        moment = datetime.fromisoformat(text_of(body, name, 60))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        micros = (moment - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
    return micros if SECONDS_MIN * MICROSECONDS <= micros <= SECONDS_MAX * MICROSECONDS else None
