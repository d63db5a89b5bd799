"""The pilots of one queue: how many are wanted, which are alive."""

from dataclasses import dataclass, field
from sys import intern

from commands.undo import UndoDict, UndoQueue
from identity.ruling import Thing
from schemas.types import CommandEnvelope, EventEnvelope, WorkerState
from schemas.worker import ReportWorker, WorkerCommand, WorkerEnded, WorkerEvent, WorkerRunning, WorkerSubmitted, WorkersWanted

ENDED_REMEMBERED = 1000
ENDINGS = frozenset({WorkerState.FINISHED, WorkerState.FAILED, WorkerState.CANCELLED})


@dataclass(slots=True)
class Workers:
    """Workers of a queue; `ended` are the last ones that ended, so that a late word of theirs is known as late.

    vos: of each live worker, the organisation that reported it first; harvester and pilot may be two subjects of it.
    """

    wanted: int = 0
    live: UndoDict[str, WorkerState] = field(default_factory=UndoDict)
    vos: UndoDict[str, str] = field(default_factory=UndoDict)
    ended: UndoQueue[str, None] = field(default_factory=UndoQueue)


def initial() -> Workers:
    """The workers of a queue before the first event."""
    return Workers()


def evolve(workers: Workers, event: WorkerEvent, envelope: EventEnvelope) -> Workers:
    """`workers` after `event`."""
    match event:
        case WorkersWanted():
            workers.wanted = event.wanted
        case WorkerSubmitted():
            workers.live[event.worker_id] = WorkerState.SUBMITTED
            workers.vos.setdefault(event.worker_id, intern(envelope.vo))
        case WorkerRunning():
            workers.live[event.worker_id] = WorkerState.RUNNING
            workers.vos.setdefault(event.worker_id, intern(envelope.vo))
        case WorkerEnded():
            workers.live.pop(event.worker_id, None)
            workers.vos.pop(event.worker_id, None)
            workers.ended[event.worker_id] = None
            if len(workers.ended) > ENDED_REMEMBERED:
                del workers.ended[next(iter(workers.ended))]
    return workers


def is_closed(workers: Workers) -> bool:
    """The workers of a queue are never closed."""
    return False


def belongs(workers: Workers, command: WorkerCommand, by: CommandEnvelope) -> Thing:
    """A worker is of the organisation that reported it first; how many are wanted is of no one."""
    worker = command.worker_id if isinstance(command, ReportWorker) else ""
    return Thing(f"worker {worker}", workers.vos.get(worker, ""))
