"""What may be said to and by the worker aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    NAME,
    TEXT,
    WORD,
    lines_of,
)
from schemas.types import (
    ClassDemand,
    WorkerMode,
    WorkerState,
)

_NAMES_OF_CANCELWORKER = lines_of(
    (NAME, 1, 255),
)


class CancelWorker(Struct, frozen=True, kw_only=True, gc=False):
    """An operator orders the end of a worker.

    worker_id: Worker.
    why: Why.
    """

    worker_id: str
    why: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "why": self.why,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            why=record["why"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.why) <= 1000 and TEXT.takes(self.why)
            and _NAMES_OF_CANCELWORKER("\n".join((self.worker_id, ""))) is not None
        )


_NAMES_OF_CLAIMSERVICE = lines_of(
    (NAME, 1, 255),
    (WORD, 1, 64),
)


class ClaimService(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester takes up the service of a queue, or goes on with it.

    harvester_id: Harvester.
    instance: Which process of the harvester.
    epoch: The present one to go on with the service, the next one to take it up.
    seconds: How long it is the only one that may start workers, unless it claims again.
    """

    harvester_id: str
    instance: str
    epoch: int
    seconds: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "harvester_id": self.harvester_id,
            "instance": self.instance,
            "epoch": self.epoch,
            "seconds": self.seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            harvester_id=record["harvester_id"],
            instance=record["instance"],
            epoch=record["epoch"],
            seconds=record["seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 1 <= self.seconds <= 86400
            and _NAMES_OF_CLAIMSERVICE("\n".join((self.harvester_id, self.instance, ""))) is not None
        )


class ConfirmWorkers(Struct, frozen=True, kw_only=True, gc=False):
    """An operator confirms the number of pilots that was held back because it removes many.

    wanted: The number that was held back, as WorkersHeldBack says it.
    why: Why; kept in the log.
    """

    wanted: int
    why: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "why": self.why,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            why=record["why"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and len(self.why) <= 1000 and TEXT.takes(self.why)
        )


_NAMES_OF_INTENDBOUNDWORKER = lines_of(
    (NAME, 1, 255),
    (WORD, 1, 63),
    (NAME, 1, 255),
    (WORD, 0, 64),
    (WORD, 1, 64),
)


class IntendBoundWorker(Struct, frozen=True, kw_only=True, gc=False):
    """A queue has a worker started for one of its jobs, before it is submitted to the batch system.

    worker_id: Worker.
    tag: What names it in the batch system: the id of the stack, a hyphen, the worker id.
    harvester_id: Harvester.
    epoch: Epoch of the service under which it is asked, from 1.
    class_name: Class of the queue that it is one of; empty where the queue has none.
    cores: Cores asked of the batch system.
    memory_mb: Memory asked, in MB; 0 where nothing is asked.
    disk_mb: Disk asked, in MB; 0 where nothing is asked.
    walltime_seconds: Wall time asked; 0 where nothing is asked.
    submit_seconds: It is handed to the batch system within so many seconds or not at all.
    job_id: The job that travels with it.
    lease_id: The lease under which the job travels with it.
    """

    worker_id: str
    tag: str
    harvester_id: str
    epoch: int
    class_name: str = ""
    cores: int = 1
    memory_mb: int = 0
    disk_mb: int = 0
    walltime_seconds: int = 0
    submit_seconds: int
    job_id: int
    lease_id: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "tag": self.tag,
            "harvester_id": self.harvester_id,
            "epoch": self.epoch,
            "class_name": self.class_name,
            "cores": self.cores,
            "memory_mb": self.memory_mb,
            "disk_mb": self.disk_mb,
            "walltime_seconds": self.walltime_seconds,
            "submit_seconds": self.submit_seconds,
            "job_id": self.job_id,
            "lease_id": self.lease_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            tag=record["tag"],
            harvester_id=record["harvester_id"],
            epoch=record["epoch"],
            class_name=record["class_name"],
            cores=record["cores"],
            memory_mb=record["memory_mb"],
            disk_mb=record["disk_mb"],
            walltime_seconds=record["walltime_seconds"],
            submit_seconds=record["submit_seconds"],
            job_id=record["job_id"],
            lease_id=record["lease_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 1 <= self.cores <= 100000
            and 0 <= self.memory_mb <= 1000000000
            and 0 <= self.disk_mb <= 2147483647
            and 0 <= self.walltime_seconds <= 31536000
            and 1 <= self.submit_seconds <= 86400
            and 1 <= self.job_id <= 9223372036854775807
            and _NAMES_OF_INTENDBOUNDWORKER("\n".join((self.worker_id, self.tag, self.harvester_id, self.class_name, self.lease_id, ""))) is not None
        )


_NAMES_OF_INTENDWORKER = lines_of(
    (NAME, 1, 255),
    (WORD, 1, 63),
    (NAME, 1, 255),
    (WORD, 0, 64),
)


