"""Schemas from the registry by plain HTTP: the checker shares no client with what it checks.

In: address of the registry. Out: a `Codec` that reads every version that was ever registered.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import httpx

from schemas.catalog import CatalogEntry, messages, registered_text
from schemas.wire import Codec, Poison

ANSWER_SECONDS = 30.0
NOT_FOUND = 404


def codec_of(registry: str) -> Codec:
    """A codec with the ids of our own versions; raises httpx.HTTPError when the registry does not answer or lacks one."""
    with httpx.Client(base_url=registry, timeout=ANSWER_SECONDS) as client:
        ids = {entry.full_name: _id_of(client, entry) for entry in messages()}
    return Codec(ids, lambda number: _schema(registry, number))


def _id_of(client: httpx.Client, entry: CatalogEntry) -> int:
    document = {"schema": registered_text(entry), "schemaType": "AVRO"}
    answer = client.post(f"/subjects/{entry.subject}", json=document)
    answer.raise_for_status()
    return int(answer.json()["id"])


def _schema(registry: str, number: int) -> Mapping[str, Any]:
    answer = httpx.get(f"{registry}/schemas/ids/{number}", timeout=ANSWER_SECONDS)
    if answer.status_code == NOT_FOUND:
        raise Poison(f"schema {number} is not in the registry")
    answer.raise_for_status()
    return cast(Mapping[str, Any], json.loads(answer.json()["schema"]))
