"""What the decider counts: commands by outcome, events by name, what brokerage dropped queues for, and its batches."""

from collections import Counter as Tally
from collections.abc import Iterable
from typing import Any

from prometheus_client import Counter, Histogram

from process.metrics import RECORDS
from schemas.queue import LeaseEnded
from schemas.task import BrokerageDecided, JobsGenerated, TaskParked
from schemas.types import LeaseEnding

COMMANDS = Counter("culm_commands_total", "Commands that were answered.", ["name", "outcome"])
EVENTS = Counter("culm_events_total", "Events that were written.", ["name"])
DECISIONS = Counter("culm_brokerage_decisions_total", "Brokerage decisions.", ["outcome"])
REJECTIONS = Counter("culm_brokerage_rejections_total", "Queues that brokerage dropped.", ["criterion"])
EXPIRED = Counter("culm_leases_expired_total", "Leases that ended without a sign of life.", ["queue"])
BATCH = Histogram("culm_decider_batch_records", "Commands in a transaction.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500))
SECONDS = Histogram(
    "culm_decider_batch_seconds",
    "From the first command of a batch to its commit.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)


class Counted:
    """Counts of a batch, kept as plain dictionaries until it is through."""

    def __init__(self) -> None:
        self._commands: Tally[tuple[str, str]] = Tally()
        self._events: Tally[str] = Tally()

    def answered(self, name: str, outcome: str, events: Iterable[Any]) -> None:
        """A command was decided."""
        self._commands[name, outcome] += 1
        for event, envelope in events:
            kind = type(event)
            self._events[kind.__name__] += 1
            if kind is JobsGenerated or kind is TaskParked:
                DECISIONS.labels("parked" if kind is TaskParked else "placed").inc()
            elif kind is BrokerageDecided:
                _dropped(event)
            elif kind is LeaseEnded and event.ending is LeaseEnding.EXPIRED:
                EXPIRED.labels(envelope.aggregate_id).inc()

    def forget(self) -> None:
        """The batch is put back."""
        self._commands.clear()
        self._events.clear()

    def through(self, records: int, seconds: float) -> None:
        """The batch is committed."""
        for (name, outcome), count in self._commands.items():
            COMMANDS.labels(name, outcome).inc(count)
        for name, count in self._events.items():
            EVENTS.labels(name).inc(count)
        self.forget()
        RECORDS.labels("decider").inc(records)
        BATCH.observe(records)
        SECONDS.observe(seconds)


def _dropped(event: BrokerageDecided) -> None:
    for code, count in Tally(one.code for one in event.brokerage.verdicts if not one.taken).items():
        REJECTIONS.labels(code).inc(count)
