"""What each event does to a task. Pure.

In: a task and an event. Out: the task. Guards: finished + failed <= used <= total after every event (docs/reference/jedi.md,
"Laws"); an event is folded at the cost of what it names, for any size of the task.
"""

from dataclasses import replace

from commands.task.auto_pause import counted
from commands.task.changed import changed_by, reassigned_by
from commands.task.ends import outcomes_recorded, taken_from_merge
from commands.task.input_units import UnitStatus
from commands.task.learning import jobs_measured, learned, reverted
from commands.task.live_jobs import JobState
from commands.task.measured import Learning
from commands.task.model import AT_WORK, Ending, Order, Scheduled, Scouts, Task
from commands.task.names import PFN_LIST, NamePages, all_names, are_complete, expected_next, kept, page_of
from commands.task.nucleus import nucleus_assigned, with_nucleus_kept
from commands.task.scouting import scouts_revived
from commands.task.secondary_changes import refined_secondaries, secondaries_ended, secondaries_given, secondary_fed
from commands.task.transitions import NEXT, STATUS_OF_VERDICT, WORKING, TaskStatus
from commands.undo import UndoDict, UndoQueue, UndoSet
from schemas import records
from schemas.intervals import intervals_of
from schemas.task import (
    AttemptsIncreased,
    AvalancheForced,
    ChildRegistered,
    ContentsFed,
    InputAwaited,
    InputDropped,
    InputHeld,
    InputNamesAdded,
    InputReleased,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    NucleusAssigned,
    ParentAwaited,
    ParentEnded,
    RequirementsLearned,
    RequirementsReverted,
    ScheduledCommandEnded,
    ScoutsJudged,
    SecondaryInputFed,
    SplitRuleChanged,
    TaskAttributeChanged,
    TaskBroken,
    TaskCommandScheduled,
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
    TaskRestored,
    TaskResumed,
    TaskRetried,
    TaskSetAside,
    TaskShareAssigned,
    TaskSubmitted,
    TaskThrottled,
    TaskWoken,
)
from schemas.types import EventEnvelope, JobKind, ScoutsVerdict, TaskDefinition

SCOUTS_AFTER = {
    ScoutsVerdict.GOOD: Scouts.PASSED,
    ScoutsVerdict.EXHAUSTED: Scouts.EXHAUSTED,
    ScoutsVerdict.BROKEN: Scouts.BROKEN,
}


