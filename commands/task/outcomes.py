"""How the ends of jobs are accounted for: input done, given up or ready again, merges completed, outputs registered. Pure.

Guards: an ended job is accounted for once; a decision costs what the ends in it touch, for any size of the task.
Source: docs/reference/jedi.md, "File accounts" and "Attempts".
"""


from collections.abc import Mapping
from typing import Any

from commands.decision import Decision, FollowUp, accept
from commands.limits import PART_BYTES_MAX
from commands.sizes import cut, first_part
from commands.task.auto_pause import paused_for_failures
from commands.task.corrections import corrections, memory_after
from commands.task.ends import MERGE_ATTEMPTS_MAX
from commands.task.failure_throttle import throttled_for_failures
from commands.task.for_workflow import unit_ends
from commands.task.input_units import UnitStatus
from commands.task.limits import OUTCOMES_PER_EVENT
from commands.task.live_jobs import JobState, LiveJob
from commands.task.model import Ending, Task, Unmerged, accounts_of
from commands.task.range_jobs import awaits_ranges, to_be_judged, with_merge
from commands.task.scouting import share_of_last_jobs
from commands.task.secondary_changes import accounts_once_ended
from schemas.dataset import RegisterFiles
from schemas.ids import JOBS_PER_TASK
from schemas.job import CompleteMerge
from schemas.queue import AssignJobShares, HoldTask
from schemas.records import replace
from schemas.task import JobOutcomesRecorded, RecordJobOutcomes
from schemas.types import (
    CommandEnvelope,
    DatasetFile,
    DatasetRole,
    FileAccounts,
    JobKind,
    JobOutcome,
    OutcomeKind,
    OutputFile,
    RetryAction,
    UnitChange,
)

#: Jobs whose outputs wait for a merge or are being merged, and that did not end otherwise.
UNMERGED = frozenset({JobState.UNMERGED, JobState.MERGING, JobState.GIVEN_UP})

#: Labels of tasks whose jobs the server retries by itself, how often, and codes of signals and of the batch system's limit
#: (docs/reference/jedi.md, "Attempts").
RETRIED_LABELS = frozenset({"user", "panda", "test"})
SERVER_RETRIES_ASKED, SERVER_RETRIES_SIGNAL = 2, 1
SIGNAL_CODES = frozenset({1200, 1201, 1213})


def record_outcomes(task: Task, command: RecordJobOutcomes, by: CommandEnvelope) -> Decision:
    """Account for ended jobs: input done, given up or ready again; outputs into their datasets.

    The end of a job that takes ranges of events is accounted for when their set has judged it (`range_jobs.py`).
    An end that was accounted for may be reported again. A job that waits for its merge is news only if it ends otherwise; while
    it is being merged, the merge decides: its input must not be in a merged file and be processed again.
    """
    at_work = {one.job_id: job for one in command.outcomes if (job := task.job(one.job_id)) is not None}
    known = tuple({one.job_id: one for one in command.outcomes if one.job_id in at_work or _ends_unmerged(task, one)}.values())
    if not known:
        return accept()
    rest = known
    known = first_part(rest, OUTCOMES_PER_EVENT, PART_BYTES_MAX)
    rest = rest[len(known) :]
    unjudged = tuple(one for one in known if awaits_ranges(task, one, at_work.get(one.job_id)))
    follow_ups: list[FollowUp] = [*to_be_judged(task, unjudged)]
    known = tuple(with_merge(task, one) for one in known if one not in unjudged)
    if not known:
        return accept(follow_ups=(*follow_ups, *_left_for_later(task, rest)))
    ended = {outcome.job_id for outcome in known if _unmerged(task, outcome.job_id) is not None}
    changes: dict[int, UnitChange] = {}
    for outcome in known:
        job = at_work.get(outcome.job_id)
        if job is None:
            row = _unmerged(task, outcome.job_id)
            if row is not None and task.jobs.state_of(row.job.serial) is not JobState.MERGING:
                _change_units(task, changes, row.units, outcome, task.jobs.attempt_of(row.job.serial))
        elif job.kind is JobKind.NORMAL and outcome.kind is not OutcomeKind.MERGING:
            _change_units(task, changes, job.units, outcome, job.attempt)
        elif job.kind is JobKind.MERGE:
            follow_ups += _merge_ended(task, changes, job, outcome, ended)
    follow_ups += _registrations(task, known, at_work)
    follow_ups += unit_ends(task, changes.values())
    follow_ups += _left_for_later(task, rest)
    recorded = JobOutcomesRecorded(
        outcomes=tuple(_with_queue(one, at_work) for one in known),
        units=tuple(changes.values()),
        accounts=_accounts_after(task, known, changes, at_work),
        secondaries=accounts_once_ended(task, changes.values()) if task.secondaries else (),
    )
    following: list[Any] = [*corrections(task, known, changes)]
    done = recorded.accounts.finished + recorded.accounts.failed
    pause = paused_for_failures(task, known, done)
    paused = (pause,) if pause is not None else throttled_for_failures(task, changes, done, by)
    if paused:
        following += paused
        follow_ups += (FollowUp(queue, HoldTask(task_id=task.task_id)) for queue in task.queues_used)
    moved = share_of_last_jobs(task, recorded.accounts.finished, recorded.accounts.failed)
    if moved is not None:
        following.append(moved)
        waiting = AssignJobShares(task_id=task.task_id, share=moved.share, running=False)
        follow_ups += (FollowUp(queue, waiting) for queue in task.queues_used)
    return accept(recorded, *following, follow_ups=tuple(follow_ups))


