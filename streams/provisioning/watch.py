"""Pilots wanted follow the queues' loads: as soon as these change, with one number a queue.

In: facts and their changes. Out: `WantWorkers`, only when the number differs from what the log says was last asked for,
be it by this worker, another one, or an operator. What is remembered here is only which command is under way, for a while.
Each queue is one worker's to speak for: the one that follows its events.
More pilots are asked for at once, as far as the queue's ramp allows, fewer only after a calm and little by little.
"""

import asyncio
import time
from collections.abc import Callable

from schemas.instants import MICROSECONDS
from schemas.worker import WantWorkers
from streams.engine.listener import Delivery
from streams.engine.messages import OutgoingCommand
from streams.facts.reader import Facts
from streams.facts.snapshot import Wanted
from streams.provisioning.demand import RAMP_STEP_SECONDS, demands, is_unfinished
from streams.provisioning.threadsafe_event import ThreadsafeEvent

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
        seconds_now: Callable[[], float] = time.time,
    ) -> None:
        self._facts, self._outbox, self._clock, self._is_ours = facts, outbox, clock, is_ours
        self._seconds_now = seconds_now
        #: Queues of which time alone brings another number.
        self._unfinished = False
        self._changed = ThreadsafeEvent()
        #: What was said and the log need not show yet: command, and until when that is no surprise.
        self._under_way: dict[str, tuple[str, float]] = {}
        self._lower_since: dict[str, float] = {}

    async def run(self) -> None:
        """Serve for as long as the process lives."""
        self._changed.bind()
        self._facts.on_change(self._changed.set)
        while True:
            await self._changed.wait(self._seconds_to_wait())
            await asyncio.sleep(GATHER_SECONDS)
            self._changed.clear()
            await self.say()

    def look_again(self) -> None:
        """Other queues are this worker's by now; from any thread."""
        self._changed.set()

    async def say(self) -> None:
        """Tell each queue whose number is another by now and surely so."""
        wanted, causes = self._facts.demand()
        queues, now = self._facts.snapshot().queues, int(self._seconds_now() * MICROSECONDS)
        found = demands(queues, wanted, causes, now)
        due = {queue: (number, made) for queue, number, made in found if self._is_ours(queue)}
        self._lower_since = {queue: since for queue, since in self._lower_since.items() if queue in due}
        self._under_way = {queue: said for queue, said in self._under_way.items() if queue in due}
        sure = [queue for queue, (number, made) in due.items() if self._is_sure(queue, number, made, wanted.get(queue))]
        news = [queue for queue in sure if not self._is_under_way(queue, due[queue][1])]
        await self._outbox.deliver([due[queue][1] for queue in news])
        self._unfinished = any(
            is_unfinished(facts, wanted.get(queue), now) for queue, facts in queues.items() if self._is_ours(queue)
        )
        for queue in news:
            self._under_way[queue] = (due[queue][1].envelope.command_id, self._clock() + AGAIN_SECONDS)
            self._lower_since.pop(queue, None)

    def _seconds_to_wait(self) -> float | None:
        """Until the next look when nothing changes; for ever when the log says what it should."""
        if self._lower_since:
            return CALM_SECONDS
        if self._unfinished:
            return RAMP_STEP_SECONDS
        return AGAIN_SECONDS if self._under_way else None

    def _is_under_way(self, queue: str, made: OutgoingCommand) -> bool:
        """True while the log need not show yet what was said; then it is said again, which is harmless."""
        command_id, until = self._under_way.get(queue, ("", 0.0))
        return command_id == made.envelope.command_id and self._clock() < until

    def _is_sure(self, queue: str, number: int, made: OutgoingCommand, before: Wanted | None) -> bool:
        """More pilots, in all or of a class: at once. Fewer: when that has been so for a while, or the next job has no pilot."""
        if before is None or number > before.number or _raises_a_class(made, before):
            return True
        since = self._lower_since.setdefault(queue, self._clock())
        return self._clock() - since >= CALM_SECONDS


def _raises_a_class(made: OutgoingCommand, before: Wanted) -> bool:
    command, known = made.command, before.classes
    assert isinstance(command, WantWorkers)
    return any(one.name in known and one.wanted > known[one.name].wanted for one in command.classes)
