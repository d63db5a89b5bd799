"""What the ranges of a task say to a command.

Guards: a range is with one job at a time and is counted once, also when jobs die: only the job that has it, in the try that
it was given, may say how it ended; a job that ended gets none, also when its question comes late. A set is bounded in files,
ranges and intervals. Source: docs/reference/jedi.md, "Event service in brief".
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import assert_never

from commands.decision import Decision, Refusal, accept, refuse
from commands.ranges.model import EventRanges, numbers_of, spans
from schemas.intervals import Intervals, difference, intersection, intervals_of, size, union
from schemas.ranges import (
    AcquireRanges,
    RangesAcquired,
    RangesCommand,
    RangesReported,
    RangesReturned,
    ReportRanges,
    ReturnRanges,
)
from schemas.types import (
    CommandEnvelope,
    EndedConsumer,
    GrantedRanges,
    RangeEnd,
    RangeFile,
    RangeInput,
    RangeReport,
    ReturnedShare,
)

#: Of one task. With them the largest row of a set is within a record.
FILES_MAX, RANGES_MAX = 10_000, 1_000_000
#: Ranges that one job may have at once.
HELD_MAX = 2_000
#: Intervals of a set that are counted: those that are, and those that the ranges with jobs may still become.
INTERVALS_MAX = 60_000
#: How often a range is tried (docs/reference/jedi.md, "Event service in brief").
TRIES_MAX = 10


def decide(ranges: EventRanges, command: RangesCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `ranges`."""
    match command:
        case AcquireRanges():
            return acquire(ranges, command)
        case ReportRanges():
            return report(ranges, command)
        case ReturnRanges():
            return give_back(ranges, command)
        case _:
            assert_never(command)


def acquire(ranges: EventRanges, command: AcquireRanges) -> Decision:
    """The lowest numbers that are ready, of the input of the job; none is an answer, too."""
    if intersection(ranges.ended, ((command.job_id, command.job_id),)):
        return refuse("ALREADY_FINAL", f"job {command.job_id} has ended and gets no ranges")
    refusal = _refusal_of_input(ranges, command)
    if refusal is not None:
        return Decision(refusal=refusal)
    files = {file.file_id: file for file in _cut(ranges, command)}
    had = ranges.consumers.get(command.job_id)
    is_other_lease = had is not None and had.lease_id != command.lease_id
    returned: Intervals = had.ranges if had is not None and is_other_lease else ()
    ready = union(ranges.ready, returned)
    own: Intervals = ()
    for file_id in dict.fromkeys(one.file_id for one in command.inputs):
        numbers = numbers_of(files.get(file_id) or ranges.files[file_id])
        own = union(own, numbers if file_id in files else intersection(ready, numbers))
    room = HELD_MAX - size(difference(ranges.held_by(command.job_id), returned))
    taken = _lowest(own, min(command.count, room))
    if not taken and not files and not is_other_lease:
        return accept()
    acquired = RangesAcquired(
        job_id=command.job_id,
        lease_id=command.lease_id,
        events_per_range=command.events_per_range,
        files=tuple(files.values()),
        ranges=spans(taken),
        returned=spans(returned),
        total=size(taken),
    )
    return accept(acquired, ranges_granted=tuple(_granted(ranges, files, command, taken)))


def report(ranges: EventRanges, command: ReportRanges) -> Decision:
    """What is said of ranges that the job has is counted, once; of ranges that it does not have, nothing is taken."""
    named_total = sum(max(one.first, one.last) - one.first + 1 for one in command.reports)
    if named_total > HELD_MAX:
        found = f"{named_total:,} ranges, expected at most {HELD_MAX:,}, which is what a job can have"
        return refuse("TOO_MANY_RANGES", f"reports: found {found}")
    held, foreign = ranges.held_by(command.job_id), []
    done: Intervals = ()
    retried: Intervals = ()
    failed: Intervals = ()
    for one in command.reports:
        # Only what is named is looked at: the sets of the task may be torn into thousands of intervals, for each of the reports.
        named = ((one.first, max(one.first, one.last)),)
        ended = union(union(intersection(done, named), intersection(retried, named)), intersection(failed, named))
        mine = ranges.tried(difference(intersection(held, named), ended), one.try_number - 1)
        before = (ranges.done, done) if one.end is RangeEnd.DONE else (*_failed_before(ranges, one), done, retried, failed)
        rest = difference(named, mine)
        for known in before:
            rest = difference(rest, intersection(known, named))
        if rest:
            foreign.append(one)
        match one.end:
            case RangeEnd.DONE:
                done = union(done, mine)
            case RangeEnd.FAILED if one.try_number < TRIES_MAX:
                retried = union(retried, mine)
            case RangeEnd.FAILED | RangeEnd.FATAL:
                failed = union(failed, mine)
            case RangeEnd.UNKNOWN:
                foreign.append(one)
            case _:
                assert_never(one.end)
    event = RangesReported(
        job_id=command.job_id,
        done=spans(done),
        retried=spans(retried),
        failed=spans(failed),
        done_total=size(done),
        retried_total=size(retried),
        failed_total=size(failed),
    )
    events = (event,) if done or retried or failed else ()
    if foreign:
        listed = ", ".join(f"{one.first}-{one.last} in try {one.try_number}" for one in islice(foreign, 5))
        return refuse("NOT_HELD", f"job {command.job_id} does not have ranges {listed}; others of the report are taken", *events)
    return accept(*events)


