"""What the ends of jobs do to a task: jobs leave, or wait for their merge; input is done, given up, or ready again. Pure."""

from dataclasses import replace

from commands.task.live_jobs import JobState, LiveJob
from commands.task.model import Task, Unmerged
from schemas.ids import JOBS_PER_TASK
from schemas.task import JobOutcomesRecorded
from schemas.types import DatasetRole, JobKind, JobOutcome, OutcomeKind, UnmergedJob

MERGE_ATTEMPTS_MAX = 3
BEING_MERGED = frozenset({JobState.MERGING, JobState.ENDED_MERGING})


def outcomes_recorded(task: Task, event: JobOutcomesRecorded) -> None:
    """Fold the ends of jobs and what they did to their input."""
    for outcome in event.outcomes:
        if outcome.error_source is not None:
            task.last_error = f"{outcome.error_source} {outcome.error_code}: {outcome.error_diagnostic}"
        job = task.job(outcome.job_id)
        if job is None:
            _unmerged_ended(task, outcome.job_id)
        else:
            _ended(task, job, outcome)
    task.units.account(event.units)


def taken_from_merge(task: Task, serial: int) -> None:
    """The merge order that a job is in will not be planned."""
    ended = task.jobs.state_of(serial) is JobState.ENDED_MERGING
    task.jobs.move(serial, _waiting(task.unmerged[serial], ended=ended))


def _ended(task: Task, job: LiveJob, outcome: JobOutcome) -> None:
    if job.kind is JobKind.NORMAL and outcome.kind is OutcomeKind.MERGING:
        unmerged = UnmergedJob(serial=job.serial, job_id=job.job_id, queue=job.queue, outputs=outcome.outputs)
        task.unmerged[job.serial] = Unmerged(unmerged, job.units)
        # The outputs of a job that took ranges wait; the job itself has ended.
        task.jobs.move(job.serial, JobState.ENDED_UNMERGED if outcome.ranges_judged else JobState.UNMERGED)
        return
    task.jobs.move(job.serial, JobState.ENDED)
    if job.kind is JobKind.MERGE:
        _merge_ended(task, job, outcome.kind)
    elif job.kind is JobKind.BUILD and outcome.kind is OutcomeKind.FINISHED:
        made = [file for file in outcome.outputs if file.role is DatasetRole.OUTPUT]
        task.library = made[0] if made else None
    elif job.kind is JobKind.BUILD:
        task.build_failures += 1


def _merge_ended(task: Task, job: LiveJob, kind: OutcomeKind) -> None:
    for serial in job.units:
        row = task.unmerged.get(serial)
        if row is None:
            continue
        if kind is OutcomeKind.FINISHED or task.jobs.state_of(serial) in (JobState.ENDED_MERGING, JobState.ENDED_UNMERGED):
            del task.unmerged[serial]
            task.jobs.move(serial, JobState.ENDED)
        else:
            row = replace(row, merge_attempt=row.merge_attempt + 1)
            task.unmerged[serial] = row
            task.jobs.move(serial, _waiting(row, ended=False))


def _waiting(row: Unmerged, *, ended: bool) -> JobState:
    if row.merge_attempt >= MERGE_ATTEMPTS_MAX:
        return JobState.GIVEN_UP
    return JobState.ENDED_UNMERGED if ended else JobState.UNMERGED


def _unmerged_ended(task: Task, job_id: int) -> None:
    """It leaves, unless it is being merged: then it stays for the merge to decide."""
    serial = job_id % JOBS_PER_TASK
    if serial not in task.unmerged or task.unmerged[serial].job.job_id != job_id:
        return
    if task.jobs.state_of(serial) in BEING_MERGED:
        task.jobs.move(serial, JobState.ENDED_MERGING)
    else:
        del task.unmerged[serial]
        task.jobs.move(serial, JobState.ENDED)
