"""Jobs that take ranges: which input is theirs, and what the end of one means for its input. Pure.

Guards: a part of the input is cut once; a job whose ranges are not all over has not processed its input, also where its pilot
reported success, and one whose ranges are all over has, also when it died after its last report.
Source: docs/reference/jedi.md, "Event service in brief".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from commands.decision import Decision, FollowUp, accept, refuse
from commands.limits import PART_BYTES_MAX
from commands.ranges.model import EventRanges, numbers_of
from commands.sizes import cut
from schemas.intervals import Intervals, difference, intersection, intervals_of, size
from schemas.ranges import AdmitConsumers, ConsumersAdmitted
from schemas.records import replace
from schemas.task import RecordJobOutcomes
from schemas.types import (
    AdmittedConsumer,
    DatasetRole,
    EndedConsumer,
    JobOutcome,
    OutcomeKind,
    OutputFile,
    RangeFile,
    RangeInput,
    RetryAction,
    ReturnedShare,
)

#: Of one task. With them the largest row of a set is within a record.
FILES_MAX, RANGES_MAX = 10_000, 1_000_000
OUTCOMES_MAX = 200
TASKBUFFER = "taskbuffer"
#: Codes of the reference: some events are not processed; all of them failed.
UNPROCESSED, ALL_FAILED = 117, 119
STOPPED = frozenset({OutcomeKind.CANCELLED, OutcomeKind.CLOSED})


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the input before jobs of it end: the ranges that are not over, how many, and whether any is done.

    It is looked at once for all jobs that end together: hundreds may have the same part, torn into thousands of intervals.
    """

    left: Intervals
    left_total: int
    has_done: bool


def admit(ranges: EventRanges, command: AdmitConsumers) -> Decision:
    """The jobs may ask; input that no job had is cut. What is known changes nothing."""
    jobs = {
        one.job_id: one.input
        for one in command.consumers
        if one.job_id not in ranges.admitted and not intersection(ranges.ended, ((one.job_id, one.job_id),))
    }
    problem = problem_of_input(ranges, tuple(jobs.values()), command.events_per_range)
    if problem is not None:
        return refuse(*problem)
    if not jobs:
        return accept()
    admitted = tuple(AdmittedConsumer(job_id=job_id, file_id=one.file_id) for job_id, one in jobs.items())
    files = tuple(cut_input(ranges, tuple(jobs.values()), command.events_per_range))
    return accept(ConsumersAdmitted(events_per_range=command.events_per_range, jobs=admitted, files=files))


def problem_of_input(ranges: EventRanges, inputs: tuple[RangeInput, ...], per_range: int) -> tuple[str, str] | None:
    """Code and sentence why input cannot be cut as it is said, or no more of it; None where it can."""
    if ranges.events_per_range not in (0, per_range):
        found = f"{per_range} events, those of the task have {ranges.events_per_range}"
        return "OTHER_RANGES", f"events_per_range: found ranges of {found}"
    for one in inputs:
        known = ranges.files.get(one.file_id)
        if known is not None and (known.lfn, known.first_event, known.events) != (one.lfn, one.first_event, one.events):
            return "OTHER_INPUT", f"inputs: unit {one.file_id} has other events than those that were cut into ranges"
    new = {one.file_id: one for one in inputs if one.file_id not in ranges.files}
    files, total = len(ranges.files) + len(new), ranges.total + sum(-(-one.events // per_range) for one in new.values())
    if files > FILES_MAX or total > RANGES_MAX:
        found = f"{files:,} files and {total:,} ranges"
        return "TOO_MANY_RANGES", f"{found}, expected at most {FILES_MAX:,} and {RANGES_MAX:,}"
    return None


def cut_input(ranges: EventRanges, inputs: tuple[RangeInput, ...], per_range: int) -> Iterator[RangeFile]:
    """Those of `inputs` that no job had before, with the numbers of their ranges."""
    first = ranges.total + 1
    for one in {one.file_id: one for one in inputs if one.file_id not in ranges.files}.values():
        count = -(-one.events // per_range)
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


def judged_ends(ranges: EventRanges, task_id: str, jobs: list[tuple[EndedConsumer, ReturnedShare]]) -> tuple[FollowUp, ...]:
    """What the task learns of jobs that ended, once their ranges are returned; as many commands as it takes."""
    parts: dict[int, _Part] = {}
    for ended, _ in jobs:
        file_id = ranges.admitted.get(ended.job_id)
        if file_id is not None and file_id not in parts:
            parts[file_id] = _part(ranges, file_id)
    outcomes = [_judged(ranges, parts, ended.outcome, share) for ended, share in jobs if ended.outcome is not None]
    return tuple(
        FollowUp(task_id, RecordJobOutcomes(outcomes=part)) for part in cut(outcomes, OUTCOMES_MAX, PART_BYTES_MAX)
    )


def _part(ranges: EventRanges, file_id: int) -> _Part:
    own = numbers_of(ranges.files[file_id])
    left = own
    for over in (ranges.done, ranges.failed, ranges.lost):
        left = difference(left, intersection(over, own))
    return _Part(left, size(left), bool(intersection(ranges.done, own)))


def _judged(ranges: EventRanges, parts: Mapping[int, _Part], outcome: JobOutcome, share: ReturnedShare) -> JobOutcome:
    """How the job ended for its input: processed when no range of it is left and one is done at least."""
    outcome = replace(outcome, ranges_judged=True)
    file_id = ranges.admitted.get(outcome.job_id)
    if outcome.kind in STOPPED:
        return outcome
    if file_id is None:
        return _failed(outcome, RetryAction.NO_RETRY, ALL_FAILED, "its input is not cut into ranges")
    part = parts[file_id]
    is_over = part.left_total == size(intersection(part.left, intervals_of(share.lost)))
    if is_over and part.has_done:
        return _processed(ranges, outcome, file_id)
    if is_over:
        return _failed(outcome, RetryAction.NO_RETRY, ALL_FAILED, "all ranges of its input failed")
    if outcome.kind in (OutcomeKind.FINISHED, OutcomeKind.MERGING):
        return _failed(outcome, RetryAction.SYSTEM, UNPROCESSED, "it ended before all ranges of its input were processed")
    return outcome


def _processed(ranges: EventRanges, outcome: JobOutcome, file_id: int) -> JobOutcome:
    """The end of a job whose input is processed, with the files that pilots named, whichever job made them."""
    made = tuple(
        OutputFile(
            lfn=one.lfn,
            dataset="",
            scope="",
            role=DatasetRole.OUTPUT,
            size_bytes=one.size_bytes,
            checksum=one.checksum,
            endpoint=one.endpoint,
        )
        for one in ranges.outputs.get(file_id, ())
    )
    return replace(
        outcome,
        kind=OutcomeKind.FINISHED,
        outputs=(*outcome.outputs, *made),
        action=RetryAction.RETRY,
        ram_mb=None,
        attempts_max=None,
        on_trial=None,
        error_source=None,
        error_code=None,
        error_diagnostic=None,
    )


def _failed(outcome: JobOutcome, action: RetryAction, code: int, diagnostic: str) -> JobOutcome:
    if outcome.error_source is not None:
        return replace(outcome, kind=OutcomeKind.FAILED, action=action)
    return replace(
        outcome,
        kind=OutcomeKind.FAILED,
        outputs=(),
        action=action,
        error_source=TASKBUFFER,
        error_code=code,
        error_diagnostic=diagnostic,
    )