def _left_for_later(task: Task, outcomes: tuple[JobOutcome, ...]) -> tuple[FollowUp, ...]:
    return (FollowUp(str(task.task_id), RecordJobOutcomes(outcomes=outcomes)),) if outcomes else ()


def _with_queue(outcome: JobOutcome, at_work: Mapping[int, LiveJob]) -> JobOutcome:
    """The outcome with the queue of its job, for those who count ends by queue."""
    job = at_work.get(outcome.job_id)
    return outcome if job is None else replace(outcome, queue=job.queue)


def _ends_unmerged(task: Task, outcome: JobOutcome) -> bool:
    return outcome.kind is not OutcomeKind.MERGING and _unmerged(task, outcome.job_id) is not None


def _unmerged(task: Task, job_id: int) -> Unmerged | None:
    """The job with this id if it waits for a merge or is being merged."""
    serial = job_id % JOBS_PER_TASK
    row = task.unmerged.get(serial)
    return row if row and row.job.job_id == job_id and task.jobs.state_of(serial) in UNMERGED else None


def _change_units(
    task: Task, changes: dict[int, UnitChange], unit_ids: tuple[int, ...], outcome: JobOutcome, attempt: int
) -> None:
    for unit_id in unit_ids:
        if task.units.status_of(unit_id) is UnitStatus.RUNNING:
            changes[unit_id] = unit_after(task, unit_id, outcome, attempt)


def unit_after(task: Task, unit_id: int, outcome: JobOutcome, attempt: int) -> UnitChange:
    """What `outcome` of a job with number `attempt` does to a unit: done, given up, or ready for the next
    (docs/reference/jedi.md, "File accounts").

    The unit takes over the number, so that none of its later jobs has it again, and counts one attempt, or none for a job that
    was closed: it is given those that it skips.
    """
    had, had_failed = task.units.attempt_of(unit_id), task.units.failed_attempt_of(unit_id)
    attempt = max(attempt, had + 1)
    by_server = is_retried_by_server(task, outcome, attempt)
    given = attempt - had - (0 if outcome.kind is OutcomeKind.CLOSED or by_server else 1)
    if outcome.kind is OutcomeKind.FINISHED:
        return UnitChange(
            unit_id=unit_id, finished=True, failed=False, attempt=attempt, failed_attempt=had_failed, attempts_given=given
        )
    assert task.definition is not None, f"task {task.task_id} has jobs before it is refined"
    failures_max = task.definition.failures_max
    if outcome.attempts_max is not None:
        given = min(given, outcome.attempts_max - task.units.attempts_max_of(unit_id))
    true_failure = outcome.kind is OutcomeKind.FAILED and outcome.action is not RetryAction.SYSTEM and not by_server
    failed_attempt = had_failed + (1 if true_failure else 0)
    given_up = (
        attempt >= task.units.attempts_max_of(unit_id) + given
        or (failures_max is not None and failed_attempt >= task.units.failures_max_of(unit_id, failures_max))
        or (outcome.kind is OutcomeKind.FAILED and outcome.action is RetryAction.NO_RETRY)
    )
    return UnitChange(
        unit_id=unit_id,
        finished=False,
        failed=given_up and task.ending is None,
        attempt=attempt,
        failed_attempt=failed_attempt,
        attempts_given=given,
        ram_mb=memory_after(task, unit_id, outcome),
    )


