"""What may be said to and by the ranking aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    LINE,
)
from schemas.types import (
    ShareStanding,
)


class RankShares(Struct, frozen=True, kw_only=True, gc=False):
    """Say what each share uses; the order follows from it.

    standings: The tree, in its order, with what each uses.
    evaluated_at: When the usage was looked at (microseconds UTC).
    """

    standings: tuple[ShareStanding, ...] = ()
    evaluated_at: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "standings": [item.to_avro() for item in self.standings],
            "evaluated_at": self.evaluated_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            standings=tuple(ShareStanding.from_avro(item) for item in record["standings"]),
            evaluated_at=record["evaluated_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.standings) <= 1000
            and 0 <= self.evaluated_at <= 4165516800000000
            and (not self.standings or all(map(ShareStanding.is_within_bounds, self.standings)))
        )


class SharesRanked(Struct, frozen=True, kw_only=True, gc=False):
    """The shares stand in this order.

    standings: The tree, in its order: usage and pledge.
    order: Leaves, the one to be served first at the front.
    evaluated_at: When the usage was looked at (microseconds UTC).
    """

    standings: tuple[ShareStanding, ...] = ()
    order: tuple[str, ...] = ()
    evaluated_at: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "standings": [item.to_avro() for item in self.standings],
            "order": list(self.order),
            "evaluated_at": self.evaluated_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            standings=tuple(ShareStanding.from_avro(item) for item in record["standings"]),
            order=tuple(record["order"]),
            evaluated_at=record["evaluated_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.standings) <= 1000
            and len(self.order) <= 1000
            and (not self.order or all(1 <= len(item) <= 128 and LINE.takes(item) for item in self.order))
            and 0 <= self.evaluated_at <= 4165516800000000
            and (not self.standings or all(map(ShareStanding.is_within_bounds, self.standings)))
        )


class RankingSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """The order of the shares.

    standings: The tree, in its order: usage and pledge.
    order: Leaves, the one to be served first at the front.
    evaluated_at: When the usage was looked at (microseconds UTC).
    """

    standings: tuple[ShareStanding, ...] = ()
    order: tuple[str, ...] = ()
    evaluated_at: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "standings": [item.to_avro() for item in self.standings],
            "order": list(self.order),
            "evaluated_at": self.evaluated_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            standings=tuple(ShareStanding.from_avro(item) for item in record["standings"]),
            order=tuple(record["order"]),
            evaluated_at=record["evaluated_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.standings) <= 1000
            and len(self.order) <= 1000
            and (not self.order or all(1 <= len(item) <= 128 and LINE.takes(item) for item in self.order))
            and 0 <= self.evaluated_at <= 4165516800000000
            and (not self.standings or all(map(ShareStanding.is_within_bounds, self.standings)))
        )


RankingCommand = (
    RankShares
)

RankingEvent = (
    SharesRanked
)
