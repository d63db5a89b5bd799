"""What the harvester asks of a batch system, and what it may believe of the answers.

A plugin is a class with the methods of `BatchSystem`, made with (stack, settings, folder), and named by an entry point of the
group `culm.batch_systems`. It holds no state between calls that it could not lose, and knows nothing of Culm: workers are known
by their tag alone, which stands in a field of the batch system; a batch id may be given out again. Each call ends within its
time-out. What is not known for certain is `Unknown` or an incomplete listing, never a guess: the harvester settles it by the tag
later.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

#: Entry point group in which plugins are found.
GROUP = "culm.batch_systems"
#: A tag is STACK-WORKER, at most so long, of a-z, 0-9 and "-", beginning with a letter: a valid name in every system.
TAG_LENGTH_MAX = 63
#: Reasons, as batch systems word them, are cut to so many characters.
REASON_LENGTH_MAX = 1000


class NativeState(StrEnum):
    """What a batch system says of a worker, in the finest words that all systems have."""

    PENDING = "PENDING"
    HELD = "HELD"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMEOUT = "TIMEOUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    NODE_FAILED = "NODE_FAILED"
    PREEMPTED = "PREEMPTED"

    @property
    def is_end(self) -> bool:
        """Whether a worker in this state is over."""
        return self not in (NativeState.PENDING, NativeState.HELD, NativeState.RUNNING)


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One worker to submit.

    tag: names it for ever. program: an executable file that the worker runs without arguments. files: travel with it, readable by
    its user alone; they may hold secrets, `environment` must not. settings: of the queue, by the plugin's own names.
    """

    tag: str
    queue: str
    cores: int
    memory_mb: int
    disk_mb: int
    walltime_seconds: int
    program: Path
    files: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The batch system has the worker. submit_host: where it is known under batch_id."""

    tag: str
    batch_id: str
    submit_host: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The batch system does not have the worker, for certain. permanent: the same request will be refused again."""

    tag: str
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """The batch system may or may not have the worker."""

    tag: str
    reason: str


SubmitOutcome = Submitted | Refused | Unknown


@dataclass(frozen=True, slots=True)
class NativeWorker:
    """A worker as the batch system shows it.

    native_state, reason: its own words. memory_mb: as requested, None where it is not told. The end: exit_code or signal.
    """

    tag: str
    batch_id: str
    state: NativeState
    native_state: str
    reason: str = ""
    node: str = ""
    exit_code: int | None = None
    signal: int | None = None
    memory_mb: int | None = None
    cores: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """All workers of this stack that the batch system knows, the living and those that ended lately.

    complete: nothing is missing; only such a listing proves that a worker is not there. began_at: seconds since 1970, by this
    host's clock, before the batch system was asked. A tag that stands there twice was submitted twice. problem: why it is not
    complete.
    """

    complete: bool
    began_at: float
    workers: tuple[NativeWorker, ...] = ()
    problem: str = ""


class CancelOutcome(StrEnum):
    """The outcome of a cancellation: it was ordered, there is no such worker, or it is not known."""

    ORDERED = "ordered"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Description:
    """What a batch system can do.

    exact_memory: it gives what is asked, not the next larger slot. ships_files: files of a spec reach the worker. bulk_max: specs
    in one submission at most. submits_once: the system itself refuses a second worker with the same tag. retires: it can say to
    workers that they shall take no more jobs (`RetiresWorkers`).
    """

    name: str
    exact_memory: bool
    ships_files: bool
    bulk_max: int
    submits_once: bool = False
    retires: bool = False


class EventSource(Protocol):
    """Tells that something changed, so that the next listing may come early."""

    def fileno(self) -> int:
        """For selectors: readable once something changed."""

    def drain(self) -> None:
        """Take all changes so far as seen."""

    def close(self) -> None:
        """Give up its descriptors."""


class BatchSystem(Protocol):
    """One batch system; all methods may be called from one thread at a time."""

    def describe(self) -> Description:
        """What it can do; asks nothing of the system."""

    def problem(self) -> str:
        """Why it cannot be used here (a command is missing, an address is refused), empty if it can."""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """An outcome for each spec, in their order; never raises for what the system answers."""

    def listing(self) -> Listing:
        """All workers of all queues, by one native call."""

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """Order the end of workers, which a listing proves later; those that are not of this stack are not touched."""

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Remove what workers left behind (spools, secrets, folders) of whose tags `is_over` is true; how many were removed.

        It is true of a tag only when the worker is known to have ended. What belongs to any other tag is kept.
        """

    def events(self) -> EventSource | None:
        """What wakes the harvester early; None where the system tells nothing."""


@runtime_checkable
class MayTakeNoOrders(Protocol):
    """What a system may have beside: times in which it is given no orders, so that none is prepared."""

    @property
    def trouble(self) -> str:
        """Why; empty while it takes orders."""


@runtime_checkable
class RetiresWorkers(Protocol):
    """What a plugin may have beside: a way to say to workers that run that they shall take no more jobs."""

    def retire(self, workers: Sequence[NativeWorker]) -> None:
        """Have them finish what they do and then end; nothing is awaited. One that has not begun to work ends well at once."""


@runtime_checkable
class FindsHalfSubmitted(Protocol):
    """What a plugin may have beside, where a submission has several parts: what a killed harvester left half."""

    def half_submitted(self, workers: Sequence[NativeWorker]) -> Sequence[NativeWorker]:
        """Those of `workers`, which wait, that will never start, for certain: a part of their submission is not there."""


@runtime_checkable
class KeepsLastWords(Protocol):
    """What a plugin may have beside: the error output of workers that ended."""

    def last_words(self, tag: str) -> str:
        """The end of a worker's error output, at most 8 KB; empty where there is none."""
