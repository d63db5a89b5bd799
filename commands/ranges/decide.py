"""What the ranges of a task say to a command.

Guards: a range is with one job at a time and is counted once, also when jobs die: only the job that has it, in the try that
it was given, may say how it ended; a job that ended gets none, also when its question comes late. A set is bounded in files,
ranges and intervals. Source: docs/reference/jedi.md, "Event service in brief".
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import assert_never

from commands.decision import Decision, Hits, Refusal, accept, refuse
from commands.ranges.consumers import admit, cut_input, judged_ends, problem_of_input
from commands.ranges.model import EventRanges, numbers_of, spans
from schemas.intervals import Intervals, difference, intersection, intervals_of, joined, size, size_within, union, within
from schemas.ranges import (
    AcquireRanges,
    AdmitConsumers,
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
    RangeOutput,
    RangeReport,
    ReturnedShare,
)

#: Ranges that one job may have at once.
HELD_MAX = 2_000
#: Intervals of a set that are counted: those that are, and those that the ranges with jobs may still become.
INTERVALS_MAX = 60_000
#: Files that pilots named for one part of the input, and their names, which stand in the command line of one merge.
OUTPUTS_MAX, OUTPUT_NAMES_BYTES_MAX = 500, 60_000
#: How often a range is tried (docs/reference/jedi.md, "Event service in brief").
TRIES_MAX = 10


def decide(ranges: EventRanges, command: RangesCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `ranges`."""
    match command:
        case AdmitConsumers():
            return admit(ranges, command)
        case AcquireRanges():
            return acquire(ranges, command)
        case ReportRanges():
            return report(ranges, command)
        case ReturnRanges():
            return give_back(ranges, command, by.aggregate_id)
        case _:
            assert_never(command)


def acquire(ranges: EventRanges, command: AcquireRanges) -> Decision:
    """The lowest numbers that are ready, of the input of the job; none is an answer, too."""
    if intersection(ranges.ended, ((command.job_id, command.job_id),)):
        return refuse("ALREADY_FINAL", f"job {command.job_id} has ended and gets no ranges")
    admitted = ranges.admitted.get(command.job_id)
    if not command.inputs and admitted is None:
        return refuse("UNKNOWN_JOB", f"job {command.job_id} is none of those that take ranges of this task")
    per_range = command.events_per_range if command.inputs else ranges.events_per_range
    refusal = _refusal_of_input(ranges, command, per_range)
    if refusal is not None:
        return Decision(refusal=refusal)
    asked = {one.file_id for one in command.inputs} if admitted is None else {admitted}
    files = {file.file_id: file for file in cut_input(ranges, command.inputs, per_range) if file.file_id in asked}
    had = ranges.consumers.get(command.job_id)
    is_other_lease = had is not None and had.lease_id != command.lease_id
    returned: Intervals = had.ranges if had is not None and is_other_lease else ()
    ready = union(ranges.ready, returned) if returned else ranges.ready
    known = sorted((ranges.files[file_id] for file_id in asked if file_id not in files), key=attrgetter("first"))
    room = HELD_MAX - size(difference(ranges.held_by(command.job_id), returned))
    taken = _lowest(_ready_of(ready, known, files.values()), min(command.count, room))
    hits = Hits(1, _count(ready, known, files.values()))
    if not taken and not files and not is_other_lease:
        return accept(hits=hits)
    acquired = RangesAcquired(
        job_id=command.job_id,
        lease_id=command.lease_id,
        events_per_range=per_range,
        files=tuple(files.values()),
        ranges=spans(taken),
        returned=spans(returned),
        total=size(taken),
    )
    granted = tuple(_granted(ranges, (*known, *files.values()), taken, per_range))
    return accept(acquired, ranges_granted=granted, hits=hits)


def report(ranges: EventRanges, command: ReportRanges) -> Decision:
    """What is said of ranges that the job has is counted, once; of ranges that it does not have, nothing is taken."""
    named_total = sum(max(one.first, one.last) - one.first + 1 for one in command.reports)
    if named_total > HELD_MAX:
        found = f"{named_total:,} ranges, expected at most {HELD_MAX:,}, which is what a job can have"
        return refuse("TOO_MANY_RANGES", f"reports: found {found}")
    held, foreign = ranges.held_by(command.job_id), []
    outputs = _new_outputs(ranges, command)
    if outputs is None:
        found = f"more than {OUTPUTS_MAX} files or {OUTPUT_NAMES_BYTES_MAX:,} bytes of names"
        return refuse("TOO_MANY_FILES", f"outputs: {found} for one part of the input, expected fewer and larger files")
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
        outputs=outputs if done else (),
    )
    events = (event,) if done or retried or failed else ()
    if foreign:
        listed = ", ".join(f"{one.first}-{one.last} in try {one.try_number}" for one in islice(foreign, 5))
        message = f"job {command.job_id} does not have ranges {listed}; others of the report are taken"
        return refuse("NOT_HELD", message, *events, ranges_refused=tuple(foreign))
    return accept(*events)


