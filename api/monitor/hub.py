"""Live pages: what the log says moves the pages that show it, each rendered once for all who look at it.

In: records of the log (only their topic, key and place are looked at) and the positions of the read models. Out: for each
open page the regions that changed, as server-sent events. Guards: rendering never takes more than `SHARE_MAX` of the time, so
many open pages get slower news and not a slower API; a page whose news the read models do not have yet is rendered again when
they do; a client that reconnects gets everything that changed since the version that it names.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import orjson
import structlog
from confluent_kafka import Message

from api.http.errors import ApiError, Unavailable
from api.log.live_events import EventFeed
from api.monitor.page import MonitorPage, PageView, Touched
from api.monitor.rendering import Renderer, version_of
from api.queries.positions import Partition, stored_positions
from api.queries.read_models import ReadModels
from schemas.aggregates import OF_TOPIC
from schemas.subjects import of_key

TICK_SECONDS = 0.25
#: A page is rendered at most so often.
PAGE_SECONDS = 1.0
#: Part of the time that may go into rendering.
SHARE_MAX = 0.2
KEEP_ALIVE_SECONDS = 15.0
#: Durations and ages move without any event; a page that is open is looked at again at least so often.
REFRESH_SECONDS = 30.0
log = structlog.get_logger()


@dataclass
class LiveChange:
    """What came out of the log since it was last taken; filled by the thread that reads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    tasks: set[int] = field(default_factory=set)
    jobs: set[int] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    harvesters: set[str] = field(default_factory=set)
    ends: dict[Partition, int] = field(default_factory=dict)

    def take(self, messages: Sequence[Message]) -> None:
        """Note a batch."""
        with self.lock:
            for message in messages:
                topic, key = message.topic(), message.key()
                if message.error() is not None or topic is None or not isinstance(key, bytes):
                    continue
                self.ends[topic, message.partition() or 0] = (message.offset() or 0) + 1
                if topic in OF_TOPIC:
                    self._note(OF_TOPIC[topic].name, key.decode(errors="replace"))

    def _note(self, aggregate: str, key: str) -> None:
        if aggregate == "harvester":
            self.harvesters.add(key)
            return
        about = of_key(aggregate, key)
        if about.task_id is not None:
            self.tasks.add(about.task_id)
        if about.job_id is not None:
            self.jobs.add(about.job_id)
        if about.queue is not None:
            self.queues.add(about.queue)

    def swap(self) -> tuple[Touched, dict[Partition, int]]:
        """What was touched since the last call, and the ends seen so far."""
        with self.lock:
            touched = Touched(
                frozenset(self.tasks), frozenset(self.jobs), frozenset(self.queues), frozenset(self.harvesters)
            )
            self.tasks.clear()
            self.jobs.clear()
            self.queues.clear()
            self.harvesters.clear()
            return touched, dict(self.ends)


@dataclass(eq=False)
class Watched:
    """A page that is open somewhere. needs: places that its next rendering must have seen; empty when it is fresh."""

    page: MonitorPage
    view: PageView
    watchers: set["asyncio.Queue[bytes | None]"] = field(default_factory=set)
    regions: dict[str, str] = field(default_factory=dict)
    version: str = ""
    rendered_at: float = 0.0
    needs: dict[Partition, int] = field(default_factory=dict)
    counts_again: bool = False


