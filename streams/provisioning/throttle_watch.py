"""Orders that were throttled are made again as soon as the level that stopped them is crossed.

In: facts and their changes. Out: `WakeTask`, the highest priority first, to as many tasks as have room below the level. What is
remembered here is only what was said of late: a worker that starts says it again, which a task that waits no more refuses. One
worker speaks: the one that follows the queue events of the key `throttles`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from schemas.task import WakeTask
from schemas.throttles import THROTTLES_KEY
from streams.engine.listener import Delivery
from streams.engine.messages import outgoing_command
from streams.facts.reader import Facts
from streams.facts.snapshot import Snapshot, ThrottledOrder
from streams.jedi.throttle import Scope, scopes_of, throttled
from streams.provisioning.threadsafe_event import ThreadsafeEvent

LEVEL_CROSSED = "LEVEL_CROSSED"
GATHER_SECONDS = 0.05
#: A task that was woken has its jobs on their queues by then, or waits again.
SETTLED_SECONDS = 1.0
#: A wake-up that led to nothing is said again after so long.
AGAIN_SECONDS = 10.0


class ThrottleWatch:
    """Serves one worker. is_ours: True while this worker speaks."""

    def __init__(
        self,
        facts: Facts,
        outbox: Delivery,
        clock: Callable[[], float] = time.monotonic,
        is_ours: Callable[[str], bool] = lambda key: True,
    ) -> None:
        self._facts, self._outbox, self._clock, self._is_ours = facts, outbox, clock, is_ours
        self._changed = ThreadsafeEvent()
        #: Event that throttled a task -> when its wake-up was said, and the order.
        self._woken: dict[str, tuple[float, ThrottledOrder]] = {}

    async def run(self) -> None:
        """Serve for as long as the process lives."""
        self._changed.bind()
        self._facts.on_change(self._changed.set)
        while True:
            # While a wake-up is under way its room is looked at again; without one, only a change is waited for.
            await self._changed.wait(SETTLED_SECONDS if self._woken else None)
            await asyncio.sleep(GATHER_SECONDS)
            self._changed.clear()
            await self.say()

    def look_again(self) -> None:
        """This worker may speak from now on; from any thread."""
        self._woken = {}
        self._changed.set()

    async def say(self) -> None:
        """Wake the tasks whose level is crossed, if this worker speaks."""
        if not self._is_ours(THROTTLES_KEY):
            return
        facts, now = self._facts.snapshot(), self._clock()
        waits = {one.cause.event_id for one in facts.throttled}
        kept = ((event_id, row, AGAIN_SECONDS if event_id in waits else SETTLED_SECONDS) for event_id, row in self._woken.items())
        self._woken = {event_id: row for event_id, row, seconds in kept if row[0] > now - seconds}
        under_way = [order for said_at, order in self._woken.values() if said_at > now - SETTLED_SECONDS]
        due = released(facts, [one for one in facts.throttled if one.cause.event_id not in self._woken], under_way)
        await self._outbox.deliver(
            [outgoing_command(WakeTask(cause=LEVEL_CROSSED), str(one.task_id), [one.cause]) for one in due]
        )
        self._woken |= {one.cause.event_id: (now, one) for one in due}


def released(facts: Snapshot, waiting: list[ThrottledOrder], under_way: list[ThrottledOrder]) -> list[ThrottledOrder]:
    """Of `waiting` those that go on now, the highest priority first: each makes the level higher for those behind it.

    under_way: orders that were woken and whose jobs the facts need not show yet.
    """
    more: Counter[Scope] = Counter()
    for one in under_way:
        _count(more, one)
    due = []
    # What stops one order stops all behind it that count for the same: levels only rise here. So a user with ten thousand tasks
    # that wait costs one look.
    stopped: set[tuple[Scope, ...]] = set()
    for one in sorted(waiting, key=lambda one: (-one.throttle.priority, one.task_id)):
        scopes = scopes_of(one.throttle)
        if scopes in stopped:
            continue
        if throttled(one.throttle, facts, more, eased=True) is None:
            due.append(one)
            _count(more, one)
        else:
            stopped.add(scopes)
    return due


def _count(more: Counter[Scope], one: ThrottledOrder) -> None:
    for scope in scopes_of(one.throttle):
        more[scope] += one.throttle.jobs
