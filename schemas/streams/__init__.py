"""What may be said to and by the streams aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    WORD,
    lines_of,
)
from schemas.types import (
    BucketCount,
    ClassDemand,
    ClassLoad,
    JobGroupLoad,
    QueueEnds,
    ShareLoad,
    Throttle,
)


class JobGroupInQueue(Struct, frozen=True, kw_only=True, gc=False):
    """The jobs of a queue that are of one global share, resource type and user, after the last event that
    changed them; taken away when there are none.

    load: The jobs.
    """

    load: JobGroupLoad

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "load": self.load.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            load=JobGroupLoad.from_avro(record["load"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.load.is_within_bounds()


_NAMES_OF_NUCLEUSWORK = lines_of(
    (WORD, 1, 128),
)


class NucleusWork(Struct, frozen=True, kw_only=True, gc=False):
    """A task whose output a nucleus takes; taken away when it ends.

    nucleus: Name of the site.
    work: Work of the task, in days of a core.
    """

    nucleus: str
    work: float

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "nucleus": self.nucleus,
            "work": self.work,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            nucleus=record["nucleus"],
            work=record["work"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.work <= 1000000000000000
            and _NAMES_OF_NUCLEUSWORK("\n".join((self.nucleus, ""))) is not None
        )


class ParkedTask(Struct, frozen=True, kw_only=True, gc=False):
    """A task waits for a queue; without a value: it no longer does."""


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


class PilotsAsked(Struct, frozen=True, kw_only=True, gc=False):
    """Workers of a queue whose pilot asked for work for the first time, by ten minutes of the last six hours.

    buckets: By ten minutes.
    """

    buckets: tuple[BucketCount, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "buckets": [item.to_avro() for item in self.buckets],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            buckets=tuple(BucketCount.from_avro(item) for item in record["buckets"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.buckets) <= 100
            and (not self.buckets or all(map(BucketCount.is_within_bounds, self.buckets)))
        )


class PilotsLive(Struct, frozen=True, kw_only=True, gc=False):
    """The pilots of a queue that are alive after the last event of one of them.

    live: How many.
    """

    live: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "live": self.live,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            live=record["live"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 0 <= self.live <= 2147483647


class PilotsWanted(Struct, frozen=True, kw_only=True, gc=False):
    """The number of pilots that was last asked for.

    wanted: How many.
    classes: The same by class.
    held_at: When the number was held back (microseconds UTC); 0 when it holds.
    """

    wanted: int
    classes: tuple[ClassDemand, ...] = ()
    held_at: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
            "classes": [item.to_avro() for item in self.classes],
            "held_at": self.held_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
            classes=tuple(ClassDemand.from_avro(item) for item in record["classes"]),
            held_at=record["held_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and len(self.classes) <= 20
            and 0 <= self.held_at <= 4165516800000000
            and (not self.classes or all(map(ClassDemand.is_within_bounds, self.classes)))
        )


_NAMES_OF_QUEUEHEALTH = lines_of(
    (WORD, 0, 64),
)


class QueueHealth(Struct, frozen=True, kw_only=True, gc=False):
    """Whether workers of a queue come as far as to ask for work.

    fingerprint: Why they do not; empty of a queue that is well.
    ended: How many ended so, one after the other.
    probe_at: From then on one worker tries the queue (microseconds UTC).
    """

    fingerprint: str = ""
    ended: int = 0
    probe_at: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "fingerprint": self.fingerprint,
            "ended": self.ended,
            "probe_at": self.probe_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            fingerprint=record["fingerprint"],
            ended=record["ended"],
            probe_at=record["probe_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.ended <= 2147483647
            and 0 <= self.probe_at <= 4165516800000000
            and _NAMES_OF_QUEUEHEALTH("\n".join((self.fingerprint, ""))) is not None
        )


class QueueKnown(Struct, frozen=True, kw_only=True, gc=False):
    """A queue has settings for its dispatch."""


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


class QueueLoad(Struct, frozen=True, kw_only=True, gc=False):
    """The jobs of a queue after its last event that changed them.

    waiting: Waiting jobs.
    leased: Leased jobs.
    source_partition: Partition of that event.
    source_offset: Its place there.
    classes: The same by class; empty for a queue without classes.
    quiet_since: Since when no pilot has taken, held or ended a job of the queue while one waits there
        (microseconds UTC); 0 is not known.
    """

    waiting: int
    leased: int
    source_partition: int
    source_offset: int
    classes: tuple[ClassLoad, ...] = ()
    quiet_since: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "waiting": self.waiting,
            "leased": self.leased,
            "source_partition": self.source_partition,
            "source_offset": self.source_offset,
            "classes": [item.to_avro() for item in self.classes],
            "quiet_since": self.quiet_since,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            waiting=record["waiting"],
            leased=record["leased"],
            source_partition=record["source_partition"],
            source_offset=record["source_offset"],
            classes=tuple(ClassLoad.from_avro(item) for item in record["classes"]),
            quiet_since=record["quiet_since"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and 0 <= self.source_partition <= 2147483647
            and 0 <= self.source_offset <= 9223372036854775807
            and len(self.classes) <= 21
            and 0 <= self.quiet_since <= 4165516800000000
            and (not self.classes or all(map(ClassLoad.is_within_bounds, self.classes)))
        )


class QueueStarts(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of a queue that pilots took, by ten minutes of the last six hours.

    buckets: By ten minutes.
    """

    buckets: tuple[BucketCount, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "buckets": [item.to_avro() for item in self.buckets],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            buckets=tuple(BucketCount.from_avro(item) for item in record["buckets"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.buckets) <= 100
            and (not self.buckets or all(map(BucketCount.is_within_bounds, self.buckets)))
        )


class ShareInQueue(Struct, frozen=True, kw_only=True, gc=False):
    """The jobs of a queue that are of a global share, after the last event that changed them.

    load: The jobs.
    """

    load: ShareLoad

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "load": self.load.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            load=ShareLoad.from_avro(record["load"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.load.is_within_bounds()


class TaskEnds(Struct, frozen=True, kw_only=True, gc=False):
    """How the jobs of a task that is not final ended in the last six hours; without a value: it is final.

    queues: By queue.
    """

    queues: tuple[QueueEnds, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queues": [item.to_avro() for item in self.queues],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queues=tuple(QueueEnds.from_avro(item) for item in record["queues"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.queues) <= 1000
            and (not self.queues or all(map(QueueEnds.is_within_bounds, self.queues)))
        )


class ThrottledTask(Struct, frozen=True, kw_only=True, gc=False):
    """A task of which an order waits until a level is crossed; taken away when the order is made again.

    throttle: Limit, figure and release.
    """

    throttle: Throttle

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "throttle": self.throttle.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            throttle=Throttle.from_avro(record["throttle"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.throttle.is_within_bounds()
