"""Which queues have no job for whom, as their deciders said: what spares the log a request that gets nothing.

In: answers without a job, and the events of queues. Out: the same answer for a request of which it holds as well. An answer is
kept until an event that may add a job for its organisation, and for as long as it tells a pilot to stay away (30 s at most), so
that a reader that stands still hides a job no longer than that. Guards: what is not known is asked of the log; an answer during
whose way such an event came is not kept; nothing is kept for one organisation from the answer to another; memory is bounded.
Source: docs/decisions/0128.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from schemas.aggregates import AGGREGATES
from schemas.answer import CommandAnswered
from schemas.queue import JobQueued
from schemas.types import EmptyFor, PilotOffer
from schemas.wire import Codec, Poison

QUEUE_EVENTS = AGGREGATES["queue"].topic("events")
#: Events after which there is no job for a pilot for which there was none before; of any other it is not known.
ADDS_NO_JOB = frozenset(
    f"culm.queue.{name}"
    for name in (
        "JobLeased", "JobSharesAssigned", "JobWithdrawn", "LeaseEnded", "LeaseProlonged", "LeasesEnded", "LeasesRenewed",
        "TaskHeld",
    )
)  # fmt: skip
JOB_QUEUED = "culm.queue.JobQueued"
#: Queue and organisation.
Place = tuple[str, str]
PLACES_MAX, OFFERS_MAX = 5_000, 16
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KnownEmpty:
    """An answer without a job. offer: to which it was given; None where it holds for every one. until: a time of the clock."""

    offer: PilotOffer | None
    message: str
    until: float


@dataclass(eq=False, slots=True)
class Look:
    """A request that is asked of the log. is_late: an event came meanwhile of which its answer may not know."""

    place: Place
    is_late: bool = False


class EmptyQueues:
    """What one API knows. Call it from one thread, that of the event loop."""

    def __init__(self, codec: Codec, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds that only grow."""
        self._codec, self.clock = codec, clock
        self._known: OrderedDict[Place, list[KnownEmpty]] = OrderedDict()
        self._looks: dict[str, set[Look]] = {}
        self._organisations: dict[str, set[str]] = {}

    @property
    def places(self) -> int:
        """Of how many queues and organisations something is kept."""
        return len(self._known)

    def found(self, queue: str, vo: str, offer: PilotOffer) -> str | None:
        """Why there is no job of `vo` for a pilot with `offer`; None where that is not known: ask the log."""
        known = self._known.get((queue, vo))
        if known is None:
            return None
        now = self.clock()
        return next((one.message for one in known if now < one.until and (one.offer is None or covers(one.offer, offer))), None)

    def begin(self, queue: str, vo: str) -> Look:
        """Call before a request is sent to the log; `end` belongs to it, also where no answer comes."""
        look = Look((queue, vo))
        self._looks.setdefault(queue, set()).add(look)
        return look

    def end(self, look: Look, offer: PilotOffer, answer: CommandAnswered | None) -> None:
        """Keep what the answer to `offer` says of other requests. answer: None where none came."""
        queue = look.place[0]
        looks = self._looks[queue]
        looks.discard(look)
        if not looks:
            del self._looks[queue]
        if answer is None or answer.nothing_to_lease is None or look.is_late:
            return
        told = answer.nothing_to_lease
        if told.empty_for not in (EmptyFor.ORGANISATION, EmptyFor.NARROWER):
            return
        of_all = told.empty_for is EmptyFor.ORGANISATION
        now = self.clock()
        kept = KnownEmpty(None if of_all else offer, str(answer.message), now + told.again_seconds)
        before = [] if of_all else [one for one in self._known.get(look.place, ()) if now < one.until]
        self._known[look.place] = [kept, *before[: OFFERS_MAX - 1]]
        self._known.move_to_end(look.place)
        self._organisations.setdefault(queue, set()).add(look.place[1])
        while len(self._known) > PLACES_MAX:
            self._forget(next(iter(self._known)))

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """An event of a queue, in the order of the log; nothing is decoded of a queue of which nothing is known or asked."""
        queue = (key or b"").decode(errors="replace")
        if queue not in self._organisations and queue not in self._looks:
            return
        try:
            name = self._codec.name_of(value)
            if name in ADDS_NO_JOB:
                return
            event = self._codec.decode(value).message if name == JOB_QUEUED else None
            vo = event.spec.vo if isinstance(event, JobQueued) else None
        except Exception as problem:  # noqa: BLE001 - what cannot be read may have added any job; those who wait for answers go on
            if not isinstance(problem, Poison):
                log.error("queue_event_not_readable", queue=queue, problem=type(problem).__name__)
            vo = None
        self._may_have_a_job(queue, vo)

    def forget_all(self) -> None:
        """The reader was interrupted: everything is asked of the log again."""
        for queue in {*self._organisations, *self._looks}:
            self._may_have_a_job(queue, None)

    def _may_have_a_job(self, queue: str, vo: str | None) -> None:
        """vo: of the job; None where it may be of any."""
        for one in self._organisations.get(queue, set()) & {vo} if vo is not None else set(self._organisations.get(queue, ())):
            self._forget((queue, one))
        for look in self._looks.get(queue, ()):
            look.is_late = look.is_late or vo is None or look.place[1] == vo

    def _forget(self, place: Place) -> None:
        queue, vo = place
        del self._known[place]
        organisations = self._organisations[queue]
        organisations.discard(vo)
        if not organisations:
            del self._organisations[queue]


def covers(wide: PilotOffer, narrow: PilotOffer) -> bool:
    """True when every job that fits `narrow` fits `wide`, too; 0 and None are any."""
    return (
        wide.label == narrow.label
        and wide.owner in (None, narrow.owner)
        and wide.task_id in (None, narrow.task_id)
        and wide.resource_type in (None, narrow.resource_type)
        and _reaches(wide.memory_mb, narrow.memory_mb)
        and _reaches(wide.disk_mb, narrow.disk_mb)
        and _reaches(wide.walltime_seconds, narrow.walltime_seconds)
        and _reaches(wide.cores, narrow.cores)
    )


def _reaches(wide: int, narrow: int) -> bool:
    return not wide or 0 < narrow <= wide
