"""A batch system in memory with the faults of real ones, and the plugin through which a harvester sees it.

The system outlives every harvester. Faults are armed by the schedule and strike the next submission or listing; what becomes
of workers is done to them by name. What the plugin does not know for certain is `Unknown` or an incomplete listing, as the
contract of plugins wants it (agents/harvester/systems/contract.py).
"""

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agents.harvester.systems.contract import (
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeState,
    NativeWorker,
    Refused,
    SubmitOutcome,
    Submitted,
    Unknown,
    WorkerSpec,
)
from agents.job_file import JOB
from tests.sim.sites.clock import SECOND, HostClock, SiteTime

STACK = "culmsim"
SLOTS, NODES = 8, 3
#: So long the system remembers what ended.
MIN_AGE_SECONDS = 120
BULK_MAX = 10
SUBMIT_FAULTS = ("answer_lost", "accepted_twice", "lost", "swallowed", "refused", "raises")
LISTING_FAULTS = ("cut", "stale", "empty", "raises")


@dataclass(slots=True)
class BatchJob:
    """A job of the batch system. job: what travels with it, None in a queue whose pilots ask. runs: how often it was started."""

    tag: str
    batch_id: str
    worker_id: str = ""
    harvester_id: str = ""
    queue: str = ""
    job: dict[str, object] | None = field(default=None, repr=False)
    state: NativeState = NativeState.PENDING
    node: str = ""
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    ended_at: int = 0
    runs: int = 0

    @property
    def lives(self) -> bool:
        """It waits, is held or runs."""
        return not self.state.is_end

    def seen(self) -> NativeWorker:
        """As a listing shows it."""
        return NativeWorker(
            self.tag,
            self.batch_id,
            self.state,
            self.state.value,
            self.reason,
            self.node,
            self.exit_code,
            self.signal,
        )