def evolve(task: Task, event: TaskEvent, envelope: EventEnvelope) -> Task:
    """`task` after `event`; stops at an event that the table of transitions does not know."""
    reached = NEXT.get((task.status, type(event)))
    assert reached is not None, f"{type(event).__name__} in status {task.status} is not in the table of transitions"
    before, task.status = task.status, reached if reached is not TaskStatus.UNKNOWN else task.status
    match event:
        case TaskSubmitted():
            _submitted(task, event, envelope)
        case InputNamesAdded():
            _names_added(task, event)
        case TaskRefined():
            _refined(task, event)
        case ContentsFed():
            _contents_fed(task, event)
        case SecondaryInputFed():
            secondary_fed(task, event)
            task.status = TaskStatus(event.status or task.status)
        case InputAwaited():
            task.awaited.add(event.dataset)
        case ParentAwaited():
            task.parent_status = AT_WORK
            task.status = TaskStatus(event.status or task.status)
        case ParentEnded():
            task.parent_status = event.parent_status
            if event.rereads:
                _reread(task)
            task.status = TaskStatus(event.status or task.status)
        case ChildRegistered():
            task.children[event.child_task_id] = None
        case JobsOrdered():
            _ordered(task, event)
        case JobsGenerated():
            _generated(task, event)
        case TaskParked() | TaskThrottled():
            task.orders[event.order] = replace(task.orders[event.order], parked=True)
            task.blocked_at = task.blocked_at or envelope.occurred_at
        case TaskWoken():
            _take_back_orders(task, only_parked=True)
        case TaskSetAside():
            if not task.aside:
                task.aside_from = before
            task.aside[event.dead_letter_id] = event.cause
        case TaskRestored():
            _restored(task, event)
        case JobOutcomesRecorded():
            jobs_measured(task, event)
            task.jobs_finished, task.jobs_failed = counted(task, event.outcomes)
            outcomes_recorded(task, event)
            secondaries_ended(task, event.units)
        case TaskKillOrdered():
            task.ending, task.retrying, task.blocked_at = Ending.KILL, False, 0
            _take_back_orders(task)
        case TaskFinishOrdered():
            task.ending, task.retrying, task.blocked_at = Ending.FINISH, False, 0
            _take_back_orders(task)
        case TaskBroken():
            task.ending, task.message, task.retrying, task.blocked_at = Ending.BROKEN, event.message, False, 0
            _take_back_orders(task)
        case TaskRetried():
            _retried(task, event)
        case TaskReloaded():
            task.parameters_json, task.parameters_revision = event.parameters_json, event.parameters_revision
            task.attempt, task.ending, task.message = event.task_attempt, None, ""
            task.fed, task.fed_whole, task.contents_complete, task.retrying = UndoDict(), UndoSet(), False, False
            task.awaited, task.followed, task.parent_status, task.blocked_at = UndoSet(), UndoDict(), "", 0
            task.aside, task.aside_from = UndoQueue(), TaskStatus.UNKNOWN
            task.lists, task.names = event.lists, UndoDict(kept(event.lists, task.names))
            task.units.pass_by(task.units.gate.reloaded())
            task.scouts = scouts_revived(task)
        case TaskReassigned():
            reassigned_by(task, event)
            task.status = TaskStatus(event.status or task.status)
            _take_back_orders(task)
        case NucleusAssigned():
            nucleus_assigned(task, event.nucleus)
            _take_back_orders(task)
        case TaskPaused():
            task.old_status, task.throttle = before, event.throttle
            task.throttles = max(task.throttles, event.throttle)
        case TaskResumed():
            task.throttle = 0
            task.status, task.jobs_finished, task.jobs_failed = task.old_status, 0, 0
            task.blocked_at = envelope.occurred_at if task.blocked_at else 0
        case AttemptsIncreased():
            _attempts_increased(task, event.increase)
        case TaskPriorityChanged():
            task.priority = event.priority
        case TaskAttributeChanged() | SplitRuleChanged():
            changed_by(task, event)
        case InputReleased():
            task.units.pass_by(task.units.gate.released(intervals_of(event.units), event.number_max))
        case InputHeld():
            task.scouts = Scouts.OUT if event.scouts else task.scouts
            task.units.pass_by(task.units.gate.holding(intervals_of(event.units), event.number_max))
        case InputDropped():
            task.units.pass_by(task.units.gate.dropping(intervals_of(event.units)))
        case AvalancheForced():
            task.scouts = Scouts.FORCED
        case ScoutsJudged():
            _judged(task, event)
        case TaskCommandScheduled():
            task.scheduled[event.schedule_id] = Scheduled(
                event.at, event.command, event.fields_json, envelope.actor, event.role, event.rights, event.linked_actors
            )
        case ScheduledCommandEnded():
            del task.scheduled[event.schedule_id]
        case TaskShareAssigned():
            assert task.definition is not None
            task.definition = records.replace(task.definition, share=event.share, last_share="")
        case RequirementsLearned():
            learned(task, event)
        case RequirementsReverted():
            reverted(task)
        case TaskFinalized():
            task.status = STATUS_OF_VERDICT[event.verdict]
            task.message, task.retrying, task.awaited = event.message or task.message, False, UndoSet()
            task.aside, task.aside_from, task.blocked_at = UndoQueue(), TaskStatus.UNKNOWN, 0
            _take_back_orders(task)
    assert task.finished + task.failed <= len(task.units), f"task {task.task_id}: file accounts do not add up"
    return task


def _restored(task: Task, event: TaskRestored) -> None:
    del task.aside[event.dead_letter_id]
    if not task.aside:
        task.aside_from = TaskStatus.UNKNOWN
    if event.status and task.status is TaskStatus.PAUSED:
        task.old_status = TaskStatus(event.status)
    elif event.status:
        task.status = TaskStatus(event.status)


def _submitted(task: Task, event: TaskSubmitted, envelope: EventEnvelope) -> None:
    task.task_id, task.name = event.task_id, event.name
    task.owner, task.vo = envelope.actor, envelope.vo
    task.user_name, task.nickname, task.linked = event.user_name, event.nickname, event.linked_actors
    task.label, task.working_group = event.label, event.working_group
    task.priority, task.parameters_json = event.priority, event.parameters_json
    task.parent_task_id, task.request_id = event.parent_task_id, event.request_id
    task.lists, task.status = event.lists, TaskStatus.WAITING if event.lists else TaskStatus.REGISTERED


def _names_added(task: Task, event: InputNamesAdded) -> None:
    _, place = expected_next(task.lists, task.names)
    task.names[event.chunk] = page_of(event.list, place, event.names)
    task.status = TaskStatus(event.status)
    task.wanted = wanted_names(task.definition, task.names) if task.status is TaskStatus.DEFINED else task.wanted


def wanted_names(definition: TaskDefinition | None, names: NamePages) -> frozenset[str]:
    """Names of the files that a long list restricts the input to; none when there is no such list. Costs the whole list."""
    if definition is None or definition.listed is None or definition.listed.list == PFN_LIST:
        return frozenset()
    return frozenset(all_names(names, definition.listed.list))


def _refined(task: Task, event: TaskRefined) -> None:
    task.secondaries = refined_secondaries(task, event.definition)
    task.definition, task.known_units = with_nucleus_kept(task, event.definition), len(task.units)
    task.library, task.build_failures, task.learning = None, 0, Learning()
    task.jobs_finished = task.jobs_failed = task.throttles = 0
    if are_complete(task.lists, task.names):
        task.wanted = wanted_names(task.definition, task.names)


