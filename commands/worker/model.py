"""The pilots of one queue: how many are wanted, who starts them, and where each is.

In: events of workers and of the service. Out: `Workers`. Guards: an event about a worker that the table of transitions does not
know is a bug, found at once by `evolve`.
"""

from dataclasses import dataclass, field, replace
from sys import intern
from typing import assert_never

from commands.undo import UndoDict, UndoQueue
from commands.worker.transitions import ENDINGS, reached
from identity.ruling import Thing
from schemas.types import ClassDemand, CommandEnvelope, EventEnvelope, WorkerMode, WorkerState
from schemas.worker import (
    CancelWorker,
    ClaimService,
    ConfirmWorkers,
    IntendBoundWorker,
    IntendWorker,
    QueueHealthy,
    QueueUnhealthy,
    ReconcileWorkers,
    RecordFirstRequest,
    ReportWorker,
    ServiceClaimed,
    StopWorker,
    WantWorkers,
    WithdrawWorker,
    WorkerAsked,
    WorkerCancelOrdered,
    WorkerCommand,
    WorkerEnded,
    WorkerEndReported,
    WorkerEvent,
    WorkerHeld,
    WorkerIntended,
    WorkerPending,
    WorkerRunning,
    WorkersHeldBack,
    WorkersReconciled,
    WorkerSubmitted,
    WorkersWanted,
)

ENDED_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Worker:
    """A living worker.

    vo: the organisation that intended or first reported it; harvester and pilot may be two subjects of it. tag: empty of one that
    began with a report. submit_by: microseconds since 1970, 0 of such a one. is_submitted: its batch id is in the log.
    has_asked: its pilot asked for work, or brings its job with it.
    job_id, lease_id: of the job that travels with it.
    """

    state: WorkerState
    vo: str
    tag: str = ""
    submit_by: int = 0
    is_submitted: bool = False
    cancel_ordered: bool = False
    has_asked: bool = False
    job_id: int | None = None
    lease_id: str = ""

    @property
    def is_intended(self) -> bool:
        """It began with an intent, as workers of Culm's harvesters do."""
        return bool(self.tag)

    @property
    def is_pioneer(self) -> bool:
        """Its end says something of its queue: it has not come as far as to ask for work, and no one ordered its end."""
        return self.is_intended and not self.has_asked and not self.cancel_ordered


