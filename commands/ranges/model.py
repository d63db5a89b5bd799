"""The events of one task's input, cut into ranges that have numbers from 1. The key is the task.

A range is in one state: ready, with a job, done, failed or lost. States are intervals of numbers, so that a set costs what is
torn in it and not its size. Source: docs/reference/jedi.md, "Event service in brief".
"""

from dataclasses import dataclass, field
from sys import intern
from typing import assert_never

from commands.undo import UndoDict
from identity.ruling import Thing
from schemas.intervals import Intervals, difference, intersection, intervals_of, joined, size, union
from schemas.ranges import (
    AcquireRanges,
    AdmitConsumers,
    ConsumersAdmitted,
    RangesAcquired,
    RangesCommand,
    RangesEvent,
    RangesReported,
    RangesReturned,
    ReturnRanges,
)
from schemas.types import CommandEnvelope, EventEnvelope, RangeFile, RangeOutput, RangeSpan


@dataclass(frozen=True, slots=True)
class RangeConsumer:
    """A job that has ranges. holder: the subject that leased it, under `lease_id`."""

    holder: str
    lease_id: str
    ranges: Intervals


@dataclass(slots=True)
class EventRanges:
    """All ranges of a task.

    files: by the number of their input unit, in the order of their ranges. consumers: by job. tries[n]: ranges that were tried in
    vain more than n times. ended: ids of jobs that get no more ranges. total, held: how many ranges there are, and are with jobs.
    admitted: by job, the number of the input unit of which it may take ranges. outputs: by the number of an input unit, the files
    that hold what came of its ranges.
    """

    vo: str = ""
    events_per_range: int = 0
    files: UndoDict[int, RangeFile] = field(default_factory=UndoDict)
    consumers: UndoDict[int, RangeConsumer] = field(default_factory=UndoDict)
    ready: Intervals = ()
    done: Intervals = ()
    failed: Intervals = ()
    lost: Intervals = ()
    tries: tuple[Intervals, ...] = ()
    ended: Intervals = ()
    total: int = 0
    held: int = 0
    admitted: UndoDict[int, int] = field(default_factory=UndoDict)
    outputs: UndoDict[int, tuple[RangeOutput, ...]] = field(default_factory=UndoDict)

    def held_by(self, job_id: int) -> Intervals:
        """The ranges that a job has."""
        found = self.consumers.get(job_id)
        return found.ranges if found else ()

    def tried(self, ranges: Intervals, times: int) -> Intervals:
        """Those of `ranges` that were tried in vain exactly so often."""
        at_least = ranges if times == 0 else intersection(ranges, self._tried_more_than(times - 1))
        return difference(at_least, self._tried_more_than(times))

    def _tried_more_than(self, times: int) -> Intervals:
        return self.tries[times] if times < len(self.tries) else ()


def initial() -> EventRanges:
    """No input was cut."""
    return EventRanges()


def evolve(ranges: EventRanges, event: RangesEvent, envelope: EventEnvelope) -> EventRanges:
    """`ranges` after `event`."""
    ranges.vo = ranges.vo or intern(envelope.vo)
    match event:
        case ConsumersAdmitted():
            _add_files(ranges, event.events_per_range, event.files)
            for job in event.jobs:
                ranges.admitted[job.job_id] = job.file_id
        case RangesAcquired():
            _acquire(ranges, event, intern(envelope.actor))
        case RangesReported():
            retried, failed, done = (intervals_of(part) for part in (event.retried, event.failed, event.done))
            _take(ranges, event.job_id, union(union(done, failed), retried))
            ranges.done, ranges.failed = union(ranges.done, done), union(ranges.failed, failed)
            ranges.ready = union(ranges.ready, retried)
            _count_tries(ranges, union(retried, failed))
            if event.outputs:
                file_id = ranges.admitted.get(event.job_id, 0)
                ranges.outputs[file_id] = (*ranges.outputs.get(file_id, ()), *event.outputs)
        case RangesReturned():
            for one in event.jobs:
                ranges.held -= size(ranges.held_by(one.job_id))
                ranges.consumers.pop(one.job_id, None)
                ranges.admitted.pop(one.job_id, None)
            # At once for all jobs: each union may copy the whole set.
            ranges.ended = union(ranges.ended, joined(sorted((one.job_id, one.job_id) for one in event.jobs)))
            ranges.ready = union(ranges.ready, intervals_of(part for one in event.jobs for part in one.ready))
            ranges.lost = union(ranges.lost, intervals_of(part for one in event.jobs for part in one.lost))
            _count_tries(ranges, intervals_of(part for one in event.jobs if one.is_failure for part in (*one.ready, *one.lost)))
        case _:
            assert_never(event)
    return ranges


def is_closed(ranges: EventRanges) -> bool:
    """True when the state may leave memory: no job has a range, or may ask for one."""
    return not ranges.admitted and not any(one.ranges for one in ranges.consumers.values())


def belongs(ranges: EventRanges, command: RangesCommand, by: CommandEnvelope) -> Thing:
    """Ranges are of the one who leased the job that has them; the lease of a job that asks first is in its command."""
    name = f"ranges of task {by.aggregate_id}"
    if isinstance(command, AdmitConsumers | ReturnRanges):
        return Thing(name, ranges.vo)
    consumer = ranges.consumers.get(command.job_id)
    if isinstance(command, AcquireRanges) and (consumer is None or consumer.lease_id != command.lease_id):
        return Thing(name, ranges.vo or by.vo, by.actor, command.lease_id)
    return Thing(name, ranges.vo, consumer.holder, consumer.lease_id) if consumer else Thing(name, ranges.vo)


def spans(ranges: Intervals) -> tuple[RangeSpan, ...]:
    """Intervals as a message has them."""
    return tuple(RangeSpan(first=first, last=last) for first, last in ranges)


def numbers_of(file: RangeFile) -> Intervals:
    """The ranges of a file."""
    return ((file.first, file.first + file.count - 1),)


def _add_files(ranges: EventRanges, events_per_range: int, files: tuple[RangeFile, ...]) -> None:
    ranges.events_per_range = events_per_range
    for file in files:
        ranges.files[file.file_id] = file
        ranges.total += file.count
    if files:
        ranges.ready = union(ranges.ready, joined(sorted(pair for file in files for pair in numbers_of(file))))


def _acquire(ranges: EventRanges, event: RangesAcquired, holder: str) -> None:
    _add_files(ranges, event.events_per_range, event.files)
    taken, returned, had = intervals_of(event.ranges), intervals_of(event.returned), ranges.held_by(event.job_id)
    ranges.ready = difference(union(ranges.ready, returned), taken)
    ranges.held += size(taken) - size(returned)
    ranges.consumers[event.job_id] = RangeConsumer(holder, intern(event.lease_id), union(difference(had, returned), taken))


def _take(ranges: EventRanges, job_id: int, taken: Intervals) -> None:
    had = ranges.consumers[job_id]
    ranges.held -= size(taken)
    ranges.consumers[job_id] = RangeConsumer(had.holder, had.lease_id, difference(had.ranges, taken))


def _count_tries(ranges: EventRanges, tried: Intervals) -> None:
    levels, rest = [], tried
    for level in ranges.tries:
        levels.append(union(level, rest))
        rest = intersection(rest, level)
    ranges.tries = (*levels, rest) if rest else tuple(levels)
