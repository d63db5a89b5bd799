"""A queue whose workers bring their jobs, and what its harvester and its pilots send."""

from typing import Any

from schemas.answer import CommandAnswered
from schemas.job import ReportJobProgress
from schemas.queue import BindJob, ExpireLease
from schemas.types import ReportedState, Requirements, WorkerMode, WorkerState
from schemas.worker import ClaimService, ReportWorker
from tests.commands.builders import QUEUE, a_definition, a_queue, a_running_task, job
from tests.commands.in_memory import Culm

SECONDS = 1_000_000


def bind(culm: Culm, worker_id: str = "w1", *, epoch: int = 1, holder: str = "", **by: Any) -> CommandAnswered:
    command = BindJob(
        worker_id=worker_id, tag=f"culm-{worker_id}", harvester_id="h1", epoch=epoch, submit_seconds=60, holder=holder
    )
    return culm.send(command, QUEUE, **{"role": "pilot", "actor": "harvester"} | by)


def ended(culm: Culm, worker_id: str = "w1", state: WorkerState = WorkerState.FAILED, **told: Any) -> CommandAnswered:
    command = ReportWorker(worker_id=worker_id, harvester_id="h1", state=state, **told)
    return culm.send(command, QUEUE, role="pilot")


def starting(culm: Culm, number: int, actor: str = "harvester") -> CommandAnswered:
    return culm.send(ReportJobProgress(attempt=1, state=ReportedState.RUNNING), str(number), actor=actor, role="pilot")


def a_push_queue(**settings: Any) -> Culm:
    """Three jobs of 20,000 MB wait in a queue of mode PUSH, which h1 serves in epoch 1."""
    needs = Requirements(ram_mb=20_000, core_count=4, ram_per_core=False, walltime_seconds=7_200)
    culm = a_running_task(a_definition(requirements=needs))
    a_queue(culm, **{"mode": WorkerMode.PUSH, "start_seconds_max": 600, "rss_mb_max": 220_000} | settings)
    claim = ClaimService(harvester_id="h1", instance="i1", epoch=1, seconds=3_000)
    assert culm.send(claim, QUEUE, role="pilot").accepted
    return culm


def waiting_and_leased(culm: Culm) -> tuple[list[int], list[int]]:
    queue = culm.state("queue", QUEUE)
    return sorted(queue.waiting), sorted(queue.leases)


def expire(culm: Culm) -> CommandAnswered:
    lease = culm.state("queue", QUEUE).leases[job(1)]
    command = ExpireLease(job_id=job(1), lease_id=lease.lease_id, at=culm.now, watched_since=0)
    return culm.send(command, QUEUE, role="system", actor="culm-timers")