class MemoryBatch:
    """The system. taken: told of each worker that it accepts, before it has it."""

    def __init__(self, time: SiteTime, taken: Callable[[str], None]) -> None:
        self.time, self._taken = time, taken
        self.jobs: list[BatchJob] = []
        #: Tags and states of all that ended.
        self.ends: set[tuple[str, str]] = set()
        #: Tags of living workers whose files were swept away.
        self.robbed: list[str] = []
        self.submit_faults: deque[str] = deque()
        self.listing_faults: deque[str] = deque()
        self.restarts_until = 0
        self._next_id, self._last_seen = 1, tuple[NativeWorker, ...]()

    @property
    def restarts(self) -> bool:
        """Its controller is not there."""
        return self.time.now < self.restarts_until

    def living(self) -> list[BatchJob]:
        """Jobs that have not ended."""
        return [job for job in self.jobs if job.lives]

    def accept(self, spec: WorkerSpec) -> BatchJob:
        """Take a worker."""
        self._taken(spec.tag)
        files = {path.name: path for path in spec.files}
        job = next(iter(json.loads(files[JOB].read_text()).values())) if JOB in files else None
        environment = spec.environment
        found = BatchJob(
            spec.tag, self._new_id(), environment["HARVESTER_WORKER_ID"], environment["HARVESTER_ID"], spec.queue, job
        )
        self.jobs.append(found)
        return found

    def accept_copy(self, job: BatchJob) -> BatchJob:
        """Take the same worker a second time, as a submission that is repeated by the system's own tools does."""
        copy = BatchJob(job.tag, self._new_id(), job.worker_id, job.harvester_id, job.queue, job.job)
        self.jobs.append(copy)
        return copy

    def add_foreign(self, tag: str) -> None:
        """A job of someone else, which runs for ever."""
        self.jobs.append(BatchJob(tag, self._new_id(), state=NativeState.RUNNING))

    def start_waiting(self) -> list[BatchJob]:
        """Give free slots to those that wait, the oldest first; those that start now."""
        if self.restarts:
            return []
        free = SLOTS - sum(job.state is NativeState.RUNNING and bool(job.worker_id) for job in self.jobs)
        started = [job for job in self.jobs if job.state is NativeState.PENDING][: max(0, free)]
        for job in started:
            job.state, job.node, job.runs = NativeState.RUNNING, f"node{int(job.batch_id) % NODES}", job.runs + 1
        self.jobs = [job for job in self.jobs if job.lives or self.time.now - job.ended_at < MIN_AGE_SECONDS * SECOND]
        return started

    def end(
        self, job: BatchJob, state: NativeState, reason: str = "", exit_code: int | None = None, signal: int | None = None
    ) -> None:
        """Let a job be over."""
        if job.lives:
            job.state, job.reason, job.exit_code, job.signal = state, reason, exit_code, signal
            job.ended_at = self.time.now
            self.ends.add((job.tag, state.value))

    def forget(self, job: BatchJob) -> None:
        """Another one swept it away, with its record."""
        self.jobs.remove(job)

    def cold_start(self) -> list[BatchJob]:
        """Everything is lost but what is not Culm's, and ids begin again; what was lost."""
        lost = [job for job in self.jobs if job.worker_id]
        self.jobs, self._next_id = [job for job in self.jobs if not job.worker_id], 1
        return lost

    def listing(self, clock: HostClock) -> Listing:
        """What is seen of it now, with the fault that is armed."""
        began_at, whole = clock.wall(), tuple(job.seen() for job in self.jobs if job.tag.startswith(f"{STACK}-"))
        if self.restarts:
            return Listing(False, began_at, (), "the controller is not there")
        fault = self.listing_faults.popleft() if self.listing_faults else ""
        before, self._last_seen = self._last_seen, whole
        match fault:
            case "cut":
                return Listing(False, began_at, whole[: len(whole) // 2], "the listing ends in the middle")
            case "stale":
                return Listing(False, began_at, before, "the listing is older than the question")
            case "empty":
                return Listing(False, began_at, (), "the controller has only begun to read its state")
            case "raises":
                raise ValueError("the plugin met output that it cannot read")
        return Listing(True, began_at, whole)

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id - 1)


class MemoryPlugin:
    """The plugin of one harvester. clock: of its host."""

    def __init__(self, batch: MemoryBatch, clock: HostClock) -> None:
        self._batch, self._clock = batch, clock

    def describe(self) -> Description:
        """As any other."""
        return Description(name="memory", exact_memory=True, ships_files=True, bulk_max=BULK_MAX)

    def problem(self) -> str:
        """None."""
        return ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """An outcome for each, with the faults that are armed."""
        return [self._submit(spec) for spec in specs]

    def listing(self) -> Listing:
        """All of the stack, or less where a fault strikes."""
        return self._batch.listing(self._clock)

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """By tag and id together."""
        if self._batch.restarts:
            return [CancelOutcome.UNKNOWN for _ in workers]
        return [self._cancel(worker) for worker in workers]

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """What living workers have is noted where it is swept away; nothing else is left behind."""
        self._batch.robbed += [job.tag for job in self._batch.living() if is_over(job.tag)]
        return 0

    def events(self) -> EventSource | None:
        """None."""
        return None

    def _submit(self, spec: WorkerSpec) -> SubmitOutcome:
        if self._batch.restarts:
            return Unknown(spec.tag, "the controller is not there")
        fault = self._batch.submit_faults.popleft() if self._batch.submit_faults else ""
        match fault:
            case "lost":
                return Unknown(spec.tag, "no answer in time")
            case "swallowed":
                return Submitted(spec.tag, "4711", "here")
            case "refused":
                return Refused(spec.tag, "no such partition", permanent=False)
            case "raises":
                raise ValueError("the plugin met output that it cannot read")
        job = self._batch.accept(spec)
        match fault:
            case "answer_lost":
                return Unknown(spec.tag, "no answer in time")
            case "accepted_twice":
                job = self._batch.accept_copy(job)
        return Submitted(spec.tag, job.batch_id, "here")

    def _cancel(self, worker: NativeWorker) -> CancelOutcome:
        for job in self._batch.living():
            if (job.tag, job.batch_id) == (worker.tag, worker.batch_id):
                self._batch.end(job, NativeState.CANCELLED, "cancelled")
                return CancelOutcome.ORDERED
        return CancelOutcome.GONE
