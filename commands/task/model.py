"""A task as its history describes it: status, input with its file accounts, live jobs, orders under way.

In: task events. Out: `Task`. Guards: finished + failed <= used <= total after every event (jedi-logic 1.9, appendix C.1).
A task of a million jobs is its input units and the jobs that live; what ended is counters.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from commands.task.transitions import NEXT, STATUS_OF_VERDICT, TaskStatus
from commands.undo import UndoDict, UndoQueue, UndoSet
from schemas.task import (
    AttemptsIncreased,
    ContentsFed,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    TaskBroken,
    TaskEvent,
    TaskFinalized,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskParked,
    TaskPaused,
    TaskPriorityChanged,
    TaskReassigned,
    TaskRefined,
    TaskReloaded,
    TaskResumed,
    TaskRetried,
    TaskSubmitted,
    TaskWoken,
)
from schemas.types import (
    DatasetRole,
    EventEnvelope,
    FileAccounts,
    InputUnit,
    JobKind,
    OutcomeKind,
    OutputFile,
    TaskDefinition,
    UnmergedJob,
)


class UnitStatus(StrEnum):
    """Where a piece of input stands (jedi-logic 1.9)."""

    READY = "ready"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of input and its account. `attempts_max` is its own limit, raised by retries."""

    spec: InputUnit
    attempts_max: int
    status: UnitStatus = UnitStatus.READY
    attempt: int = 0
    failed_attempt: int = 0


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A job that has not ended for its task. `units` are unit ids, or for a merge job serials of unmerged jobs."""

    job_id: int
    serial: int
    kind: JobKind
    queue: str
    units: tuple[int, ...]
    attempt: int


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A job whose outputs wait for the merge step, with the input it stands for.

    merging: in an order or with a merge job. ended: killed meanwhile; the merge under way decides about its input.
    """

    job: UnmergedJob
    units: tuple[int, ...]
    merge_attempt: int = 0
    merging: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Input that the job generator was asked to plan. `parked` when no queue was found."""

    kind: JobKind
    units: tuple[int, ...]
    parked: bool = False


class Ending(StrEnum):
    """Why the task makes no more jobs."""

    KILL = "kill"
    FINISH = "finish"
    BROKEN = "broken"


@dataclass(slots=True)
class Task:
    """One task. `ready` holds units that are in no order; `finished` and `failed` count units."""

    status: TaskStatus = TaskStatus.UNKNOWN
    old_status: TaskStatus = TaskStatus.UNKNOWN
    task_id: int = 0
    name: str = ""
    owner: str = ""
    vo: str = ""
    user_name: str = ""
    nickname: str = ""
    label: str = ""
    working_group: str | None = None
    priority: int = 0
    parameters_json: str = "{}"
    parameters_revision: int = 0
    definition: TaskDefinition | None = None
    fed: UndoDict[str, int] = field(default_factory=UndoDict)
    fed_whole: UndoSet[str] = field(default_factory=UndoSet)
    contents_complete: bool = False
    units: UndoDict[int, Unit] = field(default_factory=UndoDict)
    known_inputs: UndoSet[tuple[str, str, int | None]] = field(default_factory=UndoSet)
    ready: UndoQueue[int, None] = field(default_factory=UndoQueue)
    finished: int = 0
    failed: int = 0
    orders: UndoDict[int, Order] = field(default_factory=UndoDict)
    last_order: int = 0
    last_serial: int = 0
    jobs: UndoDict[int, LiveJob] = field(default_factory=UndoDict)
    unmerged: UndoDict[int, Unmerged] = field(default_factory=UndoDict)
    library: OutputFile | None = None
    build_failures: int = 0
    queues_used: tuple[str, ...] = ()
    ending: Ending | None = None
    message: str = ""
    last_error: str = ""
    attempt: int = 1


def initial() -> Task:
    """A task nobody submitted."""
    return Task()


def accounts_of(task: Task) -> FileAccounts:
    """The task's counters as they stand."""
    running = sum(len(order.units) for order in task.orders.values() if order.kind is JobKind.NORMAL)
    return FileAccounts(
        total=len(task.units),
        used=len(task.units) - len(task.ready) - running,
        finished=task.finished,
        failed=task.failed,
        jobs_live=len(task.jobs) + sum(not row.ended for row in task.unmerged.values()),
        jobs_total=task.last_serial,
    )


