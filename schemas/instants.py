"""Instants are whole microseconds since 1970 in UTC; here are lengths of time and conversions. Their text: `schemas/times.py`.

Kafka counts milliseconds, people and most clocks seconds, the machine's clock nanoseconds: each conversion has one name.
"""

MICROSECONDS = 1_000_000
"""In a second: a length in seconds times this is a length in microseconds."""

MINUTE = 60 * MICROSECONDS
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_MILLISECOND = 1_000


def micros_of_seconds(seconds: float) -> int:
    """To the nearest microsecond; raises OverflowError or ValueError for what is no finite number."""
    return round(seconds * MICROSECONDS)


def micros_of_millis(millis: int) -> int:
    """Of a length or an instant as Kafka stamps it."""
    return millis * _MILLISECOND


def millis_of(micros: int) -> int:
    """Whole milliseconds, cut off towards the past."""
    return micros // _MILLISECOND


def micros_of_nanos(nanos: int) -> int:
    """Of an instant as `time.time_ns` gives it, cut off towards the past."""
    return nanos // _MILLISECOND
