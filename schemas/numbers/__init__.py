"""What may be said to and by the numbers aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct


class GiveNumbers(Struct, frozen=True, kw_only=True, gc=False):
    """Give a block of numbers to the API that asks, which names things by them.

    count: How many.
    after: The greatest number that is known to be in use, 0 when it is not known; one far beyond those that
        were given is ignored.
    """

    count: int = 100
    after: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "count": self.count,
            "after": self.after,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            count=record["count"],
            after=record["after"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.count <= 1000
            and 0 <= self.after <= 899999999
        )


class NumbersGiven(Struct, frozen=True, kw_only=True, gc=False):
    """A block of numbers was given away.

    first: The first of them.
    last: The last of them.
    """

    first: int
    last: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "last": self.last,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            last=record["last"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 899999999
            and 1 <= self.last <= 899999999
        )


class NumbersSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """How far numbers were given away.

    next: The next that will be given.
    """

    next: int = 10000000

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "next": self.next,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            next=record["next"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.next <= 900000000


NumbersCommand = (
    GiveNumbers
)

NumbersEvent = (
    NumbersGiven
)