def give_back(ranges: EventRanges, command: ReturnRanges, task_id: str) -> Decision:
    """Jobs ended: their ranges are for others, and they get no more. An end that is known changes nothing.

    The task learns for each how far its input is processed.
    """
    jobs = {one.job_id: one for one in command.jobs if not intersection(ranges.ended, ((one.job_id, one.job_id),))}
    returned = tuple(_returned(ranges, one) for one in jobs.values())
    if not returned:
        return accept()
    event = RangesReturned(
        jobs=returned,
        ready_total=sum(size(intervals_of(one.ready)) for one in returned),
        lost_total=sum(size(intervals_of(one.lost)) for one in returned),
    )
    return accept(event, follow_ups=judged_ends(ranges, task_id, list(zip(jobs.values(), returned, strict=True))))


def _returned(ranges: EventRanges, job: EndedConsumer) -> ReturnedShare:
    held = ranges.held_by(job.job_id)
    lost = ranges.tried(held, TRIES_MAX - 1) if job.is_failure else ()
    return ReturnedShare(
        job_id=job.job_id, ready=spans(difference(held, lost)), lost=spans(lost), is_failure=job.is_failure and bool(held)
    )


def _refusal_of_input(ranges: EventRanges, command: AcquireRanges, per_range: int) -> Refusal | None:
    """Why input cannot be cut as it is said, or no more ranges are given before reports come."""
    problem = problem_of_input(ranges, command.inputs, per_range)
    if problem is not None:
        return Refusal(*problem)
    torn = sum(map(len, (ranges.ready, ranges.done, ranges.failed, ranges.lost, ranges.ended, *ranges.tries)))
    if torn + 2 * (ranges.held + command.count) > INTERVALS_MAX:
        found = f"{ranges.held:,} ranges are with jobs and {torn:,} intervals are kept"
        return Refusal("TOO_MANY_RANGES", f"{found}, expected reports of ranges first")
    return None


def _new_outputs(ranges: EventRanges, command: ReportRanges) -> tuple[RangeOutput, ...] | None:
    """The files that are not known yet, of a job that was admitted; None where there would be too many."""
    file_id = ranges.admitted.get(command.job_id)
    if file_id is None:
        return ()
    known = ranges.outputs.get(file_id, ())
    names = {one.lfn for one in known}
    new = tuple({one.lfn: one for one in command.outputs if one.lfn not in names}.values())
    size_bytes = sum(len(one.lfn.encode()) + 1 for one in (*known, *new))
    return None if len(known) + len(new) > OUTPUTS_MAX or size_bytes > OUTPUT_NAMES_BYTES_MAX else new


def _ready_of(ready: Intervals, known: Sequence[RangeFile], new: Iterable[RangeFile]) -> Iterator[tuple[int, int]]:
    """The ranges of the input that may be given, lowest first: what is ready of known files, then new ones as they are.

    known, new: in the order of their ranges; those of new files have the highest numbers.
    """
    for file in known:
        yield from within(ready, file.first, file.first + file.count - 1)
    for file in new:
        yield from numbers_of(file)


def _count(ready: Intervals, known: Iterable[RangeFile], new: Iterable[RangeFile]) -> int:
    """How many ranges `_ready_of` has; a pilot that only counts asks for them as a dry run."""
    found = sum(size_within(ready, file.first, file.first + file.count - 1) for file in known)
    return found + sum(file.count for file in new)


def _lowest(ranges: Iterable[tuple[int, int]], count: int) -> Intervals:
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if count <= 0:
            break
        last = min(last, first + count - 1)
        found.append((first, last))
        count -= last - first + 1
    return joined(found)


def _failed_before(ranges: EventRanges, report: RangeReport) -> tuple[Intervals, Intervals]:
    """Ranges that failed in the try that is named, and for good."""
    return ranges.tries[report.try_number - 1] if report.try_number <= len(ranges.tries) else (), ranges.failed


def _granted(
    ranges: EventRanges, files: Iterable[RangeFile], taken: Intervals, per_range: int
) -> Iterator[GrantedRanges]:
    """The ranges that a job got, by file and try."""
    for file in files:
        own = intersection(taken, numbers_of(file))
        for number, more in enumerate((*ranges.tries, ()), start=1):
            for first, last in difference(own, more):
                yield GrantedRanges(file=file, first=first, last=last, try_number=number, events_per_range=per_range)
            own = intersection(own, more)
            if not own:
                break
