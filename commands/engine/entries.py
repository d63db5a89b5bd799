"""An aggregate in memory, with what the engine knows about it."""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from commands.undo import UndoQueue

#: Aggregate, id.
Key = tuple[str, str]
#: (topic, partition) -> offset of the next record.
Positions = dict[tuple[str, int], int]
#: Rows of parts by name, as the log takes them; None for a part that is no more.
EncodedParts = dict[str, bytes | None]
DIGEST_BYTES = 8


@dataclass(slots=True)
class Entry:
    """An aggregate and its history so far. `recent` are digests of the last commands that led to events, in order.

    batch: the batch that touched it last. live_rows: which rows of it stand among the live ones of the log: None for none, else
    the names of its parts (the main row is there as well). closed_parts: True when rows of it may stand among the closed ones.
    """

    state: Any
    sequence: int = 0
    recent: UndoQueue[int, None] = field(default_factory=UndoQueue)
    batch: int = 0
    live_rows: set[str] | None = None
    closed_parts: bool = False

    def remember(self, command_id: str, most: int) -> None:
        """Keep `command_id` among the last `most`."""
        self.recent[digest(command_id)] = None
        if len(self.recent) > most:
            del self.recent[next(iter(self.recent))]

    def knows(self, command_id: str) -> bool:
        """True when the command was decided, as far as is remembered."""
        return digest(command_id) in self.recent


@lru_cache(maxsize=64)
def digest(command_id: str) -> int:
    """What is remembered of a command: two commands of one aggregate share it once in 10^19 times.

    Each is asked for twice: before its decision and after it.
    """
    return int.from_bytes(blake2b(command_id.encode(), digest_size=DIGEST_BYTES).digest())


def packed(recent: UndoQueue[int, None]) -> bytes:
    """The digests as bytes."""
    return b"".join([number.to_bytes(DIGEST_BYTES) for number in recent])


def unpacked(digests: bytes) -> UndoQueue[int, None]:
    """The digests of `packed`."""
    places = range(0, len(digests), DIGEST_BYTES)
    return UndoQueue({int.from_bytes(digests[place : place + DIGEST_BYTES]): None for place in places})
