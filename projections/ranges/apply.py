"""Which ranges of events each job was given, in which try, and how they ended. Pure.

A run of ranges of one job, try and state is one entry `[first, last, try, state]`. States: s with the job, d done, r failed and
ready for another try, x failed without one, b given back, l lost with the job. A job that got more than ENTRIES_MAX runs keeps
the latest.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from projections.engine.changes import Key, RowChanges
from schemas.intervals import Intervals, difference, intersection, intervals_of, joined, union
from schemas.ranges import ConsumersAdmitted, RangesAcquired, RangesReported, RangesReturned
from schemas.reading import Recorded

ENTRIES_MAX = 20_000
WITH_JOB, DONE, RETRIED, FAILED, BACK, LOST = "s", "d", "r", "x", "b", "l"
Entry = list[Any]


def reads(record: Recorded) -> Iterator[tuple[str, Key]]:
    """The rows that `apply` will ask about."""
    task_id = int(record.event.aggregate_id)
    match record.message:
        case RangesAcquired(job_id=job_id) | RangesReported(job_id=job_id):
            yield "range_set", (task_id,)
            yield "job_ranges", (task_id, job_id)
        case RangesReturned() as event:
            yield "range_set", (task_id,)
            yield from (("job_ranges", (task_id, one.job_id)) for one in event.jobs)
        case ConsumersAdmitted():
            yield "range_set", (task_id,)
        case _:
            pass


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows of the set and of its jobs after the event."""
    task_id = int(record.event.aggregate_id)
    row = changes.known("range_set", (task_id,))
    tries = [] if row is None else [as_intervals(level) for level in row["tries"]]
    match record.message:
        case ConsumersAdmitted() as event:
            for job in event.jobs:
                _new_job(record, job.job_id, job.file_id, changes)
        case RangesAcquired() as event:
            if changes.known("job_ranges", (task_id, event.job_id)) is None:
                _new_job(record, event.job_id, 0, changes)
            given = list(_given(intervals_of(event.ranges), tries))
            _restate(record, event.job_id, [(intervals_of(event.returned), BACK)], changes, given)
        case RangesReported() as event:
            done, retried, failed = (intervals_of(part) for part in (event.done, event.retried, event.failed))
            _restate(record, event.job_id, [(done, DONE), (retried, RETRIED), (failed, FAILED)], changes)
            tries = _counted(tries, union(retried, failed))
        case RangesReturned() as event:
            for one in event.jobs:
                parts = [(intervals_of(one.ready), BACK), (intervals_of(one.lost), LOST)]
                _restate(record, one.job_id, parts, changes, is_over=True)
            vain = intervals_of(part for one in event.jobs if one.is_failure for part in (*one.ready, *one.lost))
            tries = _counted(tries, vain)
        case _:
            return
    levels = [[list(pair) for pair in level] for level in tries]
    changes.insert("range_set", {"task_id": task_id, "tries": levels, "sequence": record.event.sequence})


def as_intervals(pairs: Iterable[Sequence[int]]) -> Intervals:
    """Intervals as a row has them."""
    return joined((first, last) for first, last in pairs)


def _new_job(record: Recorded, job_id: int, file_id: int, changes: RowChanges) -> None:
    changes.insert(
        "job_ranges",
        {
            "task_id": int(record.event.aggregate_id),
            "job_id": job_id,
            "vo": record.event.vo,
            "file_id": file_id,
            "ranges": [],
            "is_over": False,
            "sequence": record.event.sequence,
        },
    )


def _restate(
    record: Recorded,
    job_id: int,
    parts: Sequence[tuple[Intervals, str]],
    changes: RowChanges,
    given: Sequence[Entry] = (),
    *,
    is_over: bool = False,
) -> None:
    """What the job has is in the state of the part that names it; `given` comes to it. A job that never asked has no row."""
    key = (int(record.event.aggregate_id), job_id)
    row = changes.known("job_ranges", key)
    if row is None:
        return
    entries = list(row["ranges"])
    for numbers, state in parts:
        if numbers:
            entries = [one for entry in entries for one in _split(entry, numbers, state)]
    found = [*entries, *given][-ENTRIES_MAX:]
    over = bool(row["is_over"] or is_over)
    changes.update("job_ranges", key, {"ranges": found, "is_over": over, "sequence": record.event.sequence})


def _split(entry: Entry, numbers: Intervals, state: str) -> Iterator[Entry]:
    """The entry, or where the job has its ranges those of `numbers` in `state` and the others as they were, in order."""
    first, last, number, had = entry
    hit = intersection(numbers, ((first, last),)) if had == WITH_JOB else ()
    if not hit:
        yield entry
        return
    rest = difference(((first, last),), hit)
    yield from sorted([[*pair, number, state] for pair in hit] + [[*pair, number, had] for pair in rest])


def _given(taken: Intervals, tries: Sequence[Intervals]) -> Iterator[Entry]:
    """Entries of ranges that a job got, in their order: the try is one more than those that were in vain."""
    found: list[Entry] = []
    for number in range(len(tries) + 1):
        at_least = taken if number == 0 else intersection(taken, tries[number - 1])
        beyond = tries[number] if number < len(tries) else ()
        found += [[first, last, number + 1, WITH_JOB] for first, last in difference(at_least, beyond)]
    yield from sorted(found)


def _counted(tries: Sequence[Intervals], vain: Intervals) -> list[Intervals]:
    """`tries` with one more for the ranges `vain`."""
    levels, rest = [], vain
    for level in tries:
        levels.append(union(level, rest))
        rest = intersection(rest, level)
    return [*levels, rest] if rest else levels
