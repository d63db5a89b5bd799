"""What may be said to and by the job aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from dataclasses import dataclass
from typing import Any, Self

from schemas.types import (
    JobError,
    JobSpec,
    JobUsage,
    LossCause,
    OutputFile,
    ReportedState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteMerge:
    """Tell an unmerged job what became of its merge.

    succeeded: True when the merged outputs are there.
    merge_job_id: The merge job.
    """

    succeeded: bool
    merge_job_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "succeeded": self.succeeded,
            "merge_job_id": self.merge_job_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            succeeded=record["succeeded"],
            merge_job_id=record["merge_job_id"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineJob:
    """Make a job.

    spec: The job.
    """

    spec: JobSpec

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "spec": self.spec.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            spec=JobSpec.from_avro(record["spec"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KillJob:
    """Kill a job.

    code: Kill code (docs/reference/jedi.md, Kill codes).
    reason: Why, as given.
    """

    code: int = 3
    reason: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            reason=record["reason"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseJob:
    """Take a job from a pilot that is gone.

    lease_id: The lease that ended.
    cause: Why.
    last_seen_at: Last sign of life.
    """

    lease_id: str
    cause: LossCause
    last_seen_at: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "cause": self.cause,
            "last_seen_at": self.last_seen_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            cause=LossCause(record["cause"]),
            last_seen_at=record["last_seen_at"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLease:
    """Tell the job that a pilot holds it.

    lease_id: The lease.
    queue: The queue that gave it.
    pilot: The pilot: worker id or node.
    node: Host.
    """

    lease_id: str
    queue: str
    pilot: str
    node: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "queue": self.queue,
            "pilot": self.pilot,
            "node": self.node,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            queue=record["queue"],
            pilot=record["pilot"],
            node=record["node"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJobEnd:
    """A pilot says that its job ended.

    attempt: Attempt the pilot holds.
    succeeded: True for finished.
    node: Host.
    pilot_id: pilotID as sent.
    outputs: Files that were stored.
    errors: Errors; empty on success.
    exit_code: transExitCode.
    usage: What it used.
    started_at: startTime as reported.
    ended_at: endTime as reported.
    timing: pilotTiming.
    metadata_json: Text of jobReport.json.
    log_extract: Last lines of the pilot's log.
    """

    attempt: int
    succeeded: bool
    node: str = ""
    pilot_id: str = ""
    outputs: tuple[OutputFile, ...] = ()
    errors: tuple[JobError, ...] = ()
    exit_code: int | None = None
    usage: JobUsage | None = None
    started_at: int | None = None
    ended_at: int | None = None
    timing: str | None = None
    metadata_json: str | None = None
    log_extract: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "attempt": self.attempt,
            "succeeded": self.succeeded,
            "node": self.node,
            "pilot_id": self.pilot_id,
            "outputs": [item.to_avro() for item in self.outputs],
            "errors": [item.to_avro() for item in self.errors],
            "exit_code": self.exit_code,
            "usage": None if self.usage is None else self.usage.to_avro(),
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "timing": self.timing,
            "metadata_json": self.metadata_json,
            "log_extract": self.log_extract,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            attempt=record["attempt"],
            succeeded=record["succeeded"],
            node=record["node"],
            pilot_id=record["pilot_id"],
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
            errors=tuple(JobError.from_avro(item) for item in record["errors"]),
            exit_code=record["exit_code"],
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            timing=record["timing"],
            metadata_json=record["metadata_json"],
            log_extract=record["log_extract"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJobProgress:
    """A pilot says where its job is.

    attempt: Attempt the pilot holds.
    state: Where it is.
    node: Host.
    batch_id: Batch system id.
    pilot_id: pilotID as sent.
    sub_status: jobSubStatus.
    usage: What it used so far.
    started_at: startTime as reported.
    """

    attempt: int
    state: ReportedState
    node: str = ""
    batch_id: str | None = None
    pilot_id: str = ""
    sub_status: str | None = None
    usage: JobUsage | None = None
    started_at: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "attempt": self.attempt,
            "state": self.state,
            "node": self.node,
            "batch_id": self.batch_id,
            "pilot_id": self.pilot_id,
            "sub_status": self.sub_status,
            "usage": None if self.usage is None else self.usage.to_avro(),
            "started_at": self.started_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            attempt=record["attempt"],
            state=ReportedState(record["state"]),
            node=record["node"],
            batch_id=record["batch_id"],
            pilot_id=record["pilot_id"],
            sub_status=record["sub_status"],
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            started_at=record["started_at"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobActivated:
    """The job may be dispatched.

    queue: On this queue.
    """

    queue: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled:
    """The job was killed.

    code: Kill code.
    errors: taskbuffer code of the kill.
    reason: Why.
    outputs: What was stored all the same.
    """

    code: int
    errors: tuple[JobError, ...] = ()
    reason: str = ""
    outputs: tuple[OutputFile, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "errors": [item.to_avro() for item in self.errors],
            "reason": self.reason,
            "outputs": [item.to_avro() for item in self.outputs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            errors=tuple(JobError.from_avro(item) for item in record["errors"]),
            reason=record["reason"],
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClosed:
    """The job was withdrawn; its input is free again.

    code: Kill code.
    sub_status: toreassign, taskdone, pilot_closed.
    errors: taskbuffer code of the kill.
    """

    code: int
    sub_status: str
    errors: tuple[JobError, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "sub_status": self.sub_status,
            "errors": [item.to_avro() for item in self.errors],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            sub_status=record["sub_status"],
            errors=tuple(JobError.from_avro(item) for item in record["errors"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefined:
    """A job was made.

    spec: The job.
    """

    spec: JobSpec

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "spec": self.spec.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            spec=JobSpec.from_avro(record["spec"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailed:
    """The job failed.

    errors: Why; at least one.
    outputs: What was stored all the same, the log as a rule.
    usage: What it used.
    exit_code: transExitCode.
    started_at: startTime as reported.
    ended_at: endTime as reported.
    log_extract: Last lines of the pilot's log.
    metadata_json: Text of jobReport.json.
    """

    errors: tuple[JobError, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    usage: JobUsage | None = None
    exit_code: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    log_extract: str | None = None
    metadata_json: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "errors": [item.to_avro() for item in self.errors],
            "outputs": [item.to_avro() for item in self.outputs],
            "usage": None if self.usage is None else self.usage.to_avro(),
            "exit_code": self.exit_code,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "log_extract": self.log_extract,
            "metadata_json": self.metadata_json,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            errors=tuple(JobError.from_avro(item) for item in record["errors"]),
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            exit_code=record["exit_code"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            log_extract=record["log_extract"],
            metadata_json=record["metadata_json"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished:
    """The job succeeded.

    outputs: What it made.
    usage: What it used.
    exit_code: transExitCode.
    started_at: startTime as reported.
    ended_at: endTime as reported.
    timing: pilotTiming.
    metadata_json: Text of jobReport.json.
    merge_job_id: The merge job that completed it.
    """

    outputs: tuple[OutputFile, ...] = ()
    usage: JobUsage | None = None
    exit_code: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    timing: str | None = None
    metadata_json: str | None = None
    merge_job_id: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "outputs": [item.to_avro() for item in self.outputs],
            "usage": None if self.usage is None else self.usage.to_avro(),
            "exit_code": self.exit_code,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "timing": self.timing,
            "metadata_json": self.metadata_json,
            "merge_job_id": self.merge_job_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            exit_code=record["exit_code"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            timing=record["timing"],
            metadata_json=record["metadata_json"],
            merge_job_id=record["merge_job_id"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHolding:
    """The pilot asked to wait.

    sub_status: jobSubStatus.
    """

    sub_status: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "sub_status": self.sub_status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            sub_status=record["sub_status"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKillOrdered:
    """A pilot holds the job: it will be told to stop.

    code: Kill code.
    reason: Why.
    """

    code: int
    reason: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            reason=record["reason"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLost:
    """The pilot is gone; the job counts as failed (lost heartbeat).

    lease_id: The lease that ended.
    cause: Why.
    errors: jobdispatcher 100, or what fits the cause.
    last_seen_at: Last sign of life.
    """

    lease_id: str
    cause: LossCause
    errors: tuple[JobError, ...] = ()
    last_seen_at: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "cause": self.cause,
            "errors": [item.to_avro() for item in self.errors],
            "last_seen_at": self.last_seen_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            cause=LossCause(record["cause"]),
            errors=tuple(JobError.from_avro(item) for item in record["errors"]),
            last_seen_at=record["last_seen_at"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMerging:
    """The payload succeeded; its outputs wait for the merge step.

    outputs: Unmerged outputs.
    usage: What it used.
    exit_code: transExitCode.
    started_at: startTime as reported.
    ended_at: endTime as reported.
    metadata_json: Text of jobReport.json.
    """

    outputs: tuple[OutputFile, ...] = ()
    usage: JobUsage | None = None
    exit_code: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    metadata_json: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "outputs": [item.to_avro() for item in self.outputs],
            "usage": None if self.usage is None else self.usage.to_avro(),
            "exit_code": self.exit_code,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "metadata_json": self.metadata_json,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            exit_code=record["exit_code"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            metadata_json=record["metadata_json"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSent:
    """A pilot holds the job.

    lease_id: The lease.
    queue: The queue.
    pilot: The pilot.
    node: Host.
    """

    lease_id: str
    queue: str
    pilot: str
    node: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "queue": self.queue,
            "pilot": self.pilot,
            "node": self.node,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            queue=record["queue"],
            pilot=record["pilot"],
            node=record["node"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted:
    """The payload runs.

    node: Host.
    batch_id: Batch system id.
    pilot_id: pilotID as sent.
    started_at: startTime as reported.
    """

    node: str = ""
    batch_id: str | None = None
    pilot_id: str = ""
    started_at: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "node": self.node,
            "batch_id": self.batch_id,
            "pilot_id": self.pilot_id,
            "started_at": self.started_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            node=record["node"],
            batch_id=record["batch_id"],
            pilot_id=record["pilot_id"],
            started_at=record["started_at"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarting:
    """The pilot prepares the payload.

    node: Host.
    batch_id: Batch system id.
    pilot_id: pilotID as sent.
    """

    node: str = ""
    batch_id: str | None = None
    pilot_id: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "node": self.node,
            "batch_id": self.batch_id,
            "pilot_id": self.pilot_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            node=record["node"],
            batch_id=record["batch_id"],
            pilot_id=record["pilot_id"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTransferring:
    """Outputs travel.

    sub_status: jobSubStatus.
    """

    sub_status: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "sub_status": self.sub_status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            sub_status=record["sub_status"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LateReportRefused:
    """A pilot that does not hold the job any more reported its end.

    attempt: Attempt it claimed.
    succeeded: What it claimed.
    node: Host.
    reason: Why it was refused.
    """

    attempt: int
    succeeded: bool
    node: str = ""
    reason: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "attempt": self.attempt,
            "succeeded": self.succeeded,
            "node": self.node,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            attempt=record["attempt"],
            succeeded=record["succeeded"],
            node=record["node"],
            reason=record["reason"],
        )


JobCommand = (
    CompleteMerge
    | DefineJob
    | KillJob
    | LoseJob
    | RecordLease
    | ReportJobEnd
    | ReportJobProgress
)

JobEvent = (
    JobActivated
    | JobCancelled
    | JobClosed
    | JobDefined
    | JobFailed
    | JobFinished
    | JobHolding
    | JobKillOrdered
    | JobLost
    | JobMerging
    | JobSent
    | JobStarted
    | JobStarting
    | JobTransferring
    | LateReportRefused
)
