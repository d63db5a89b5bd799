"""Wakes the harvester when a Job or pod of its stack changes: two watches, each in a thread of its own.

In: lines of JSON from the API server. Out: a descriptor that is readable once something changed. Guards: a watch goes on where
it was (`resourceVersion`) after an answer that was cut, also in the middle of a line; where the server has forgotten that version
(410) it begins at the present and wakes the harvester, which lists; it decides nothing, and waits as long as the server asks.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import msgspec
import structlog

from agents.harvester.systems.bounded_http import NoAnswer, NotSent, retry_after
from agents.harvester.systems.kubernetes_api import GONE, ApiServer, ListMeta
from process.deadlines import within

#: The server ends a watch by itself after so long; it sends a bookmark each minute, so that silence means a dead connection.
WATCH_SECONDS = 300
SILENCE_SECONDS_MAX = 90.0
LINE_BYTES_MAX = 4 * 1024 * 1024
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 0.5, 30.0
CLOSE_SECONDS = 5.0
log = structlog.get_logger()


class WatchedMeta(msgspec.Struct, frozen=True, rename="camel"):
    """Where an event stands in the cluster's history."""

    resource_version: str = ""


class WatchedObject(msgspec.Struct, frozen=True):
    """What changed; of an ERROR, the status."""

    metadata: WatchedMeta = WatchedMeta()
    code: int = 0
    message: str = ""


class WatchEvent(msgspec.Struct, frozen=True):
    """One line of a watch."""

    type: str
    object: WatchedObject


class Beginning(msgspec.Struct, frozen=True):
    """The first page of a list, of which only the version counts."""

    metadata: ListMeta


class WatchLost(Exception):
    """A watch ended otherwise than by itself. pause_seconds: what the server asked for."""

    def __init__(self, problem: str, pause_seconds: float = 0.0) -> None:
        super().__init__(problem)
        self.pause_seconds = pause_seconds


class VersionForgotten(Exception):
    """The server no longer knows what happened after the version that was asked for."""


class Watches:
    """An event source over several paths of one API server."""

    def __init__(self, api: ApiServer, paths: tuple[str, ...], selector: str, seconds: float) -> None:
        """seconds: of one request that is no watch."""
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._is_closed = False
        self.watches = [WatchThread(api, path, selector, seconds, self._changed) for path in paths]
        for watch in self.watches:
            watch.start()

    def fileno(self) -> int:
        """Readable once something changed."""
        return self._wake

    def drain(self) -> None:
        """Take what changed so far as seen."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def close(self) -> None:
        """End the threads and give up the descriptor."""
        for watch in self.watches:
            watch.stop()
        for watch in self.watches:
            watch.join(CLOSE_SECONDS)
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.close(self._wake)

    def _changed(self) -> None:
        with self._lock:
            if not self._is_closed:
                os.eventfd_write(self._wake, 1)


class WatchThread(threading.Thread):
    """A watch of one path, for as long as the harvester lives."""

    def __init__(self, api: ApiServer, path: str, selector: str, seconds: float, changed: Callable[[], None]) -> None:
        super().__init__(name=f"watch {path}", daemon=True)
        self._api, self._path, self._selector, self._seconds, self._changed = api, path, selector, seconds, changed
        self._stopped = threading.Event()
        self._answer: httpx.Response | None = None
        self._version = ""
        self._pause = PAUSE_SECONDS_FIRST

    @property
    def follows(self) -> bool:
        """Whether the server answers a watch now."""
        return self._answer is not None

    def run(self) -> None:
        """Watch until stopped; nothing that the server says or does ends it."""
        while not self._stopped.is_set():
            asked = 0.0
            try:
                if not self._version:
                    self._version = self._present()
                    self._changed()
                self._follow()
                continue
            except VersionForgotten:
                self._version = ""
            except WatchLost as problem:
                if self._stopped.is_set():
                    return
                asked = problem.pause_seconds
                log.info("kubernetes_watch_lost", path=self._path, problem=str(problem)[:200])
            self._stopped.wait(max(asked, self._pause))
            self._pause = min(2 * self._pause, PAUSE_SECONDS_MAX)

    def stop(self) -> None:
        """Let it end; a read that waits is woken by the end of its connection."""
        self._stopped.set()
        answer = self._answer
        if answer is not None:
            with suppress(OSError, KeyError, AttributeError):
                answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _present(self) -> str:
        """The version of the cluster now."""
        query = {"labelSelector": self._selector, "limit": "1"}
        try:
            reply = self._api.ask("GET", self._path, query=query, seconds=self._seconds)
            if reply.status != 200:
                raise WatchLost(f"the API server answered {reply.status}", reply.retry_after_seconds)
            version = msgspec.json.decode(reply.content, type=Beginning).metadata.version
        except (NotSent, NoAnswer, msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise WatchLost(str(problem)) from None
        if not version:
            raise WatchLost("a list without a version")
        return version

    def _follow(self) -> None:
        """One watch from the last version on; returns when the server ended it as announced."""
        query = {
            "watch": "1",
            "labelSelector": self._selector,
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        count = 0
        try:
            stream = self._api.stream("GET", self._path, query=query, seconds=SILENCE_SECONDS_MAX)
            with within(WATCH_SECONDS + SILENCE_SECONDS_MAX), stream as answer:
                self._answer = answer
                if self._stopped.is_set():
                    return
                if answer.status_code == GONE:
                    raise VersionForgotten
                if answer.status_code != 200:
                    raise WatchLost(f"the API server answered {answer.status_code}", retry_after(answer))
                for line in whole_lines(answer.iter_raw()):
                    if self._stopped.is_set():
                        return
                    self._take(line)
                    count += 1
        except (httpx.HTTPError, NotSent, OSError) as problem:
            raise WatchLost(f"{type(problem).__name__} {problem}") from None
        finally:
            self._answer = None
        if not count:
            # A server that ends each watch at once would otherwise be asked without a pause.
            raise WatchLost("the watch ended without a word")

    def _take(self, line: bytes) -> None:
        try:
            event = msgspec.json.decode(line, type=WatchEvent)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise WatchLost("a line of the watch is no event") from None
        if event.type == "ERROR":
            if event.object.code == GONE:
                raise VersionForgotten
            raise WatchLost(f"the watch ended with {event.object.code}: {event.object.message[:200]}")
        self._version = event.object.metadata.resource_version or self._version
        self._pause = PAUSE_SECONDS_FIRST
        if event.type != "BOOKMARK":
            self._changed()


def whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The lines that `pieces` make up, without what stands after the last line's end; raises WatchLost for one too long."""
    rest = bytearray()
    for piece in pieces:
        searched = len(rest)
        rest += piece
        while (end := rest.find(b"\n", searched)) >= 0:
            line = bytes(rest[:end])
            del rest[: end + 1]
            searched = 0
            if line.strip():
                yield line
        if len(rest) > LINE_BYTES_MAX:
            raise WatchLost(f"a line of the watch has more than {LINE_BYTES_MAX:,} bytes")
