"""Events as they happen, for those who follow a task, a job or the workers of a queue.

In: event topics, read from their end by one thread for all followers, which runs only while there are followers.
Out: decoded records in a bounded queue per follower. A follower that does not keep up is cut off and reads the rest
from the timeline; only records that a follower wants are decoded.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx
import structlog
from confluent_kafka import Message

from eventlog.reading import take_what_is_there
from eventlog.registry_client import SchemaRegistryError
from eventlog.tail import tail_of
from schemas.aggregates import AGGREGATES
from schemas.topics import topics_of_role
from schemas.wire import Codec, Decoded, Poison

FOLLOWER_RECORDS_MAX = 5_000
#: How long the thread goes on without followers, so that a reload of a page does not connect again.
LINGER_SECONDS = 30.0
READY_SECONDS = 10.0
TAKEN_MAX = 500
TASK_EVENTS, JOB_EVENTS, WORKER_EVENTS = (AGGREGATES[name].topic("events") for name in ("task", "job", "worker"))
#: What code that looks at an odd record may raise; the thread that reads for all goes on.
ODD = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
Wanted = Callable[[str, str], bool]
Observer = Callable[[list[Message]], None]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """One event and where it stands in the log."""

    topic: str
    partition: int
    offset: int
    event: Decoded


@dataclass(eq=False, slots=True)
class Follower:
    """A follower; `wanted(topic, key)` says which records."""

    wanted: Wanted
    loop: asyncio.AbstractEventLoop
    records: "asyncio.Queue[LiveRecord | None]" = field(default_factory=lambda: asyncio.Queue(FOLLOWER_RECORDS_MAX))

    def take(self, records: list[LiveRecord]) -> None:
        """Queue `records`, or the end when there is no room; runs in the event loop."""
        for record in records:
            if self.records.qsize() >= FOLLOWER_RECORDS_MAX - 1:
                self.records.put_nowait(None)
                return
            self.records.put_nowait(record)


async def arriving(records: "asyncio.Queue[LiveRecord | None]", quiet_seconds: float) -> AsyncIterator[LiveRecord | None]:
    """The records of a follower as they come; None each time that nothing came for so long. Ends with the queue."""
    while True:
        try:
            record = await asyncio.wait_for(records.get(), quiet_seconds)
        except TimeoutError:
            yield None
            continue
        if record is None:
            return
        yield record


class EventFeed:
    """Records of some event topics from now on."""

    def __init__(self, kafka: str, codec: Codec, topics: tuple[str, ...]) -> None:
        self._kafka = kafka
        self._codec = codec
        self._topics = topics
        self._followers: tuple[Follower, ...] = ()
        self._observers: tuple[Observer, ...] = ()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @contextlib.asynccontextmanager
    async def follow(self, wanted: Wanted) -> AsyncIterator["asyncio.Queue[LiveRecord | None]"]:
        """A queue of the records that `wanted` accepts, from now on; None in it is the end: too much, or shut-down."""
        follower = Follower(wanted, asyncio.get_running_loop())
        with self._lock:
            self._followers = (*self._followers, follower)
            self._ensure_thread()
        try:
            await asyncio.to_thread(self._ready.wait, READY_SECONDS)
            yield follower.records
        finally:
            with self._lock:
                self._followers = tuple(other for other in self._followers if other is not follower)

    @contextlib.asynccontextmanager
    async def observe(self, observer: Observer) -> AsyncIterator[None]:
        """Call `observer` with every batch of raw records, in the thread that reads them."""
        with self._lock:
            self._observers = (*self._observers, observer)
            self._ensure_thread()
        try:
            await asyncio.to_thread(self._ready.wait, READY_SECONDS)
            yield
        finally:
            with self._lock:
                self._observers = tuple(other for other in self._observers if other is not observer)

    def close(self) -> None:
        """Stop; every follower's queue ends."""
        self._ending.set()
        for follower in self._followers:
            with contextlib.suppress(asyncio.QueueFull):
                follower.records.put_nowait(None)

    def _ensure_thread(self) -> None:
        """Begin to read; the lock is held."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="live-events", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        consumer = tail_of(self._kafka, "culm-api-live", self._topics, self._ending)
        if consumer is None:
            return
        self._ready.set()
        left_alone_since = time.monotonic()
        try:
            while not self._ending.is_set():
                if self._followers or self._observers:
                    left_alone_since = time.monotonic()
                elif self._gives_up(left_alone_since):
                    return
                messages = take_what_is_there(consumer, TAKEN_MAX, 0.5)
                if messages:
                    self._hand_out(messages)
        finally:
            consumer.close()

    def _gives_up(self, left_alone_since: float) -> bool:
        with self._lock:
            if self._followers or self._observers or time.monotonic() - left_alone_since < LINGER_SECONDS:
                return False
            self._ready.clear()
            self._thread = None
            return True

    def _hand_out(self, messages: list[Message]) -> None:
        for observer in self._observers:
            try:
                observer(messages)
            except ODD as problem:
                log.error("observer_failed", problem=f"{type(problem).__name__}: {problem}"[:300])
        followers = self._followers
        if not followers:
            return
        batches: dict[Follower, list[LiveRecord]] = {}
        for message in messages:
            topic, raw = message.topic(), message.key()
            if message.error() is not None or topic is None or not isinstance(raw, bytes):
                continue
            key = raw.decode(errors="replace")
            takers = [follower for follower in followers if _wants(follower, topic, key)]
            record = self._decoded(message, topic) if takers else None
            if record is not None:
                for follower in takers:
                    batches.setdefault(follower, []).append(record)
        for follower, records in batches.items():
            if not follower.loop.is_closed():
                follower.loop.call_soon_threadsafe(follower.take, records)

    def _decoded(self, message: Message, topic: str) -> LiveRecord | None:
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        try:
            return LiveRecord(topic, partition, offset, self._codec.decode(message.value()))
        except (Poison, SchemaRegistryError, httpx.HTTPError) as problem:
            log.error("event_not_readable", topic=topic, partition=partition, offset=offset, why=str(problem)[:300])
            return None


def _wants(follower: Follower, topic: str, key: str) -> bool:
    """One follower's trouble with a key is not the others'."""
    try:
        return follower.wanted(topic, key)
    except ODD as problem:
        log.error("follower_failed", topic=topic, problem=f"{type(problem).__name__}: {problem}"[:300])
        return False


class LiveEvents:
    """The feeds of the API: what happens to tasks and jobs, what happens to workers, and everything."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self.work = EventFeed(kafka, codec, (TASK_EVENTS, JOB_EVENTS))
        self.workers = EventFeed(kafka, codec, (WORKER_EVENTS,))
        self.everything = EventFeed(kafka, codec, topics_of_role("events"))

    def start(self) -> None:
        """Nothing yet: feeds begin with their first follower."""

    def close(self) -> None:
        """End all feeds."""
        for feed in (self.work, self.workers, self.everything):
            feed.close()
