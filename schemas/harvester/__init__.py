"""What may be said to and by the harvester aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    LINE,
    SUBJECT,
    TEXT,
    WORD,
    lines_of,
)
from schemas.types import (
    CountedQueue,
    ExpectedWorkers,
    HarvesterDemand,
    HarvesterDialog,
    HarvesterOrder,
    ServiceMetrics,
    TargetSlots,
    WorkerCounts,
    WorkersOrdered,
)


class AcknowledgeHarvesterCommands(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester says that commands were carried out.

    numbers: Which.
    """

    numbers: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "numbers": list(self.numbers),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            numbers=tuple(record["numbers"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.numbers) <= 1000
            and (not self.numbers or 1 <= min(self.numbers) <= max(self.numbers) <= 2097151)
        )


class AcquireHarvesterCommands(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester asks what to do.

    count: The most commands that it takes.
    demands: How many workers the queues that it serves should have.
    """

    count: int
    demands: tuple[HarvesterDemand, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "count": self.count,
            "demands": [item.to_avro() for item in self.demands],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            count=record["count"],
            demands=tuple(HarvesterDemand.from_avro(item) for item in record["demands"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.count <= 1000
            and len(self.demands) <= 200
            and (not self.demands or all(map(HarvesterDemand.is_within_bounds, self.demands)))
        )


class AddHarvesterDialogs(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester hands on messages of its log.

    dialogs: The messages.
    """

    dialogs: tuple[HarvesterDialog, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dialogs": [item.to_avro() for item in self.dialogs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dialogs=tuple(HarvesterDialog.from_avro(item) for item in record["dialogs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.dialogs) <= 100
            and (not self.dialogs or all(map(HarvesterDialog.is_within_bounds, self.dialogs)))
        )


_NAMES_OF_ORDERHARVESTER = lines_of(
    (WORD, 1, 200),
)


class OrderHarvester(Struct, frozen=True, kw_only=True, gc=False):
    """Order something of a Harvester, in its own words.

    command: KILL_WORKERS, REPORT_WORKER_STATS:QUEUE, SYNC_WORKERS_KILL or another word that it knows.
    parameters_json: Its parameters: a JSON object or list; empty for none.
    ack_requested: True when it should say that it was carried out.
    """

    command: str
    parameters_json: str = ""
    ack_requested: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "command": self.command,
            "parameters_json": self.parameters_json,
            "ack_requested": self.ack_requested,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            command=record["command"],
            parameters_json=record["parameters_json"],
            ack_requested=record["ack_requested"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.parameters_json) <= 8000 and TEXT.takes(self.parameters_json)
            and _NAMES_OF_ORDERHARVESTER("\n".join((self.command, ""))) is not None
        )


class ReleaseHarvester(Struct, frozen=True, kw_only=True, gc=False):
    """Let another identity speak for a Harvester: the next that reports is its owner."""


    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return True


