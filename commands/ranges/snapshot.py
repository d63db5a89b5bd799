"""The ranges of a task as rows: a main row, the files in pages, and a row for each job that has ranges."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from commands.ranges.model import EventRanges, RangeConsumer, spans
from commands.snapshot import MAIN, Row, SnapshotForm
from commands.undo import UndoDict
from schemas.intervals import Intervals, intervals_of, joined, size
from schemas.ranges import (
    ConsumersAdmitted,
    ConsumerSnapshot,
    RangeFilesSnapshot,
    RangeOutputsSnapshot,
    RangesAcquired,
    RangesEvent,
    RangesReported,
    RangesReturned,
    RangesSnapshot,
)
from schemas.types import AdmittedConsumer, RangeTries

#: Files of a page: with names as long as they may be (about 1.4 kB a file) it still fits a record.
PAGE_FILES = 250


def changed(ranges: EventRanges, event: RangesEvent) -> Iterable[str]:
    """The pages that files are added to, and the jobs that the event names."""
    match event:
        case ConsumersAdmitted():
            return _changed_pages(ranges, len(event.files))
        case RangesAcquired():
            return (*_changed_pages(ranges, len(event.files)), f"job-{event.job_id}")
        case RangesReported():
            outputs = (f"outputs-{ranges.admitted.get(event.job_id, 0)}",) if event.outputs else ()
            return (f"job-{event.job_id}", *outputs)
        case RangesReturned():
            return tuple(f"job-{one.job_id}" for one in event.jobs)


def names(ranges: EventRanges) -> Iterable[str]:
    """Every page, every job, and the outputs of every part of the input."""
    pages = (f"files-{page}" for page in range(_pages(len(ranges.files))))
    return (*pages, *(f"job-{job_id}" for job_id in ranges.consumers), *(f"outputs-{file_id}" for file_id in ranges.outputs))


def rows(ranges: EventRanges, wanted: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    for name in wanted:
        kind, _, number = name.partition("-")
        if name == MAIN:
            yield MAIN, _main(ranges)
        elif kind == "files":
            start = int(number) * PAGE_FILES
            held = tuple(islice(ranges.files.values(), start, start + PAGE_FILES))
            yield name, RangeFilesSnapshot(files=held) if held else None
        elif kind == "outputs":
            made = ranges.outputs.get(int(number))
            yield name, None if made is None else RangeOutputsSnapshot(file_id=int(number), outputs=made)
        else:
            one = ranges.consumers.get(int(number))
            yield name, None if one is None else _consumer(int(number), one)


def restored(found: Mapping[str, Any]) -> EventRanges:
    """The ranges of their rows."""
    main: RangesSnapshot = found[MAIN]
    pages = sorted((int(name.partition("-")[2]), row) for name, row in found.items() if name.startswith("files-"))
    jobs = [row for name, row in found.items() if name.startswith("job-")]
    made = [row for name, row in found.items() if name.startswith("outputs-")]
    files = {file.file_id: file for _, page in pages for file in page.files}
    consumers = {one.job_id: RangeConsumer(one.holder, one.lease_id, intervals_of(one.ranges)) for one in jobs}
    return EventRanges(
        vo=main.vo,
        events_per_range=main.events_per_range,
        files=UndoDict(files),
        consumers=UndoDict(consumers),
        ready=intervals_of(main.ready),
        done=intervals_of(main.done),
        failed=intervals_of(main.failed),
        lost=intervals_of(main.lost),
        tries=tuple(intervals_of(one.ranges) for one in main.tries),
        ended=joined(zip(main.ended[::2], main.ended[1::2], strict=True)),
        total=sum(file.count for file in files.values()),
        held=sum(size(one.ranges) for one in consumers.values()),
        admitted=UndoDict({one.job_id: one.file_id for one in main.admitted}),
        outputs=UndoDict({one.file_id: one.outputs for one in made}),
    )


def _main(ranges: EventRanges) -> RangesSnapshot:
    return RangesSnapshot(
        vo=ranges.vo,
        events_per_range=ranges.events_per_range,
        ready=spans(ranges.ready),
        done=spans(ranges.done),
        failed=spans(ranges.failed),
        lost=spans(ranges.lost),
        tries=tuple(RangeTries(count=number, ranges=spans(one)) for number, one in enumerate(ranges.tries, start=1)),
        ended=_flat(ranges.ended),
        admitted=tuple(AdmittedConsumer(job_id=job_id, file_id=file_id) for job_id, file_id in ranges.admitted.items()),
    )


def _changed_pages(ranges: EventRanges, new: int) -> tuple[str, ...]:
    count = len(ranges.files)
    return tuple(f"files-{page}" for page in range(count // PAGE_FILES, _pages(count + new))) if new else ()


def _consumer(job_id: int, one: RangeConsumer) -> ConsumerSnapshot:
    return ConsumerSnapshot(job_id=job_id, holder=one.holder, lease_id=one.lease_id, ranges=spans(one.ranges))


def _flat(pairs: Intervals) -> tuple[int, ...]:
    return tuple(number for pair in pairs for number in pair)


def _pages(files: int) -> int:
    return -(-files // PAGE_FILES)


SNAPSHOT = SnapshotForm(rows, restored, changed, names, work={"files": 40, "job": 4, "outputs": 40})
