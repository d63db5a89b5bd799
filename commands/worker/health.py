"""Whether the workers of a queue come as far as to ask for work. Pure.

In: ends and first requests of workers. Out: the events that close a queue for new work and open it again.
Guards: only workers that were intended, that bring no job with them and whose end no one ordered count; one that asked for
work is proof that the queue works, also when it fails afterwards.
"""

from commands.decision import Decision, accept
from commands.worker.model import EarlyEnds, Workers
from schemas.instants import MINUTE
from schemas.types import CommandEnvelope
from schemas.worker import QueueHealthy, QueueUnhealthy, RecordFirstRequest, WorkerAsked

#: So many in a row close the queue.
EARLY_ENDS_MAX = 3
#: From one try to the next; the last one counts for all that follow.
PROBE_MINUTES = (5, 10, 20, 40, 60)


def asked(workers: Workers, command: RecordFirstRequest, by: CommandEnvelope) -> Decision:
    """The first request of a living worker, once; of a queue that was closed it opens it."""
    worker = workers.live.get(command.worker_id)
    if worker is None or worker.has_asked or worker.vo != by.vo:
        return accept()
    event = WorkerAsked(worker_id=command.worker_id)
    if not workers.early.is_closed:
        return accept(event)
    return accept(event, QueueHealthy(worker_id=command.worker_id))


def after_end(workers: Workers, worker_id: str, fingerprint: str, at: int) -> tuple[QueueUnhealthy, ...]:
    """What the end of a worker at `at` (microseconds UTC) says of its queue; nothing, most of the time.

    An open queue is closed by the last of three that ended in one way. In a closed one each that ends is a try that failed and
    puts the next one off, but for those that are left of the time before.
    """
    worker, early = workers.live.get(worker_id), workers.early
    if worker is None or not worker.is_pioneer:
        return ()
    if early.is_closed:
        return () if at < early.probe_at else (_unhealthy(worker_id, early.after(fingerprint), early.probes + 1, at),)
    found = early.after(fingerprint)
    if not fingerprint or found.ended < EARLY_ENDS_MAX:
        return ()
    return (_unhealthy(worker_id, found, 0, at),)


def _unhealthy(worker_id: str, early: EarlyEnds, probes: int, at: int) -> QueueUnhealthy:
    return QueueUnhealthy(
        worker_id=worker_id,
        fingerprint=early.fingerprint,
        ended=early.ended,
        probes=probes,
        probe_at=at + PROBE_MINUTES[min(probes, len(PROBE_MINUTES) - 1)] * MINUTE,
    )
