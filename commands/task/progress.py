"""How a task's work goes forward: made into jobs, accounted for. How it gets its input is in `feeding.py`. Pure.

Guards: a choice made for an older state is refused (revision, order number); a unit of input is in one job at most; an
ended job is accounted for once. Source: docs/reference/jedi.md, "File accounts" and "Attempts".
"""

from dataclasses import replace

from commands.decision import Decision, FollowUp, accept, refuse
from commands.limits import PART_BYTES_MAX
from commands.sizes import bytes_of, cut, first_part
from commands.task.job_spec import job_spec
from commands.task.kills import broken
from commands.task.model import Ending, LiveJob, Task, Unit, UnitStatus, Unmerged, accounts_of
from commands.task.text import UnresolvedPlaceholder
from commands.task.transitions import ACTIVE, TaskStatus
from schemas.bounds import problems_of, sentence
from schemas.dataset import RegisterFiles
from schemas.ids import job_id_of
from schemas.job import CompleteMerge, DefineJob
from schemas.queue import HoldTask
from schemas.task import (
    BreakTask,
    GenerateJobs,
    JobOutcomesRecorded,
    JobsGenerated,
    ParkTask,
    RecordJobOutcomes,
    TaskParked,
    TaskWoken,
    WakeTask,
)
from schemas.types import (
    DatasetFile,
    DatasetRole,
    FileAccounts,
    GeneratedJob,
    JobKind,
    JobOutcome,
    JobSpec,
    OutcomeKind,
    OutputFile,
    RetryAction,
    TaskDefinition,
    UnitChange,
)

BUILD_ATTEMPTS_MAX = 3
OUTCOMES_PER_EVENT = 500
#: Of one job, which stands in several records beside other things; and of the jobs of one order together.
JOB_BYTES_MAX = 400_000
JOBS_BYTES_MAX = 20_000_000
MERGE_ATTEMPTS_MAX = 3


def break_task(task: Task, command: BreakTask) -> Decision:
    """The task can never work; it ends broken."""
    if task.status not in ACTIVE:
        return refuse("WRONG_STATUS", f"task is {task.status} and cannot break")
    return broken(task, command.reason, command.message)


def generate(task: Task, command: GenerateJobs) -> Decision:
    """Make the planned jobs: numbers and texts are given here, so that no two jobs share either."""
    order = task.orders.get(command.order)
    if order is None or order.kind is not command.kind:
        return refuse("UNKNOWN_ORDER", f"order {command.order} ({command.kind}) is not open")
    planned = [unit_id for plan in command.plans for unit_id in plan.unit_ids]
    if sorted(planned) != sorted(order.units):
        return refuse("BAD_PLAN", f"plan holds {len(planned)} pieces of input, order {command.order} has {len(order.units)}")
    if not command.plans or any(not plan.queue for plan in command.plans):
        return refuse("BAD_PLAN", "a plan without jobs or without a queue")
    jobs = tuple(
        GeneratedJob(
            job_id=job_id_of(task.task_id, task.last_serial + number),
            serial=task.last_serial + number,
            queue=plan.queue,
            unit_ids=plan.unit_ids,
            attempt=_attempt_of(task, command.kind, plan.unit_ids),
        )
        for number, plan in enumerate(command.plans, start=1)
    )
    try:
        specs = [job_spec(task, job, command.kind) for job in jobs]
    except UnresolvedPlaceholder as problem:
        return broken(task, "BAD_PARAMETERS", f"job parameters: {problem}")
    odd = next((sentence(problems) for spec in specs if (problems := problems_of(spec))), "")
    if odd:  # a DefineJob that is refused would be a lost job
        return broken(task, "BAD_PARAMETERS", f"a job of the task is out of bounds: {odd}")
    too_large = _problem_of(specs)
    if too_large:
        return broken(task, "TOO_LARGE", too_large)
    accounts = accounts_of(task)
    newly_used = len(planned) if command.kind is JobKind.NORMAL else 0
    generated = JobsGenerated(
        order=command.order,
        kind=command.kind,
        jobs=jobs,
        brokerage=command.brokerage,
        accounts=FileAccounts(
            total=accounts.total,
            used=accounts.used + newly_used,
            finished=accounts.finished,
            failed=accounts.failed,
            jobs_live=accounts.jobs_live + len(jobs),
            jobs_total=accounts.jobs_total + len(jobs),
        ),
    )
    defines = tuple(FollowUp(str(spec.job_id), DefineJob(spec=spec), task.owner) for spec in specs)
    return accept(generated, follow_ups=(*_holds(task, jobs), *defines))