class Hub:
    """All open pages of this process."""

    def __init__(self, feed: Callable[[], EventFeed], read_models: ReadModels, renderer: Renderer) -> None:
        """feed: gives all events, asked for when the first page is open."""
        self._feed, self._read_models, self._renderer = feed, read_models, renderer
        self._change = LiveChange()
        self._watched: dict[tuple[str, str], Watched] = {}
        self._worker: asyncio.Task[None] | None = None
        self.renderings = 0
        self._position = 0

    async def stream(self, page: MonitorPage, view: PageView, key: str, last_version: str) -> AsyncIterator[bytes]:
        """Server-sent events of a page: first what differs from `last_version`, then what changes."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(8)
        watched = self._watched.get((view.vo, key))
        if watched is None:
            watched = self._watched[view.vo, key] = Watched(page, view)
        watched.watchers.add(queue)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        try:
            yield b"retry: 1000\n\n"
            if not watched.regions:
                try:
                    await self._reached()
                    await self._render(watched)
                except ApiError as problem:  # the answer has begun: the stream says why it ends
                    yield b"event: problem\ndata: %s\n\n" % orjson.dumps({"detail": problem.detail})
                    return
            yield self._event(watched, watched.regions if watched.version != last_version else {})
            while True:
                try:
                    news = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield b": alive\n\n"
                    continue
                if news is None:
                    return
                yield news
        finally:
            watched.watchers.discard(queue)
            if not watched.watchers:
                self._watched.pop((view.vo, key), None)

    def close(self) -> None:
        """End every stream."""
        for watched in self._watched.values():
            self._end(watched)

    def _end(self, watched: Watched) -> None:
        """End the streams of a page; its reader connects again and is shown what is wrong with it."""
        for queue in watched.watchers:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    async def _run(self) -> None:
        """Render what needs it, while any page is open."""
        rest = 0.0
        async with self._feed().observe(self._change.take):
            while self._watched:
                await asyncio.sleep(max(TICK_SECONDS, rest))
                began = time.perf_counter()
                try:
                    await self._round()
                except ApiError as problem:
                    log.warning("live_pages_wait", problem=problem.detail)
                    rest = 2.0
                    continue
                except Exception as problem:
                    log.error("live_pages_failed", problem=type(problem).__name__, exc_info=problem)
                    rest = 2.0
                    continue
                rest = (time.perf_counter() - began) * (1 / SHARE_MAX - 1)

    async def _round(self) -> None:
        touched, ends = self._change.swap()
        for watched in self._watched.values():
            if touched and watched.page.concerned(touched, watched.view):
                watched.needs = {**watched.needs, **ends}
        now = time.monotonic()
        due = [
            watched
            for watched in list(self._watched.values())
            if ((watched.needs or watched.counts_again) and now - watched.rendered_at >= PAGE_SECONDS)
            or now - watched.rendered_at >= REFRESH_SECONDS
        ]
        if not due:
            return
        reached = await self._reached()
        for watched in due:
            try:
                await self._refresh(watched, reached)
            except Unavailable:
                raise
            except Exception as problem:  # one page must not keep the others from being shown
                log.error("live_page_failed", path=watched.view.path, problem=type(problem).__name__, exc_info=problem)
                self._end(watched)

    async def _refresh(self, watched: Watched, reached: dict[Partition, int]) -> None:
        before = watched.regions
        await self._render(watched)
        watched.needs = {place: end for place, end in watched.needs.items() if reached.get(place, 0) < end}
        changed = {name: text for name, text in watched.regions.items() if before.get(name) != text}
        news = self._event(watched, changed)
        for queue in list(watched.watchers):
            if queue.full():
                # A reader that does not keep up connects again by itself and is sent what differs.
                watched.watchers.discard(queue)
                queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(news)

    async def _render(self, watched: Watched) -> None:
        view = PageView(
            watched.view.identity,
            watched.view.path,
            watched.view.names,
            watched.view.parameters,
            watched.view.read_models,
            watched.view.audit_service,
            watched.view.services,
            watched.view.counts,
            watched.view.files,
        )
        data = await watched.page.load(view)
        watched.counts_again = bool(data.get("counted_again"))
        watched.regions = self._renderer.regions(watched.page, view, data)
        watched.version = version_of(watched.regions)
        watched.rendered_at = time.monotonic()
        self.renderings += 1

    def _event(self, watched: Watched, changed: dict[str, str]) -> bytes:
        behind = "behind" if watched.needs else "live"
        document = {"regions": changed, "state": behind, "at": time.time(), "position": self._position}
        return b"id: %s\nevent: regions\ndata: %s\n\n" % (watched.version.encode(), orjson.dumps(document))

    async def _reached(self) -> dict[Partition, int]:
        reached = await stored_positions(self._read_models)
        self._position = sum(reached.values())
        return reached
