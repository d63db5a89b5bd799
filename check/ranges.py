"""The law about ranges of events: each is with one job at a time and ends once. Pure.

Written from docs/reference/jedi.md, "Event service in brief", number by number and without intervals: a range is ready, with a
job, or over; only what is ready is given, only what a job has is reported or returned, and a job that ended gets none. A job that
was admitted gets ranges of the one file that is its input.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Violation


@dataclass(slots=True)
class RangeLedger:
    """Of one task's ranges: how many there are, who has which, which are over and how, and which jobs ended."""

    total: int = 0
    files: set[int] = field(default_factory=set)
    holder: dict[int, int] = field(default_factory=dict)
    over: dict[int, str] = field(default_factory=dict)
    of_job: dict[int, set[int]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    input_of: dict[int, int] = field(default_factory=dict)


@dataclass
class RangesCountedOnce:
    """A range of events is with one job at a time, and is done, failed or lost once."""

    name: str = "a range of events is with one job at a time and is counted once"
    checked: int = 0
    ledgers: dict[str, RangeLedger] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A range that is given, reported or returned by whom does not have it."""
        if record.role != "events" or record.aggregate != "ranges":
            return
        self.checked += 1
        task = record.envelope.aggregate_id
        ledger = self.ledgers.setdefault(task, RangeLedger())
        for found in _entered(ledger, record.name, record.message):
            yield Violation(self.name, str(record.place), f"task {task}: {found}")

    def end(self) -> Iterator[Violation]:
        """Nothing more: what a job has that still runs may be reported later."""
        yield from ()


def _entered(ledger: RangeLedger, name: str, event: Any) -> Iterator[str]:
    match name:
        case "ConsumersAdmitted":
            yield from _cut(ledger, event)
            for one in event.jobs:
                if one.job_id in ledger.input_of or one.file_id not in ledger.spans:
                    yield f"job {one.job_id} is admitted to file {one.file_id} twice, or before the file is cut"
                ledger.input_of[one.job_id] = one.file_id
        case "RangesAcquired":
            yield from _acquired(ledger, event)
        case "RangesReported":
            for end, spans, said in (
                ("done", event.done, event.done_total),
                ("ready", event.retried, event.retried_total),
                ("failed", event.failed, event.failed_total),
            ):
                yield from _taken(ledger, event.job_id, spans, end)
                yield from _counted(spans, said, end)
        case "RangesReturned":
            for one in event.jobs:
                yield from _taken(ledger, one.job_id, one.ready, "ready")
                yield from _taken(ledger, one.job_id, one.lost, "lost")
                if left := ledger.of_job.pop(one.job_id, set()):
                    yield f"job {one.job_id} ended and {len(left)} of its ranges are not returned, the first is {min(left)}"
                ledger.ended.add(one.job_id)
            yield from _counted([span for one in event.jobs for span in one.ready], event.ready_total, "ready")
            yield from _counted([span for one in event.jobs for span in one.lost], event.lost_total, "lost")
        case _:
            pass


def _acquired(ledger: RangeLedger, event: Any) -> Iterator[str]:
    job_id = event.job_id
    if job_id in ledger.ended:
        yield f"job {job_id} has ended and is given ranges"
    yield from _cut(ledger, event)
    first, last = ledger.spans.get(ledger.input_of.get(job_id, 0), (1, ledger.total))
    yield from _taken(ledger, job_id, event.returned, "ready")
    for number in _numbers(event.ranges):
        if not 1 <= number <= ledger.total:
            yield f"range {number} is given to job {job_id}, there are {ledger.total}"
        elif not first <= number <= last:
            yield f"range {number} is given to job {job_id}, its input has {first} to {last}"
        elif number in ledger.holder:
            yield f"range {number} is given to job {job_id}, job {ledger.holder[number]} has it"
        elif number in ledger.over:
            yield f"range {number} is given to job {job_id}, it is {ledger.over[number]}"
        ledger.holder[number] = job_id
        ledger.of_job.setdefault(job_id, set()).add(number)
    yield from _counted(event.ranges, event.total, "acquired")


def _cut(ledger: RangeLedger, event: Any) -> Iterator[str]:
    """Input that is new becomes ranges."""
    for file in event.files:
        if file.file_id in ledger.files or file.first != ledger.total + 1:
            yield f"file {file.file_id} has ranges from {file.first}, expected new ones from {ledger.total + 1}"
        if file.count != -(-file.events // event.events_per_range):
            yield f"file {file.file_id} has {file.count} ranges of {event.events_per_range} for {file.events} events"
        ledger.files.add(file.file_id)
        ledger.spans[file.file_id] = (file.first, file.first + file.count - 1)
        ledger.total = max(ledger.total, file.first + file.count - 1)


def _taken(ledger: RangeLedger, job_id: int, spans: Iterable[Any], end: str) -> Iterator[str]:
    """The ranges are no more with the job."""
    for number in _numbers(spans):
        if ledger.holder.get(number) != job_id:
            state = ledger.over.get(number) or (f"with job {ledger.holder[number]}" if number in ledger.holder else "ready")
            yield f"range {number} becomes {end} by job {job_id}, it is {state}"
            continue
        del ledger.holder[number]
        ledger.of_job[job_id].discard(number)
        if end != "ready":
            ledger.over[number] = end


def _counted(spans: Iterable[Any], said: int, what: str) -> Iterator[str]:
    found = sum(one.last - one.first + 1 for one in spans)
    if found != said:
        yield f"{said} ranges are said to be {what}, {found} are named"


def _numbers(spans: Iterable[Any]) -> Iterator[int]:
    for one in spans:
        yield from range(one.first, one.last + 1)