@dataclass(frozen=True, slots=True)
class Service:
    """Who alone may start workers, as the `epoch`-th one; until: microseconds since 1970, then it may be taken over."""

    epoch: int = 0
    harvester_id: str = ""
    instance: str = ""
    until: int = 0
    vo: str = ""


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that was held back: the number that was asked for, when (microseconds UTC), and the same by class."""

    asked: int
    at: int
    classes: tuple[ClassDemand, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlyEnds:
    """Workers that ended before they asked for work: how, and how many in a row.

    is_closed: the queue gets no new work for it; probes: workers that tried it since; probe_at: when the next one may
    (microseconds UTC).
    """

    fingerprint: str = ""
    ended: int = 0
    is_closed: bool = False
    probes: int = 0
    probe_at: int = 0

    def after(self, fingerprint: str) -> "EarlyEnds":
        """With one more; in an open queue one that ends in another way begins a row of its own, and an unknown way is no news."""
        if self.is_closed:
            return replace(self, fingerprint=fingerprint or self.fingerprint, ended=self.ended + 1)
        if not fingerprint:
            return self
        return EarlyEnds(fingerprint, self.ended + 1 if fingerprint == self.fingerprint else 1)


@dataclass(slots=True)
class Workers:
    """Workers of a queue.

    absent: those that the last complete listing of the batch system did not show, and when the first such listing began
    (microseconds). ended: the last ones that ended, so that a late report about them is known as late. harvesters: Culm's own,
    whose workers begin with an intent. classes: how many are wanted by class. held: the order that waits to be confirmed.
    early: those that ended last without having asked for work. open_ends: those of `ended` of whose end the batch system has not
    said its word in the log, and the organisation that may tell it.
    """

    wanted: int = 0
    live: UndoDict[str, Worker] = field(default_factory=UndoDict)
    ended: UndoQueue[str, None] = field(default_factory=UndoQueue)
    absent: UndoDict[str, int] = field(default_factory=UndoDict)
    harvesters: UndoDict[str, None] = field(default_factory=UndoDict)
    service: Service = Service()
    classes: tuple[ClassDemand, ...] = ()
    held: HeldOrder | None = None
    early: EarlyEnds = EarlyEnds()
    open_ends: UndoDict[str, str] = field(default_factory=UndoDict)


def initial() -> Workers:
    """The workers of a queue before the first event."""
    return Workers()


def evolve(workers: Workers, event: WorkerEvent, envelope: EventEnvelope) -> Workers:
    """`workers` after `event`; applies every event unchecked, and stops at one that the table does not know."""
    match event:
        case WorkersWanted():
            workers.wanted, workers.classes, workers.held = event.wanted, event.classes, None
        case WorkersHeldBack():
            workers.held = HeldOrder(event.asked, envelope.occurred_at, event.classes)
        case ServiceClaimed():
            workers.service = Service(event.epoch, event.harvester_id, event.instance, event.until, intern(envelope.vo))
            workers.harvesters[intern(event.harvester_id)] = None
        case WorkersReconciled():
            before, found = workers.absent, [worker_id for worker_id in event.absent if worker_id in workers.live]
            workers.absent = UndoDict((worker_id, before.get(worker_id, event.began_at)) for worker_id in found)
        case WorkerIntended():
            worker = Worker(
                WorkerState.INTENDED,
                intern(envelope.vo),
                event.tag,
                event.submit_by,
                has_asked=event.mode is WorkerMode.PUSH,
                job_id=event.job_id,
                lease_id=event.lease_id,
            )
            _evolve_worker(workers, event.worker_id, event, worker)
        case QueueUnhealthy():
            workers.early = EarlyEnds(event.fingerprint, event.ended, True, event.probes, event.probe_at)
        case QueueHealthy():
            workers.early = EarlyEnds()
        case (
            WorkerSubmitted()
            | WorkerPending()
            | WorkerHeld()
            | WorkerRunning()
            | WorkerAsked()
            | WorkerCancelOrdered()
            | WorkerEnded()
        ):
            worker = workers.live.get(event.worker_id) or Worker(WorkerState.UNKNOWN, "")
            # Rows of earlier releases have no organisation.
            worker = worker if worker.vo else replace(worker, vo=intern(envelope.vo))
            _evolve_worker(workers, event.worker_id, event, worker)
        case WorkerEndReported():
            workers.open_ends.pop(event.worker_id, None)
        case _:
            assert_never(event)
    return workers


def _evolve_worker(workers: Workers, worker_id: str, event: WorkerEvent, worker: Worker) -> None:
    known = workers.live.get(worker_id)
    found = WorkerState.UNKNOWN if known is None else known.state
    if isinstance(event, WorkerEnded) and known is not None and not workers.early.is_closed and known.is_pioneer:
        workers.early = workers.early.after(event.fingerprint)
    if isinstance(event, WorkerAsked) and not workers.early.is_closed:
        workers.early = EarlyEnds()
    state = reached(found, event)
    assert state is not None, f"{type(event).__name__} in state {found} is not in the table of transitions"
    if state in ENDINGS:
        workers.live.pop(worker_id, None)
        workers.absent.pop(worker_id, None)
        workers.ended[worker_id] = None
        if isinstance(event, WorkerEnded) and not event.native_state:
            workers.open_ends[worker_id] = worker.vo
        if len(workers.ended) > ENDED_REMEMBERED:
            oldest = next(iter(workers.ended))
            del workers.ended[oldest]
            workers.open_ends.pop(oldest, None)
        return
    workers.live[worker_id] = replace(
        worker,
        state=state,
        is_submitted=worker.is_submitted or isinstance(event, WorkerSubmitted),
        cancel_ordered=worker.cancel_ordered or isinstance(event, WorkerCancelOrdered),
        has_asked=worker.has_asked or isinstance(event, WorkerAsked),
    )


def is_closed(workers: Workers) -> bool:
    """The workers of a queue are never closed."""
    return False


def belongs(workers: Workers, command: WorkerCommand, by: CommandEnvelope) -> Thing:
    """A worker is of the organisation that intended it or reported it first; how many are wanted is of no one, and what was held
    back is confirmed by the organisation whose service would remove the workers.

    The service of the queue is of the organisation that has it, until it may be taken over.
    """
    match command:
        case WantWorkers():
            return Thing("the number of workers")
        case ClaimService():
            return Thing("the service of the queue", workers.service.vo if by.issued_at < workers.service.until else "")
        case ReconcileWorkers() | ConfirmWorkers():
            return Thing("the service of the queue", workers.service.vo)
        case IntendWorker() | IntendBoundWorker() if command.worker_id not in workers.live:
            return Thing("the service of the queue", workers.service.vo)
        case (
            IntendWorker()
            | IntendBoundWorker()
            | ReportWorker()
            | WithdrawWorker()
            | CancelWorker()
            | StopWorker()
            | RecordFirstRequest()
        ):
            worker = workers.live.get(command.worker_id)
            return Thing(f"worker {command.worker_id}", worker.vo if worker else "")
        case _:
            assert_never(command)
