"""What a piece of work asks of queues, and the queues that may take it. Pure."""

from dataclasses import dataclass

from schemas.types import Requirements


@dataclass(frozen=True, slots=True)
class Asked:
    """What a piece of work asks of a queue. ram_mb: as `outgoing.ram_mb`, or more after memory failures. asked_at: when
    (microseconds UTC), 0 where it does not matter."""

    outgoing: Requirements
    vo: str
    ram_mb: int
    largest_input_bytes: int = 0
    asked_at: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A queue that may take the work. queued: jobs that wait there, as far as known; corepower: HS06 of a core."""

    queue: str
    weight: float
    queued: int
    workdir_mb: int
    corepower: float = 10.0
