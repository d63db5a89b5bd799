"""What may be said to and by the snapshot aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.types import (
    PartitionPosition,
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
