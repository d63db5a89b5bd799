"""Pilots wanted follow the queues' loads: as soon as these change, with one number a queue.

In: facts and their changes. Out: `WantWorkers`, only when the number differs from what the log says was last asked for,
be it by this worker, another one, or an operator. What is remembered here is only which command is under way, for a while.
Each queue is one worker's to speak for: the one that follows its events.
More pilots are asked for at once, fewer only after a calm.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from streams.engine.listener import Delivery
from streams.engine.messages import OutgoingCommand
from streams.facts.reader import Facts
from streams.provisioning.demand import demands

GATHER_SECONDS = 0.02
CALM_SECONDS = 2.0
AGAIN_SECONDS = 10.0


class DemandWatch:
    """Serves one worker. is_ours: True for a queue that this worker speaks for."""

    def __init__(
        self,
        facts: Facts,
        outbox: Delivery,
        clock: Callable[[], float] = time.monotonic,
        is_ours: Callable[[str], bool] = lambda queue: True,
    ) -> None:
        self._facts, self._outbox, self._clock, self._is_ours = facts, outbox, clock, is_ours
        self._changed: Callable[[], None] = lambda: None
        #: What was said and the log need not show yet: command, and until when that is no surprise.
        self._under_way: dict[str, tuple[str, float]] = {}
        self._lower_since: dict[str, float] = {}

    async def run(self) -> None:
        """Serve for as long as the process lives."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def note() -> None:
            loop.call_soon_threadsafe(changed.set)

        self._changed = note
        self._facts.on_change(note)
        changed.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), self._seconds_to_wait())
            await asyncio.sleep(GATHER_SECONDS)
            changed.clear()
            await self.say()

    def look_again(self) -> None:
        """Other queues are this worker's by now; from any thread."""
        self._changed()

    async def say(self) -> None:
        """Tell each queue whose number is another by now and surely so."""
        wanted, causes = self._facts.demand()
        found = demands(self._facts.snapshot().queues, wanted, causes)
        due = {queue: (number, made) for queue, number, made in found if self._is_ours(queue)}
        self._lower_since = {queue: since for queue, since in self._lower_since.items() if queue in due}
        self._under_way = {queue: said for queue, said in self._under_way.items() if queue in due}
        before = {queue: found.number for queue, found in wanted.items()}
        sure = [queue for queue, (number, _) in due.items() if self._is_sure(queue, number, before.get(queue, -1))]
        news = [queue for queue in sure if not self._is_under_way(queue, due[queue][1])]
        await self._outbox.deliver([due[queue][1] for queue in news])
        for queue in news:
            self._under_way[queue] = (due[queue][1].envelope.command_id, self._clock() + AGAIN_SECONDS)
            self._lower_since.pop(queue, None)

    def _seconds_to_wait(self) -> float | None:
        """Until the next look when nothing changes; for ever when the log says what it should."""
        if self._lower_since:
            return CALM_SECONDS
        return AGAIN_SECONDS if self._under_way else None

    def _is_under_way(self, queue: str, made: OutgoingCommand) -> bool:
        """True while the log need not show yet what was said; then it is said again, which is harmless."""
        command_id, until = self._under_way.get(queue, ("", 0.0))
        return command_id == made.envelope.command_id and self._clock() < until

    def _is_sure(self, queue: str, number: int, before: int) -> bool:
        """More pilots: at once. Fewer: when that has been so for a while, or the next job would find no pilot."""
        if number > before:
            return True
        since = self._lower_since.setdefault(queue, self._clock())
        return self._clock() - since >= CALM_SECONDS