def evolve(task: Task, event: TaskEvent, envelope: EventEnvelope) -> Task:
    """`task` after `event`; stops at an event that the table of transitions does not know."""
    reached = NEXT.get((task.status, type(event)))
    assert reached is not None, f"{type(event).__name__} in status {task.status} is not in the table of transitions"
    before, task.status = task.status, reached if reached is not TaskStatus.UNKNOWN else task.status
    match event:
        case TaskSubmitted():
            _submitted(task, event, envelope)
        case TaskRefined():
            _refined(task, event)
        case ContentsFed():
            _contents_fed(task, event)
        case JobsOrdered():
            _ordered(task, event)
        case JobsGenerated():
            _generated(task, event)
        case TaskParked():
            task.orders[event.order] = replace(task.orders[event.order], parked=True)
        case TaskWoken():
            _take_back_orders(task, only_parked=True)
        case JobOutcomesRecorded():
            _outcomes_recorded(task, event)
        case TaskKillOrdered():
            task.ending = Ending.KILL
            _take_back_orders(task)
        case TaskFinishOrdered():
            task.ending = Ending.FINISH
            _take_back_orders(task)
        case TaskBroken():
            task.ending, task.message = Ending.BROKEN, event.message
            _take_back_orders(task)
        case TaskRetried():
            _retried(task, event)
        case TaskReloaded():
            task.parameters_json, task.parameters_revision = event.parameters_json, event.parameters_revision
            task.attempt, task.ending, task.message = event.task_attempt, None, ""
            task.fed, task.fed_whole, task.contents_complete = UndoDict(), UndoSet(), False
        case TaskReassigned():
            _reassigned(task, event)
        case TaskPaused():
            task.old_status = before
        case TaskResumed():
            task.status = task.old_status
        case AttemptsIncreased():
            _attempts_increased(task, event.increase)
        case TaskPriorityChanged():
            task.priority = event.priority
        case TaskFinalized():
            task.status = STATUS_OF_VERDICT[event.verdict]
            task.message = event.message or task.message
            _take_back_orders(task)
    assert task.finished + task.failed <= len(task.units), f"task {task.task_id}: file accounts do not add up"
    return task


def is_closed(task: Task) -> bool:
    """True when the task ended; it can still be retried or reloaded."""
    return task.status in FINAL


FINAL = frozenset(
    {TaskStatus.DONE, TaskStatus.FINISHED, TaskStatus.FAILED, TaskStatus.BROKEN, TaskStatus.ABORTED}
)


def _submitted(task: Task, event: TaskSubmitted, envelope: EventEnvelope) -> None:
    task.task_id, task.name = event.task_id, event.name
    task.owner, task.vo = envelope.actor, envelope.vo
    task.user_name, task.nickname = event.user_name, event.nickname
    task.label, task.working_group = event.label, event.working_group
    task.priority, task.parameters_json = event.priority, event.parameters_json


def _refined(task: Task, event: TaskRefined) -> None:
    task.definition = event.definition
    task.library, task.build_failures = None, 0


def _contents_fed(task: Task, event: ContentsFed) -> None:
    assert task.definition is not None
    for spec in event.units:
        task.units[spec.unit_id] = Unit(spec, task.definition.attempts_max)
        task.known_inputs.add((spec.dataset, spec.lfn, spec.start_event))
        task.ready[spec.unit_id] = None
    task.fed[event.dataset] = task.fed.get(event.dataset, 0) + 1
    if event.dataset_complete:
        task.fed_whole.add(event.dataset)
    task.contents_complete = event.complete


def _ordered(task: Task, event: JobsOrdered) -> None:
    task.last_order = event.order
    units = tuple(unit.unit_id for unit in event.units)
    if event.kind is JobKind.MERGE:
        units = tuple(job.serial for job in event.unmerged)
        for serial in units:
            task.unmerged[serial] = replace(task.unmerged[serial], merging=True)
    else:
        for unit_id in units:
            del task.ready[unit_id]
    task.orders[event.order] = Order(event.kind, units)


def _generated(task: Task, event: JobsGenerated) -> None:
    del task.orders[event.order]
    if task.status is TaskStatus.PAUSED:
        task.old_status = TaskStatus.RUNNING
    for job in event.jobs:
        task.jobs[job.job_id] = LiveJob(job.job_id, job.serial, event.kind, job.queue, job.unit_ids, job.attempt)
        task.last_serial = max(task.last_serial, job.serial)
        if job.queue not in task.queues_used:
            task.queues_used = (*task.queues_used, job.queue)
        if event.kind is JobKind.NORMAL:
            for unit_id in job.unit_ids:
                task.units[unit_id] = replace(task.units[unit_id], status=UnitStatus.RUNNING)


