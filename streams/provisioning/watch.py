"""Pilots wanted follow the queues' loads: as soon as these change, with one number a queue.

In: facts and their changes. Out: `WantWorkers`, only when the number differs from what was last said. The log remembers
what was said, so a worker that is started anew says nothing twice. More pilots are asked for at once, fewer only after
a calm.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from streams.facts import Facts
from streams.listening import Delivery
from streams.provisioning.demand import demands

GATHER_SECONDS = 0.02
CALM_SECONDS = 2.0


class DemandWatch:
    """Serves one worker."""

    def __init__(self, facts: Facts, outbox: Delivery, clock: Callable[[], float] = time.monotonic) -> None:
        self._facts, self._outbox, self._clock = facts, outbox, clock
        self._said: dict[str, int] = {}
        self._lower_since: dict[str, float] = {}

    async def run(self) -> None:
        """Serve for as long as the process lives."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def note() -> None:
            loop.call_soon_threadsafe(changed.set)

        self._facts.on_change(note)
        changed.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), CALM_SECONDS if self._lower_since else None)
            await asyncio.sleep(GATHER_SECONDS)
            changed.clear()
            await self.say()

    async def say(self) -> None:
        """Tell each queue whose number is another by now and surely so."""
        wanted, causes = self._facts.demand()
        wanted |= self._said
        due = {queue: (number, made) for queue, number, made in demands(self._facts.snapshot().queues, wanted, causes)}
        for queue in set(self._lower_since) - set(due):
            del self._lower_since[queue]
        sure = {queue: row for queue, row in due.items() if self._is_sure(queue, row[0], wanted.get(queue, -1))}
        await self._outbox.deliver([made for _, made in sure.values()])
        for queue, (number, _) in sure.items():
            self._said[queue] = number
            self._lower_since.pop(queue, None)

    def _is_sure(self, queue: str, number: int, before: int) -> bool:
        """More pilots: at once. Fewer: when that has been so for a while, or the next job would find nobody."""
        if number > before:
            return True
        since = self._lower_since.setdefault(queue, self._clock())
        return self._clock() - since >= CALM_SECONDS