def _problem_of(specs: list[JobSpec]) -> str:
    """Why jobs cannot be made because of their size; empty when they can."""
    total = 0
    for spec in specs:
        size = bytes_of(spec)
        if size > JOB_BYTES_MAX:
            return f"job {spec.job_id} has {size:,} bytes of names and parameters, expected at most {JOB_BYTES_MAX:,}"
        total += size
    if total > JOBS_BYTES_MAX:
        return f"{len(specs)} jobs of one order have {total:,} bytes, expected at most {JOBS_BYTES_MAX:,}"
    return ""


def park(task: Task, command: ParkTask) -> Decision:
    """No queue for an order: the task waits."""
    order = task.orders.get(command.order)
    if order is None or order.parked:
        return refuse("UNKNOWN_ORDER", f"order {command.order} is not open")
    return accept(TaskParked(order=command.order, brokerage=command.brokerage, message=command.message))


def wake(task: Task, command: WakeTask) -> Decision:
    """Order parked input again."""
    if not any(order.parked for order in task.orders.values()):
        return refuse("NOT_PARKED", f"task is {task.status} and nothing of it is parked")
    if task.status is TaskStatus.PAUSED:
        return refuse("WRONG_STATUS", "task is paused")
    return accept(TaskWoken(cause=command.cause))


def record_outcomes(task: Task, command: RecordJobOutcomes) -> Decision:
    """Account for ended jobs: input done, given up or ready again; outputs into their datasets.

    An end that was accounted for may be told again. A job that waits for its merge is news only when it ends otherwise; while it
    is being merged, the merge decides: its input must not be in a merged file and be processed again.
    """
    unmerged = {one.job.job_id: one for one in task.unmerged.values() if not one.ended}
    known = tuple(
        {
            o.job_id: o
            for o in command.outcomes
            if o.job_id in task.jobs or (o.job_id in unmerged and o.kind is not OutcomeKind.MERGING)
        }.values()
    )
    if not known:
        return accept()
    rest = known
    known = first_part(rest, OUTCOMES_PER_EVENT, PART_BYTES_MAX)
    rest = rest[len(known) :]
    ended = {outcome.job_id for outcome in known if outcome.job_id in unmerged}
    changes: dict[int, UnitChange] = {}
    follow_ups: list[FollowUp] = []
    for outcome in known:
        job = task.jobs.get(outcome.job_id)
        if job is None:
            row = unmerged[outcome.job_id]
            if not row.merging:
                _change_units(task, changes, row.units, outcome)
        elif job.kind is JobKind.NORMAL and outcome.kind is not OutcomeKind.MERGING:
            _change_units(task, changes, job.units, outcome)
        elif job.kind is JobKind.MERGE:
            follow_ups += _merge_ended(task, changes, job, outcome, ended)
    follow_ups += _registrations(task, known)
    if rest:
        follow_ups.append(FollowUp(str(task.task_id), RecordJobOutcomes(outcomes=rest)))
    recorded = JobOutcomesRecorded(
        outcomes=known, units=tuple(changes.values()), accounts=_accounts_after(task, known, changes)
    )
    return accept(recorded, follow_ups=tuple(follow_ups))


def _attempt_of(task: Task, kind: JobKind, unit_ids: tuple[int, ...]) -> int:
    match kind:
        case JobKind.BUILD:
            return task.build_failures + 1
        case JobKind.MERGE:
            return 1 + max((task.unmerged[serial].merge_attempt for serial in unit_ids), default=0)
        case _:
            return 1 + max((task.units[unit_id].attempt for unit_id in unit_ids), default=0)


def _holds(task: Task, jobs: tuple[GeneratedJob, ...]) -> tuple[FollowUp, ...]:
    """A paused task holds its jobs back on queues it had not used before."""
    if task.status is not TaskStatus.PAUSED:
        return ()
    new = sorted({job.queue for job in jobs} - set(task.queues_used))
    return tuple(FollowUp(queue, HoldTask(task_id=task.task_id)) for queue in new)