def give_back(ranges: EventRanges, command: ReturnRanges) -> Decision:
    """Jobs ended: their ranges are for others, and they get no more. An end that is known changes nothing."""
    jobs = {one.job_id: one for one in command.jobs if not intersection(ranges.ended, ((one.job_id, one.job_id),))}
    returned = tuple(_returned(ranges, one) for one in jobs.values())
    if not returned:
        return accept()
    event = RangesReturned(
        jobs=returned,
        ready_total=sum(size(intervals_of(one.ready)) for one in returned),
        lost_total=sum(size(intervals_of(one.lost)) for one in returned),
    )
    return accept(event)


def _returned(ranges: EventRanges, job: EndedConsumer) -> ReturnedShare:
    held = ranges.held_by(job.job_id)
    lost = ranges.tried(held, TRIES_MAX - 1) if job.is_failure else ()
    return ReturnedShare(
        job_id=job.job_id, ready=spans(difference(held, lost)), lost=spans(lost), is_failure=job.is_failure and bool(held)
    )


def _refusal_of_input(ranges: EventRanges, command: AcquireRanges) -> Refusal | None:
    """Why input cannot be cut as it is said, or no more of it."""
    if ranges.events_per_range not in (0, command.events_per_range):
        found = f"{command.events_per_range} events, those of the task have {ranges.events_per_range}"
        return Refusal("OTHER_RANGES", f"events_per_range: found ranges of {found}")
    for one in command.inputs:
        known = ranges.files.get(one.file_id)
        if known is not None and (known.lfn, known.first_event, known.events) != (one.lfn, one.first_event, one.events):
            return Refusal("OTHER_INPUT", f"inputs: unit {one.file_id} has other events than those that were cut into ranges")
    new = {one.file_id: one for one in command.inputs if one.file_id not in ranges.files}
    files, total = len(ranges.files) + len(new), ranges.total + sum(_count(one, command) for one in new.values())
    if files > FILES_MAX or total > RANGES_MAX:
        found = f"{files:,} files and {total:,} ranges"
        return Refusal("TOO_MANY_RANGES", f"{found}, expected at most {FILES_MAX:,} and {RANGES_MAX:,}")
    torn = sum(map(len, (ranges.ready, ranges.done, ranges.failed, ranges.lost, ranges.ended, *ranges.tries)))
    if torn + 2 * (ranges.held + command.count) > INTERVALS_MAX:
        found = f"{ranges.held:,} ranges are with jobs and {torn:,} intervals are kept"
        return Refusal("TOO_MANY_RANGES", f"{found}, expected reports of ranges first")
    return None


def _cut(ranges: EventRanges, command: AcquireRanges) -> Iterator[RangeFile]:
    first = ranges.total + 1
    new = {one.file_id: one for one in command.inputs if one.file_id not in ranges.files}
    for one in new.values():
        count = _count(one, command)
        yield RangeFile(
            file_id=one.file_id,
            lfn=one.lfn,
            scope=one.scope,
            guid=one.guid,
            first_event=one.first_event,
            events=one.events,
            first=first,
            count=count,
        )
        first += count


def _count(one: RangeInput, command: AcquireRanges) -> int:
    return -(-one.events // command.events_per_range)


def _lowest(ranges: Intervals, count: int) -> Intervals:
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if count <= 0:
            break
        last = min(last, first + count - 1)
        found.append((first, last))
        count -= last - first + 1
    return tuple(found)


def _failed_before(ranges: EventRanges, report: RangeReport) -> tuple[Intervals, Intervals]:
    """Ranges that failed in the try that is named, and for good."""
    return ranges.tries[report.try_number - 1] if report.try_number <= len(ranges.tries) else (), ranges.failed


def _granted(
    ranges: EventRanges, new: Mapping[int, RangeFile], command: AcquireRanges, taken: Intervals
) -> Iterator[GrantedRanges]:
    """The ranges that a job got, by file and try."""
    for file_id in dict.fromkeys(one.file_id for one in command.inputs):
        file = new.get(file_id) or ranges.files[file_id]
        own = intersection(taken, numbers_of(file))
        for times in range(len(ranges.tries) + 1):
            for first, last in ranges.tried(own, times):
                yield GrantedRanges(file=file, first=first, last=last, try_number=times + 1)
