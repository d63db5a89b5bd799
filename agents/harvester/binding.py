"""Asks for jobs that travel with workers, of a queue that pushes: one question for each worker that is wanted.

In: how many workers are missing. Out: workers that were intended with a job, and what kept Culm from answering the others.
Guards: a question whose answer was lost is asked again for the same worker, and has the same job for answer; no worker is handed
out once the time for its submission is over, and its job then goes back with the report that it was missed.
"""

import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import structlog

from agents.errors import CallFailed, Rejected
from agents.harvester.clock import SYSTEM_CLOCK, Clock
from agents.harvester.culm_calls import BoundJob, CulmCalls
from agents.harvester.kill_points import reach
from agents.harvester.known_workers import KnownWorker
from agents.harvester.served import NOT_OURS, AskedJob, QueueService

#: The longest time for a submission that a question may ask for.
SUBMIT_SECONDS_MAX = 120
#: After these answers the same demand raises no question for so long.
NO_JOBS_SECONDS, NOT_NOW_SECONDS = 10.0, 1.0
LATE = "its time to be submitted was over"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BoundWorker:
    """A worker that was intended with a job, to be submitted by `deadline` (monotonic)."""

    worker: KnownWorker
    bound: BoundJob
    deadline: float


class JobBinding:
    """The questions of one harvester. missed: told of a worker that the batch system does not get, and why."""

    def __init__(
        self,
        calls: CulmCalls,
        pool: Executor,
        stack: str,
        submit_seconds: int,
        missed: Callable[[QueueService, KnownWorker, str], None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._calls, self._pool, self._stack, self._missed, self._clock = calls, pool, stack, missed, clock
        self._submit_seconds = min(submit_seconds, SUBMIT_SECONDS_MAX)

    def workers(self, service: QueueService, count: int) -> tuple[list[BoundWorker], CallFailed | None]:
        """At most `count` workers with their jobs; those that were asked for before and not answered come first."""
        reach("bind.before")
        for _ in range(count - len(service.asked) if service.may_ask else 0):
            self._begin(service)
        asks = list(service.asked.values())[:count]
        calls = [self._pool.submit(self._calls.bind, service.name, service.epoch, self._fields(one.worker)) for one in asks]
        found: list[BoundWorker] = []
        problem: CallFailed | None = None
        for asked, call in zip(asks, calls, strict=True):
            try:
                bound = call.result()
            except CallFailed as failed:
                problem = failed
                if isinstance(failed, Rejected):
                    service.asked.pop(asked.worker.worker_id, None)
                continue
            found += self._take(service, asked, bound)
        reach("bind.after")
        return [one for one in found if one.worker.tag in service.known], problem

    def _take(self, service: QueueService, asked: AskedJob, bound: BoundJob) -> list[BoundWorker]:
        worker, answer = asked.worker, bound.answer
        if service.asked.pop(worker.worker_id, None) is None:
            return []  # the queue is another one's by now
        if not answer.accepted or not bound.lease_id:
            self._refused(service, asked, bound)
            return []
        worker.class_name = bound.class_name
        service.add(worker)
        if bound.job is None:
            self._missed(service, worker, "its job cannot be given to it")
        elif self._clock.monotonic() >= asked.deadline:
            self._missed(service, worker, LATE)
        else:
            return [BoundWorker(worker, bound, asked.deadline)]
        return []

    def _refused(self, service: QueueService, asked: AskedJob, bound: BoundJob) -> None:
        answer = bound.answer
        match answer.reason:
            case reason if reason in NOT_OURS:
                service.lost(answer.message)
            case "NOT_NOW":
                service.no_jobs(NOT_NOW_SECONDS)
            case "NO_JOBS" | "NOT_PUSHED":
                service.no_jobs(NO_JOBS_SECONDS)
            case reason:
                worker_id = asked.worker.worker_id
                log.error("job_not_bound", queue=service.name, worker_id=worker_id, reason=reason, problem=answer.message[:200])
                service.hold()

    def _begin(self, service: QueueService) -> None:
        worker_id = f"{service.queue.slug}-{uuid.uuid4().hex[:12]}"
        worker = KnownWorker(worker_id, f"{self._stack}-{worker_id}", service.name, is_bound=True)
        service.asked[worker_id] = AskedJob(worker, self._clock.monotonic() + self._submit_seconds)

    def _fields(self, worker: KnownWorker) -> dict[str, str | int]:
        return {"worker_id": worker.worker_id, "tag": worker.tag, "submit_seconds": self._submit_seconds}
