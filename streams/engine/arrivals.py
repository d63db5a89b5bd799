"""Records on their way from the log to a listener. Pure."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the log. timestamp: milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that was read; `ack` is called once all that follows from it is in the log."""

    message: Record
    ack: Callable[[], object]
