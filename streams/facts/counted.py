"""Counts of the last hours as they stand now: starts and requests by queue, ends by task and queue. Pure.

In: facts with counts by ten minutes. Out: totals over the windows of `streams/facts/snapshot.py`. Now is the latest time that any
event said: no clock is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.streams import PilotsAsked, QueueStarts, TaskEnds
from schemas.types import BucketCount
from streams.facts.snapshot import ENDS_HOURS, REQUESTS_HOURS, STARTS_HOURS, EndCounts
from streams.facts.windows import bucket_of, total_of

Buckets = tuple[BucketCount, ...]


@dataclass(slots=True)
class CountedEvents:
    """now: the latest time of an event (microseconds UTC)."""

    now: int = 0
    _starts: dict[str, Buckets] = field(default_factory=dict)
    _asked: dict[str, Buckets] = field(default_factory=dict)
    _ends: dict[str, TaskEnds] = field(default_factory=dict)
    _totals: dict[str, Mapping[tuple[int, str], EndCounts]] = field(default_factory=dict)
    _bucket: int = 0
    _made: dict[tuple[int, str], EndCounts] | None = None

    def know(self, subject: str, fact: QueueStarts | PilotsAsked | TaskEnds) -> None:
        """Take a fact about the queue or task `subject`."""
        match fact:
            case QueueStarts():
                self._starts[subject] = fact.buckets
            case PilotsAsked():
                self._asked[subject] = fact.buckets
            case TaskEnds():
                self._ends[subject] = fact
                self._totals.pop(subject, None)
                self._made = None

    def forget(self, task_id: str) -> None:
        """The task is final."""
        self._ends.pop(task_id, None)
        self._totals.pop(task_id, None)
        self._made = None

    def starts(self, queue: str) -> int:
        """Jobs that pilots took in the last 6 h."""
        return total_of(self._starts.get(queue, ()), self.now, STARTS_HOURS)

    def requests(self, queue: str) -> int:
        """Requests of pilots in the last 3 h that events tell of: jobs taken, and first requests of workers."""
        taken = total_of(self._starts.get(queue, ()), self.now, REQUESTS_HOURS)
        return taken + total_of(self._asked.get(queue, ()), self.now, REQUESTS_HOURS)

    def ends(self) -> Mapping[tuple[int, str], EndCounts]:
        """Ends in the last 6 h by (task id, queue); the same object until something changes."""
        if bucket_of(self.now) != self._bucket:
            self._bucket, self._made = bucket_of(self.now), None
            self._totals.clear()
        if self._made is None:
            self._made = {}
            for task_id, fact in self._ends.items():
                if task_id not in self._totals:
                    self._totals[task_id] = _totals_of(int(task_id), fact, self.now)
                self._made.update(self._totals[task_id])
        return self._made


def _totals_of(task_id: int, fact: TaskEnds, now: int) -> dict[tuple[int, str], EndCounts]:
    totals = {
        (task_id, one.queue): EndCounts(
            total_of(one.finished, now, ENDS_HOURS), total_of(one.failed, now, ENDS_HOURS), total_of(one.closed, now, ENDS_HOURS)
        )
        for one in fact.queues
    }
    return {key: counts for key, counts in totals.items() if counts != EndCounts()}
