"""The pilots of one queue: how many are wanted, which are alive."""

from collections import deque
from dataclasses import dataclass, field

from schemas.types import EventEnvelope, WorkerState
from schemas.worker import WorkerEnded, WorkerEvent, WorkerRunning, WorkerSubmitted, WorkersWanted

ENDED_REMEMBERED = 1000
ENDINGS = frozenset({WorkerState.FINISHED, WorkerState.FAILED, WorkerState.CANCELLED})


@dataclass(slots=True)
class Workers:
    """Workers of a queue; `ended` are the last ones that ended, so that a late word of theirs is known as late."""

    wanted: int = 0
    live: dict[str, WorkerState] = field(default_factory=dict)
    ended: deque[str] = field(default_factory=lambda: deque(maxlen=ENDED_REMEMBERED))


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
            workers.ended.append(event.worker_id)
    return workers


def is_closed(workers: Workers) -> bool:
    """The workers of a queue are never closed."""
    return False
