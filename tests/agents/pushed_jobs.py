"""A queue that pushes, with jobs that wait, at a stand-in whose deciders are the real ones."""

from typing import Any

from api.pilots.dispatch import reply_to_final, reply_to_live
from api.pilots.legacy import update_reply
from api.pilots.reports import end_of, progress_of, report_from
from commands.job.model import FINAL
from schemas.job import JobCancelled, JobFinished, JobLost, ReportJobEnd, ReportJobProgress
from schemas.queue import EndLeases
from schemas.types import OutputFile, ReportedState, Requirements, WorkerMode
from schemas.worker import WorkerIntended
from tests.agents.culm_stand_in import CulmStandIn
from tests.commands.builders import QUEUE, a_definition, a_queue, a_running_task, spec_of

HOLDER = "jdoe"
#: What the jobs ask for, and their workers get.
MEMORY_MB, CORES, SECONDS = 20_000, 4, 7_200


def push(culm: CulmStandIn, jobs: int, **settings: Any) -> None:
    """Let `jobs` jobs of 20 GB wait in a queue of mode PUSH."""
    needs = Requirements(ram_mb=MEMORY_MB, core_count=CORES, ram_per_core=False, walltime_seconds=SECONDS)
    definition = a_definition(requirements=needs, events_total=jobs)
    culm.queue, culm.log = QUEUE, culm.on_log(lambda: a_running_task(definition))
    turn(culm, WorkerMode.PUSH, **settings)


def turn(culm: CulmStandIn, mode: WorkerMode, **settings: Any) -> None:
    """Let the queue be of another mode."""
    changes = {"mode": mode, "start_seconds_max": 6_000, "rss_mb_max": 220_000} | settings
    culm.on_log(lambda: a_queue(culm.log, **changes))
    with culm.changed:
        culm.sequence += 1
        culm.changed.notify_all()


def job_of(culm: CulmStandIn, tag: str) -> int:
    """The job that was bound to the worker with this tag."""
    with culm.lock:
        (job,) = (event.job_id for event, _ in culm.log.events if isinstance(event, WorkerIntended) and event.tag == tag)
    assert job is not None
    return int(job)


def finish(culm: CulmStandIn, job: int) -> None:
    """Let the pilot that has the job run it to its end."""
    state = ReportJobProgress(attempt=1, state=ReportedState.RUNNING)
    assert culm.command(state, job, role="pilot", actor=HOLDER).accepted
    files = [
        OutputFile(lfn=one.lfn, dataset="", scope="", role=one.role, size_bytes=6, checksum="ad:084b021f", endpoint="LOCAL_DISK")
        for one in spec_of(culm.log, job).outputs
    ]
    end = ReportJobEnd(attempt=1, succeeded=True, outputs=tuple(files))
    assert culm.command(end, job, role="pilot", actor=HOLDER).accepted
    lease_is_over(culm, job)


def run_job(culm: CulmStandIn, job: int) -> None:
    """As `finish`, of a job that may be over."""
    if culm.on_log(lambda: culm.log.state("job", job).status) not in FINAL:
        finish(culm, job)


def jobs_left(culm: CulmStandIn) -> int:
    """Jobs that wait or are with a worker; only inside `on_log`."""
    queue = culm.log.state("queue", QUEUE)
    return len(queue.waiting) + len(queue.leases)


def ends(culm: CulmStandIn) -> list[int]:
    """Each job as often as it finished or was cancelled."""
    with culm.lock:
        found = [by.aggregate_id for event, by in culm.log.events if isinstance(event, JobFinished | JobCancelled | JobLost)]
    return list(map(int, found))


def lease_is_over(culm: CulmStandIn, job: int) -> None:
    """As the stream processor of leases says it of a job that ended."""
    culm.command(EndLeases(job_ids=(job,)), QUEUE, role="system", actor="culm-leases")


def finished(culm: CulmStandIn) -> list[int]:
    """Jobs that have finished, each as often as it did."""
    with culm.lock:
        found = [envelope.aggregate_id for event, envelope in culm.log.events if isinstance(event, JobFinished)]
    return sorted(map(int, found))


def judged(culm: CulmStandIn, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The answer to an update, by the decider of the job."""
    report = report_from(body)
    attempt = report.attempt or 1
    command = end_of(report, attempt, "DISK") if report.is_final else progress_of(report, attempt)
    answer = culm.command(command, report.job_id, role="pilot", actor=HOLDER)
    return 200, update_reply(reply_to_final(answer) if report.is_final else reply_to_live(answer))
