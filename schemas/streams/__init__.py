"""What may be said to and by the streams aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct


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
    """

    wanted: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "wanted": self.wanted,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            wanted=record["wanted"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 0 <= self.wanted <= 2147483647


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
    """

    waiting: int
    leased: int
    source_partition: int
    source_offset: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "waiting": self.waiting,
            "leased": self.leased,
            "source_partition": self.source_partition,
            "source_offset": self.source_offset,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            waiting=record["waiting"],
            leased=record["leased"],
            source_partition=record["source_partition"],
            source_offset=record["source_offset"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and 0 <= self.source_partition <= 2147483647
            and 0 <= self.source_offset <= 9223372036854775807
        )
