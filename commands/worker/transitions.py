"""The table of a worker's legal transitions, as data; `UNKNOWN` is a worker that was never reported.

Reports of harvester and pilot come in any order, and batch systems put workers back into their queues: so a living worker
may come from each state to each other, but never back to being intended, and an end is for ever.
"""

from schemas.types import WorkerState
from schemas.worker import (
    WorkerAsked,
    WorkerCancelOrdered,
    WorkerEnded,
    WorkerHeld,
    WorkerIntended,
    WorkerPending,
    WorkerRunning,
    WorkerSubmitted,
)

_S = WorkerState
#: It ends for a reason that is kept apart from all others.
ENDINGS = frozenset(
    {
        _S.FINISHED, _S.FAILED, _S.CANCELLED, _S.MISSED, _S.LOST, _S.TIMEOUT, _S.OUT_OF_MEMORY, _S.NODE_FAILED, _S.PREEMPTED,
    }
)  # fmt: skip
#: The batch system has it, as far as is known.
THERE = frozenset({_S.SUBMITTED, _S.PENDING, _S.HELD, _S.RUNNING})
ALIVE = THERE | {_S.INTENDED}

TRANSITIONS: frozenset[tuple[WorkerState, type, WorkerState]] = frozenset(
    {
        (_S.UNKNOWN, WorkerIntended, _S.INTENDED),
        # A worker of a harvester that is not Culm's begins with its first report.
        (_S.UNKNOWN, WorkerSubmitted, _S.SUBMITTED),
        (_S.UNKNOWN, WorkerPending, _S.PENDING),
        (_S.UNKNOWN, WorkerHeld, _S.HELD),
        (_S.UNKNOWN, WorkerRunning, _S.RUNNING),
        (_S.INTENDED, WorkerSubmitted, _S.SUBMITTED),
        # Held for another reason.
        (_S.HELD, WorkerHeld, _S.HELD),
    }
    # Its batch id is reported after its pilot reported.
    | {(found, WorkerSubmitted, found) for found in THERE}
    | {(found, WorkerPending, _S.PENDING) for found in ALIVE - {_S.PENDING}}
    | {(found, WorkerHeld, _S.HELD) for found in ALIVE - {_S.HELD}}
    | {(found, WorkerRunning, _S.RUNNING) for found in ALIVE - {_S.RUNNING}}
    | {(found, WorkerCancelOrdered, found) for found in ALIVE}
    # A pilot may ask before its harvester has reported anything.
    | {(found, WorkerAsked, found) for found in ALIVE}
    | {(found, WorkerEnded, reached) for found in THERE | {_S.UNKNOWN} for reached in ENDINGS - {_S.MISSED}}
    | {(found, WorkerEnded, reached) for found in (_S.INTENDED, _S.UNKNOWN) for reached in ENDINGS}
)
#: An end says itself which it is.
_SAYS_STATE = WorkerEnded
NEXT: dict[tuple[WorkerState, type], WorkerState] = {
    (found, event): reached for found, event, reached in TRANSITIONS if event is not _SAYS_STATE
}


def reached(found: WorkerState, event: object) -> WorkerState | None:
    """The state of a worker after `event`, which it met in state `found`; None when the table does not know that."""
    if isinstance(event, WorkerEnded):
        return event.state if (found, WorkerEnded, event.state) in TRANSITIONS else None
    return NEXT.get((found, type(event)))