def _change_units(task: Task, changes: dict[int, UnitChange], units: tuple[int, ...], outcome: JobOutcome) -> None:
    for unit_id in units:
        unit = task.units[unit_id]
        if unit.status is UnitStatus.RUNNING:
            changes[unit_id] = unit_after(unit, outcome, _definition(task).failures_max, ending=task.ending)


def unit_after(unit: Unit, outcome: JobOutcome, failures_max: int | None, ending: Ending | None) -> UnitChange:
    """What `outcome` does to a unit: done, given up, or ready for the next (docs/reference/jedi.md, "File accounts")."""
    unit_id = unit.spec.unit_id
    if outcome.kind is OutcomeKind.FINISHED:
        return UnitChange(
            unit_id=unit_id, finished=True, failed=False, attempt=unit.attempt + 1, failed_attempt=unit.failed_attempt
        )
    attempt = unit.attempt + (0 if outcome.kind is OutcomeKind.CLOSED else 1)
    true_failure = outcome.kind is OutcomeKind.FAILED and outcome.action is not RetryAction.SYSTEM
    failed_attempt = unit.failed_attempt + (1 if true_failure else 0)
    given_up = (
        attempt >= unit.attempts_max
        or (failures_max is not None and failed_attempt >= failures_max)
        or (outcome.kind is OutcomeKind.FAILED and outcome.action is RetryAction.NO_RETRY)
    )
    return UnitChange(
        unit_id=unit_id,
        finished=False,
        failed=given_up and ending is None,
        attempt=attempt,
        failed_attempt=failed_attempt,
        ram_mb=outcome.ram_mb if outcome.action is RetryAction.MORE_MEMORY else None,
    )


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
        gone = row.ended or row.job.job_id in ended
        if succeeded or gone:
            _change_units(task, changes, row.units, outcome)
        if not again and not gone:
            complete = CompleteMerge(succeeded=succeeded, merge_job_id=outcome.job_id)
            follow_ups.append(FollowUp(str(row.job.job_id), complete))
    return follow_ups


def _registrations(task: Task, outcomes: tuple[JobOutcome, ...]) -> list[FollowUp]:
    """New output files, for each dataset as many commands as they need."""
    files: dict[tuple[str, DatasetRole], list[OutputFile]] = {}
    for outcome in outcomes:
        if outcome.kind in (OutcomeKind.FINISHED, OutcomeKind.MERGING):
            for file in outcome.outputs:
                files.setdefault((file.dataset, file.role), []).append(file)
    return [
        FollowUp(dataset, RegisterFiles(files=part, role=role, task_id=task.task_id), task.owner)
        for (dataset, role), found in files.items()
        for part in cut([_dataset_file(file) for file in found], OUTCOMES_PER_EVENT, PART_BYTES_MAX)
    ]


def _dataset_file(file: OutputFile) -> DatasetFile:
    return DatasetFile(
        lfn=file.lfn,
        scope=file.scope,
        guid=file.guid,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
        endpoint=file.endpoint,
        events=file.events,
    )


def _accounts_after(task: Task, outcomes: tuple[JobOutcome, ...], changes: dict[int, UnitChange]) -> FileAccounts:
    before = accounts_of(task)
    finished = sum(change.finished for change in changes.values())
    failed = sum(change.failed for change in changes.values())
    live = {row.job.job_id for row in task.unmerged.values() if not row.ended} | task.jobs.keys()
    ended = {outcome.job_id for outcome in outcomes if outcome.kind is not OutcomeKind.MERGING}
    for outcome in outcomes:
        job = task.jobs.get(outcome.job_id)
        if job is not None and job.kind is JobKind.MERGE and outcome.kind is OutcomeKind.FINISHED:
            ended |= {task.unmerged[serial].job.job_id for serial in job.units if serial in task.unmerged}
    return replace(
        before,
        used=before.used - (len(changes) - finished - failed),
        finished=before.finished + finished,
        failed=before.failed + failed,
        jobs_live=len(live - ended),
    )


def _definition(task: Task) -> TaskDefinition:
    assert task.definition is not None, f"task {task.task_id} is asked to work before it is refined"
    return task.definition
