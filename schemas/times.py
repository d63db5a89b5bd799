"""Microseconds since 1970 as text, for every number that a 64-bit field can hold.

Out: ISO 8601 in UTC for the years 1 to 9999, which are all that `datetime` and readers of ISO 8601 know; the number itself
beyond. Never raises: what is stored must be shown, however absurd it is.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def datetime_of(micros: int) -> datetime | None:
    """The moment in UTC; None when it lies outside the years 1 to 9999."""
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None


def utc(micros: int) -> str:
    """As `2026-11-29T12:00:00.123Z`, microseconds cut off."""
    moment = datetime_of(micros)
    return beyond(micros) if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_words(micros: int) -> str:
    """As `2026-11-29 12:00:00`."""
    moment = datetime_of(micros)
    return beyond(micros) if moment is None else moment.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def beyond(micros: int) -> str:
    """A time that no calendar shows, by its number."""
    return f"{micros} microseconds since 1970"


def micros_of_text(text: str) -> int | None:
    """Microseconds since 1970 of a time in ISO 8601 that says its zone, as `2026-11-29T12:00:00Z`; None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else (moment - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
