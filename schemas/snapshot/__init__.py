"""What may be said to and by the snapshot aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.types import (
    PartitionPosition,
)


class DecidedCommands(Struct, frozen=True, kw_only=True, gc=False):
    """Commands that were decided on aggregates of one kind which never end, for as long as a repetition is
    recognised.

    digests: Digests of the commands, 8 bytes each.
    last_at: When the last of them was issued.
    newest_at: When the newest command was issued that was decided on aggregates of this kind in this partition;
        0 for none.
    forgotten_until: Commands that were issued then or earlier are not remembered; 0 for none.
    """

    digests: bytes = b""
    last_at: int
    newest_at: int
    forgotten_until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "digests": self.digests,
            "last_at": self.last_at,
            "newest_at": self.newest_at,
            "forgotten_until": self.forgotten_until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            digests=record["digests"],
            last_at=record["last_at"],
            newest_at=record["newest_at"],
            forgotten_until=record["forgotten_until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.digests) <= 800000
            and 0 <= self.last_at <= 9223372036854775807
            and 0 <= self.newest_at <= 9223372036854775807
            and 0 <= self.forgotten_until <= 9223372036854775807
        )


class RowGone(Struct, frozen=True, kw_only=True, gc=False):
    """A part of a living aggregate that is no more, though a closed row of it exists."""


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


class SnapshotMarker(Struct, frozen=True, kw_only=True, gc=False):
    """From these positions on, events may be missing in the rows that stand before this one in its partition.

    positions: Ends of the event topics and of the closed rows when the round of writing began.
    writer_epoch: Fencing number of the writer.
    """

    positions: tuple[PartitionPosition, ...] = ()
    writer_epoch: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "positions": [item.to_avro() for item in self.positions],
            "writer_epoch": self.writer_epoch,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            positions=tuple(PartitionPosition.from_avro(item) for item in record["positions"]),
            writer_epoch=record["writer_epoch"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.positions) <= 1000
            and 0 <= self.writer_epoch <= 9223372036854775807
            and (not self.positions or all(map(PartitionPosition.is_within_bounds, self.positions)))
        )