def _reread(task: Task) -> None:
    """All datasets are read from their beginning; units that the task has stay as they are."""
    task.reading, task.known_units = task.reading + 1, len(task.units)
    for secondary in task.secondaries:
        secondary.read_again()
    task.fed, task.fed_whole, task.contents_complete = UndoDict(), UndoSet(), False


def _contents_fed(task: Task, event: ContentsFed) -> None:
    assert task.definition is not None
    files = {unit.lfn for unit in event.units}
    new = len(files) - len(task.units.files_known(event.dataset, files, before=len(task.units)))
    task.files[event.dataset] = task.files.get(event.dataset, 0) + new
    task.units.add(event.units, task.definition.attempts_max)
    if task.definition.input_events_max is not None:
        task.input_events += sum(unit.events or 0 for unit in event.units)
    task.awaited.discard(event.dataset)
    task.status = TaskStatus(event.status or task.status)
    if event.chunk_complete:
        task.fed[event.dataset] = task.fed.get(event.dataset, 0) + 1
        if event.position is not None:
            task.followed[event.dataset] = event.position
    if event.dataset_complete:
        task.fed_whole.add(event.dataset)
        task.followed.pop(event.dataset, None)
    task.contents_complete = event.complete
    if event.complete:
        task.wanted = frozenset()


def _ordered(task: Task, event: JobsOrdered) -> None:
    task.last_order = event.order
    if event.kind is JobKind.MERGE:
        numbers = tuple(job.serial for job in event.unmerged)
        for serial in numbers:
            ended = task.jobs.state_of(serial) in (JobState.ENDED_UNMERGED, JobState.ENDED_MERGING)
            task.jobs.move(serial, JobState.ENDED_MERGING if ended else JobState.MERGING)
    else:
        numbers = tuple(unit.unit_id for unit in event.units)
        task.units.move(numbers, UnitStatus.ORDERED)
    task.orders[event.order] = Order(event.kind, numbers, continues=event.continues)


def _generated(task: Task, event: JobsGenerated) -> None:
    ordered, task.blocked_at = task.orders.pop(event.order).units, 0
    reached = TaskStatus.SCOUTING if event.scouts else TaskStatus.RUNNING
    if task.status is TaskStatus.PAUSED:
        task.old_status = reached
    elif task.status in WORKING:
        task.status = reached
    secondaries_given(task, event)
    task.jobs.add(event.kind, event.jobs)
    task.last_serial = max([task.last_serial, *(job.serial for job in event.jobs)])
    new = dict.fromkeys(job.queue for job in event.jobs).keys() - set(task.queues_used)
    task.queues_used += tuple(queue for queue in dict.fromkeys(job.queue for job in event.jobs) if queue in new)
    if event.kind is JobKind.NORMAL:
        task.units.move((unit_id for job in event.jobs for unit_id in job.unit_ids), UnitStatus.RUNNING)
        task.units.move((one for one in ordered if task.units.status_of(one) is UnitStatus.ORDERED), UnitStatus.READY)


def _take_back_orders(task: Task, *, only_parked: bool = False) -> None:
    """Input of orders that will not be planned is free again."""
    for number, order in sorted(task.orders.items()):
        if only_parked and not order.parked:
            continue
        del task.orders[number]
        if order.kind is JobKind.NORMAL:
            task.units.move(order.units, UnitStatus.READY)
        elif order.kind is JobKind.MERGE:
            for serial in order.units:
                taken_from_merge(task, serial)


def _judged(task: Task, event: ScoutsJudged) -> None:
    task.scouts, task.message = SCOUTS_AFTER[event.verdict], event.message or task.message
    if task.status is TaskStatus.SCOUTING and task.scouts is Scouts.PASSED:
        task.status = TaskStatus.RUNNING


def _retried(task: Task, event: TaskRetried) -> None:
    task.retrying, task.scouts = event.more, scouts_revived(task)
    if not event.continues:
        task.attempt, task.ending, task.message = event.task_attempt, None, ""
        task.build_failures = task.blocked_at = 0
    failures_max = None if task.definition is None else task.definition.failures_max
    for unit_id in event.units:
        task.units.allow_attempts(unit_id, event.attempts_max)
        if failures_max is not None:
            task.units.allow_failures(unit_id, event.attempts_max, failures_max)
    failed = [unit_id for unit_id in event.units if task.units.status_of(unit_id) is UnitStatus.FAILED]
    task.units.move(failed, UnitStatus.READY)


def _attempts_increased(task: Task, increase: int) -> None:
    """Costs what is given up: units that were, come back when they have attempts again."""
    task.units.allow_all(increase)
    if task.ending is None and task.failed:
        failed = list(task.units.with_status(UnitStatus.FAILED))
        task.units.move([unit_id for unit_id in failed if task.units.has_attempts(unit_id)], UnitStatus.READY)
