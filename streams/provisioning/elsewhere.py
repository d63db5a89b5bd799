"""Which queues are to give up jobs that wait in them, and how many. Pure.

In: facts, events that set a queue offline or on test. Out: `OfferElsewhere` to the queue, whose decider spares what keeps its
place. Three causes: workers of the queue end before they ask for work; the queue was set offline or on test (jobs of users); so
many jobs of a share wait there beside so few that run (fast rebrokerage).
Source: docs/reference/jedi.md, "Clocks of jobs", "Fast rebrokerage"; docs/decisions/0083.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from schemas.brokers import OF_A_SHARE, figures_with
from schemas.policy import QueueConfigured
from schemas.queue import OfferElsewhere
from schemas.types import QueueSettings, QueueStatus
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command
from streams.facts.snapshot import QueueFacts, Snapshot

#: Kill codes of jobs that are brokered again.
TO_REASSIGN, TO_REBROKER = 51, 10
#: In one decision of a queue.
NUMBER_MAX = 500
OFFLINE = frozenset({QueueStatus.OFFLINE, QueueStatus.TEST})


def leave_offline(records: Sequence[RecordRead], _: Snapshot) -> Iterator[OutgoingCommand]:
    """A command to each queue that was set offline or on test, for the jobs of users."""
    for one in records:
        event: QueueConfigured = one.message
        if event.settings.status in OFFLINE and not _keeps(event.settings):
            queue, status = event.settings.name, event.settings.status.value.lower()
            command = OfferElsewhere(code=TO_REASSIGN, reason=f"queue {queue} is {status}", users_only=True)
            yield outgoing_command(command, queue, [one.cause])


def orders_to_leave(facts: Snapshot) -> Iterator[tuple[str, OfferElsewhere]]:
    """Queue and command for each queue that should have fewer jobs waiting, and of fast rebrokerage for each of its shares."""
    waiting: Counter[str] = Counter()
    for queue in facts.queues.values():
        waiting.update({share: load.waiting for share, load in queue.shares.items()})
    for name, queue in sorted(facts.queues.items()):
        if not queue.waiting or _keeps(queue.settings):
            continue
        if queue.ill is not None:
            why = f"{queue.ill.ended} workers in a row ended before they asked for work ({queue.ill.fingerprint})"
            yield name, OfferElsewhere(code=TO_REASSIGN, reason=f"queue {name} is closed: {why}")
            continue
        yield from ((name, order) for order in _fast(name, queue, waiting, facts))


def _fast(name: str, queue: QueueFacts, waiting: Counter[str], facts: Snapshot) -> Iterator[OfferElsewhere]:
    """For each share that has too many jobs there: as many of them as are above each of the three limits."""
    figures = figures_with(facts.broker_figures)
    ratio, part, usual = (figures[f"FAST_REBRO_THRESHOLD_{key}"] for key in ("NQNR_RATIO", "NQUEUE_FRAC", "NQUEUE"))
    for share, load in sorted(queue.shares.items()):
        least = figures.get(f"{OF_A_SHARE}{share.replace(' ', '_')}", usual)
        limits = (ratio * load.leased, part * waiting[share], least)
        excess = int(load.waiting - max(limits))
        if excess < 1:
            continue
        reason = (
            f"fast rebrokerage of share {share} at queue {name}: {load.waiting} waiting, above {ratio:g} x {load.leased} running,"
            f" {part:g} x {waiting[share]} waiting anywhere and {least:g}"
        )
        yield OfferElsewhere(code=TO_REBROKER, reason=reason, share=share, number_max=min(excess, NUMBER_MAX))


def _keeps(settings: QueueSettings) -> bool:
    return settings.keeps_jobs or settings.clocks_stopped
