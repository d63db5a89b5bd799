"""What may be said to and by the job aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    LINE,
    NAME,
    SUBJECT,
    TEXT,
    UUID,
    WORD,
    lines_of,
)
from schemas.types import (
    JobError,
    JobOutput,
    JobSpec,
    JobUsage,
    LossCause,
    OutputFile,
    ReportedState,
    WorkerState,
)


class CompleteMerge(Struct, frozen=True, kw_only=True, gc=False):
    """Report the outcome of its merge to an unmerged job.

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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.merge_job_id <= 9223372036854775807


class DefineJob(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.spec.is_within_bounds()


_NAMES_OF_EXPIREJOBSTATE = lines_of(
    (WORD, 1, 64),
    (WORD, 1, 50),
    (WORD, 0, 64),
)


class ExpireJobState(Struct, frozen=True, kw_only=True, gc=False):
    """End a job that stayed as it is for too long, if it still is as the clock saw it.

    clock: Which clock rang.
    status: State in which the job was seen.
    lease_id: The lease under which a pilot held it; null where none did.
    code: Of a job that waits: the kill code; of one that a pilot holds: the error code.
    seconds: How long it may stay so.
    """

    clock: str
    status: str
    lease_id: str | None = None
    code: int
    seconds: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "clock": self.clock,
            "status": self.status,
            "lease_id": self.lease_id,
            "code": self.code,
            "seconds": self.seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            clock=record["clock"],
            status=record["status"],
            lease_id=record["lease_id"],
            code=record["code"],
            seconds=record["seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.code <= 10000
            and 0 <= self.seconds <= 1000000000
            and _NAMES_OF_EXPIREJOBSTATE("\n".join((self.clock, self.status, self.lease_id or "", ""))) is not None
            and self.lease_id != ""
        )


_NAMES_OF_KILLJOB = lines_of(
    (WORD, 0, 64),
)


class KillJob(Struct, frozen=True, kw_only=True, gc=False):
    """Kill a job.

    code: Kill code (docs/reference/jedi.md, Kill codes).
    reason: Why, as given.
    keep_unmerged: Spare the job where its outputs wait for the merge step.
    sub_status: jobSubStatus that the job gets; null leaves what the code gives.
    """

    code: int = 3
    reason: str = ""
    keep_unmerged: bool = False
    sub_status: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "reason": self.reason,
            "keep_unmerged": self.keep_unmerged,
            "sub_status": self.sub_status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            reason=record["reason"],
            keep_unmerged=record["keep_unmerged"],
            sub_status=record["sub_status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.code <= 2147483647
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and _NAMES_OF_KILLJOB("\n".join((self.sub_status or "", ""))) is not None
        )


_NAMES_OF_LOSEJOB = lines_of(
    (WORD, 1, 64),
)


class LoseJob(Struct, frozen=True, kw_only=True, gc=False):
    """Take a job from a pilot that is gone.

    lease_id: The lease that ended.
    cause: Why.
    last_seen_at: Last sign of life.
    memory_mb: Memory that was not enough, for all cores: what the worker had; 0 where that is not known or not
        the cause.
    reason: What the batch system said.
    """

    lease_id: str
    cause: LossCause
    last_seen_at: int | None = None
    memory_mb: int = 0
    reason: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "cause": self.cause,
            "last_seen_at": self.last_seen_at,
            "memory_mb": self.memory_mb,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            cause=LossCause[record["cause"]],
            last_seen_at=record["last_seen_at"],
            memory_mb=record["memory_mb"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.last_seen_at is None or (631152000000000 <= self.last_seen_at <= 4102444800000000))
            and 0 <= self.memory_mb <= 10000000000000
            and len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and _NAMES_OF_LOSEJOB("\n".join((self.lease_id, ""))) is not None
        )


_NAMES_OF_READSECRETS = lines_of(
    (WORD, 1, 64),
)


