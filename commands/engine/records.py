"""Records as they are read and produced, and the dead letter of one that cannot be handled."""

from dataclasses import dataclass

from msgspec import Struct

from commands.limits import LETTER_KEY_BYTES_MAX, LETTER_VALUE_BYTES_MAX, MESSAGE_CHARACTERS_MAX, shortened
from schemas.characters import TEXT
from schemas.deadletter import DeadLetter

#: Topic, partition, offset.
Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class InputRecord:
    """A record as it stands in a command topic. `timestamp` is the broker's, in microseconds.

    read_at: when it was read to be decided, 0 where that is not known; it counts for commands alone that expire.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    read_at: int = 0

    @property
    def place(self) -> Place:
        """Where it stands."""
        return (self.topic, self.partition, self.offset)


class OutputRecord(Struct, frozen=True, gc=False):
    """A record to be produced; `value` is None for the end of a row.

    partition, placed_by: the partition, or the text that chooses it; else the key chooses.
    """

    topic: str
    key: bytes
    value: bytes | None
    placed_by: str | None = None
    partition: int | None = None

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key) + len(self.value or b"")


def letter_of(record: InputRecord, error_class: str, error: str) -> DeadLetter:
    """The dead letter of `record`; a key or value that would not fit beside the rest is left out, it stands at its place."""
    size = len(record.value or b"")
    fits = size <= LETTER_VALUE_BYTES_MAX
    return DeadLetter(
        source_topic=record.topic,
        source_partition=record.partition,
        source_offset=record.offset,
        key=record.key if len(record.key or b"") <= LETTER_KEY_BYTES_MAX else None,
        value=record.value if fits else None,
        error_class=error_class,
        error=TEXT.replaced(
            shortened(error if fits else f"{error} (the {size:,} bytes of the record stand at its place only)"),
            MESSAGE_CHARACTERS_MAX,
        ),
        process="decider",
        seen_at=record.timestamp,
    )
