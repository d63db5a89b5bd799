"""Counts that cost much, counted at most as often as they are worth: each knows when it was counted.

In: a key and how to count. Out: what was counted, with its time. Counts that take milliseconds are always counted again; those
that take long are served as they are while they are counted again behind the reader's back, so that counting never takes more
than `SHARE` of the time. Nothing older than `OLD_SECONDS` is served.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

import structlog

from api.http.errors import ApiError
from api.log.gateway import now_micros

SHARE = 0.05
CHEAP_SECONDS = 0.03
OLD_SECONDS = 120.0
KEPT_MAX = 500
log = structlog.get_logger()
Load = Callable[[], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class CachedCounts:
    """What was counted when (monotonic seconds), and how long it took."""

    data: dict[str, Any]
    at: float
    cost: float

    @property
    def fresh_seconds(self) -> float:
        """How long it needs no counting again."""
        return 0.0 if self.cost < CHEAP_SECONDS else self.cost / SHARE


class Counts:
    """Of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, CachedCounts] = OrderedDict()
        self._under_way: dict[Hashable, asyncio.Task[CachedCounts]] = {}

    async def of(self, key: Hashable, load: Load) -> dict[str, Any]:
        """What `load` gives, with `counted_at`, and `counted_again` when newer counts are on their way."""
        kept = self._kept.get(key)
        age = self._clock() - kept.at if kept is not None else OLD_SECONDS
        if kept is None or age >= OLD_SECONDS or kept.cost < CHEAP_SECONDS:
            return {**(await self._count(key, load)).data, "counted_again": False}
        again = age > kept.fresh_seconds
        if again:
            self._begin(key, load)
        return {**kept.data, "counted_again": again}

    async def _count(self, key: Hashable, load: Load) -> CachedCounts:
        return await asyncio.shield(self._begin(key, load))

    def _begin(self, key: Hashable, load: Load) -> "asyncio.Task[CachedCounts]":
        """Count once, however many ask meanwhile."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._load(key, load))
            task.add_done_callback(lambda done: self._done(key, done))
        return task

    async def _load(self, key: Hashable, load: Load) -> CachedCounts:
        began = self._clock()
        data = await load()
        ended = self._clock()
        counted = CachedCounts({**data, "counted_at": now_micros()}, ended, ended - began)
        self._kept[key] = counted
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return counted

    def _done(self, key: Hashable, task: "asyncio.Task[CachedCounts]") -> None:
        self._under_way.pop(key, None)
        problem = None if task.cancelled() else task.exception()
        if isinstance(problem, ApiError):
            log.info("not_counted", problem=problem.detail)