class ReadSecrets(Struct, frozen=True, kw_only=True, gc=False):
    """The secrets of the owner are handed to the pilot that holds a job which asks for them.

    lease_id: Lease under which the pilot holds the job.
    secret_ids: Which are handed out.
    """

    lease_id: str
    secret_ids: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "secret_ids": list(self.secret_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            secret_ids=tuple(record["secret_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.secret_ids) <= 100
            and (not self.secret_ids or all(36 <= len(item) <= 36 and UUID.takes(item) for item in self.secret_ids))
            and _NAMES_OF_READSECRETS("\n".join((self.lease_id, ""))) is not None
        )


_NAMES_OF_RECORDLEASE = lines_of(
    (WORD, 1, 64),
    (WORD, 1, 128),
    (NAME, 1, 255),
    (NAME, 0, 255),
    (NAME, 0, 255),
    (NAME, 0, 255),
)


class RecordLease(Struct, frozen=True, kw_only=True, gc=False):
    """Tell the job that a pilot holds it.

    lease_id: The lease.
    queue: The queue that gave it.
    pilot: The pilot: worker id or node.
    node: Host.
    harvester_id: Harvester that started the pilot, or that asked for the job; empty where none said so.
    worker_id: Worker that the pilot is; empty where it did not say so.
    rebind_max: How often the job may come back because its worker ended before the job began; -1 for a pilot
        that asked.
    """

    lease_id: str
    queue: str
    pilot: str
    node: str = ""
    harvester_id: str = ""
    worker_id: str = ""
    rebind_max: int = -1

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "queue": self.queue,
            "pilot": self.pilot,
            "node": self.node,
            "harvester_id": self.harvester_id,
            "worker_id": self.worker_id,
            "rebind_max": self.rebind_max,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            queue=record["queue"],
            pilot=record["pilot"],
            node=record["node"],
            harvester_id=record["harvester_id"],
            worker_id=record["worker_id"],
            rebind_max=record["rebind_max"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -1 <= self.rebind_max <= 1000
            and _NAMES_OF_RECORDLEASE("\n".join((self.lease_id, self.queue, self.pilot, self.node, self.harvester_id, self.worker_id, ""))) is not None
        )


_NAMES_OF_REPORTJOBEND = lines_of(
    (NAME, 0, 255),
)


class ReportJobEnd(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.attempt <= 1000000
            and len(self.pilot_id) <= 500 and LINE.takes(self.pilot_id)
            and len(self.outputs) <= 10000
            and len(self.errors) <= 100
            and (self.exit_code is None or (-9223372036854775808 <= self.exit_code <= 9223372036854775807))
            and (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and (self.ended_at is None or (631152000000000 <= self.ended_at <= 4102444800000000))
            and (self.timing is None or (len(self.timing) <= 500 and LINE.takes(self.timing)))
            and (self.metadata_json is None or (len(self.metadata_json) <= 400000 and TEXT.takes(self.metadata_json)))
            and (self.log_extract is None or (len(self.log_extract) <= 20000 and TEXT.takes(self.log_extract)))
            and _NAMES_OF_REPORTJOBEND("\n".join((self.node, ""))) is not None
            and (not self.outputs or all(map(OutputFile.is_within_bounds, self.outputs)))
            and (not self.errors or all(map(JobError.is_within_bounds, self.errors)))
            and (self.usage is None or self.usage.is_within_bounds())
        )


_NAMES_OF_REPORTJOBPROGRESS = lines_of(
    (NAME, 0, 255),
)


class ReportJobProgress(Struct, frozen=True, kw_only=True, gc=False):
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
            state=ReportedState[record["state"]],
            node=record["node"],
            batch_id=record["batch_id"],
            pilot_id=record["pilot_id"],
            sub_status=record["sub_status"],
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            started_at=record["started_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.attempt <= 1000000
            and (self.batch_id is None or (len(self.batch_id) <= 200 and LINE.takes(self.batch_id)))
            and len(self.pilot_id) <= 500 and LINE.takes(self.pilot_id)
            and (self.sub_status is None or (len(self.sub_status) <= 128 and LINE.takes(self.sub_status)))
            and (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and _NAMES_OF_REPORTJOBPROGRESS("\n".join((self.node, ""))) is not None
            and (self.usage is None or self.usage.is_within_bounds())
        )


_NAMES_OF_RETURNJOB = lines_of(
    (WORD, 1, 64),
    (NAME, 1, 255),
)


class ReturnJob(Struct, frozen=True, kw_only=True, gc=False):
    """The worker that was started for a job has ended.

    lease_id: The lease.
    worker_id: Worker.
    worker_state: How the worker ended.
    reason: What the batch system said.
    """

    lease_id: str
    worker_id: str
    worker_state: WorkerState
    reason: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "worker_id": self.worker_id,
            "worker_state": self.worker_state,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            worker_id=record["worker_id"],
            worker_state=WorkerState[record["worker_state"]],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and _NAMES_OF_RETURNJOB("\n".join((self.lease_id, self.worker_id, ""))) is not None
        )


_NAMES_OF_JOBACTIVATED = lines_of(
    (WORD, 1, 128),
)


class JobActivated(Struct, frozen=True, kw_only=True, gc=False):
    """The job may be dispatched. Not written any more: JobDefined says so; logs of earlier releases have it.

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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_JOBACTIVATED("\n".join((self.queue, ""))) is not None


_NAMES_OF_JOBCANCELLED = lines_of(
    (WORD, 0, 128),
    (WORD, 0, 64),
)


class JobCancelled(Struct, frozen=True, kw_only=True, gc=False):
    """The job was killed.

    code: Kill code.
    errors: taskbuffer code of the kill.
    reason: Why.
    outputs: What was stored all the same.
    lease_on: Queue that holds a lease of the job which is to end now; null when none does.
    sub_status: jobSubStatus that the kill gave; null leaves the last one.
    """

    code: int
    errors: tuple[JobError, ...] = ()
    reason: str = ""
    outputs: tuple[OutputFile, ...] = ()
    lease_on: str | None = None
    sub_status: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "errors": [item.to_avro() for item in self.errors],
            "reason": self.reason,
            "outputs": [item.to_avro() for item in self.outputs],
            "lease_on": self.lease_on,
            "sub_status": self.sub_status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            errors=tuple(JobError.from_avro(item) for item in record["errors"]),
            reason=record["reason"],
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
            lease_on=record["lease_on"],
            sub_status=record["sub_status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.code <= 2147483647
            and len(self.errors) <= 100
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and len(self.outputs) <= 10000
            and _NAMES_OF_JOBCANCELLED("\n".join((self.lease_on or "", self.sub_status or "", ""))) is not None
            and self.lease_on != ""
            and (not self.errors or all(map(JobError.is_within_bounds, self.errors)))
            and (not self.outputs or all(map(OutputFile.is_within_bounds, self.outputs)))
        )


class JobClosed(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.code <= 2147483647
            and len(self.sub_status) <= 128 and LINE.takes(self.sub_status)
            and len(self.errors) <= 100
            and (not self.errors or all(map(JobError.is_within_bounds, self.errors)))
        )


class JobDefined(Struct, frozen=True, kw_only=True, gc=False):
    """A job was made, and may be dispatched at once.

    spec: The job as far as its guards and its row need it: without parameters, input, container and steps,
        which stand in JobQueued. Logs of earlier releases have all of it here.
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.spec.is_within_bounds()


_NAMES_OF_JOBFAILED = lines_of(
    (WORD, 0, 128),
)


class JobFailed(Struct, frozen=True, kw_only=True, gc=False):
    """The job failed.

    errors: Why; at least one.
    outputs: What was stored all the same, the log as a rule.
    usage: What it used.
    exit_code: transExitCode.
    started_at: startTime as reported.
    ended_at: endTime as reported.
    log_extract: Last lines of the pilot's log.
    metadata_json: Text of jobReport.json.
    lease_on: Queue that holds a lease of the job which is to end now; null when none does.
    """

    errors: tuple[JobError, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    usage: JobUsage | None = None
    exit_code: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    log_extract: str | None = None
    metadata_json: str | None = None
    lease_on: str | None = None

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
            "lease_on": self.lease_on,
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
            lease_on=record["lease_on"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.errors) <= 100
            and len(self.outputs) <= 10000
            and (self.exit_code is None or (-9223372036854775808 <= self.exit_code <= 9223372036854775807))
            and (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and (self.ended_at is None or (631152000000000 <= self.ended_at <= 4102444800000000))
            and (self.log_extract is None or (len(self.log_extract) <= 20000 and TEXT.takes(self.log_extract)))
            and (self.metadata_json is None or (len(self.metadata_json) <= 400000 and TEXT.takes(self.metadata_json)))
            and _NAMES_OF_JOBFAILED("\n".join((self.lease_on or "", ""))) is not None
            and self.lease_on != ""
            and (not self.errors or all(map(JobError.is_within_bounds, self.errors)))
            and (not self.outputs or all(map(OutputFile.is_within_bounds, self.outputs)))
            and (self.usage is None or self.usage.is_within_bounds())
        )


_NAMES_OF_JOBFINISHED = lines_of(
    (WORD, 0, 128),
)


class JobFinished(Struct, frozen=True, kw_only=True, gc=False):
    """The job succeeded.

    outputs: What it made.
    usage: What it used.
    exit_code: transExitCode.
    started_at: startTime as reported.
    ended_at: endTime as reported.
    timing: pilotTiming.
    metadata_json: Text of jobReport.json.
    merge_job_id: The merge job that completed it.
    lease_on: Queue that holds a lease of the job which is to end now; null when none does.
    """

    outputs: tuple[OutputFile, ...] = ()
    usage: JobUsage | None = None
    exit_code: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    timing: str | None = None
    metadata_json: str | None = None
    merge_job_id: int | None = None
    lease_on: str | None = None

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
            "lease_on": self.lease_on,
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
            lease_on=record["lease_on"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.outputs) <= 10000
            and (self.exit_code is None or (-9223372036854775808 <= self.exit_code <= 9223372036854775807))
            and (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and (self.ended_at is None or (631152000000000 <= self.ended_at <= 4102444800000000))
            and (self.timing is None or (len(self.timing) <= 500 and LINE.takes(self.timing)))
            and (self.metadata_json is None or (len(self.metadata_json) <= 400000 and TEXT.takes(self.metadata_json)))
            and (self.merge_job_id is None or (1 <= self.merge_job_id <= 9223372036854775807))
            and _NAMES_OF_JOBFINISHED("\n".join((self.lease_on or "", ""))) is not None
            and self.lease_on != ""
            and (not self.outputs or all(map(OutputFile.is_within_bounds, self.outputs)))
            and (self.usage is None or self.usage.is_within_bounds())
        )


class JobHolding(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.sub_status is None or (len(self.sub_status) <= 128 and LINE.takes(self.sub_status))


_NAMES_OF_JOBKILLORDERED = lines_of(
    (WORD, 0, 64),
)


class JobKillOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """A pilot holds the job: it will be ordered to stop.

    code: Kill code.
    reason: Why.
    sub_status: jobSubStatus that the kill gave; null leaves the last one.
    """

    code: int
    reason: str = ""
    sub_status: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "reason": self.reason,
            "sub_status": self.sub_status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            reason=record["reason"],
            sub_status=record["sub_status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.code <= 2147483647
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and _NAMES_OF_JOBKILLORDERED("\n".join((self.sub_status or "", ""))) is not None
        )


_NAMES_OF_JOBLOST = lines_of(
    (WORD, 1, 64),
)


class JobLost(Struct, frozen=True, kw_only=True, gc=False):
    """The pilot is gone; the job counts as failed (lost heartbeat).

    lease_id: The lease that ended.
    cause: Why.
    errors: jobdispatcher 100, or what fits the cause.
    last_seen_at: Last sign of life.
    memory_mb: Memory that was not enough, for all cores: what the worker had; 0 where that is not known or not
        the cause.
    """

    lease_id: str
    cause: LossCause
    errors: tuple[JobError, ...] = ()
    last_seen_at: int | None = None
    memory_mb: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "cause": self.cause,
            "errors": [item.to_avro() for item in self.errors],
            "last_seen_at": self.last_seen_at,
            "memory_mb": self.memory_mb,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            cause=LossCause[record["cause"]],
            errors=tuple(JobError.from_avro(item) for item in record["errors"]),
            last_seen_at=record["last_seen_at"],
            memory_mb=record["memory_mb"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.errors) <= 100
            and (self.last_seen_at is None or (631152000000000 <= self.last_seen_at <= 4102444800000000))
            and 0 <= self.memory_mb <= 10000000000000
            and _NAMES_OF_JOBLOST("\n".join((self.lease_id, ""))) is not None
            and (not self.errors or all(map(JobError.is_within_bounds, self.errors)))
        )


_NAMES_OF_JOBMERGING = lines_of(
    (WORD, 0, 128),
)


class JobMerging(Struct, frozen=True, kw_only=True, gc=False):
    """The payload succeeded; its outputs wait for the merge step.

    outputs: Unmerged outputs.
    usage: What it used.
    exit_code: transExitCode.
    started_at: startTime as reported.
    ended_at: endTime as reported.
    metadata_json: Text of jobReport.json.
    lease_on: Queue that holds a lease of the job which is to end now; null when none does.
    """

    outputs: tuple[OutputFile, ...] = ()
    usage: JobUsage | None = None
    exit_code: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    metadata_json: str | None = None
    lease_on: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "outputs": [item.to_avro() for item in self.outputs],
            "usage": None if self.usage is None else self.usage.to_avro(),
            "exit_code": self.exit_code,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "metadata_json": self.metadata_json,
            "lease_on": self.lease_on,
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
            lease_on=record["lease_on"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.outputs) <= 10000
            and (self.exit_code is None or (-9223372036854775808 <= self.exit_code <= 9223372036854775807))
            and (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and (self.ended_at is None or (631152000000000 <= self.ended_at <= 4102444800000000))
            and (self.metadata_json is None or (len(self.metadata_json) <= 400000 and TEXT.takes(self.metadata_json)))
            and _NAMES_OF_JOBMERGING("\n".join((self.lease_on or "", ""))) is not None
            and self.lease_on != ""
            and (not self.outputs or all(map(OutputFile.is_within_bounds, self.outputs)))
            and (self.usage is None or self.usage.is_within_bounds())
        )


_NAMES_OF_JOBRETURNED = lines_of(
    (WORD, 1, 64),
    (NAME, 1, 255),
)


class JobReturned(Struct, frozen=True, kw_only=True, gc=False):
    """The worker of the job ended before the job began: it waits again, as the same attempt.

    lease_id: The lease.
    worker_id: Worker.
    worker_state: How the worker ended.
    reason: What the batch system said.
    returns: How often it came back by now.
    """

    lease_id: str
    worker_id: str
    worker_state: WorkerState
    reason: str = ""
    returns: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "worker_id": self.worker_id,
            "worker_state": self.worker_state,
            "reason": self.reason,
            "returns": self.returns,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            worker_id=record["worker_id"],
            worker_state=WorkerState[record["worker_state"]],
            reason=record["reason"],
            returns=record["returns"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and 1 <= self.returns <= 100000
            and _NAMES_OF_JOBRETURNED("\n".join((self.lease_id, self.worker_id, ""))) is not None
        )


_NAMES_OF_JOBSENT = lines_of(
    (WORD, 1, 64),
    (WORD, 1, 128),
    (NAME, 1, 255),
    (NAME, 0, 255),
    (NAME, 0, 255),
    (NAME, 0, 255),
)


class JobSent(Struct, frozen=True, kw_only=True, gc=False):
    """A pilot holds the job.

    lease_id: The lease.
    queue: The queue.
    pilot: The pilot.
    node: Host.
    harvester_id: Harvester that started the pilot, or that asked for the job; empty where none said so.
    worker_id: Worker that the pilot is; empty where it did not say so.
    rebind_max: How often the job may come back because its worker ended before the job began; -1 for a pilot
        that asked.
    """

    lease_id: str
    queue: str
    pilot: str
    node: str = ""
    harvester_id: str = ""
    worker_id: str = ""
    rebind_max: int = -1

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "queue": self.queue,
            "pilot": self.pilot,
            "node": self.node,
            "harvester_id": self.harvester_id,
            "worker_id": self.worker_id,
            "rebind_max": self.rebind_max,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            queue=record["queue"],
            pilot=record["pilot"],
            node=record["node"],
            harvester_id=record["harvester_id"],
            worker_id=record["worker_id"],
            rebind_max=record["rebind_max"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -1 <= self.rebind_max <= 1000
            and _NAMES_OF_JOBSENT("\n".join((self.lease_id, self.queue, self.pilot, self.node, self.harvester_id, self.worker_id, ""))) is not None
        )


_NAMES_OF_JOBSTARTED = lines_of(
    (NAME, 0, 255),
)


class JobStarted(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.batch_id is None or (len(self.batch_id) <= 200 and LINE.takes(self.batch_id)))
            and len(self.pilot_id) <= 500 and LINE.takes(self.pilot_id)
            and (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and _NAMES_OF_JOBSTARTED("\n".join((self.node, ""))) is not None
        )


_NAMES_OF_JOBSTARTING = lines_of(
    (NAME, 0, 255),
)


class JobStarting(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.batch_id is None or (len(self.batch_id) <= 200 and LINE.takes(self.batch_id)))
            and len(self.pilot_id) <= 500 and LINE.takes(self.pilot_id)
            and _NAMES_OF_JOBSTARTING("\n".join((self.node, ""))) is not None
        )


class JobTransferring(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.sub_status is None or (len(self.sub_status) <= 128 and LINE.takes(self.sub_status))


_NAMES_OF_LATEREPORTREFUSED = lines_of(
    (NAME, 0, 255),
)


class LateReportRefused(Struct, frozen=True, kw_only=True, gc=False):
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

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.attempt <= 1000000
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and _NAMES_OF_LATEREPORTREFUSED("\n".join((self.node, ""))) is not None
        )


_NAMES_OF_SECRETSREAD = lines_of(
    (WORD, 1, 64),
)


class SecretsRead(Struct, frozen=True, kw_only=True, gc=False):
    """The pilot was given secrets of the owner of the job.

    lease_id: Lease under which the pilot holds the job.
    secret_ids: Which.
    """

    lease_id: str
    secret_ids: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "secret_ids": list(self.secret_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            secret_ids=tuple(record["secret_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.secret_ids) <= 100
            and (not self.secret_ids or all(36 <= len(item) <= 36 and UUID.takes(item) for item in self.secret_ids))
            and _NAMES_OF_SECRETSREAD("\n".join((self.lease_id, ""))) is not None
        )


_NAMES_OF_JOBSNAPSHOT = lines_of(
    (WORD, 1, 32),
    (SUBJECT, 0, 1400),
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
    (NAME, 0, 128),
    (NAME, 0, 255),
)


class JobSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A job as its history left it.

    status: jobStatus.
    job_id: The job.
    attempt: Its attempt.
    queue: Its queue; empty when it ended.
    lease_id: Its lease, until it ended.
    kill_code: Code of the kill that was ordered.
    lost: True when it ended without its pilot's word.
    late_reports: Late reports that were refused.
    needs_merge: True when its outputs wait for the merge step.
    outputs: Files it is to make, until it ended.
    owner: Who owns it; empty in rows of earlier releases.
    vo: Its tenant; empty in rows of earlier releases.
    holder: Who leased it; empty before, and in rows of earlier releases.
    uses_secrets: Its pilot may be given the secrets of the owner.
    node: Host of the pilot that leased it, until it ended; empty where a Harvester asked for it, and in rows of
        earlier releases.
    pilot_id: What the pilot calls itself, from its first report that says so until the end.
    rebind_max: How often the job may come back because its worker ended before the job began; -1 for a pilot
        that asked.
    worker_id: Worker that was started for it; empty where a pilot asked.
    returns: How often it came back because its worker ended before it began.
    """

    status: str
    job_id: int
    attempt: int
    queue: str = ""
    lease_id: str | None = None
    kill_code: int | None = None
    lost: bool = False
    late_reports: int = 0
    needs_merge: bool = False
    outputs: tuple[JobOutput, ...] = ()
    owner: str = ""
    vo: str = ""
    holder: str = ""
    uses_secrets: bool = False
    node: str = ""
    pilot_id: str = ""
    rebind_max: int = -1
    worker_id: str = ""
    returns: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "status": self.status,
            "job_id": self.job_id,
            "attempt": self.attempt,
            "queue": self.queue,
            "lease_id": self.lease_id,
            "kill_code": self.kill_code,
            "lost": self.lost,
            "late_reports": self.late_reports,
            "needs_merge": self.needs_merge,
            "outputs": [item.to_avro() for item in self.outputs],
            "owner": self.owner,
            "vo": self.vo,
            "holder": self.holder,
            "uses_secrets": self.uses_secrets,
            "node": self.node,
            "pilot_id": self.pilot_id,
            "rebind_max": self.rebind_max,
            "worker_id": self.worker_id,
            "returns": self.returns,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            status=record["status"],
            job_id=record["job_id"],
            attempt=record["attempt"],
            queue=record["queue"],
            lease_id=record["lease_id"],
            kill_code=record["kill_code"],
            lost=record["lost"],
            late_reports=record["late_reports"],
            needs_merge=record["needs_merge"],
            outputs=tuple(JobOutput.from_avro(item) for item in record["outputs"]),
            owner=record["owner"],
            vo=record["vo"],
            holder=record["holder"],
            uses_secrets=record["uses_secrets"],
            node=record["node"],
            pilot_id=record["pilot_id"],
            rebind_max=record["rebind_max"],
            worker_id=record["worker_id"],
            returns=record["returns"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.job_id <= 9223372036854775807
            and 0 <= self.attempt <= 1000000
            and (self.kill_code is None or (0 <= self.kill_code <= 1000000))
            and 0 <= self.late_reports <= 2147483647
            and len(self.outputs) <= 10000
            and len(self.pilot_id) <= 200 and LINE.takes(self.pilot_id)
            and -1 <= self.rebind_max <= 1000
            and 0 <= self.returns <= 100000
            and _NAMES_OF_JOBSNAPSHOT("\n".join((self.status, self.queue, self.lease_id or "", self.owner, self.vo, self.holder, self.node, self.worker_id, ""))) is not None
            and self.lease_id != ""
            and (not self.outputs or all(map(JobOutput.is_within_bounds, self.outputs)))
        )


JobCommand = (
    CompleteMerge
    | DefineJob
    | ExpireJobState
    | KillJob
    | LoseJob
    | ReadSecrets
    | RecordLease
    | ReportJobEnd
    | ReportJobProgress
    | ReturnJob
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
    | JobReturned
    | JobSent
    | JobStarted
    | JobStarting
    | JobTransferring
    | LateReportRefused
    | SecretsRead
)
