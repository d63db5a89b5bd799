"""A request given back as it was sent (`with_metadata`), to its owner, without the secrets that clients put in.

In: the row of a request. Out: `request_metadata`, the JSON value that the client sent, each value as it was. Guards: no one but
the owner reads it; it is checked against its digest; one at a time is in memory, of at most `BYTES_MAX`.
Source: docs/reference/idds.md, "Rows"; docs/decisions/0109.
"""

import asyncio
import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

from api.http.errors import BadRequest, LogUnavailable, Overloaded, RoleMissing
from api.idds.calls import IddsRequest
from api.idds.kept import PART_BYTES, digest_of, sent_again
from api.log.kept_requests import parts_of_request
from streams.idds.grammar import SECRETS

BYTES_MAX = 20_000_000
PARTS_MAX = BYTES_MAX // PART_BYTES
DEPTH_MAX = 200
NUMBER_MAX = 2**63
LANE_WAIT_SECONDS = 30.0


class SentRequests:
    """Reads requests as they were sent; one of it is in an API."""

    def __init__(self) -> None:
        self._lane = asyncio.Semaphore(1)

    async def metadata_of(self, asked: IddsRequest, row: Mapping[str, Any]) -> Any:
        """What was sent as `request_metadata`; raises RoleMissing, LogUnavailable, Overloaded, BadRequest."""
        if row["owner"] not in asked.identity.owners:
            raise RoleMissing(f"request {row['request_id']}: only its owner reads it as it was sent")
        services = asked.services
        try:
            async with asyncio.timeout(LANE_WAIT_SECONDS):
                await self._lane.acquire()
        except TimeoutError as problem:
            raise Overloaded("another request is being given back; ask again in a minute") from problem
        try:
            kafka, codec = services.config.kafka, services.codec
            parts = await asyncio.to_thread(
                parts_of_request, kafka, codec, row["digest"], row["created_at"], PARTS_MAX
            )
            return await asyncio.to_thread(metadata_in, parts, row["digest"])
        finally:
            self._lane.release()


def metadata_in(parts: dict[int, bytes], digest: str) -> Any:
    """The `request_metadata` of a kept request; of one that was relayed, which is its workflow alone, an object with that."""
    try:
        sent = sent_again(parts, BYTES_MAX)
    except ValueError as problem:
        raise BadRequest(str(problem)) from problem
    if digest_of(sent) != digest:
        raise LogUnavailable("the request in the log is not the one that was sent")
    found = json.loads(sent)
    metadata = found.get("request_metadata") if isinstance(found, dict) else {"workflow": found[0]}
    return without_secrets(metadata)


def without_secrets(given: Any) -> Any:
    """The value, in which texts under the names of secrets are null. Raises BadRequest for what JSON of 64 bits does not hold."""
    waiting: list[tuple[Any, int]] = [(given, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEPTH_MAX:
            raise BadRequest(f"the request is nested deeper than {DEPTH_MAX}; it cannot be given back")
        match value:
            case dict():
                for name in SECRETS & value.keys():
                    value[name] = None
                waiting.extend((one, depth + 1) for one in value.values())
            case list():
                waiting.extend((one, depth + 1) for one in value)
            case int() if abs(value) > NUMBER_MAX:
                raise BadRequest("the request has a number beyond 64 bits; it cannot be given back")
            case float() if not isfinite(value):
                raise BadRequest("the request has a number beyond what JSON readers hold; it cannot be given back")
            case _:
                pass
    return given
