"""The pilots of one queue: how many are wanted, which are alive."""

from dataclasses import dataclass, field

from commands.undo import UndoDict, UndoQueue
from schemas.types import EventEnvelope, WorkerState
from schemas.worker import WorkerEnded, WorkerEvent, WorkerRunning, WorkerSubmitted, WorkersWanted

ENDED_REMEMBERED = 1000
ENDINGS = frozenset({WorkerState.FINISHED, WorkerState.FAILED, WorkerState.CANCELLED})


@dataclass(slots=True)
class Workers:
    """Workers of a queue; `ended` are the last ones that ended, so that a late word of theirs is known as late."""

    wanted: int = 0
    live: UndoDict[str, WorkerState] = field(default_factory=UndoDict)
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
        case WorkerRunning():
            workers.live[event.worker_id] = WorkerState.RUNNING
        case WorkerEnded():
            workers.live.pop(event.worker_id, None)
            workers.ended[event.worker_id] = None
            if len(workers.ended) > ENDED_REMEMBERED:
                del workers.ended[next(iter(workers.ended))]
    return workers


def is_closed(workers: Workers) -> bool:
    """The workers of a queue are never closed."""
    return False
