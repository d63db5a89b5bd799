"""What can go wrong around choosing.

StreamsError
    WorkerStopped  a part that must run for as long as the process does has ended: the process ends too

Poison (schemas.wire) and bugs in choices do not surface: they become dead letters. Kafka, registry and Postgres that
are away are waited for.
"""

import httpx
from confluent_kafka.schema_registry.error import SchemaRegistryError

#: What a codec raises when it has to ask for an unknown schema and nobody answers.
REGISTRY_AWAY = (httpx.HTTPError, SchemaRegistryError, OSError)


class StreamsError(Exception):
    """Anything below."""


class WorkerStopped(StreamsError):
    """A part of the worker ended by itself."""
