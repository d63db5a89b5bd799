"""The order of the global shares follows their usage, at most once a second.

In: facts and their changes. Out: `RankShares`, at once when the order changes or a share uses noticeably more or less, after a
while when it uses a little more or less. What is remembered here is only what was said last; a worker that starts says it again,
which is no event when nothing changed. One worker speaks: the one that follows the queue events of the key `shares`.
"""

import asyncio
import time
from collections.abc import Callable

from schemas.instants import MICROSECONDS
from schemas.ranking import RankShares
from schemas.share_tree import SHARES_KEY
from schemas.types import ShareStanding
from streams.engine.listener import Delivery
from streams.engine.messages import outgoing_command
from streams.facts.reader import Facts
from streams.provisioning.share_usage import is_urgent, standings
from streams.provisioning.threadsafe_event import ThreadsafeEvent

BETWEEN_SECONDS = 1.0
#: A small change is said after so long.
SETTLED_SECONDS = 10.0


class RankWatch:
    """Serves one worker. is_ours: True while this worker speaks."""

    def __init__(
        self,
        facts: Facts,
        outbox: Delivery,
        clock: Callable[[], float] = time.monotonic,
        is_ours: Callable[[str], bool] = lambda key: True,
        seconds_now: Callable[[], float] = time.time,
    ) -> None:
        self._facts, self._outbox, self._clock, self._is_ours = facts, outbox, clock, is_ours
        self._seconds_now = seconds_now
        self._said: tuple[ShareStanding, ...] | None = None
        self._said_at = float("-inf")
        #: A change is there that is not urgent.
        self._unsaid = False
        self._changed = ThreadsafeEvent()

    async def run(self) -> None:
        """Serve for as long as the process lives."""
        self._changed.bind()
        self._facts.on_change(self._changed.set)
        while True:
            await self._changed.wait(SETTLED_SECONDS if self._unsaid else None)
            self._changed.clear()
            await self.say()
            # Looking at all queues has a cost: once a second, however often they change.
            await asyncio.sleep(BETWEEN_SECONDS)

    def look_again(self) -> None:
        """This worker may speak from now on; from any thread."""
        self._said = None
        self._changed.set()

    async def say(self) -> None:
        """Say what the shares use, if that is news and this worker speaks."""
        self._unsaid = False
        if not self._is_ours(SHARES_KEY):
            return
        found = standings(self._facts.snapshot())
        if found == (self._said or ()):
            return
        waited = self._clock() - self._said_at
        if waited < BETWEEN_SECONDS or (self._said and waited < SETTLED_SECONDS and not is_urgent(found, self._said)):
            self._unsaid = True
            return
        _, queues = self._facts.demand()
        causes = [*queues.values(), *filter(None, [self._facts.cause_of_shares()])]
        if not causes:
            return
        cause = max(causes, key=lambda one: (one.occurred_at, one.event_id))
        evaluated_at = int(self._seconds_now() * MICROSECONDS)
        command = RankShares(standings=found, evaluated_at=evaluated_at)
        await self._outbox.deliver([outgoing_command(command, SHARES_KEY, [cause], evaluated_at)])
        self._said, self._said_at = found, self._clock()
