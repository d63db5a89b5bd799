"""Counts of events by ten minutes, over the last six hours. Pure.

In: events of queues, workers and tasks in the order of their partition. Out: facts with absolute counts, each under a key of its
own: starts of jobs and first requests of workers by queue, ends of jobs by task, queue and outcome. What was counted before is
taken from the facts themselves, so that counting goes on at any age. Guards: a row holds at most `BUCKETS` numbers for each
outcome; rows of a task leave with it. Times are those of the events; a window is exact to ten minutes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.instants import HOUR, MINUTE
from schemas.partition import partition_of
from schemas.streams import PilotsAsked, QueueStarts, TaskEnds
from schemas.task import JobOutcomesRecorded
from schemas.types import BucketCount, OutcomeKind, QueueEnds
from schemas.wire import Message

BUCKET = 10 * MINUTE
BUCKETS_AN_HOUR = HOUR // BUCKET
#: The longest window.
BUCKETS = 6 * BUCKETS_AN_HOUR
QUEUES_MAX = 1_000
#: Event -> the fact that counts it.
COUNTED_IN: Mapping[str, str] = {
    "JobLeased": QueueStarts.__name__,
    "WorkerAsked": PilotsAsked.__name__,
    "JobOutcomesRecorded": TaskEnds.__name__,
    "TaskFinalized": TaskEnds.__name__,
}
#: Fact -> the aggregate whose events it counts.
AGGREGATE_OF: Mapping[str, str] = {
    QueueStarts.__name__: "queue",
    PilotsAsked.__name__: "worker",
    TaskEnds.__name__: "task",
}
OUTCOMES: Mapping[OutcomeKind, str] = {
    OutcomeKind.FINISHED: "finished",
    OutcomeKind.MERGING: "finished",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.CANCELLED: "closed",
    OutcomeKind.CLOSED: "closed",
}
#: Of one row: (queue, outcome) -> bucket -> count; facts of one queue have the row ("", "").
Counts = dict[tuple[str, str], dict[int, int]]


def bucket_of(at: int) -> int:
    """Which ten minutes a time (microseconds UTC) falls into."""
    return at // BUCKET


def total_of(buckets: Iterable[BucketCount], now: int, hours: int) -> int:
    """How many events fell into the last `hours` before `now` (microseconds UTC), the ten minutes of `now` included."""
    first = bucket_of(now) - hours * BUCKETS_AN_HOUR
    return sum(one.count for one in buckets if one.bucket > first)


@dataclass(slots=True)
class EventWindows:
    """The rows of the partitions of one instance, by (fact, aggregate id)."""

    _rows: dict[tuple[str, str], Counts] = field(default_factory=dict)

    def count(self, event: Any, fact: str, aggregate_id: str, at: int) -> bool:
        """Count `event`, which happened at `at`; False when the fact is taken away: its task is final."""
        counts = self._rows.setdefault((fact, aggregate_id), {})
        if fact != TaskEnds.__name__:
            _add(counts, ("", ""), bucket_of(at))
        elif isinstance(event, JobOutcomesRecorded):
            for outcome in event.outcomes:
                if outcome.kind in OUTCOMES:
                    _add(counts, (outcome.queue, OUTCOMES[outcome.kind]), bucket_of(at))
        else:
            del self._rows[fact, aggregate_id]
            return False
        return True

    def fact(self, fact: str, aggregate_id: str) -> Message:
        """The fact as it stands, without what no window reaches."""
        counts = self._rows[fact, aggregate_id]
        _forget_before(counts, max((max(row) for row in counts.values()), default=0) - BUCKETS)
        return _fact_of(fact, counts)

    def restore(self, message: Message, aggregate_id: str) -> None:
        """Go on from a fact that was written before."""
        if isinstance(message, QueueStarts | PilotsAsked):
            self._rows[type(message).__name__, aggregate_id] = {("", ""): _numbers(message.buckets)}
        elif isinstance(message, TaskEnds):
            self._rows[TaskEnds.__name__, aggregate_id] = {
                (one.queue, outcome): _numbers(getattr(one, outcome))
                for one in message.queues
                for outcome in ("finished", "failed", "closed")
                if getattr(one, outcome)
            }

    def forget(self, aggregate: str, partition: int, partitions: int) -> None:
        """Other instances count these from now on."""
        gone = [
            (fact, key)
            for fact, key in self._rows
            if AGGREGATE_OF[fact] == aggregate and partition_of(key, partitions) == partition
        ]
        for row in gone:
            del self._rows[row]


def _add(counts: Counts, row: tuple[str, str], bucket: int) -> None:
    buckets = counts.setdefault(row, {})
    buckets[bucket] = buckets.get(bucket, 0) + 1


def _forget_before(counts: Counts, first: int) -> None:
    """Drop what no window reaches, and of more queues than a record holds those that were quiet for longest."""
    for row, buckets in list(counts.items()):
        for bucket in [bucket for bucket in buckets if bucket < first]:
            del buckets[bucket]
        if not buckets:
            del counts[row]
    queues: dict[str, int] = {}
    for (queue, _), buckets in counts.items():
        queues[queue] = max(queues.get(queue, 0), max(buckets))
    for queue in sorted(queues, key=lambda name: (-queues[name], name))[QUEUES_MAX:]:
        for row in [row for row in counts if row[0] == queue]:
            del counts[row]


def _fact_of(fact: str, counts: Counts) -> Message:
    if fact == TaskEnds.__name__:
        queues = sorted({queue for queue, _ in counts})
        return TaskEnds(
            queues=tuple(
                QueueEnds(
                    queue=queue,
                    finished=_buckets(counts.get((queue, "finished"), {})),
                    failed=_buckets(counts.get((queue, "failed"), {})),
                    closed=_buckets(counts.get((queue, "closed"), {})),
                )
                for queue in queues
            )
        )
    buckets = _buckets(counts.get(("", ""), {}))
    return QueueStarts(buckets=buckets) if fact == QueueStarts.__name__ else PilotsAsked(buckets=buckets)


def _buckets(numbers: Mapping[int, int]) -> tuple[BucketCount, ...]:
    return tuple(BucketCount(bucket=bucket, count=count) for bucket, count in sorted(numbers.items()))


def _numbers(buckets: Iterable[BucketCount]) -> dict[int, int]:
    return {one.bucket: one.count for one in buckets}
