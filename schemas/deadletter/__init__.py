"""What may be said to and by the deadletter aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from dataclasses import dataclass
from typing import Any, Self

from schemas.characters import (
    TEXT,
    WORD,
    lines_of,
)

_NAMES_OF_DEADLETTER = lines_of(
    (WORD, 1, 255),
    (WORD, 1, 64),
    (WORD, 1, 64),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be handled, kept as it was.

    source_topic: Where it stood.
    source_partition: Partition.
    source_offset: Offset.
    key: Its key.
    value: Its value.
    error_class: Poison, Bug.
    error: What was wrong: the thing, what was found, what was expected.
    process: Who gave up on it.
    seen_at: Timestamp of the record.
    """

    source_topic: str
    source_partition: int
    source_offset: int
    key: bytes | None = None
    value: bytes | None = None
    error_class: str
    error: str
    process: str
    seen_at: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source_topic": self.source_topic,
            "source_partition": self.source_partition,
            "source_offset": self.source_offset,
            "key": self.key,
            "value": self.value,
            "error_class": self.error_class,
            "error": self.error,
            "process": self.process,
            "seen_at": self.seen_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source_topic=record["source_topic"],
            source_partition=record["source_partition"],
            source_offset=record["source_offset"],
            key=record["key"],
            value=record["value"],
            error_class=record["error_class"],
            error=record["error"],
            process=record["process"],
            seen_at=record["seen_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.source_partition <= 2147483647
            and 0 <= self.source_offset <= 9223372036854775807
            and (self.key is None or (len(self.key) <= 900000))
            and (self.value is None or (len(self.value) <= 900000))
            and len(self.error) <= 10000 and TEXT.takes(self.error)
            and 0 <= self.seen_at <= 4102444800000000
            and _NAMES_OF_DEADLETTER("\n".join((self.source_topic, self.error_class, self.process, ""))) is not None
        )
