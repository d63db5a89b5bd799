"""What can go wrong around choosing.

StreamsError
    WorkerStopped  a part that must run for as long as the process does has ended: the process ends too
    EndedEarly     told to end while still waiting for the registry or Kafka

Poison (schemas.wire) and bugs in choices do not surface: they become dead letters. Kafka, registry and Postgres that
are away are waited for.
"""

import threading
from collections.abc import Callable

import httpx
from confluent_kafka.schema_registry.error import SchemaRegistryError

#: What a codec raises when it has to ask for an unknown schema and gets none.
NO_SCHEMA = (httpx.HTTPError, SchemaRegistryError, OSError)
NOT_FOUND = 404
#: How often a registry is asked for a schema that it says it does not have: it may just have been started.
ASKED_MAX = 4


class StreamsError(Exception):
    """Anything below."""


def is_unknown(problem: Exception, asked: int) -> bool:
    """True when the registry has answered often enough that there is no such schema; false while it may be away."""
    return isinstance(problem, SchemaRegistryError) and problem.http_status_code == NOT_FOUND and asked >= ASKED_MAX


class WorkerStopped(StreamsError):
    """A part of the worker ended by itself."""


class EndedEarly(StreamsError):
    """Told to end before work began."""


def pause_until(told: threading.Event) -> Callable[[float], None]:
    """A pause for those who wait at the start, which ends with EndedEarly when `told` is set."""

    def pause(seconds: float) -> None:
        if told.wait(seconds):
            raise EndedEarly

    return pause
