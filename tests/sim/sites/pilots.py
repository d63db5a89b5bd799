"""Pilots on the nodes of the batch system: each run of a batch job is one, which asks for jobs or brings its own.

They work by the rules of Culm's own pilot (agents/pilot/runner.py): the payload of a job that came with the worker begins once
Culm has taken the first report of it from this very process; a job that was asked for begins at once, as its lease is fresh.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.harvester.systems.contract import NativeState
from schemas.job import ReportJobEnd, ReportJobProgress
from schemas.queue import LeaseJob, RenewLeases
from schemas.types import JobsSeen, PilotOffer, ReportedState, WorkerState
from schemas.worker import ReportWorker
from tests.sim.sites.batch_system import BatchJob, MemoryBatch
from tests.sim.sites.clock import SECOND
from tests.sim.sites.culm_side import LEASE_SECONDS, CulmSide, subject_of

IDLE_SECONDS = 20
#: A process on a node that the batch system has given up goes on for so long.
GHOST_SECONDS = 120


@dataclass(slots=True)
class SitePilot:
    """One process. run: of its batch job. instance: which process it is. begins: told of each payload that it begins.

    ghost_until: it outlives its batch job until then (microseconds UTC).
    """

    job: BatchJob
    run: int
    instance: str
    culm: CulmSide
    batch: MemoryBatch
    begins: Callable[[int], None]
    state: str = "new"
    payload: int | None = None
    attempt: int = 1
    idle_since: int = 0
    ghost_until: int = 0

    @property
    def lives(self) -> bool:
        """The process is there."""
        is_run = self.job.state is NativeState.RUNNING and self.job.runs == self.run
        return self.state != "over" and (is_run or self.culm.time.now < self.ghost_until)

    def step(self, chance: random.Random, *, honest: bool = False, stays: bool = False) -> None:
        """One action. honest: it succeeds. stays: it waits for jobs for ever."""
        if not honest and chance.random() < 0.1:
            return  # its report is on its way, or lost
        if self.payload is not None:
            self._beat()
        match self.state:
            case "new":
                self._say_worker(WorkerState.RUNNING)
                self._begin()
            case "asks":
                self._ask(stays)
            case "bound":
                self._confirm()
            case "runs":
                self._run(chance, honest=honest)
            case _:
                self._over(0)

    def _begin(self) -> None:
        self.idle_since = self.culm.time.now
        if self.job.job is None:
            self.state = "asks"
            return
        self.payload, self.attempt = int(str(self.job.job["PandaID"])), int(str(self.job.job["attemptNr"]))
        self.state = "bound"

    def _ask(self, stays: bool) -> None:
        offer = PilotOffer(
            pilot=self.job.worker_id,
            node=self.job.node,
            label="unified",
            lease_seconds=LEASE_SECONDS,
            worker_id=self.job.worker_id,
            harvester_id=self.job.harvester_id,
        )
        answer = self._send(LeaseJob(offer=offer, is_first_request=True), self.job.queue)
        if answer.leased is not None:
            self.payload, self.attempt = answer.leased.spec.job_id, answer.leased.spec.attempt
            self._start_payload()
        elif self.culm.time.now - self.idle_since > IDLE_SECONDS * SECOND and not stays:
            self.state = "leaves"

    def _confirm(self) -> None:
        answer = self._progress(ReportedState.STARTING)
        if answer.accepted and answer.pilot_command is None:
            self._start_payload()
        else:
            self.payload, self.state = None, "leaves"

    def _start_payload(self) -> None:
        assert self.payload is not None
        self.begins(self.payload)
        self._progress(ReportedState.RUNNING)
        self.state = "runs"

    def _run(self, chance: random.Random, *, honest: bool) -> None:
        if not honest and chance.random() < 0.6:
            answer = self._progress(ReportedState.RUNNING)
            if answer.pilot_command is None:
                return
        end = ReportJobEnd(attempt=self.attempt, succeeded=True, node=self.job.node, pilot_id=self._pilot_id)
        self._send(end, str(self.payload))
        self.payload, self.idle_since = None, self.culm.time.now
        self.state = "asks" if self.job.job is None else "leaves"

    def _over(self, exit_code: int) -> None:
        self._say_worker(WorkerState.FINISHED)
        self.state = "over"
        if self.job.runs == self.run:
            self.batch.end(self.job, NativeState.FINISHED, exit_code=exit_code)

    def _beat(self) -> None:
        assert self.payload is not None
        seen = JobsSeen(actor=subject_of(self.job.worker_id), job_ids=(self.payload,))
        command = RenewLeases(seen_at=self.culm.time.now, seen=(seen,))
        self.culm.send(command, self.job.queue, role="system", actor="culm-leases")

    @property
    def _pilot_id(self) -> str:
        mode = "PULL" if self.job.job is None else "PUSH"
        return f"{self.job.worker_id}-{self.instance}|{mode}|culm-light"

    def _progress(self, state: ReportedState) -> Any:
        report = ReportJobProgress(attempt=self.attempt, state=state, node=self.job.node, pilot_id=self._pilot_id)
        return self._send(report, str(self.payload))

    def _say_worker(self, state: WorkerState) -> None:
        report = ReportWorker(
            worker_id=self.job.worker_id, harvester_id=self.job.harvester_id, state=state, node=self.job.node
        )
        self._send(report, self.job.queue)

    def _send(self, command: Any, aggregate_id: str) -> Any:
        return self.culm.send(command, aggregate_id, role="pilot", actor=subject_of(self.job.worker_id))