class IntendWorker(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester asks to start a worker, before it is submitted to the batch system.

    worker_id: Worker.
    tag: What names it in the batch system: the id of the stack, a hyphen, the worker id.
    harvester_id: Harvester.
    epoch: Epoch of the service under which it is asked, from 1.
    class_name: Class of the queue that it is one of; empty where the queue has none.
    cores: Cores asked of the batch system.
    memory_mb: Memory asked, in MB; 0 where nothing is asked.
    disk_mb: Disk asked, in MB; 0 where nothing is asked.
    walltime_seconds: Wall time asked; 0 where nothing is asked.
    mode: Whether its pilot asks for jobs or brings one.
    submit_seconds: It is handed to the batch system within so many seconds or not at all.
    """

    worker_id: str
    tag: str
    harvester_id: str
    epoch: int
    class_name: str = ""
    cores: int = 1
    memory_mb: int = 0
    disk_mb: int = 0
    walltime_seconds: int = 0
    mode: WorkerMode = WorkerMode.PULL
    submit_seconds: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "tag": self.tag,
            "harvester_id": self.harvester_id,
            "epoch": self.epoch,
            "class_name": self.class_name,
            "cores": self.cores,
            "memory_mb": self.memory_mb,
            "disk_mb": self.disk_mb,
            "walltime_seconds": self.walltime_seconds,
            "mode": self.mode,
            "submit_seconds": self.submit_seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            tag=record["tag"],
            harvester_id=record["harvester_id"],
            epoch=record["epoch"],
            class_name=record["class_name"],
            cores=record["cores"],
            memory_mb=record["memory_mb"],
            disk_mb=record["disk_mb"],
            walltime_seconds=record["walltime_seconds"],
            mode=WorkerMode[record["mode"]],
            submit_seconds=record["submit_seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 1 <= self.cores <= 100000
            and 0 <= self.memory_mb <= 1000000000
            and 0 <= self.disk_mb <= 2147483647
            and 0 <= self.walltime_seconds <= 31536000
            and 1 <= self.submit_seconds <= 86400
            and _NAMES_OF_INTENDWORKER("\n".join((self.worker_id, self.tag, self.harvester_id, self.class_name, ""))) is not None
        )


_NAMES_OF_RECONCILEWORKERS = lines_of(
    (NAME, 1, 255),
)


class ReconcileWorkers(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester compared a complete listing of the batch system with the workers that the log has alive.

    harvester_id: Harvester.
    epoch: Epoch of the service under which it is asked, from 1.
    began_seconds_ago: How long ago the listing began, rounded up.
    seen: Workers of the queue in the listing.
    adopted: Of them, those of which the submission was not known to have come to an end.
    absent: Workers that the log has alive and the listing did not show.
    """

    harvester_id: str
    epoch: int
    began_seconds_ago: int
    seen: int = 0
    adopted: int = 0
    absent: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "harvester_id": self.harvester_id,
            "epoch": self.epoch,
            "began_seconds_ago": self.began_seconds_ago,
            "seen": self.seen,
            "adopted": self.adopted,
            "absent": list(self.absent),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            harvester_id=record["harvester_id"],
            epoch=record["epoch"],
            began_seconds_ago=record["began_seconds_ago"],
            seen=record["seen"],
            adopted=record["adopted"],
            absent=tuple(record["absent"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 0 <= self.began_seconds_ago <= 3600
            and 0 <= self.seen <= 2147483647
            and 0 <= self.adopted <= 2147483647
            and len(self.absent) <= 1000
            and (not self.absent or all(len(item) <= 255 and NAME.takes(item) for item in self.absent))
            and _NAMES_OF_RECONCILEWORKERS("\n".join((self.harvester_id, ""))) is not None
        )


_NAMES_OF_RECORDFIRSTREQUEST = lines_of(
    (NAME, 1, 255),
)


class RecordFirstRequest(Struct, frozen=True, kw_only=True, gc=False):
    """Say that a worker's pilot asked for work.

    worker_id: Worker.
    """

    worker_id: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_RECORDFIRSTREQUEST("\n".join((self.worker_id, ""))) is not None


_NAMES_OF_REPORTWORKER = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
    (NAME, 0, 255),
    (NAME, 0, 255),
    (WORD, 0, 64),
)


class ReportWorker(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester or pilot says where a worker is.

    worker_id: Worker.
    harvester_id: Harvester.
    state: Where it is.
    node: Host.
    exit_code: Exit code at the end.
    diagnostic: What went wrong.
    batch_id: Id in the batch system; the same may be given to another worker later.
    submit_host: Where the batch id is known.
    native_state: State in the words of the batch system.
    reason: Reason in the words of the batch system: of being held, or of the end.
    signal: Signal that ended it.
    fingerprint: Class of what went wrong; empty where it is not known.
    """

    worker_id: str
    harvester_id: str
    state: WorkerState
    node: str = ""
    exit_code: int | None = None
    diagnostic: str | None = None
    batch_id: str = ""
    submit_host: str = ""
    native_state: str = ""
    reason: str = ""
    signal: int | None = None
    fingerprint: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "state": self.state,
            "node": self.node,
            "exit_code": self.exit_code,
            "diagnostic": self.diagnostic,
            "batch_id": self.batch_id,
            "submit_host": self.submit_host,
            "native_state": self.native_state,
            "reason": self.reason,
            "signal": self.signal,
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            state=WorkerState[record["state"]],
            node=record["node"],
            exit_code=record["exit_code"],
            diagnostic=record["diagnostic"],
            batch_id=record["batch_id"],
            submit_host=record["submit_host"],
            native_state=record["native_state"],
            reason=record["reason"],
            signal=record["signal"],
            fingerprint=record["fingerprint"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.exit_code is None or (-2147483648 <= self.exit_code <= 2147483647))
            and (self.diagnostic is None or (len(self.diagnostic) <= 4000 and TEXT.takes(self.diagnostic)))
            and len(self.batch_id) <= 200 and TEXT.takes(self.batch_id)
            and len(self.native_state) <= 200 and TEXT.takes(self.native_state)
            and len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and (self.signal is None or (0 <= self.signal <= 1000))
            and _NAMES_OF_REPORTWORKER("\n".join((self.worker_id, self.harvester_id, self.node, self.submit_host, self.fingerprint, ""))) is not None
        )


_NAMES_OF_STOPWORKER = lines_of(
    (NAME, 1, 255),
)


class StopWorker(Struct, frozen=True, kw_only=True, gc=False):
    """The job that travels with a worker is over, or did not begin in time: the worker is to end.

    worker_id: Worker.
    why: Why.
    """

    worker_id: str
    why: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "why": self.why,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            why=record["why"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.why) <= 1000 and TEXT.takes(self.why)
            and _NAMES_OF_STOPWORKER("\n".join((self.worker_id, ""))) is not None
        )


class WantWorkers(Struct, frozen=True, kw_only=True, gc=False):
    """Say how many pilots a queue should have.

    wanted: How many, at least 0.
    reason: The figures it rests on.
    classes: The same by class, with each term.
    evaluated_at: When the figures were looked at (microseconds UTC); 0 where that is not said.
    """

    wanted: int
    reason: str = ""
    classes: tuple[ClassDemand, ...] = ()
    evaluated_at: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "reason": self.reason,
            "classes": [item.to_avro() for item in self.classes],
            "evaluated_at": self.evaluated_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            reason=record["reason"],
            classes=tuple(ClassDemand.from_avro(item) for item in record["classes"]),
            evaluated_at=record["evaluated_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and len(self.classes) <= 20
            and 0 <= self.evaluated_at <= 4165516800000000
            and (not self.classes or all(map(ClassDemand.is_within_bounds, self.classes)))
        )


_NAMES_OF_WITHDRAWWORKER = lines_of(
    (NAME, 1, 255),
)


class WithdrawWorker(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester says that it will cancel a worker.

    worker_id: Worker.
    why: Why.
    """

    worker_id: str
    why: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "why": self.why,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            why=record["why"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.why) <= 1000 and TEXT.takes(self.why)
            and _NAMES_OF_WITHDRAWWORKER("\n".join((self.worker_id, ""))) is not None
        )


_NAMES_OF_QUEUEHEALTHY = lines_of(
    (NAME, 0, 255),
)


class QueueHealthy(Struct, frozen=True, kw_only=True, gc=False):
    """A worker of a queue that got no new work asked for work: the queue is open again.

    worker_id: Worker.
    """

    worker_id: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_QUEUEHEALTHY("\n".join((self.worker_id, ""))) is not None


_NAMES_OF_QUEUEUNHEALTHY = lines_of(
    (NAME, 0, 255),
    (WORD, 0, 64),
)


class QueueUnhealthy(Struct, frozen=True, kw_only=True, gc=False):
    """Workers of the queue end in one way before they ask for work: it gets no new work, and one worker at a
    time tries it.

    worker_id: The last of them.
    fingerprint: Class of what went wrong with it.
    ended: How many ended so, one after the other.
    probes: How many of them were sent to try the queue since it was closed.
    probe_at: From then on the next worker tries the queue (microseconds UTC).
    """

    worker_id: str = ""
    fingerprint: str = ""
    ended: int = 0
    probes: int = 0
    probe_at: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "fingerprint": self.fingerprint,
            "ended": self.ended,
            "probes": self.probes,
            "probe_at": self.probe_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            fingerprint=record["fingerprint"],
            ended=record["ended"],
            probes=record["probes"],
            probe_at=record["probe_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.ended <= 2147483647
            and 0 <= self.probes <= 2147483647
            and 0 <= self.probe_at <= 4165516800000000
            and _NAMES_OF_QUEUEUNHEALTHY("\n".join((self.worker_id, self.fingerprint, ""))) is not None
        )


_NAMES_OF_SERVICECLAIMED = lines_of(
    (NAME, 1, 255),
    (WORD, 1, 64),
)


class ServiceClaimed(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester serves the queue.

    harvester_id: Harvester.
    instance: Which process of the harvester.
    epoch: Counts those who took up the service, from 1.
    until: From then on another harvester may take it over.
    """

    harvester_id: str
    instance: str
    epoch: int
    until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "harvester_id": self.harvester_id,
            "instance": self.instance,
            "epoch": self.epoch,
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            harvester_id=record["harvester_id"],
            instance=record["instance"],
            epoch=record["epoch"],
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 631152000000000 <= self.until <= 4165516800000000
            and _NAMES_OF_SERVICECLAIMED("\n".join((self.harvester_id, self.instance, ""))) is not None
        )


_NAMES_OF_WORKERASKED = lines_of(
    (NAME, 1, 255),
)


class WorkerAsked(Struct, frozen=True, kw_only=True, gc=False):
    """The pilot of a worker asked for work for the first time.

    worker_id: Worker.
    """

    worker_id: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_WORKERASKED("\n".join((self.worker_id, ""))) is not None


_NAMES_OF_WORKERCANCELORDERED = lines_of(
    (NAME, 1, 255),
    (WORD, 0, 64),
)


class WorkerCancelOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """The end of a worker was ordered.

    worker_id: Worker.
    why: Why.
    by: Role of the one who ordered it.
    """

    worker_id: str
    why: str = ""
    by: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "why": self.why,
            "by": self.by,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            why=record["why"],
            by=record["by"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.why) <= 1000 and TEXT.takes(self.why)
            and _NAMES_OF_WORKERCANCELORDERED("\n".join((self.worker_id, self.by, ""))) is not None
        )


_NAMES_OF_WORKERENDREPORTED = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
    (WORD, 0, 64),
)


class WorkerEndReported(Struct, frozen=True, kw_only=True, gc=False):
    """What the batch system says of the end of a worker that was over before: evidence, the end stays as it
    was.

    worker_id: Worker.
    harvester_id: Harvester.
    state: How it ended, by the batch system.
    exit_code: Exit code.
    diagnostic: What went wrong.
    native_state: State in the words of the batch system.
    reason: Reason in the words of the batch system: of being held, or of the end.
    signal: Signal that ended it.
    fingerprint: Class of what went wrong; empty where it is not known.
    """

    worker_id: str
    harvester_id: str
    state: WorkerState
    exit_code: int | None = None
    diagnostic: str | None = None
    native_state: str = ""
    reason: str = ""
    signal: int | None = None
    fingerprint: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "state": self.state,
            "exit_code": self.exit_code,
            "diagnostic": self.diagnostic,
            "native_state": self.native_state,
            "reason": self.reason,
            "signal": self.signal,
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            state=WorkerState[record["state"]],
            exit_code=record["exit_code"],
            diagnostic=record["diagnostic"],
            native_state=record["native_state"],
            reason=record["reason"],
            signal=record["signal"],
            fingerprint=record["fingerprint"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.exit_code is None or (-2147483648 <= self.exit_code <= 2147483647))
            and (self.diagnostic is None or (len(self.diagnostic) <= 4000 and TEXT.takes(self.diagnostic)))
            and len(self.native_state) <= 200 and TEXT.takes(self.native_state)
            and len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and (self.signal is None or (0 <= self.signal <= 1000))
            and _NAMES_OF_WORKERENDREPORTED("\n".join((self.worker_id, self.harvester_id, self.fingerprint, ""))) is not None
        )


_NAMES_OF_WORKERENDED = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
    (WORD, 0, 64),
)


class WorkerEnded(Struct, frozen=True, kw_only=True, gc=False):
    """The worker is over.

    worker_id: Worker.
    harvester_id: Harvester.
    state: How it ended.
    exit_code: Exit code.
    diagnostic: What went wrong.
    live: Workers alive now.
    native_state: State in the words of the batch system.
    reason: Reason in the words of the batch system: of being held, or of the end.
    signal: Signal that ended it.
    fingerprint: Class of what went wrong; empty where it is not known.
    foreign: It began with a report, not with an intent: of a harvester that is not Culm's.
    """

    worker_id: str
    harvester_id: str
    state: WorkerState
    exit_code: int | None = None
    diagnostic: str | None = None
    live: int
    native_state: str = ""
    reason: str = ""
    signal: int | None = None
    fingerprint: str = ""
    foreign: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "state": self.state,
            "exit_code": self.exit_code,
            "diagnostic": self.diagnostic,
            "live": self.live,
            "native_state": self.native_state,
            "reason": self.reason,
            "signal": self.signal,
            "fingerprint": self.fingerprint,
            "foreign": self.foreign,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            state=WorkerState[record["state"]],
            exit_code=record["exit_code"],
            diagnostic=record["diagnostic"],
            live=record["live"],
            native_state=record["native_state"],
            reason=record["reason"],
            signal=record["signal"],
            fingerprint=record["fingerprint"],
            foreign=record["foreign"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.exit_code is None or (-2147483648 <= self.exit_code <= 2147483647))
            and (self.diagnostic is None or (len(self.diagnostic) <= 4000 and TEXT.takes(self.diagnostic)))
            and 0 <= self.live <= 2147483647
            and len(self.native_state) <= 200 and TEXT.takes(self.native_state)
            and len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and (self.signal is None or (0 <= self.signal <= 1000))
            and _NAMES_OF_WORKERENDED("\n".join((self.worker_id, self.harvester_id, self.fingerprint, ""))) is not None
        )


_NAMES_OF_WORKERHELD = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
)


class WorkerHeld(Struct, frozen=True, kw_only=True, gc=False):
    """The batch system holds a worker back.

    worker_id: Worker.
    harvester_id: Harvester.
    reason: Reason in the words of the batch system.
    foreign: It began with a report, not with an intent: of a harvester that is not Culm's.
    live: Workers alive now.
    """

    worker_id: str
    harvester_id: str
    reason: str = ""
    foreign: bool = False
    live: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "reason": self.reason,
            "foreign": self.foreign,
            "live": self.live,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            reason=record["reason"],
            foreign=record["foreign"],
            live=record["live"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and 0 <= self.live <= 2147483647
            and _NAMES_OF_WORKERHELD("\n".join((self.worker_id, self.harvester_id, ""))) is not None
        )


_NAMES_OF_WORKERINTENDED = lines_of(
    (NAME, 1, 255),
    (WORD, 1, 63),
    (NAME, 1, 255),
    (WORD, 0, 64),
    (WORD, 0, 64),
)


class WorkerIntended(Struct, frozen=True, kw_only=True, gc=False):
    """A worker will be handed to the batch system.

    worker_id: Worker.
    tag: What names it in the batch system: the id of the stack, a hyphen, the worker id.
    harvester_id: Harvester.
    epoch: Epoch of the service under which it is asked, from 1.
    class_name: Class of the queue that it is one of; empty where the queue has none.
    cores: Cores asked of the batch system.
    memory_mb: Memory asked, in MB; 0 where nothing is asked.
    disk_mb: Disk asked, in MB; 0 where nothing is asked.
    walltime_seconds: Wall time asked; 0 where nothing is asked.
    mode: Whether its pilot asks for jobs or brings one.
    job_id: The job that travels with it, of one that is pushed.
    submit_by: It is handed over until then or not at all.
    live: Workers alive now.
    lease_id: The lease under which its job travels with it; empty of one whose pilot asks.
    """

    worker_id: str
    tag: str
    harvester_id: str
    epoch: int
    class_name: str = ""
    cores: int = 1
    memory_mb: int = 0
    disk_mb: int = 0
    walltime_seconds: int = 0
    mode: WorkerMode = WorkerMode.PULL
    job_id: int | None = None
    submit_by: int
    live: int
    lease_id: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "tag": self.tag,
            "harvester_id": self.harvester_id,
            "epoch": self.epoch,
            "class_name": self.class_name,
            "cores": self.cores,
            "memory_mb": self.memory_mb,
            "disk_mb": self.disk_mb,
            "walltime_seconds": self.walltime_seconds,
            "mode": self.mode,
            "job_id": self.job_id,
            "submit_by": self.submit_by,
            "live": self.live,
            "lease_id": self.lease_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            tag=record["tag"],
            harvester_id=record["harvester_id"],
            epoch=record["epoch"],
            class_name=record["class_name"],
            cores=record["cores"],
            memory_mb=record["memory_mb"],
            disk_mb=record["disk_mb"],
            walltime_seconds=record["walltime_seconds"],
            mode=WorkerMode[record["mode"]],
            job_id=record["job_id"],
            submit_by=record["submit_by"],
            live=record["live"],
            lease_id=record["lease_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 1 <= self.cores <= 100000
            and 0 <= self.memory_mb <= 1000000000
            and 0 <= self.disk_mb <= 2147483647
            and 0 <= self.walltime_seconds <= 31536000
            and (self.job_id is None or (0 <= self.job_id <= 9223372036854775807))
            and 631152000000000 <= self.submit_by <= 4165516800000000
            and 0 <= self.live <= 2147483647
            and _NAMES_OF_WORKERINTENDED("\n".join((self.worker_id, self.tag, self.harvester_id, self.class_name, self.lease_id, ""))) is not None
        )


_NAMES_OF_WORKERPENDING = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
)


class WorkerPending(Struct, frozen=True, kw_only=True, gc=False):
    """A worker waits in the batch system.

    worker_id: Worker.
    harvester_id: Harvester.
    foreign: It began with a report, not with an intent: of a harvester that is not Culm's.
    live: Workers alive now.
    """

    worker_id: str
    harvester_id: str
    foreign: bool = False
    live: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "foreign": self.foreign,
            "live": self.live,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            foreign=record["foreign"],
            live=record["live"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.live <= 2147483647
            and _NAMES_OF_WORKERPENDING("\n".join((self.worker_id, self.harvester_id, ""))) is not None
        )


_NAMES_OF_WORKERRUNNING = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
    (NAME, 0, 255),
)


class WorkerRunning(Struct, frozen=True, kw_only=True, gc=False):
    """The worker's pilot runs.

    worker_id: Worker.
    harvester_id: Harvester.
    node: Host.
    live: Workers alive now.
    foreign: It began with a report, not with an intent: of a harvester that is not Culm's.
    """

    worker_id: str
    harvester_id: str
    node: str = ""
    live: int
    foreign: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "node": self.node,
            "live": self.live,
            "foreign": self.foreign,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            node=record["node"],
            live=record["live"],
            foreign=record["foreign"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.live <= 2147483647
            and _NAMES_OF_WORKERRUNNING("\n".join((self.worker_id, self.harvester_id, self.node, ""))) is not None
        )


_NAMES_OF_WORKERSUBMITTED = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
    (NAME, 0, 255),
)


class WorkerSubmitted(Struct, frozen=True, kw_only=True, gc=False):
    """A worker was handed to the batch system.

    worker_id: Worker.
    harvester_id: Harvester.
    live: Workers alive now.
    batch_id: Id in the batch system; the same may be given to another worker later.
    submit_host: Where the batch id is known.
    foreign: It began with a report, not with an intent: of a harvester that is not Culm's.
    state: Where it is now: beyond SUBMITTED when its pilot reported before its batch id was known.
    """

    worker_id: str
    harvester_id: str
    live: int
    batch_id: str = ""
    submit_host: str = ""
    foreign: bool = False
    state: WorkerState = WorkerState.SUBMITTED

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "live": self.live,
            "batch_id": self.batch_id,
            "submit_host": self.submit_host,
            "foreign": self.foreign,
            "state": self.state,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            live=record["live"],
            batch_id=record["batch_id"],
            submit_host=record["submit_host"],
            foreign=record["foreign"],
            state=WorkerState[record["state"]],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.live <= 2147483647
            and len(self.batch_id) <= 200 and TEXT.takes(self.batch_id)
            and _NAMES_OF_WORKERSUBMITTED("\n".join((self.worker_id, self.harvester_id, self.submit_host, ""))) is not None
        )


class WorkersHeldBack(Struct, frozen=True, kw_only=True, gc=False):
    """An order that would remove many pilots at once is not carried out until it is confirmed.

    asked: How many pilots were asked for.
    wanted: How many are wanted as before.
    live: How many are alive.
    removed: How many would be removed.
    confirm_seconds: After so long the same order is believed.
    reason: The figures it rests on.
    classes: The same by class, as it was asked for.
    """

    asked: int = 0
    wanted: int = 0
    live: int = 0
    removed: int = 0
    confirm_seconds: int = 60
    reason: str = ""
    classes: tuple[ClassDemand, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "asked": self.asked,
            "wanted": self.wanted,
            "live": self.live,
            "removed": self.removed,
            "confirm_seconds": self.confirm_seconds,
            "reason": self.reason,
            "classes": [item.to_avro() for item in self.classes],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            asked=record["asked"],
            wanted=record["wanted"],
            live=record["live"],
            removed=record["removed"],
            confirm_seconds=record["confirm_seconds"],
            reason=record["reason"],
            classes=tuple(ClassDemand.from_avro(item) for item in record["classes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.asked <= 2147483647
            and 0 <= self.wanted <= 2147483647
            and 0 <= self.live <= 2147483647
            and 0 <= self.removed <= 2147483647
            and 0 <= self.confirm_seconds <= 86400
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and len(self.classes) <= 20
            and (not self.classes or all(map(ClassDemand.is_within_bounds, self.classes)))
        )


_NAMES_OF_WORKERSRECONCILED = lines_of(
    (NAME, 1, 255),
)


class WorkersReconciled(Struct, frozen=True, kw_only=True, gc=False):
    """A complete listing of the batch system was compared with the log, and they differed.

    harvester_id: Harvester.
    epoch: Epoch of the service under which it is asked, from 1.
    began_at: When the listing began.
    seen: Workers of the queue in the listing.
    adopted: Of them, those of which the submission was not known to have come to an end.
    absent: Workers that should be there and are not, for the first time.
    missed: Workers that never reached the batch system, now for certain.
    vanished: Workers that are gone from it, now for certain.
    """

    harvester_id: str
    epoch: int
    began_at: int
    seen: int = 0
    adopted: int = 0
    absent: tuple[str, ...] = ()
    missed: int = 0
    vanished: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "harvester_id": self.harvester_id,
            "epoch": self.epoch,
            "began_at": self.began_at,
            "seen": self.seen,
            "adopted": self.adopted,
            "absent": list(self.absent),
            "missed": self.missed,
            "vanished": self.vanished,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            harvester_id=record["harvester_id"],
            epoch=record["epoch"],
            began_at=record["began_at"],
            seen=record["seen"],
            adopted=record["adopted"],
            absent=tuple(record["absent"]),
            missed=record["missed"],
            vanished=record["vanished"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 631152000000000 <= self.began_at <= 4165516800000000
            and 0 <= self.seen <= 2147483647
            and 0 <= self.adopted <= 2147483647
            and len(self.absent) <= 1000
            and (not self.absent or all(len(item) <= 255 and NAME.takes(item) for item in self.absent))
            and 0 <= self.missed <= 2147483647
            and 0 <= self.vanished <= 2147483647
            and _NAMES_OF_WORKERSRECONCILED("\n".join((self.harvester_id, ""))) is not None
        )


class WorkersWanted(Struct, frozen=True, kw_only=True, gc=False):
    """The number of pilots that a queue should have changed.

    wanted: How many.
    live: How many are alive.
    reason: The figures it rests on.
    classes: The same by class, with each term.
    """

    wanted: int
    live: int
    reason: str = ""
    classes: tuple[ClassDemand, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "live": self.live,
            "reason": self.reason,
            "classes": [item.to_avro() for item in self.classes],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            live=record["live"],
            reason=record["reason"],
            classes=tuple(ClassDemand.from_avro(item) for item in record["classes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and 0 <= self.live <= 2147483647
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and len(self.classes) <= 20
            and (not self.classes or all(map(ClassDemand.is_within_bounds, self.classes)))
        )


_NAMES_OF_WORKERSNAPSHOT = lines_of(
    (NAME, 1, 255),
    (WORD, 0, 64),
    (WORD, 0, 63),
    (WORD, 0, 64),
)


class WorkerSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A live worker.

    worker_id: Worker id.
    state: Where it stands.
    vo: Tenant of the first report of it; empty in rows of earlier releases.
    tag: What names it in the batch system; empty of one that began with a report.
    is_submitted: Its batch id is in the log.
    cancel_ordered: Its end was ordered.
    submit_by: It is handed over until then (microseconds since 1970); 0 of one that began with a report.
    has_asked: Its pilot asked for work.
    job_id: The job that travels with it; null of one whose pilot asks.
    lease_id: The lease under which its job travels with it; empty of one whose pilot asks.
    """

    worker_id: str
    state: WorkerState
    vo: str = ""
    tag: str = ""
    is_submitted: bool = False
    cancel_ordered: bool = False
    submit_by: int = 0
    has_asked: bool = False
    job_id: int | None = None
    lease_id: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "state": self.state,
            "vo": self.vo,
            "tag": self.tag,
            "is_submitted": self.is_submitted,
            "cancel_ordered": self.cancel_ordered,
            "submit_by": self.submit_by,
            "has_asked": self.has_asked,
            "job_id": self.job_id,
            "lease_id": self.lease_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            state=WorkerState[record["state"]],
            vo=record["vo"],
            tag=record["tag"],
            is_submitted=record["is_submitted"],
            cancel_ordered=record["cancel_ordered"],
            submit_by=record["submit_by"],
            has_asked=record["has_asked"],
            job_id=record["job_id"],
            lease_id=record["lease_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.submit_by <= 4165516800000000
            and (self.job_id is None or (0 <= self.job_id <= 9223372036854775807))
            and _NAMES_OF_WORKERSNAPSHOT("\n".join((self.worker_id, self.vo, self.tag, self.lease_id, ""))) is not None
        )


_NAMES_OF_WORKERSSNAPSHOT = lines_of(
    (NAME, 0, 255),
    (WORD, 0, 64),
    (WORD, 0, 64),
    (WORD, 0, 64),
)


class WorkersSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """The workers of a queue, without the live ones.

    wanted: How many are wanted.
    ended: Those that ended last, oldest first.
    epoch: Epoch of the service; 0 before the first.
    harvester_id: Who serves the queue.
    instance: Which process of it.
    until: When the service may be taken over (microseconds since 1970).
    service_vo: Tenant of the one who serves the queue.
    harvesters: Those of Culm that have served it.
    absent: Workers that should be in the batch system, and that the last complete listing did not show.
    absent_since: Of each, when the first listing that did not show it began (microseconds since 1970).
    classes: How many are wanted by class.
    held_wanted: The number that was held back, -1 for none.
    held_at: When it was held back (microseconds UTC).
    early_fingerprint: How those ended that ended last before they asked for work; empty where the last one
        asked.
    early_ended: How many ended so, one after the other.
    is_unhealthy: The queue gets no new work for it.
    probes: How many workers tried it since.
    probe_at: From then on the next one tries it (microseconds UTC).
    ended_open: Of those that ended, the ones of whose end the batch system's word is not in the log.
    ended_open_vo: Of each of these, its tenant.
    held_classes: The number that was held back, by class.
    """

    wanted: int
    ended: tuple[str, ...] = ()
    epoch: int = 0
    harvester_id: str = ""
    instance: str = ""
    until: int = 0
    service_vo: str = ""
    harvesters: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    absent_since: tuple[int, ...] = ()
    classes: tuple[ClassDemand, ...] = ()
    held_wanted: int = -1
    held_at: int = 0
    early_fingerprint: str = ""
    early_ended: int = 0
    is_unhealthy: bool = False
    probes: int = 0
    probe_at: int = 0
    ended_open: tuple[str, ...] = ()
    ended_open_vo: tuple[str, ...] = ()
    held_classes: tuple[ClassDemand, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "ended": list(self.ended),
            "epoch": self.epoch,
            "harvester_id": self.harvester_id,
            "instance": self.instance,
            "until": self.until,
            "service_vo": self.service_vo,
            "harvesters": list(self.harvesters),
            "absent": list(self.absent),
            "absent_since": list(self.absent_since),
            "classes": [item.to_avro() for item in self.classes],
            "held_wanted": self.held_wanted,
            "held_at": self.held_at,
            "early_fingerprint": self.early_fingerprint,
            "early_ended": self.early_ended,
            "is_unhealthy": self.is_unhealthy,
            "probes": self.probes,
            "probe_at": self.probe_at,
            "ended_open": list(self.ended_open),
            "ended_open_vo": list(self.ended_open_vo),
            "held_classes": [item.to_avro() for item in self.held_classes],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            ended=tuple(record["ended"]),
            epoch=record["epoch"],
            harvester_id=record["harvester_id"],
            instance=record["instance"],
            until=record["until"],
            service_vo=record["service_vo"],
            harvesters=tuple(record["harvesters"]),
            absent=tuple(record["absent"]),
            absent_since=tuple(record["absent_since"]),
            classes=tuple(ClassDemand.from_avro(item) for item in record["classes"]),
            held_wanted=record["held_wanted"],
            held_at=record["held_at"],
            early_fingerprint=record["early_fingerprint"],
            early_ended=record["early_ended"],
            is_unhealthy=record["is_unhealthy"],
            probes=record["probes"],
            probe_at=record["probe_at"],
            ended_open=tuple(record["ended_open"]),
            ended_open_vo=tuple(record["ended_open_vo"]),
            held_classes=tuple(ClassDemand.from_avro(item) for item in record["held_classes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and len(self.ended) <= 1000
            and (not self.ended or all(len(item) <= 255 and NAME.takes(item) for item in self.ended))
            and 0 <= self.epoch <= 2147483647
            and 0 <= self.until <= 4165516800000000
            and len(self.harvesters) <= 1000
            and (not self.harvesters or all(len(item) <= 255 and NAME.takes(item) for item in self.harvesters))
            and len(self.absent) <= 1000
            and (not self.absent or all(len(item) <= 255 and NAME.takes(item) for item in self.absent))
            and len(self.absent_since) <= 1000
            and (not self.absent_since or 631152000000000 <= min(self.absent_since) <= max(self.absent_since) <= 4165516800000000)
            and len(self.classes) <= 20
            and -1 <= self.held_wanted <= 2147483647
            and 0 <= self.held_at <= 4165516800000000
            and 0 <= self.early_ended <= 2147483647
            and 0 <= self.probes <= 2147483647
            and 0 <= self.probe_at <= 4165516800000000
            and len(self.ended_open) <= 1000
            and (not self.ended_open or all(len(item) <= 255 and NAME.takes(item) for item in self.ended_open))
            and len(self.ended_open_vo) <= 1000
            and (not self.ended_open_vo or all(len(item) <= 64 and WORD.takes(item) for item in self.ended_open_vo))
            and len(self.held_classes) <= 20
            and _NAMES_OF_WORKERSSNAPSHOT("\n".join((self.harvester_id, self.instance, self.service_vo, self.early_fingerprint, ""))) is not None
            and (not self.classes or all(map(ClassDemand.is_within_bounds, self.classes)))
            and (not self.held_classes or all(map(ClassDemand.is_within_bounds, self.held_classes)))
        )


WorkerCommand = (
    CancelWorker
    | ClaimService
    | ConfirmWorkers
    | IntendBoundWorker
    | IntendWorker
    | ReconcileWorkers
    | RecordFirstRequest
    | ReportWorker
    | StopWorker
    | WantWorkers
    | WithdrawWorker
)

WorkerEvent = (
    QueueHealthy
    | QueueUnhealthy
    | ServiceClaimed
    | WorkerAsked
    | WorkerCancelOrdered
    | WorkerEndReported
    | WorkerEnded
    | WorkerHeld
    | WorkerIntended
    | WorkerPending
    | WorkerRunning
    | WorkerSubmitted
    | WorkersHeldBack
    | WorkersReconciled
    | WorkersWanted
)
