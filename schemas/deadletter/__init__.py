"""What may be said to and by the deadletter aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    SUBJECT,
    TEXT,
    UUID,
    WORD,
    lines_of,
)

_NAMES_OF_DEADLETTER = lines_of(
    (WORD, 1, 255),
    (WORD, 1, 64),
    (WORD, 1, 64),
    (UUID, 0, 36),
    (WORD, 0, 64),
)


class DeadLetter(Struct, frozen=True, kw_only=True, gc=False):
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
    id: Id that follows from topic, partition, offset and reaction; empty in letters of the first release.
    reaction: Which of a processor's reactions gave up; empty when the record as such could not be handled.
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
    id: str = ""
    reaction: str = ""

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
            "id": self.id,
            "reaction": self.reaction,
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
            id=record["id"],
            reaction=record["reaction"],
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
            and _NAMES_OF_DEADLETTER("\n".join((self.source_topic, self.error_class, self.process, self.id, self.reaction, ""))) is not None
        )


_NAMES_OF_DEADLETTERRETRIED = lines_of(
    (UUID, 36, 36),
    (WORD, 1, 255),
    (WORD, 0, 64),
    (SUBJECT, 1, 255),
)


class DeadLetterRetried(Struct, frozen=True, kw_only=True, gc=False):
    """An operator wants the record in a dead letter handled again.

    letter_id: Id of the dead letter.
    source_topic: Where the record stood.
    source_partition: Partition.
    source_offset: Offset.
    reaction: The reaction that gave up; empty when the record as such could not be handled.
    key: Its key.
    value: Its value.
    seen_at: Timestamp of the record.
    requested_by: Subject of the operator.
    requested_at: When.
    """

    letter_id: str
    source_topic: str
    source_partition: int
    source_offset: int
    reaction: str = ""
    key: bytes | None = None
    value: bytes | None = None
    seen_at: int
    requested_by: str
    requested_at: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "letter_id": self.letter_id,
            "source_topic": self.source_topic,
            "source_partition": self.source_partition,
            "source_offset": self.source_offset,
            "reaction": self.reaction,
            "key": self.key,
            "value": self.value,
            "seen_at": self.seen_at,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            letter_id=record["letter_id"],
            source_topic=record["source_topic"],
            source_partition=record["source_partition"],
            source_offset=record["source_offset"],
            reaction=record["reaction"],
            key=record["key"],
            value=record["value"],
            seen_at=record["seen_at"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.source_partition <= 2147483647
            and 0 <= self.source_offset <= 9223372036854775807
            and (self.key is None or (len(self.key) <= 900000))
            and (self.value is None or (len(self.value) <= 900000))
            and 0 <= self.seen_at <= 4102444800000000
            and 0 <= self.requested_at <= 4102444800000000
            and _NAMES_OF_DEADLETTERRETRIED("\n".join((self.letter_id, self.source_topic, self.reaction, self.requested_by, ""))) is not None
        )
