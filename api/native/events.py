"""`/v1/events`: what happened to a task or job, and what happens to it from now on.

Without `follow`: a page of the timeline. With it: the same, then live, as server-sent events (`Accept:
text/event-stream`) or as one JSON object a line. A live event is its timeline row, so both halves are the same; the
log only says when to look. After a break the client sends `Last-Event-ID`; the last seconds before it are repeated,
an `id` says which they were.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from api.http.access import Reader
from api.http.errors import BadRequest, NotFound
from api.http.forms import limit_of
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.log.live_events import LiveRecord, arriving
from api.native.reading import CaughtUp
from api.native.timeline import cursor_from, event_document, page_document
from api.queries import jobs, tasks
from api.queries.read_models import ReadModels, Row
from api.queries.timeline import Cursor, WorkSubject, cursor_of, newest_offsets, news_of, page_of
from api.services import Services
from identity.identity import Identity
from schemas.ids import is_number, task_id_of
from schemas.instants import MICROSECONDS

PAGE = 500
KEEP_ALIVE_SECONDS = 15.0
REPEATED_MICROS = 5 * MICROSECONDS
#: A record in the log is a row soon after; looked for this often and this long.
LOOK_SECONDS, LOOKS_MAX = 0.02, 150


def build_router(services: Services) -> APIRouter:
    """The route of events."""
    router = APIRouter(prefix="/v1", tags=["events"])

    @router.get("/events")
    async def events(
        request: Request,
        identity: Reader,
        _: CaughtUp,
        task_id: Whole | None = None,
        job_id: Whole | None = None,
        follow: bool = False,
        after: str | None = None,
        limit: Whole | None = Query(None),
        last_event_id: str | None = Header(None),
        accept: str = Header(""),
    ) -> Response:
        """Events of a task (with its jobs) or of one job."""
        subject = await subject_of(services.read_models, identity, task_id, job_id)
        start = cursor_from(last_event_id or after)
        streaming = "text/event-stream" in accept
        if not follow and not streaming:
            count = limit_of(limit)
            rows = await page_of(services.read_models, subject, start, count + 1)
            return json_response(page_document(rows, count))
        if last_event_id and start is not None:
            start = Cursor(start.at - REPEATED_MICROS, "", "", 0)
        stream = services.gate.of_one_member(request, identity, Stream(services, subject, start).rows())
        if streaming:
            headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return StreamingResponse(_as_sse(stream), media_type="text/event-stream", headers=headers)
        return StreamingResponse(_as_lines(stream), media_type="application/x-ndjson")

    return router


async def subject_of(read_models: ReadModels, identity: Identity, task_id: int | None, job_id: int | None) -> WorkSubject:
    """Whose events are asked for; raises BadRequest unless it is exactly one, NotFound outside the VO."""
    if (task_id is None) == (job_id is None):
        raise BadRequest("name either task_id or job_id")
    if job_id is not None:
        is_there, subject = await jobs.is_in(read_models, identity.vo, job_id), WorkSubject("job_id", job_id, identity.vo)
    else:
        assert task_id is not None
        is_there, subject = await tasks.is_in(read_models, identity.vo, task_id), WorkSubject("task_id", task_id, identity.vo)
    if not is_there:
        raise NotFound(f"no {subject.column.removesuffix('_id')} {subject.number} in {identity.vo}")
    return subject


class Stream:
    """The events of a subject from a place on, for ever."""

    def __init__(self, services: Services, subject: WorkSubject, start: Cursor | None) -> None:
        self._read_models = services.read_models
        self._feed = services.live.work
        self._subject = subject
        self._start = start

    async def rows(self) -> AsyncIterator[Row | None]:
        """Timeline rows; None when nothing happened for a while (keep the connection alive)."""
        async with self._feed.follow(self._concerns) as records:
            seen = await newest_offsets(self._read_models, self._subject)
            early: set[Cursor] = set()
            newest_at = 0
            cursor = self._start
            while page := await page_of(self._read_models, self._subject, cursor, PAGE):
                for row in page:
                    if row["log_offset"] > seen.get((row["topic"], row["partition"]), -1):
                        early.add(cursor_of(row))
                    yield row
                cursor = cursor_of(page[-1])
                newest_at = max(newest_at, cursor.at)
            async for record in arriving(records, KEEP_ALIVE_SECONDS):
                if record is None:
                    yield None
                    continue
                for row in await self._until(record, records, seen, newest_at):
                    newest_at = max(newest_at, row["at"])
                    if cursor_of(row) not in early:
                        yield row

    async def _until(
        self,
        record: LiveRecord,
        records: "asyncio.Queue[LiveRecord | None]",
        seen: dict[tuple[str, int], int],
        newest_at: int,
    ) -> list[Row]:
        """News up to at least `record`, and to all else that came meanwhile."""
        wanted = {(record.topic, record.partition): record.offset}
        with contextlib.suppress(asyncio.QueueEmpty):
            while (more := records.get_nowait()) is not None:
                wanted[more.topic, more.partition] = more.offset
        found: list[Row] = []
        for _ in range(LOOKS_MAX):
            found += await news_of(self._read_models, self._subject, seen, newest_at)
            if all(seen.get(place, -1) >= offset for place, offset in wanted.items()):
                break
            await asyncio.sleep(LOOK_SECONDS)
        return found

    def _concerns(self, topic: str, key: str) -> bool:
        if not is_number(key):
            return False
        number = int(key)
        if self._subject.column == "job_id":
            return ".job." in topic and number == self._subject.number
        return (task_id_of(number) if ".job." in topic else number) == self._subject.number


async def _as_sse(rows: AsyncIterator[Row | None]) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async for row in rows:
        if row is None:
            yield b": alive\n\n"
            continue
        document = event_document(row)
        data = orjson.dumps(document, default=str)
        yield b"id: %s\nevent: %s\ndata: %s\n\n" % (document["id"].encode(), row["event_type"].encode(), data)


async def _as_lines(rows: AsyncIterator[Row | None]) -> AsyncIterator[bytes]:
    async for row in rows:
        yield b"\n" if row is None else orjson.dumps(event_document(row), default=str) + b"\n"