class ReportHarvester(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester says that it is alive.

    started_at: When it started; null in a sign of life.
    version: Its release.
    commit: What its code was made of.
    commands: Names of the commands that it takes, with a queue behind a colon; those beyond the first 200 are
        left out.
    """

    started_at: int | None = None
    version: str = ""
    commit: str = ""
    commands: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "started_at": self.started_at,
            "version": self.version,
            "commit": self.commit,
            "commands": list(self.commands),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            started_at=record["started_at"],
            version=record["version"],
            commit=record["commit"],
            commands=tuple(record["commands"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and len(self.version) <= 200 and LINE.takes(self.version)
            and len(self.commit) <= 200 and LINE.takes(self.commit)
            and len(self.commands) <= 200
            and (not self.commands or all(1 <= len(item) <= 200 and WORD.takes(item) for item in self.commands))
        )


class ReportServiceMetrics(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester says how its hosts do.

    metrics: The latest figures of each host.
    """

    metrics: tuple[ServiceMetrics, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "metrics": [item.to_avro() for item in self.metrics],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            metrics=tuple(ServiceMetrics.from_avro(item) for item in record["metrics"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.metrics) <= 20
            and (not self.metrics or all(map(ServiceMetrics.is_within_bounds, self.metrics)))
        )


_NAMES_OF_REPORTWORKERCOUNTS = lines_of(
    (WORD, 1, 128),
)


class ReportWorkerCounts(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester says how many workers a queue has.

    queue: Queue.
    counts: By kind and class.
    """

    queue: str
    counts: tuple[WorkerCounts, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "counts": [item.to_avro() for item in self.counts],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            counts=tuple(WorkerCounts.from_avro(item) for item in record["counts"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.counts) <= 200
            and _NAMES_OF_REPORTWORKERCOUNTS("\n".join((self.queue, ""))) is not None
            and (not self.counts or all(map(WorkerCounts.is_within_bounds, self.counts)))
        )


_NAMES_OF_SETTARGETSLOTS = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 128),
    (WORD, 0, 64),
)


class SetTargetSlots(Struct, frozen=True, kw_only=True, gc=False):
    """Set the most workers that are ordered of a Harvester for a queue.

    queue: Queue.
    slots: How many.
    share: Global share; empty for all.
    resource_type: Class of workers; empty for all.
    until: Until then; null until it is set again.
    """

    queue: str
    slots: int
    share: str = ""
    resource_type: str = ""
    until: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "slots": self.slots,
            "share": self.share,
            "resource_type": self.resource_type,
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            slots=record["slots"],
            share=record["share"],
            resource_type=record["resource_type"],
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.slots <= 2147483647
            and (self.until is None or (631152000000000 <= self.until <= 4102444800000000))
            and _NAMES_OF_SETTARGETSLOTS("\n".join((self.queue, self.share, self.resource_type, ""))) is not None
        )


class HarvesterCommandOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """Something was ordered of a Harvester.

    command: What.
    replaces: Number of an order of the same name that was not handed out yet and is void.
    """

    command: HarvesterOrder
    replaces: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "command": self.command.to_avro(),
            "replaces": self.replaces,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            command=HarvesterOrder.from_avro(record["command"]),
            replaces=record["replaces"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.replaces is None or (1 <= self.replaces <= 2097151))
            and self.command.is_within_bounds()
        )


class HarvesterCommandsAcknowledged(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester carried out commands.

    numbers: Which.
    """

    numbers: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "numbers": list(self.numbers),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            numbers=tuple(record["numbers"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.numbers) <= 1000
            and (not self.numbers or 1 <= min(self.numbers) <= max(self.numbers) <= 2097151)
        )


class HarvesterCommandsHandedOut(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester that asked got its commands; each is handed out once.

    commands: What.
    orders: Why workers were ordered.
    """

    commands: tuple[HarvesterOrder, ...] = ()
    orders: tuple[WorkersOrdered, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "commands": [item.to_avro() for item in self.commands],
            "orders": [item.to_avro() for item in self.orders],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            commands=tuple(HarvesterOrder.from_avro(item) for item in record["commands"]),
            orders=tuple(WorkersOrdered.from_avro(item) for item in record["orders"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.commands) <= 1000
            and len(self.orders) <= 200
            and (not self.commands or all(map(HarvesterOrder.is_within_bounds, self.commands)))
            and (not self.orders or all(map(WorkersOrdered.is_within_bounds, self.orders)))
        )


class HarvesterDialogsAdded(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester handed on messages of its log.

    dialogs: The messages.
    """

    dialogs: tuple[HarvesterDialog, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dialogs": [item.to_avro() for item in self.dialogs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dialogs=tuple(HarvesterDialog.from_avro(item) for item in record["dialogs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.dialogs) <= 100
            and (not self.dialogs or all(map(HarvesterDialog.is_within_bounds, self.dialogs)))
        )


class HarvesterOrdersServed(Struct, frozen=True, kw_only=True, gc=False):
    """The workers that were ordered for queues are alive.

    queues: Which.
    """

    queues: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queues": list(self.queues),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queues=tuple(record["queues"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.queues) <= 1000
            and (not self.queues or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.queues))
        )


class HarvesterReleased(Struct, frozen=True, kw_only=True, gc=False):
    """The next identity that reports for the Harvester is its owner."""


    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return True


class HarvesterSeen(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester gave a sign of life."""


    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return True


class HarvesterStarted(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester started.

    started_at: When, by its own clock.
    version: Its release.
    commit: What its code was made of.
    commands: Names of the commands that it takes.
    """

    started_at: int | None = None
    version: str = ""
    commit: str = ""
    commands: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "started_at": self.started_at,
            "version": self.version,
            "commit": self.commit,
            "commands": list(self.commands),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            started_at=record["started_at"],
            version=record["version"],
            commit=record["commit"],
            commands=tuple(record["commands"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and len(self.version) <= 200 and LINE.takes(self.version)
            and len(self.commit) <= 200 and LINE.takes(self.commit)
            and len(self.commands) <= 200
            and (not self.commands or all(1 <= len(item) <= 200 and WORD.takes(item) for item in self.commands))
        )


class ServiceMetricsReported(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester said how its hosts do.

    metrics: The latest figures of each host.
    """

    metrics: tuple[ServiceMetrics, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "metrics": [item.to_avro() for item in self.metrics],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            metrics=tuple(ServiceMetrics.from_avro(item) for item in record["metrics"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.metrics) <= 20
            and (not self.metrics or all(map(ServiceMetrics.is_within_bounds, self.metrics)))
        )


_NAMES_OF_TARGETSLOTSSET = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 128),
    (WORD, 0, 64),
)


class TargetSlotsSet(Struct, frozen=True, kw_only=True, gc=False):
    """The most workers that are ordered of a Harvester for a queue was set.

    queue: Queue.
    slots: How many.
    share: Global share; empty for all.
    resource_type: Class of workers; empty for all.
    until: Until then; null until it is set again.
    """

    queue: str
    slots: int
    share: str = ""
    resource_type: str = ""
    until: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "slots": self.slots,
            "share": self.share,
            "resource_type": self.resource_type,
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            slots=record["slots"],
            share=record["share"],
            resource_type=record["resource_type"],
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.slots <= 2147483647
            and (self.until is None or (631152000000000 <= self.until <= 4102444800000000))
            and _NAMES_OF_TARGETSLOTSSET("\n".join((self.queue, self.share, self.resource_type, ""))) is not None
        )


_NAMES_OF_WORKERCOUNTSREPORTED = lines_of(
    (WORD, 1, 128),
)


class WorkerCountsReported(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester counted the workers of a queue.

    queue: Queue.
    counts: By kind and class.
    """

    queue: str
    counts: tuple[WorkerCounts, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "counts": [item.to_avro() for item in self.counts],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            counts=tuple(WorkerCounts.from_avro(item) for item in record["counts"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.counts) <= 200
            and _NAMES_OF_WORKERCOUNTSREPORTED("\n".join((self.queue, ""))) is not None
            and (not self.counts or all(map(WorkerCounts.is_within_bounds, self.counts)))
        )


_NAMES_OF_HARVESTERSNAPSHOT = lines_of(
    (SUBJECT, 0, 255),
)


class HarvesterSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A Harvester.

    owner: Subject that speaks for it; empty until one has reported.
    started_at: When it started last, by its own clock.
    seen_at: When its last sign of life was recorded.
    last_number: Number of the last command.
    waiting: Orders that were not handed out yet, oldest first.
    unacknowledged: Numbers of commands that it is asked to say were carried out.
    expected: Workers that were ordered.
    counted: Queues that it counts.
    slots: The most workers of queues.
    dialogs: What tells a message that came before, oldest first.
    """

    owner: str = ""
    started_at: int | None = None
    seen_at: int | None = None
    last_number: int = 0
    waiting: tuple[HarvesterOrder, ...] = ()
    unacknowledged: tuple[int, ...] = ()
    expected: tuple[ExpectedWorkers, ...] = ()
    counted: tuple[CountedQueue, ...] = ()
    slots: tuple[TargetSlots, ...] = ()
    dialogs: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "owner": self.owner,
            "started_at": self.started_at,
            "seen_at": self.seen_at,
            "last_number": self.last_number,
            "waiting": [item.to_avro() for item in self.waiting],
            "unacknowledged": list(self.unacknowledged),
            "expected": [item.to_avro() for item in self.expected],
            "counted": [item.to_avro() for item in self.counted],
            "slots": [item.to_avro() for item in self.slots],
            "dialogs": list(self.dialogs),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            owner=record["owner"],
            started_at=record["started_at"],
            seen_at=record["seen_at"],
            last_number=record["last_number"],
            waiting=tuple(HarvesterOrder.from_avro(item) for item in record["waiting"]),
            unacknowledged=tuple(record["unacknowledged"]),
            expected=tuple(ExpectedWorkers.from_avro(item) for item in record["expected"]),
            counted=tuple(CountedQueue.from_avro(item) for item in record["counted"]),
            slots=tuple(TargetSlots.from_avro(item) for item in record["slots"]),
            dialogs=tuple(record["dialogs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.started_at is None or (631152000000000 <= self.started_at <= 4102444800000000))
            and (self.seen_at is None or (631152000000000 <= self.seen_at <= 4102444800000000))
            and 0 <= self.last_number <= 2097151
            and len(self.waiting) <= 50
            and len(self.unacknowledged) <= 1000
            and (not self.unacknowledged or 1 <= min(self.unacknowledged) <= max(self.unacknowledged) <= 2097151)
            and len(self.expected) <= 1000
            and len(self.counted) <= 1000
            and len(self.slots) <= 1000
            and len(self.dialogs) <= 1000
            and (not self.dialogs or all(1 <= len(item) <= 32 and WORD.takes(item) for item in self.dialogs))
            and _NAMES_OF_HARVESTERSNAPSHOT("\n".join((self.owner, ""))) is not None
            and (not self.waiting or all(map(HarvesterOrder.is_within_bounds, self.waiting)))
            and (not self.expected or all(map(ExpectedWorkers.is_within_bounds, self.expected)))
            and (not self.counted or all(map(CountedQueue.is_within_bounds, self.counted)))
            and (not self.slots or all(map(TargetSlots.is_within_bounds, self.slots)))
        )


HarvesterCommand = (
    AcknowledgeHarvesterCommands
    | AcquireHarvesterCommands
    | AddHarvesterDialogs
    | OrderHarvester
    | ReleaseHarvester
    | ReportHarvester
    | ReportServiceMetrics
    | ReportWorkerCounts
    | SetTargetSlots
)

HarvesterEvent = (
    HarvesterCommandOrdered
    | HarvesterCommandsAcknowledged
    | HarvesterCommandsHandedOut
    | HarvesterDialogsAdded
    | HarvesterOrdersServed
    | HarvesterReleased
    | HarvesterSeen
    | HarvesterStarted
    | ServiceMetricsReported
    | TargetSlotsSet
    | WorkerCountsReported
)