def _take_back_orders(task: Task, *, only_parked: bool = False) -> None:
    """Input of orders that will not be planned is free again."""
    for number, order in sorted(task.orders.items()):
        if only_parked and not order.parked:
            continue
        del task.orders[number]
        if order.kind is JobKind.NORMAL:
            task.ready.update(dict.fromkeys(order.units))
        elif order.kind is JobKind.MERGE:
            for serial in order.units:
                task.unmerged[serial] = replace(task.unmerged[serial], merging=False)


def _outcomes_recorded(task: Task, event: JobOutcomesRecorded) -> None:
    for outcome in event.outcomes:
        if outcome.error_source is not None:
            task.last_error = f"{outcome.error_source} {outcome.error_code}: {outcome.error_diagnostic}"
        job = task.jobs.pop(outcome.job_id, None)
        if job is None:
            _unmerged_ended(task, outcome.job_id)
        elif job.kind is JobKind.BUILD:
            if outcome.kind is OutcomeKind.FINISHED:
                made = [file for file in outcome.outputs if file.role is DatasetRole.OUTPUT]
                task.library = made[0] if made else None
            else:
                task.build_failures += 1
        elif job.kind is JobKind.MERGE:
            _merge_ended(task, job, outcome.kind)
        elif outcome.kind is OutcomeKind.MERGING:
            unmerged = UnmergedJob(
                serial=job.serial, job_id=job.job_id, queue=job.queue, outputs=outcome.outputs
            )
            task.unmerged[job.serial] = Unmerged(unmerged, job.units)
    for change in event.units:
        unit = task.units[change.unit_id]
        spec = unit.spec if change.ram_mb is None else replace(unit.spec, ram_mb=change.ram_mb)
        status = UnitStatus.READY
        if change.finished:
            status = UnitStatus.FINISHED
            task.finished += 1
        elif change.failed:
            status = UnitStatus.FAILED
            task.failed += 1
        else:
            task.ready[change.unit_id] = None
        task.units[change.unit_id] = replace(
            unit, spec=spec, status=status, attempt=change.attempt, failed_attempt=change.failed_attempt
        )


def _merge_ended(task: Task, job: LiveJob, kind: OutcomeKind) -> None:
    for serial in job.units:
        row = task.unmerged.get(serial)
        if row is None:
            continue
        if kind is OutcomeKind.FINISHED or row.ended:
            del task.unmerged[serial]
        else:
            task.unmerged[serial] = replace(row, merging=False, merge_attempt=row.merge_attempt + 1)


def _unmerged_ended(task: Task, job_id: int) -> None:
    """It leaves, unless it is being merged: then it stays for the merge to decide."""
    for serial, row in task.unmerged.items():
        if row.job.job_id == job_id:
            if row.merging:
                task.unmerged[serial] = replace(row, ended=True)
            else:
                del task.unmerged[serial]
            return


def _retried(task: Task, event: TaskRetried) -> None:
    task.attempt, task.ending, task.message = event.task_attempt, None, ""
    task.build_failures = 0
    for unit_id in event.units:
        unit = task.units[unit_id]
        unit = replace(unit, attempts_max=max(unit.attempts_max, unit.attempt + event.attempts_max))
        task.units[unit_id] = _revived(task, unit_id, unit) if unit.status is UnitStatus.FAILED else unit


def _revived(task: Task, unit_id: int, unit: Unit) -> Unit:
    task.failed -= 1
    task.ready[unit_id] = None
    return replace(unit, status=UnitStatus.READY)


def _attempts_increased(task: Task, increase: int) -> None:
    for unit_id, unit in task.units.items():
        more = replace(unit, attempts_max=unit.attempts_max + increase)
        revived = more.status is UnitStatus.FAILED and more.attempt < more.attempts_max and task.ending is None
        task.units[unit_id] = _revived(task, unit_id, more) if revived else more


def _reassigned(task: Task, event: TaskReassigned) -> None:
    if task.definition is not None:
        wishes = replace(
            task.definition.requirements,
            site=event.site or task.definition.requirements.site,
            cloud=event.cloud or task.definition.requirements.cloud,
        )
        task.definition = replace(task.definition, requirements=wishes)
    task.queues_used = ()
    _take_back_orders(task)
