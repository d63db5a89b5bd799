"""Jobs leave queues that will not serve them, as soon as the facts say so, at most once a second.

In: facts and their changes. Out: `OfferElsewhere`. Brokerage rests on the same facts, so that jobs do not come back; those that
another worker placed a moment earlier leave with the next event of the queue. What is remembered here is only what was said last
and why; a worker that starts says it again, which closes what still waits. Each queue is one worker's to speak for.
"""

import asyncio
import time
from collections.abc import Callable

from schemas.queue import OfferElsewhere
from streams.engine.listener import Delivery
from streams.engine.messages import OutgoingCommand, outgoing_command
from streams.facts.reader import Facts
from streams.provisioning.elsewhere import orders_to_leave
from streams.provisioning.threadsafe_event import ThreadsafeEvent

BETWEEN_SECONDS = 1.0
#: Fast rebrokerage leaves a share of a queue in peace for so long: its jobs may have come back for want of another queue.
REST_SECONDS = 3600.0


class ElsewhereWatch:
    """Serves one worker. is_ours: True for a queue that this worker speaks for."""

    def __init__(
        self,
        facts: Facts,
        outbox: Delivery,
        clock: Callable[[], float] = time.monotonic,
        is_ours: Callable[[str], bool] = lambda queue: True,
    ) -> None:
        self._facts, self._outbox, self._clock, self._is_ours = facts, outbox, clock, is_ours
        #: By queue, the event after which its jobs were last offered elsewhere.
        self._said: dict[str, str] = {}
        self._rests: dict[tuple[str, str], float] = {}
        self._changed = ThreadsafeEvent()

    async def run(self) -> None:
        """Serve for as long as the process lives."""
        self._changed.bind()
        self._facts.on_change(self._changed.set)
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self.say()
            # Looking at all queues has a cost: once a second, however often they change.
            await asyncio.sleep(BETWEEN_SECONDS)

    def look_again(self) -> None:
        """Other queues are this worker's by now; from any thread."""
        self._said = {}
        self._changed.set()

    async def say(self) -> None:
        """Order each queue that should have fewer jobs waiting, once for each event of it."""
        _, causes = self._facts.demand()
        now = self._clock()
        self._rests = {share: until for share, until in self._rests.items() if until > now}
        outgoing: list[OutgoingCommand] = []
        for queue, order in orders_to_leave(self._facts.snapshot()):
            cause = causes.get(queue)
            if cause is None or not self._is_ours(queue) or not self._is_news(queue, order, cause.event_id, now):
                continue
            outgoing.append(outgoing_command(order, queue, [cause], order.share))
        await self._outbox.deliver(outgoing)

    def _is_news(self, queue: str, order: OfferElsewhere, event_id: str, now: float) -> bool:
        if order.share:
            is_news = (queue, order.share) not in self._rests
            self._rests.setdefault((queue, order.share), now + REST_SECONDS)
            return is_news
        is_news = self._said.get(queue) != event_id
        self._said[queue] = event_id
        return is_news
