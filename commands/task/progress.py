"""How a task's work goes forward: ordered input is made into jobs, or waits for a queue. Pure.

How it gets its input is in `feeding.py`, how the ends of jobs are accounted for in `outcomes.py`.
Guards: a choice made for an older state is refused (revision, order number); an input unit is in one job at most.
"""

from collections import Counter
from collections.abc import Sequence

from commands.decision import Decision, FollowUp, accept, refuse
from commands.sizes import bytes_of
from commands.task.job_spec import job_spec
from commands.task.kills import broken
from commands.task.model import Scouts, Task, accounts_of
from commands.task.range_jobs import admissions, one_file_a_job
from commands.task.secondaries import Taking
from commands.task.secondary_changes import accounts_once_given
from commands.task.text import UnresolvedPlaceholder
from commands.task.transitions import ACTIVE, TaskStatus
from schemas.bounds import Checked, OutOfBounds, sentence
from schemas.ids import JOBS_PER_TASK, job_id_of
from schemas.job import DefineJob
from schemas.queue import HoldTask
from schemas.records import replace
from schemas.task import (
    BreakTask,
    BrokerageDecided,
    GenerateJobs,
    JobsGenerated,
    ParkTask,
    TaskParked,
    TaskThrottled,
    TaskWoken,
    ThrottleOrder,
    WakeTask,
)
from schemas.types import FileAccounts, GeneratedJob, JobKind, JobPlan, JobSpec, SecondaryRange

BUILD_ATTEMPTS_MAX = 3
#: Of one job, which stands in several records beside other things; and of the jobs of one order together.
JOB_BYTES_MAX = 400_000
JOBS_BYTES_MAX = 20_000_000


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
    left = Counter(order.units)
    left.subtract(planned)
    if min(left.values(), default=0) < 0 or (not order.continues and any(left.values())):
        return refuse("BAD_PLAN", f"plan holds {len(planned)} input units, order {command.order} has {len(order.units)}")
    if not command.plans or any(not plan.queue for plan in command.plans):
        return refuse("BAD_PLAN", "a plan without jobs or without a queue")
    if one_file_a_job(task, command.kind) and any(len(plan.unit_ids) > 1 for plan in command.plans):
        return refuse("BAD_PLAN", "a job that takes ranges of events has several input units, expected one")
    if task.last_serial + len(command.plans) >= JOBS_PER_TASK:
        found = f"the task has made {task.last_serial:,} jobs, expected fewer than {JOBS_PER_TASK:,}"
        return broken(task, "TOO_MANY_JOBS", found)
    files = _secondary_files(task, command)
    jobs = tuple(
        GeneratedJob(
            job_id=job_id_of(task.task_id, task.last_serial + number),
            serial=task.last_serial + number,
            queue=plan.queue,
            unit_ids=plan.unit_ids,
            attempt=_attempt_of(task, command.kind, plan.unit_ids),
            secondaries=tuple(given),
        )
        for number, (plan, given) in enumerate(zip(command.plans, files, strict=False), start=1)
    )
    planned = [unit_id for job in jobs for unit_id in job.unit_ids]
    units = {unit.unit_id: unit for unit in task.units.specs(planned)} if command.kind is JobKind.NORMAL else {}
    try:
        specs = [
            _with_type(job_spec(task, job, command.kind, units), plan) for job, plan in zip(jobs, command.plans, strict=False)
        ]
    except UnresolvedPlaceholder as problem:
        return broken(task, "BAD_PARAMETERS", f"job parameters: {problem}")
    try:
        checked = [Checked(spec) for spec in specs]
    except OutOfBounds as odd:  # a DefineJob that is refused would be a lost job
        return broken(task, "BAD_PARAMETERS", f"a job of the task is out of bounds: {sentence(odd.problems)}")
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
        scouts=task.scouts is Scouts.OUT,
        accounts=FileAccounts(
            total=accounts.total,
            used=accounts.used + newly_used,
            finished=accounts.finished,
            failed=accounts.failed,
            jobs_live=accounts.jobs_live + len(jobs),
            jobs_total=accounts.jobs_total + len(jobs),
        ),
        secondaries=accounts_once_given(task, jobs) if task.secondaries else (),
    )
    defines = tuple(
        FollowUp(str(spec.job_id), DefineJob(spec=spec), task.owner, checked=found)
        for spec, found in zip(specs, checked, strict=True)
    )
    return accept(*_decided(command), generated, follow_ups=(*_holds(task, jobs), *admissions(task, jobs, units), *defines))


def _secondary_files(task: Task, command: GenerateJobs) -> list[Sequence[SecondaryRange]]:
    """What each job is given of secondary input, as far as its files go: the input of the jobs behind them stays ready."""
    if command.kind is not JobKind.NORMAL or not task.secondaries:
        return [()] * len(command.plans)
    assert task.definition is not None
    taking = Taking(task.definition.secondaries, task.secondaries)
    found: list[Sequence[SecondaryRange]] = []
    for plan in command.plans:
        given = taking.for_job(plan.unit_ids)
        if given is None:
            break
        found.append(given)
    return found


def _with_type(spec: JobSpec, plan: JobPlan) -> JobSpec:
    """The resource type is that of the table in force, which the planner knows, where it is not that of the built-in one."""
    return spec if plan.resource_type in ("", spec.resource_type) else replace(spec, resource_type=plan.resource_type)


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
    parked = TaskParked(order=command.order, brokerage=command.brokerage, message=command.message)
    return accept(*_decided(command), parked)


def throttle(task: Task, command: ThrottleOrder) -> Decision:
    """An order makes no jobs until a level is crossed: the task waits."""
    order = task.orders.get(command.order)
    if order is None or order.parked:
        return refuse("UNKNOWN_ORDER", f"order {command.order} is not open")
    return accept(TaskThrottled(order=command.order, throttle=command.throttle, message=command.message))


def _decided(command: GenerateJobs | ParkTask) -> tuple[BrokerageDecided, ...]:
    """The brokerages that were made for the order, before what rests on them: their ids follow from their places."""
    return tuple(
        BrokerageDecided(
            order=command.order,
            ram_mb=one.ram_mb,
            largest_input_bytes=one.largest_input_bytes,
            brokerage=one.evidence,
        )
        for one in command.decided
    )


def wake(task: Task, command: WakeTask) -> Decision:
    """Order parked input again."""
    if not any(order.parked for order in task.orders.values()):
        return refuse("NOT_PARKED", f"task is {task.status} and nothing of it is parked")
    if task.status is TaskStatus.PAUSED:
        return refuse("WRONG_STATUS", "task is paused")
    return accept(TaskWoken(cause=command.cause))


def _attempt_of(task: Task, kind: JobKind, unit_ids: tuple[int, ...]) -> int:
    match kind:
        case JobKind.BUILD:
            return task.build_failures + 1
        case JobKind.MERGE:
            return 1 + max((task.unmerged[serial].merge_attempt for serial in unit_ids), default=0)
        case _:
            return 1 + max(map(task.units.attempt_of, unit_ids), default=0)


def _holds(task: Task, jobs: tuple[GeneratedJob, ...]) -> tuple[FollowUp, ...]:
    """A paused task holds its jobs back on queues it had not used before."""
    if task.status is not TaskStatus.PAUSED:
        return ()
    new = sorted({job.queue for job in jobs} - set(task.queues_used))
    return tuple(FollowUp(queue, HoldTask(task_id=task.task_id)) for queue in new)