def is_retried_by_server(task: Task, outcome: JobOutcome, attempt: int) -> bool:
    """True for an end after which PanDA's server runs the job again by itself: no attempt of the input is used up.

    The pilot asks for it with a negative code; a job of a user that was ended by a signal or by the batch system gets it once.
    Not where the task allows one attempt (`disableAutoRetry`).
    """
    if outcome.kind is not OutcomeKind.FAILED or outcome.error_source != "pilot" or task.label not in RETRIED_LABELS:
        return False
    if task.definition is None or task.definition.attempts_max == 1:
        return False
    code = outcome.error_code or 0
    return attempt <= (SERVER_RETRIES_ASKED if code < 0 else SERVER_RETRIES_SIGNAL if code in SIGNAL_CODES else 0)


def _merge_ended(
    task: Task, changes: dict[int, UnitChange], job: LiveJob, outcome: JobOutcome, ended: set[int]
) -> list[FollowUp]:
    """The merged jobs end with their merge job, unless the merge is tried again; those that ended before it give back their
    input when it failed. ended: those that end in the same decision."""
    rows: list[Unmerged] = [task.unmerged[serial] for serial in job.units if serial in task.unmerged]
    succeeded = outcome.kind is OutcomeKind.FINISHED
    again = not succeeded and task.ending is not Ending.KILL and job.attempt < MERGE_ATTEMPTS_MAX
    follow_ups = []
    for row in rows:
        gone = task.jobs.state_of(row.job.serial) is JobState.ENDED_MERGING or row.job.job_id in ended
        if succeeded or gone:
            _change_units(task, changes, row.units, outcome, task.jobs.attempt_of(row.job.serial))
        if not again and not gone:
            complete = CompleteMerge(succeeded=succeeded, merge_job_id=outcome.job_id)
            follow_ups.append(FollowUp(str(row.job.job_id), complete))
    return follow_ups


def _registrations(task: Task, outcomes: tuple[JobOutcome, ...], at_work: Mapping[int, LiveJob]) -> list[FollowUp]:
    """New output files, for each dataset as many commands as they need."""
    files: dict[tuple[str, DatasetRole], list[DatasetFile]] = {}
    for outcome in outcomes:
        if outcome.kind in (OutcomeKind.FINISHED, OutcomeKind.MERGING):
            group = _group_of(task, at_work.get(outcome.job_id))
            # A file without a dataset is registered nowhere.
            for file in (output for output in outcome.outputs if output.dataset):
                files.setdefault((file.dataset, file.role), []).append(_dataset_file(file, group))
    return [
        FollowUp(dataset, RegisterFiles(files=part, role=role, task_id=task.task_id, until_task_ends=True), task.owner)
        for (dataset, role), found in files.items()
        for part in cut(found, OUTCOMES_PER_EVENT, PART_BYTES_MAX)
    ]


def _group_of(task: Task, job: LiveJob | None) -> int | None:
    """The group of files that outputs of a job belong to, where the task maps them."""
    if job is None or job.kind is not JobKind.NORMAL or task.definition is None or not task.definition.rules.boundary_mapped:
        return None
    (first,) = task.units.specs(job.units[:1])
    return first.boundary


def _dataset_file(file: OutputFile, group: int | None) -> DatasetFile:
    return DatasetFile(
        lfn=file.lfn,
        scope=file.scope,
        guid=file.guid,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
        endpoint=file.endpoint,
        events=file.events,
        boundary_id=group,
    )


def _accounts_after(
    task: Task, outcomes: tuple[JobOutcome, ...], changes: dict[int, UnitChange], at_work: dict[int, LiveJob]
) -> FileAccounts:
    before = accounts_of(task)
    finished = sum(change.finished for change in changes.values())
    failed = sum(change.failed for change in changes.values())
    ended = {outcome.job_id for outcome in outcomes if outcome.kind is not OutcomeKind.MERGING or outcome.ranges_judged}
    for outcome in outcomes:
        job = at_work.get(outcome.job_id)
        if job is not None and job.kind is JobKind.MERGE and outcome.kind is OutcomeKind.FINISHED:
            merged = (task.unmerged[serial].job.job_id for serial in job.units if serial in task.unmerged)
            ended |= {job_id for job_id in merged if _unmerged(task, job_id) is not None}
    return replace(
        before,
        used=before.used - (len(changes) - finished - failed),
        finished=before.finished + finished,
        failed=before.failed + failed,
        jobs_live=before.jobs_live - len(ended),
    )
