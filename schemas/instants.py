"""Instants are microseconds since 1970 in UTC, whole numbers; here are the lengths of time and the conversions.

Kafka counts milliseconds, clocks and Avro's older fields seconds: each conversion is named once. Never raises; the text of an
instant is in `schemas/times.py`.
"""

MICROSECONDS = 1_000_000
"""In a second."""

MILLISECOND = 1_000
"""In microseconds."""

MINUTE = 60 * MICROSECONDS
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def micros_of_seconds(seconds: float) -> int:
    """Seconds as microseconds, to the nearest."""
    return seconds * MICROSECONDS if isinstance(seconds, int) else round(seconds * MICROSECONDS)


def seconds_of(micros: int) -> float:
    """Microseconds as seconds."""
    return micros / MICROSECONDS


def whole_seconds_of(micros: int) -> int:
    """Microseconds as seconds, the fraction cut off towards the past."""
    return micros // MICROSECONDS


def micros_of_millis(millis: int) -> int:
    """Milliseconds, as Kafka stamps records, as microseconds."""
    return millis * MILLISECOND


def millis_of(micros: int) -> int:
    """Microseconds as milliseconds, the fraction cut off towards the past."""
    return micros // MILLISECOND


def micros_of_nanos(nanos: int) -> int:
    """Nanoseconds, as the clock of the machine counts, as microseconds."""
    return nanos // MILLISECOND
