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
    WorkerState,
)

_NAMES_OF_REPORTWORKER = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
    (NAME, 0, 255),
)


class ReportWorker(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester or pilot says where a worker is.

    worker_id: Worker.
    harvester_id: Harvester.
    state: Where it is.
    node: Host.
    exit_code: Exit code at the end.
    diagnostic: What went wrong.
    """

    worker_id: str
    harvester_id: str
    state: WorkerState
    node: str = ""
    exit_code: int | None = None
    diagnostic: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "state": self.state,
            "node": self.node,
            "exit_code": self.exit_code,
            "diagnostic": self.diagnostic,
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
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.exit_code is None or (-2147483648 <= self.exit_code <= 2147483647))
            and (self.diagnostic is None or (len(self.diagnostic) <= 4000 and TEXT.takes(self.diagnostic)))
            and _NAMES_OF_REPORTWORKER("\n".join((self.worker_id, self.harvester_id, self.node, ""))) is not None
        )


class WantWorkers(Struct, frozen=True, kw_only=True, gc=False):
    """Say how many pilots a queue should have.

    wanted: How many, at least 0.
    reason: The figures it rests on.
    """

    wanted: int
    reason: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
        )


_NAMES_OF_WORKERENDED = lines_of(
    (NAME, 1, 255),
    (NAME, 1, 255),
)


class WorkerEnded(Struct, frozen=True, kw_only=True, gc=False):
    """The worker is over.

    worker_id: Worker.
    harvester_id: Harvester.
    state: FINISHED, FAILED or CANCELLED.
    exit_code: Exit code.
    diagnostic: What went wrong.
    live: Workers alive now.
    """

    worker_id: str
    harvester_id: str
    state: WorkerState
    exit_code: int | None = None
    diagnostic: str | None = None
    live: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "state": self.state,
            "exit_code": self.exit_code,
            "diagnostic": self.diagnostic,
            "live": self.live,
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
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.exit_code is None or (-2147483648 <= self.exit_code <= 2147483647))
            and (self.diagnostic is None or (len(self.diagnostic) <= 4000 and TEXT.takes(self.diagnostic)))
            and 0 <= self.live <= 2147483647
            and _NAMES_OF_WORKERENDED("\n".join((self.worker_id, self.harvester_id, ""))) is not None
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
    """

    worker_id: str
    harvester_id: str
    node: str = ""
    live: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "node": self.node,
            "live": self.live,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            node=record["node"],
            live=record["live"],
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
)


class WorkerSubmitted(Struct, frozen=True, kw_only=True, gc=False):
    """A worker was handed to the batch system.

    worker_id: Worker.
    harvester_id: Harvester.
    live: Workers alive now.
    """

    worker_id: str
    harvester_id: str
    live: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "harvester_id": self.harvester_id,
            "live": self.live,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            harvester_id=record["harvester_id"],
            live=record["live"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.live <= 2147483647
            and _NAMES_OF_WORKERSUBMITTED("\n".join((self.worker_id, self.harvester_id, ""))) is not None
        )


class WorkersWanted(Struct, frozen=True, kw_only=True, gc=False):
    """The number of pilots that a queue should have changed.

    wanted: How many.
    live: How many are alive.
    reason: The figures it rests on.
    """

    wanted: int
    live: int
    reason: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "live": self.live,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            live=record["live"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and 0 <= self.live <= 2147483647
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
        )


_NAMES_OF_WORKERSNAPSHOT = lines_of(
    (NAME, 1, 255),
    (WORD, 0, 64),
)


class WorkerSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A live worker.

    worker_id: Worker id.
    state: Where it stands.
    vo: Tenant of the first report of it; empty in rows of earlier releases.
    """

    worker_id: str
    state: WorkerState
    vo: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "state": self.state,
            "vo": self.vo,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            state=WorkerState[record["state"]],
            vo=record["vo"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_WORKERSNAPSHOT("\n".join((self.worker_id, self.vo, ""))) is not None


class WorkersSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """The workers of a queue, without the live ones.

    wanted: How many are wanted.
    ended: Those that ended last, oldest first.
    """

    wanted: int
    ended: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "ended": list(self.ended),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            ended=tuple(record["ended"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and len(self.ended) <= 1000
            and (not self.ended or all(len(item) <= 255 and NAME.takes(item) for item in self.ended))
        )


WorkerCommand = (
    ReportWorker
    | WantWorkers
)

WorkerEvent = (
    WorkerEnded
    | WorkerRunning
    | WorkerSubmitted
    | WorkersWanted
)
