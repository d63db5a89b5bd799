"""What may be said to and by the ranges aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    SUBJECT,
    WORD,
    lines_of,
)
from schemas.types import (
    AdmittedConsumer,
    EndedConsumer,
    NewConsumer,
    RangeFile,
    RangeInput,
    RangeOutput,
    RangeReport,
    RangeSpan,
    RangeTries,
    ReturnedShare,
)

_NAMES_OF_ACQUIRERANGES = lines_of(
    (WORD, 1, 64),
)


class AcquireRanges(Struct, frozen=True, kw_only=True, gc=False):
    """A pilot asks for ranges of its job's input; input that no job named before is cut into ranges.

    job_id: The job that the pilot holds.
    lease_id: The lease under which it holds the job.
    count: How many ranges it wants at most.
    events_per_range: Events of a range; the last one of a file may have fewer.
    inputs: The input of the job.
    """

    job_id: int
    lease_id: str
    count: int
    events_per_range: int
    inputs: tuple[RangeInput, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "lease_id": self.lease_id,
            "count": self.count,
            "events_per_range": self.events_per_range,
            "inputs": [item.to_avro() for item in self.inputs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            lease_id=record["lease_id"],
            count=record["count"],
            events_per_range=record["events_per_range"],
            inputs=tuple(RangeInput.from_avro(item) for item in record["inputs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 1 <= self.count <= 500
            and 1 <= self.events_per_range <= 1000000
            and len(self.inputs) <= 200
            and _NAMES_OF_ACQUIRERANGES("\n".join((self.lease_id, ""))) is not None
            and (not self.inputs or all(map(RangeInput.is_within_bounds, self.inputs)))
        )


class AdmitConsumers(Struct, frozen=True, kw_only=True, gc=False):
    """The task made jobs that take ranges: their input is cut into ranges where no job had it before.

    events_per_range: Events of a range; the last one of a file may have fewer.
    consumers: The jobs, each with its input.
    """

    events_per_range: int
    consumers: tuple[NewConsumer, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "events_per_range": self.events_per_range,
            "consumers": [item.to_avro() for item in self.consumers],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            events_per_range=record["events_per_range"],
            consumers=tuple(NewConsumer.from_avro(item) for item in record["consumers"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.events_per_range <= 1000000
            and len(self.consumers) <= 500
            and (not self.consumers or all(map(NewConsumer.is_within_bounds, self.consumers)))
        )


class ReportRanges(Struct, frozen=True, kw_only=True, gc=False):
    """A pilot says how ranges of its job ended.

    job_id: The job that the pilot holds.
    reports: How ranges ended.
    outputs: Files that hold what came of the ranges that are reported done; taken with the first of these.
    """

    job_id: int
    reports: tuple[RangeReport, ...]
    outputs: tuple[RangeOutput, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "reports": [item.to_avro() for item in self.reports],
            "outputs": [item.to_avro() for item in self.outputs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            reports=tuple(RangeReport.from_avro(item) for item in record["reports"]),
            outputs=tuple(RangeOutput.from_avro(item) for item in record["outputs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and len(self.reports) <= 1000
            and len(self.outputs) <= 100
            and (not self.reports or all(map(RangeReport.is_within_bounds, self.reports)))
            and (not self.outputs or all(map(RangeOutput.is_within_bounds, self.outputs)))
        )


class ReturnRanges(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of the task ended: what they did not report is for others.

    jobs: The jobs.
    """

    jobs: tuple[EndedConsumer, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "jobs": [item.to_avro() for item in self.jobs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            jobs=tuple(EndedConsumer.from_avro(item) for item in record["jobs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.jobs) <= 500
            and (not self.jobs or all(map(EndedConsumer.is_within_bounds, self.jobs)))
        )


class ConsumersAdmitted(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs may take ranges of their input.

    events_per_range: Events of a range; the same for all of the set.
    jobs: The jobs, each with the input of which it takes ranges.
    files: Input that was cut into ranges for these jobs; that of others was cut before.
    """

    events_per_range: int
    jobs: tuple[AdmittedConsumer, ...] = ()
    files: tuple[RangeFile, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "events_per_range": self.events_per_range,
            "jobs": [item.to_avro() for item in self.jobs],
            "files": [item.to_avro() for item in self.files],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            events_per_range=record["events_per_range"],
            jobs=tuple(AdmittedConsumer.from_avro(item) for item in record["jobs"]),
            files=tuple(RangeFile.from_avro(item) for item in record["files"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.events_per_range <= 1000000
            and len(self.jobs) <= 500
            and len(self.files) <= 500
            and (not self.jobs or all(map(AdmittedConsumer.is_within_bounds, self.jobs)))
            and (not self.files or all(map(RangeFile.is_within_bounds, self.files)))
        )


_NAMES_OF_RANGESACQUIRED = lines_of(
    (WORD, 1, 64),
)


class RangesAcquired(Struct, frozen=True, kw_only=True, gc=False):
    """A job has ranges to process.

    job_id: The job.
    lease_id: The lease under which its pilot holds it.
    events_per_range: Events of a range; the same for all of the set.
    files: Input that was cut into ranges for this job; ranges of input that was cut before have their numbers.
    ranges: The ranges that it got.
    returned: What the job had under an earlier lease; it was ready before these were chosen.
    total: How many ranges these are.
    """

    job_id: int
    lease_id: str
    events_per_range: int
    files: tuple[RangeFile, ...] = ()
    ranges: tuple[RangeSpan, ...] = ()
    returned: tuple[RangeSpan, ...] = ()
    total: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "lease_id": self.lease_id,
            "events_per_range": self.events_per_range,
            "files": [item.to_avro() for item in self.files],
            "ranges": [item.to_avro() for item in self.ranges],
            "returned": [item.to_avro() for item in self.returned],
            "total": self.total,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            lease_id=record["lease_id"],
            events_per_range=record["events_per_range"],
            files=tuple(RangeFile.from_avro(item) for item in record["files"]),
            ranges=tuple(RangeSpan.from_avro(item) for item in record["ranges"]),
            returned=tuple(RangeSpan.from_avro(item) for item in record["returned"]),
            total=record["total"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 1 <= self.events_per_range <= 1000000
            and len(self.files) <= 200
            and len(self.ranges) <= 1000
            and len(self.returned) <= 5000
            and 0 <= self.total <= 1000
            and _NAMES_OF_RANGESACQUIRED("\n".join((self.lease_id, ""))) is not None
            and (not self.files or all(map(RangeFile.is_within_bounds, self.files)))
            and (not self.ranges or all(map(RangeSpan.is_within_bounds, self.ranges)))
            and (not self.returned or all(map(RangeSpan.is_within_bounds, self.returned)))
        )


class RangesReported(Struct, frozen=True, kw_only=True, gc=False):
    """Ranges of a job ended.

    job_id: The job.
    done: Processed; counted once.
    retried: Failed, and ready for another try.
    failed: Failed, without another try.
    done_total: How many were processed.
    retried_total: How many are ready again.
    failed_total: How many are given up.
    outputs: Files that hold what came of the ranges that are done.
    """

    job_id: int
    done: tuple[RangeSpan, ...] = ()
    retried: tuple[RangeSpan, ...] = ()
    failed: tuple[RangeSpan, ...] = ()
    done_total: int = 0
    retried_total: int = 0
    failed_total: int = 0
    outputs: tuple[RangeOutput, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "done": [item.to_avro() for item in self.done],
            "retried": [item.to_avro() for item in self.retried],
            "failed": [item.to_avro() for item in self.failed],
            "done_total": self.done_total,
            "retried_total": self.retried_total,
            "failed_total": self.failed_total,
            "outputs": [item.to_avro() for item in self.outputs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            done=tuple(RangeSpan.from_avro(item) for item in record["done"]),
            retried=tuple(RangeSpan.from_avro(item) for item in record["retried"]),
            failed=tuple(RangeSpan.from_avro(item) for item in record["failed"]),
            done_total=record["done_total"],
            retried_total=record["retried_total"],
            failed_total=record["failed_total"],
            outputs=tuple(RangeOutput.from_avro(item) for item in record["outputs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and len(self.done) <= 60000
            and len(self.retried) <= 60000
            and len(self.failed) <= 60000
            and 0 <= self.done_total <= 1000000
            and 0 <= self.retried_total <= 1000000
            and 0 <= self.failed_total <= 1000000
            and len(self.outputs) <= 100
            and (not self.done or all(map(RangeSpan.is_within_bounds, self.done)))
            and (not self.retried or all(map(RangeSpan.is_within_bounds, self.retried)))
            and (not self.failed or all(map(RangeSpan.is_within_bounds, self.failed)))
            and (not self.outputs or all(map(RangeOutput.is_within_bounds, self.outputs)))
        )


class RangesReturned(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs process no more ranges; what they did not report is ready for others, or lost.

    jobs: What each of them had.
    ready_total: How many ranges are ready again.
    lost_total: How many are lost.
    """

    jobs: tuple[ReturnedShare, ...] = ()
    ready_total: int = 0
    lost_total: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "jobs": [item.to_avro() for item in self.jobs],
            "ready_total": self.ready_total,
            "lost_total": self.lost_total,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            jobs=tuple(ReturnedShare.from_avro(item) for item in record["jobs"]),
            ready_total=record["ready_total"],
            lost_total=record["lost_total"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.jobs) <= 500
            and 0 <= self.ready_total <= 1000000
            and 0 <= self.lost_total <= 1000000
            and (not self.jobs or all(map(ReturnedShare.is_within_bounds, self.jobs)))
        )


_NAMES_OF_CONSUMERSNAPSHOT = lines_of(
    (SUBJECT, 1, 255),
    (WORD, 1, 64),
)


class ConsumerSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A job that has ranges.

    job_id: The job.
    holder: The subject that holds it.
    lease_id: The lease under which it is held.
    ranges: The ranges that it has.
    """

    job_id: int
    holder: str
    lease_id: str
    ranges: tuple[RangeSpan, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "holder": self.holder,
            "lease_id": self.lease_id,
            "ranges": [item.to_avro() for item in self.ranges],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            holder=record["holder"],
            lease_id=record["lease_id"],
            ranges=tuple(RangeSpan.from_avro(item) for item in record["ranges"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and len(self.ranges) <= 60000
            and _NAMES_OF_CONSUMERSNAPSHOT("\n".join((self.holder, self.lease_id, ""))) is not None
            and (not self.ranges or all(map(RangeSpan.is_within_bounds, self.ranges)))
        )


class RangeFilesSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the input that was cut into ranges.

    files: In the order of their ranges.
    """

    files: tuple[RangeFile, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "files": [item.to_avro() for item in self.files],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            files=tuple(RangeFile.from_avro(item) for item in record["files"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.files) <= 250
            and (not self.files or all(map(RangeFile.is_within_bounds, self.files)))
        )


class RangeOutputsSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """What came of the ranges of one part of the input.

    file_id: Number of the input unit in its task.
    outputs: Files that pilots named, in the order of their reports.
    """

    file_id: int
    outputs: tuple[RangeOutput, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "file_id": self.file_id,
            "outputs": [item.to_avro() for item in self.outputs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            file_id=record["file_id"],
            outputs=tuple(RangeOutput.from_avro(item) for item in record["outputs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.file_id <= 1000000000
            and len(self.outputs) <= 500
            and (not self.outputs or all(map(RangeOutput.is_within_bounds, self.outputs)))
        )


_NAMES_OF_RANGESSNAPSHOT = lines_of(
    (WORD, 0, 64),
)


class RangesSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """The ranges of a task: a row without those that jobs have.

    vo: Organisation of the task.
    events_per_range: Events of a range; 0 before any input was cut.
    ready: Ranges that wait for a job.
    done: Ranges that were processed.
    failed: Ranges that failed for good.
    lost: Ranges that were lost with jobs as often as they may be.
    tries: Ranges by the tries that they had.
    ended: Jobs that get no more ranges: first and last id of each stretch.
    admitted: Jobs that may take ranges, each with its input.
    """

    vo: str = ""
    events_per_range: int = 0
    ready: tuple[RangeSpan, ...] = ()
    done: tuple[RangeSpan, ...] = ()
    failed: tuple[RangeSpan, ...] = ()
    lost: tuple[RangeSpan, ...] = ()
    tries: tuple[RangeTries, ...] = ()
    ended: tuple[int, ...] = ()
    admitted: tuple[AdmittedConsumer, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "vo": self.vo,
            "events_per_range": self.events_per_range,
            "ready": [item.to_avro() for item in self.ready],
            "done": [item.to_avro() for item in self.done],
            "failed": [item.to_avro() for item in self.failed],
            "lost": [item.to_avro() for item in self.lost],
            "tries": [item.to_avro() for item in self.tries],
            "ended": list(self.ended),
            "admitted": [item.to_avro() for item in self.admitted],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            vo=record["vo"],
            events_per_range=record["events_per_range"],
            ready=tuple(RangeSpan.from_avro(item) for item in record["ready"]),
            done=tuple(RangeSpan.from_avro(item) for item in record["done"]),
            failed=tuple(RangeSpan.from_avro(item) for item in record["failed"]),
            lost=tuple(RangeSpan.from_avro(item) for item in record["lost"]),
            tries=tuple(RangeTries.from_avro(item) for item in record["tries"]),
            ended=tuple(record["ended"]),
            admitted=tuple(AdmittedConsumer.from_avro(item) for item in record["admitted"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.events_per_range <= 1000000
            and len(self.ready) <= 60000
            and len(self.done) <= 60000
            and len(self.failed) <= 60000
            and len(self.lost) <= 60000
            and len(self.tries) <= 1000
            and len(self.ended) <= 120000
            and (not self.ended or 0 <= min(self.ended) <= max(self.ended) <= 9223372036854775807)
            and len(self.admitted) <= 50000
            and _NAMES_OF_RANGESSNAPSHOT("\n".join((self.vo, ""))) is not None
            and (not self.ready or all(map(RangeSpan.is_within_bounds, self.ready)))
            and (not self.done or all(map(RangeSpan.is_within_bounds, self.done)))
            and (not self.failed or all(map(RangeSpan.is_within_bounds, self.failed)))
            and (not self.lost or all(map(RangeSpan.is_within_bounds, self.lost)))
            and (not self.tries or all(map(RangeTries.is_within_bounds, self.tries)))
            and (not self.admitted or all(map(AdmittedConsumer.is_within_bounds, self.admitted)))
        )


RangesCommand = (
    AcquireRanges
    | AdmitConsumers
    | ReportRanges
    | ReturnRanges
)

RangesEvent = (
    ConsumersAdmitted
    | RangesAcquired
    | RangesReported
    | RangesReturned
)
