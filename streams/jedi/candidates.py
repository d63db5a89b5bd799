"""What a piece of work asks of queues, what is known of a queue, and what a filter may say of it. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.brokers import FIGURES
from schemas.types import JobKind, Requirements
from streams.facts.outside import NOTHING, OutsideFacts
from streams.facts.snapshot import EndCounts, QueueFacts

#: Of the change that a verdict names.
CHANGE_CHARACTERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a piece of work asks of a queue. ram_mb: as `outgoing.ram_mb`, or more after memory failures. asked_at: when
    (microseconds UTC), 0 where it does not matter. datasets: those of its input. share, owner: whose jobs they are, owner empty
    where that is not known."""

    outgoing: Requirements
    vo: str
    ram_mb: int
    largest_input_bytes: int = 0
    asked_at: int = 0
    task_id: int = 0
    priority: int = 0
    kind: JobKind = JobKind.NORMAL
    datasets: frozenset[str] = frozenset()
    share: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A queue that may take the work. queued: jobs that wait there, as far as known; corepower: HS06 of a core."""

    queue: str
    weight: float
    queued: int
    workdir_mb: int
    corepower: float = 10.0


@dataclass(frozen=True, slots=True)
class UserLoad:
    """Jobs at a queue and share. queued, running: of all; users: how many have jobs there; the user's own beside."""

    queued: int
    running: int
    users: int
    user_queued: int
    user_running: int


@dataclass(frozen=True, slots=True)
class TypeLoad:
    """Jobs at a queue of the share and resource type of the work; cores: of all jobs that run there."""

    queued: int = 0
    running: int = 0
    cores: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the queue itself. waiting, running: jobs of all queues; ends: by queue, of the task's jobs; users,
    types: by queue, of the share and of the task's user and resource type. normal: True when there is a queue that is no
    hospital. files_to: files that wait for transfer, by the site that they go to, of sites to which a link is known."""

    outside: OutsideFacts = NOTHING
    figures: Mapping[str, float] = field(default_factory=lambda: FIGURES)
    ends: Mapping[str, EndCounts] = field(default_factory=dict)
    waiting: int = 0
    running: int = 0
    users: Mapping[str, UserLoad] = field(default_factory=dict)
    types: Mapping[str, TypeLoad] = field(default_factory=dict)
    normal: bool = False
    files_to: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        """Once a decision, not once a queue."""
        files: dict[str, int] = {}
        for (_, destination), link in self.outside.links.items():
            files[destination] = files.get(destination, 0) + link.files_queued
        object.__setattr__(self, "files_to", files)


@dataclass(frozen=True, slots=True)
class Dropped:
    """The queue cannot take the work. message: with the figures found; change: what would let it pass (`QueueVerdict.change`)."""

    message: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Untested:
    """What the filter tests is not known; the queue passes."""


UNTESTED = Untested()
Filter = Callable[[Asked, QueueFacts, Surroundings], Dropped | Untested | None]


def dropped(message: str, name: str, value: object) -> Dropped:
    """With the change that is needed: `name` (queue.NAME, task.NAME, ...) must have `value`; one that is too long for a verdict
    is left out."""
    change = f"{name}={json.dumps(value)}"
    return Dropped(message, change if len(change) <= CHANGE_CHARACTERS_MAX else "")
