"""One queue of a harvester: a batch system of folders, a Culm that answers or is away, a clock that is driven."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from agents.errors import CallFailed, Unreachable
from agents.harvester.batch import ServedSystem
from agents.harvester.clock import SYSTEM_CLOCK, Clock, SystemClock
from agents.harvester.config import ServedQueue
from agents.harvester.culm_calls import CulmCalls, DecidersAnswer, LivingWorker, QueueInTheLog
from agents.harvester.demand import Demand, DemandPoller
from agents.harvester.served import QueueService
from agents.harvester.systems.contract import (
    BatchSystem,
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeState,
    NativeWorker,
    SubmitOutcome,
    WorkerSpec,
)
from agents.harvester.systems.worker_folders import WorkerFolders

QUEUE = ServedQueue("Q", system="folders", pilots_max=100)
TAG = f"kit-{QUEUE.slug}-0123456789ab"
#: Of the same stack, and of a queue that this harvester does not serve.
ELSEWHERE = "kit-othera1b2c3-0123456789ab"


class Folders:
    """A batch system whose workers have a folder each, as those of Slurm and HTCondor have. alive: by tag."""

    def __init__(self, root: Path) -> None:
        self.folders, self.alive, self.complete = WorkerFolders(root, "kit"), set[str](), True
        self.cancelled: list[str] = []
        self.retired: list[str] = []
        self.state, self.half, self.looked_at = NativeState.RUNNING, set[str](), list[str]()

    def begin(self, tag: str) -> Path:
        """A worker that lives and has a secret."""
        folder = self.folders.of(tag)
        folder.mkdir(parents=True)
        (folder / "token").write_text("s3cret")
        self.alive.add(tag)
        return folder

    def describe(self) -> Description:
        return Description("folders", True, True, 10, retires=True)

    def problem(self) -> str:
        return ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        return []

    def listing(self) -> Listing:
        if not self.complete:
            return Listing(False, 1.0, problem="it was cut")
        return Listing(True, 1.0, tuple(NativeWorker(tag, "7", self.state, "R") for tag in sorted(self.alive)))

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        self.cancelled += [worker.tag for worker in workers]
        return [CancelOutcome.ORDERED for _ in workers]

    def retire(self, workers: Sequence[NativeWorker]) -> None:
        self.retired += [worker.tag for worker in workers]

    def half_submitted(self, workers: Sequence[NativeWorker]) -> Sequence[NativeWorker]:
        self.looked_at += [worker.tag for worker in workers]
        return [worker for worker in workers if worker.tag in self.half]

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        return self.folders.sweep(is_over)

    def events(self) -> EventSource | None:
        return None


class Calls:
    """A Culm that has the workers in `log` alive. away: the calls that are not answered."""

    harvester_id, instance = "h", "i"

    def __init__(self, *tags: str) -> None:
        self.log, self.epoch, self.away, self.cancelled = list(tags), 0, set[str](), set[str]()
        self.withdrawn: list[str] = []
        #: Why a worker is not to be withdrawn; empty where it is.
        self.keeps = ""

    def claim(self, queue: str, epoch: int, seconds: int) -> DecidersAnswer:
        if "claim" in self.away:
            raise Unreachable("away")
        self.epoch = epoch
        return DecidersAnswer(True, sequence=1)

    def living(self, queue: str, sequence: int) -> QueueInTheLog:
        if "living" in self.away and self.epoch:
            raise Unreachable("away")
        workers = {tag: LivingWorker(tag.removeprefix("kit-"), tag, "running", "7", tag in self.cancelled) for tag in self.log}
        return QueueInTheLog(self.epoch, "h", "i", max(1, sequence), workers)

    def withdraw(self, queue: str, worker_id: str, why: str) -> DecidersAnswer:
        if "withdraw" in self.away:
            raise Unreachable("away")
        if self.keeps:
            return DecidersAnswer(False, self.keeps, sequence=1)
        self.withdrawn.append(worker_id)
        return DecidersAnswer(True, sequence=1)

    def reconcile(self, queue: str, epoch: int, compared: dict[str, Any]) -> DecidersAnswer:
        return DecidersAnswer(True, sequence=1)


class DrivenClock(SystemClock):
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = [1_000.0]

    def monotonic(self) -> float:
        return self.now[0]


class Harvested:
    """One queue on one system. living: what the log has alive. demand: what was received; the beginning is that nothing was."""

    def __init__(self, root: Path, *living: str, demand: Demand | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self.system, self.calls = Folders(root), Calls(*living)
        self.demand, calls = SimpleNamespace(demand=demand or Demand()), cast(CulmCalls, self.calls)
        self.service = QueueService(QUEUE, calls, cast(DemandPoller, self.demand), 300, clock)
        config = SimpleNamespace(stack="kit", harvester_id="h", poll_seconds=5.0, patience_seconds=0.0)
        reporting = SimpleNamespace(tell=lambda queue, *reports: None)
        system = cast(BatchSystem, self.system)
        self.served = ServedSystem("folders", system, [self.service], cast(Any, config), calls, cast(Any, reporting), clock)

    def turn(self) -> None:
        """Ask Culm, which may be away, and look at the batch system."""
        with suppress(CallFailed):
            self.service.keep()
        self.served.look(at_once=True)
