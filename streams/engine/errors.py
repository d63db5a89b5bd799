"""What can go wrong around choosing.

StreamsError
    WorkerStopped  a part that must run for as long as the process does has ended: the process ends too
    EndedEarly     asked to end while still waiting for the registry or Kafka
    CannotBeSent   a command that no topic takes: it does not fit a record, or into its schema
    RegistryAway   a schema is asked for and no one answers: try again

Poison (schemas.wire) and bugs in choices do not surface: they become dead letters. Kafka, registry and Postgres that
are away are waited for.
"""

import threading
from collections.abc import Callable


class StreamsError(Exception):
    """Anything below."""


class WorkerStopped(StreamsError):
    """A part of the worker ended by itself."""


class CannotBeSent(StreamsError):
    """A command that can never be written; the message says why. What it follows from becomes a dead letter."""


class RegistryAway(StreamsError):
    """A schema that was never seen is needed and cannot be had now."""


class EndedEarly(StreamsError):
    """Told to end before work began."""


def pause_until(stopped: threading.Event) -> Callable[[float], None]:
    """A pause for those who wait at the start, which ends with EndedEarly when `stopped` is set."""

    def pause(seconds: float) -> None:
        if stopped.wait(seconds):
            raise EndedEarly

    return pause
