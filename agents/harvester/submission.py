"""Starts workers: the intent and its answer, what the worker needs, the batch system, the report.

Guards: nothing reaches a batch system that Culm has not answered before, nor later than its deadline; an outcome that is not
known stays open until a listing shows it or proves that it is not there.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import structlog

from agents.errors import CallFailed
from agents.harvester.binding import LATE, JobBinding
from agents.harvester.clock import SYSTEM_CLOCK, Clock
from agents.harvester.config import HarvesterConfig
from agents.harvester.culm_calls import BoundJob, CulmCalls
from agents.harvester.demand import WantedClass
from agents.harvester.journal import Report
from agents.harvester.kill_points import reach
from agents.harvester.known_workers import KnownWorker, missing_of, missing_of_pushed, report_of
from agents.harvester.reporting import Reporting
from agents.harvester.served import NOT_OURS, QueueService
from agents.harvester.starting import WorkerStart
from agents.harvester.systems.contract import (
    BatchSystem,
    Description,
    MayTakeNoOrders,
    Refused,
    SubmitOutcome,
    Submitted,
    Unknown,
    WorkerSpec,
)

#: Intents that are asked for at once.
AT_ONCE = 8
#: A queue whose batch system cannot serve it is looked at again, and named again, after so long.
REFUSED_SECONDS = 60.0
log = structlog.get_logger()


class WorkerSubmission:
    """Starts the workers of one harvester. pool: what makes several calls at once; threads of its own if none is given."""

    def __init__(
        self,
        config: HarvesterConfig,
        calls: CulmCalls,
        start: WorkerStart,
        reporting: Reporting,
        clock: Clock = SYSTEM_CLOCK,
        pool: Executor | None = None,
    ) -> None:
        self._config, self._calls, self._start, self._reporting, self._clock = config, calls, start, reporting, clock
        self._pool = pool or ThreadPoolExecutor(AT_ONCE, "intents")
        self._binding = JobBinding(calls, self._pool, config.stack, config.submit_seconds, self._missed, clock)

    def start_missing(self, service: QueueService, system: BatchSystem) -> int:
        """Start what the queue wants and has not, as far as its limit goes; how many. Raises CallFailed."""
        if not service.epoch or service.is_held or (isinstance(system, MayTakeNoOrders) and system.trouble):
            return 0
        awake = sum(worker.state != "held" for worker in service.known.values())
        description = _described(system)
        room = min(service.queue.pilots_max - awake, description.bulk_max)
        if service.demand.demand.pushes:
            return self._start_bound(service, system, description, room)
        begun = 0
        for size in service.demand.demand.classes:
            count = min(room - begun, missing_of(service.known.values(), size.name, size.to_have))
            if count > 0:
                begun += count
                self._start_some(service, system, size, count)
        return begun

    def _start_some(self, service: QueueService, system: BatchSystem, size: WantedClass, count: int) -> None:
        deadline = self._clock.monotonic() + self._config.submit_seconds
        workers, problem = self._intended(service, size, count)
        self._submit(service, system, [(worker, deadline, self._spec(service, worker, size)) for worker in workers])
        if problem is not None:
            raise problem

    def _start_bound(self, service: QueueService, system: BatchSystem, description: Description, room: int) -> int:
        """Workers with the jobs that travel with them, as far as the queue's limit goes; how many. Raises CallFailed."""
        missing = missing_of_pushed(service.known.values(), service.demand.demand.wanted)
        count = min(room, max(missing, len(service.asked)))
        if count <= 0 or not (service.asked or service.may_ask):
            return 0
        if not description.ships_files:
            # One queue at a time: the others of this harvester go on.
            problem = f"system {description.name} ships no files to its workers, expected one that does for a queue of mode PUSH"
            log.error("queue_refused", queue=service.name, problem=problem)
            service.no_jobs(REFUSED_SECONDS)
            return 0
        workers, problem_of_calls = self._binding.workers(service, count)
        specs = []
        for one in workers:
            bound = one.bound
            size = WantedClass(bound.class_name, 1, bound.memory_mb, bound.cores, bound.walltime_seconds)
            specs.append((one.worker, one.deadline, self._spec(service, one.worker, size, bound)))
        self._submit(service, system, specs)
        if problem_of_calls is not None:
            raise problem_of_calls
        return len(workers)

    def _submit(
        self, service: QueueService, system: BatchSystem, wanted: Sequence[tuple[KnownWorker, float, WorkerSpec | None]]
    ) -> None:
        """Hand over what has a spec and whose deadline (monotonic) is not over."""
        specs: list[WorkerSpec] = []
        for worker, deadline, spec in wanted:
            if spec is not None and self._clock.monotonic() < deadline:
                specs.append(spec)
            elif spec is not None:
                self._missed(service, worker, LATE)
        if specs:
            reach("submit.before")
            outcomes = _outcomes(system, specs)
            reach("submit.after")
            # One wait for the disk for all of them.
            self._reporting.tell(service.name, *filter(None, [self._take(service, outcome) for outcome in outcomes]))

    def _intended(self, service: QueueService, size: WantedClass, count: int) -> tuple[list[KnownWorker], CallFailed | None]:
        """Workers whose intent was accepted, and what kept Culm from answering the others."""
        found, problem = [], None
        reach("intend.before")
        wanted = [self._new(service, size) for _ in range(count)]
        calls = [self._pool.submit(self._calls.intend, service.name, service.epoch, fields) for _, fields in wanted]
        for (worker, _), call in zip(wanted, calls, strict=True):
            try:
                answer = call.result()
            except CallFailed as failed:
                problem = failed
                continue
            service.saw(answer.sequence)
            if answer.accepted:
                service.add(worker, answer.sequence)
                found.append(worker)
            elif answer.reason in NOT_OURS:
                service.lost(answer.message)
                break
            else:
                log.error("intent_refused", worker_id=worker.worker_id, reason=answer.reason, problem=answer.message[:200])
                service.hold()
        reach("intend.after")
        return [worker for worker in found if worker.tag in service.known], problem

    def _new(self, service: QueueService, size: WantedClass) -> tuple[KnownWorker, dict[str, Any]]:
        worker_id = f"{service.queue.slug}-{uuid.uuid4().hex[:12]}"
        worker = KnownWorker(worker_id, f"{self._config.stack}-{worker_id}", service.name, class_name=size.name)
        fields = {
            "worker_id": worker_id,
            "tag": worker.tag,
            "class_name": size.name,
            "cores": size.cores,
            "memory_mb": size.memory_mb,
            "walltime_seconds": size.walltime_seconds,
            "submit_seconds": self._config.submit_seconds,
        }
        return worker, fields

    def _spec(
        self, service: QueueService, worker: KnownWorker, size: WantedClass, bound: BoundJob | None = None
    ) -> WorkerSpec | None:
        try:
            return self._start.spec(worker, service.queue, size, bound)
        except CallFailed as problem:
            log.warning("pilot_without_token", worker_id=worker.worker_id, problem=str(problem)[:200])
            self._missed(service, worker, "no token could be had for it")
        except OSError as problem:
            self._missed(service, worker, f"its files could not be written: {problem.strerror}")
        service.hold()
        return None

    def _take(self, service: QueueService, outcome: SubmitOutcome) -> Report | None:
        """The report of a worker that the batch system has."""
        worker = service.known.get(outcome.tag)
        if worker is None:
            return None
        self._start.forget(worker)
        match outcome:
            case Submitted():
                worker.state, worker.is_submitted, worker.is_whole = "submitted", True, True
                report = report_of(worker, self._config.harvester_id, "submitted")
                report |= {"batch_id": outcome.batch_id[:200], "submit_host": outcome.submit_host}
                log.info("pilot_started", queue=service.name, worker_id=worker.worker_id, batch_id=outcome.batch_id)
                return report
            case Refused():
                log.warning("worker_refused", worker_id=worker.worker_id, reason=outcome.reason[:200])
                self._missed(service, worker, outcome.reason)
                service.hold()
            case Unknown():
                log.warning("worker_unsettled", worker_id=worker.worker_id, reason=outcome.reason[:200])
                worker.is_unsettled = True
        return None

    def _missed(self, service: QueueService, worker: KnownWorker, why: str) -> None:
        """The batch system does not have it, for certain."""
        self._start.forget(worker)
        report = report_of(worker, self._config.harvester_id, "missed") | {"diagnostic": why[:1000]}
        self._reporting.tell(service.name, report)
        service.over(worker)


def _outcomes(system: BatchSystem, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
    """What the batch system says; a plugin that breaks leaves all open."""
    try:
        outcomes = list(system.submit(specs))
    except Exception as problem:
        log.exception("plugin_broke", system=_described(system).name)
        return [Unknown(spec.tag, f"the plugin broke: {type(problem).__name__}") for spec in specs]
    told = {outcome.tag for outcome in outcomes}
    return [*outcomes, *(Unknown(spec.tag, "the plugin said nothing of it") for spec in specs if spec.tag not in told)]


def _described(system: BatchSystem) -> Description:
    """What the batch system can do; nothing, where its plugin breaks."""
    try:
        return system.describe()
    except Exception:
        name = type(system).__name__
        log.exception("plugin_broke", system=name)
        return Description(name, exact_memory=False, ships_files=False, bulk_max=0)
