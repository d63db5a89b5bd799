"""`/v1/tail`: every event of the VO as it happens, filtered, as server-sent events or one JSON object a line.

A filter is `field=value` (`*` as a wild card, `!` in front for "not"), several are all needed: `type=JobFailed`, `queue=SLAC*`,
`actor=!pilot`. What a connection missed is in the timelines; this is a window, not a record.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.http.access import Reader
from api.http.errors import BadRequest
from api.http.forms import iso
from api.log.live_events import ODD, LiveRecord, arriving
from api.native.events import KEEP_ALIVE_SECONDS
from api.services import Services
from projections.timeline.body import body_of
from schemas.patterns import Pattern, PatternRefused, compile_glob
from schemas.sentences import sentence_of
from schemas.subjects import subjects_of

log = structlog.get_logger()
FIELDS = ("aggregate", "id", "type", "actor", "role", "command", "task", "job", "queue", "correlation", "text")
#: Every event is held against each of them.
CONDITIONS_MAX = 20


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """One `field=value` of a filter. pattern: a glob, for `text` what is to be in it."""

    field: str
    pattern: Pattern | str
    negated: bool

    def holds(self, document: Mapping[str, str]) -> bool:
        """True when the document of an event satisfies it; a value that is not there is empty."""
        found = document.get(self.field, "")
        matches = self.pattern in found if isinstance(self.pattern, str) else self.pattern.fullmatch(found)
        return matches != self.negated


def conditions_from(texts: Iterable[str]) -> tuple[FieldCondition, ...]:
    """The conditions of a filter; raises BadRequest."""
    found: list[FieldCondition] = []
    for text in texts:
        if len(found) == CONDITIONS_MAX:
            raise BadRequest(f"filter: found more than {CONDITIONS_MAX} conditions, expected at most that")
        parts = re.fullmatch(r"([a-z]+)=(!?)(.+)", text.strip())
        if parts is None or parts[1] not in FIELDS:
            raise BadRequest(f"filter: found {text[:80]!r}, expected FIELD=VALUE with FIELD one of {', '.join(FIELDS)}")
        try:
            pattern = parts[3] if parts[1] == "text" else compile_glob(parts[3])
        except PatternRefused as problem:
            raise BadRequest(f"filter: {problem}") from problem
        found.append(FieldCondition(parts[1], pattern, parts[2] == "!"))
    return tuple(found)


def build_router(services: Services) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1", tags=["events"])

    @router.get("/tail")
    async def tail(
        request: Request, identity: Reader, wanted: list[str] = Query([], alias="filter"), accept: str = Header("")
    ) -> Response:
        """Events of the VO from now on."""
        conditions = conditions_from(wanted)
        found = services.gate.of_one_member(request, identity, _matching(services, identity.vo, conditions))
        if "text/event-stream" in accept:
            headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return StreamingResponse(_as_sse(found), media_type="text/event-stream", headers=headers)
        return StreamingResponse(_as_lines(found), media_type="application/x-ndjson")

    return router


async def _matching(services: Services, vo: str, conditions: tuple[FieldCondition, ...]) -> AsyncIterator[dict[str, Any] | None]:
    """Documents of events; None when nothing came for a while."""
    async with services.live.everything.follow(lambda _, __: True) as records:
        async for record in arriving(records, KEEP_ALIVE_SECONDS):
            document = None if record is None else _matched(record, vo, conditions)
            if record is None or document is not None:
                yield document


def _matched(record: LiveRecord, vo: str, conditions: tuple[FieldCondition, ...]) -> dict[str, Any] | None:
    """The document of an event that passes; None for others, and for one that cannot be shown."""
    envelope = record.event.envelope
    if envelope is None or envelope.vo != vo:
        return None
    try:
        fields = searched(record) if conditions else {}
        return document_of(record) if all(one.holds(fields) for one in conditions) else None
    except ODD as problem:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        log.error("event_not_shown", place=place, problem=f"{type(problem).__name__}: {problem}"[:300])
        return None


def searched(record: LiveRecord) -> dict[str, str]:
    """What filters look at."""
    envelope, message = record.event.envelope, record.event.message
    about = subjects_of(message, envelope.aggregate_id)
    return {
        "aggregate": record.event.entry.aggregate,
        "id": envelope.aggregate_id,
        "type": record.event.name,
        "actor": envelope.actor,
        "role": envelope.role,
        "command": envelope.command_type,
        "task": str(about.task_id or ""),
        "job": str(about.job_id or ""),
        "queue": about.queue or "",
        "correlation": envelope.correlation_id,
        "text": sentence_of(message),
    }


def document_of(record: LiveRecord) -> dict[str, Any]:
    """The event as its timeline row would show it."""
    envelope = record.event.envelope
    return {
        "at": iso(envelope.occurred_at),
        "place": f"{record.topic}/{record.partition}/{record.offset}",
        "aggregate": record.event.entry.aggregate,
        "aggregate_id": envelope.aggregate_id,
        "sequence": envelope.sequence,
        "event_type": record.event.name,
        "actor": envelope.actor,
        "role": envelope.role,
        "command_type": envelope.command_type,
        "correlation_id": envelope.correlation_id,
        "summary": sentence_of(record.event.message),
        "body": body_of(record.event.message),
    }


async def _as_sse(found: AsyncIterator[dict[str, Any] | None]) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async for document in found:
        if document is None:
            yield b": alive\n\n"
        else:
            name = document["event_type"].encode()
            yield b"id: %s\nevent: %s\ndata: %s\n\n" % (document["place"].encode(), name, _json(document))


async def _as_lines(found: AsyncIterator[dict[str, Any] | None]) -> AsyncIterator[bytes]:
    async for document in found:
        yield b"\n" if document is None else _json(document) + b"\n"


def _json(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document, default=_plain)
    except TypeError:
        # A number beyond 64 bits, or half a surrogate pair: the event is named without its body.
        return orjson.dumps({**document, "body": None, "summary": ascii(document["summary"])}, default=_plain)


def _plain(value: Any) -> Any:
    return value.to_avro() if hasattr(value, "to_avro") else str(value)
