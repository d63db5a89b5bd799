"""Schema ids from the registry: registered once by `python -m eventlog apply`, looked up once at every process start.

Out: a `Codec` that needs the registry again only for a writer's version it has never seen. Invariant: a running service
never registers anything; a registry that is away stops no process that already runs.
"""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
import structlog

from eventlog.registry_client import (
    ConfigCompatibilityLevel,
    Schema,
    SchemaRegistryClient,
    SchemaRegistryError,
    ServerConfig,
)
from schemas.catalog import CatalogEntry, messages, registered_text
from schemas.wire import Codec, Poison

COMPATIBILITY = ConfigCompatibilityLevel.FULL_TRANSITIVE
PAUSE_SECONDS_MAX = 5.0
CALLS_AT_ONCE = 4
log = structlog.get_logger()


class UnknownSchema(RuntimeError):
    """The registry does not know a schema of this version: `python -m eventlog apply` was not run."""


def connect(url: str) -> SchemaRegistryClient:
    """A client of the registry at `url` (its Confluent-compatible API)."""
    return SchemaRegistryClient({"url": url})


def register_all(client: SchemaRegistryClient) -> dict[str, int]:
    """Register every message under its subject; full record name -> schema id.

    Raises SchemaRegistryError when the registry finds a schema incompatible with an earlier version.
    """
    client.set_config(None, ServerConfig(compatibility=COMPATIBILITY))
    entries = messages()
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        ids = pool.map(lambda entry: client.register_schema(entry.subject, Schema(registered_text(entry), "AVRO")), entries)
    return {entry.full_name: number for entry, number in zip(entries, ids, strict=True)}


def look_up_all(client: SchemaRegistryClient) -> dict[str, int]:
    """Full record name -> schema id of our own versions; raises UnknownSchema for one that was never registered."""
    entries = messages()
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        ids = pool.map(lambda entry: _look_up(client, entry), entries)
    return {entry.full_name: number for entry, number in zip(entries, ids, strict=True)}


def _look_up(client: SchemaRegistryClient, entry: CatalogEntry) -> int:
    try:
        registered = client.lookup_schema(entry.subject, Schema(registered_text(entry), "AVRO"))
    except SchemaRegistryError as problem:
        if problem.http_status_code != 404:
            raise
        message = f"{entry.subject} is not registered as this version has it; run `python -m eventlog apply`"
        raise UnknownSchema(message) from problem
    assert registered.schema_id is not None
    return registered.schema_id


def codec_from(url: str, *, pause: Callable[[float], None] = time.sleep) -> Codec:
    """A codec with the ids of the registry at `url`; waits for as long as the registry is away."""
    wait = 0.2
    while True:
        try:
            with connect(url) as client:
                return Codec(look_up_all(client), lambda number: fetch_schema(url, number))
        except (httpx.HTTPError, SchemaRegistryError, UnknownSchema) as problem:
            log.warning("registry_not_ready", problem=str(problem)[:200], retry_in_seconds=wait)
        pause(wait)
        wait = min(wait * 2, PAUSE_SECONDS_MAX)


def fetch_schema(url: str, number: int) -> Mapping[str, Any]:
    """The schema with id `number`, as any version of Culm registered it at the registry at `url`.

    Raises Poison when there is none; what the client raises when the registry is away.
    """
    with connect(url) as client:
        try:
            return cast(Mapping[str, Any], json.loads(client.get_schema(number).schema_str or "{}"))
        except SchemaRegistryError as problem:
            if problem.http_status_code != 404:
                raise
            raise Poison(f"schema {number} is not in the registry") from problem
