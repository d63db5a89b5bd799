"""A task as rows: a main row, its parameters and definition, and rows of its units and jobs (`unit_rows.py`, `job_rows.py`)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from commands.snapshot import MAIN, Row, SnapshotForm
from commands.task import job_rows, secondary_rows, unit_rows
from commands.task.evolve import wanted_names
from commands.task.input_gate import OPEN, InputGate, gate_of
from commands.task.input_units import UnitStatus
from commands.task.learning import is_measured
from commands.task.measured import Learning
from commands.task.measured_row import measured_row, restored_learning
from commands.task.model import Ending, Order, Scheduled, Scouts, Task
from commands.task.names import NamePage, are_complete, page_of
from commands.task.transitions import TaskStatus
from commands.undo import UndoDict, UndoQueue, UndoSet
from schemas.intervals import intervals_of
from schemas.records import replace
from schemas.task import (
    AttemptsIncreased,
    ContentsFed,
    InputDropped,
    InputGateSnapshot,
    InputHeld,
    InputNamesAdded,
    InputReleased,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    NamePageSnapshot,
    NucleusAssigned,
    ParentEnded,
    RequirementsLearned,
    RequirementsReverted,
    SecondaryInputFed,
    SplitRuleChanged,
    TaskAttributeChanged,
    TaskBroken,
    TaskDefinitionSnapshot,
    TaskEvent,
    TaskFinalized,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskParametersSnapshot,
    TaskReassigned,
    TaskRefined,
    TaskReloaded,
    TaskRetried,
    TaskShareAssigned,
    TaskSnapshot,
    TaskSubmitted,
    TaskWoken,
    UnitAccountsSnapshot,
)
from schemas.types import AsideSnapshot, InputSnapshot, JobKind, OrderSnapshot, ScheduledSnapshot, UnitRange

PARAMETERS, DEFINITION, GATE, MEASURED = "parameters", "definition", "gate", "measured"
#: A page of names, by the number of its chunk.
NAMES = "names-"


def changed(task: Task, event: TaskEvent) -> Iterable[str]:
    """The rows that the event is about to change, beside the main one."""
    match event:
        case TaskSubmitted():
            return (PARAMETERS,)
        case TaskReloaded():
            return (PARAMETERS, GATE, *_name_rows(task)) if event.lists != task.lists else (PARAMETERS, GATE)
        case InputReleased() | InputHeld() | InputDropped():
            return (GATE,)
        case InputNamesAdded():
            return (f"{NAMES}{event.chunk}",)
        case TaskRefined() if task.secondaries or event.definition.secondaries:
            streams = {*secondary_rows.names(task.secondaries), *secondary_rows.streams(event.definition.secondaries)}
            return {DEFINITION, MEASURED, *streams, *unit_rows.names(task.units)}
        case TaskRefined() | RequirementsLearned() | RequirementsReverted():
            return (DEFINITION, MEASURED)
        case SecondaryInputFed():
            return secondary_rows.fed(task.secondaries, event.stream)
        case ParentEnded() if event.rereads:
            return set(secondary_rows.streams(task.secondaries))
        case TaskShareAssigned():
            return (DEFINITION,)
        case TaskAttributeChanged() | SplitRuleChanged():
            return (PARAMETERS, DEFINITION)
        case TaskReassigned() | NucleusAssigned():
            return {DEFINITION, *_orders_taken_back(task)}
        case ContentsFed():
            accounts = unit_rows.accounts_of_units(unit.unit_id for unit in event.units)
            return unit_rows.pages_added(task.units, event.units) | accounts
        case JobsOrdered() if event.kind is JobKind.MERGE:
            return job_rows.of_serials(task.jobs, (job.serial for job in event.unmerged))
        case JobsOrdered():
            return unit_rows.accounts_of_units(unit.unit_id for unit in event.units)
        case JobsGenerated():
            pages = {f"{job_rows.PAGE}{event.jobs[0].serial}"} if event.jobs else set()
            if event.kind is not JobKind.NORMAL:
                return pages
            accounts = unit_rows.accounts_of_units(task.orders[event.order].units)
            return {*pages, *accounts, *secondary_rows.streams(task.secondaries)}
        case JobOutcomesRecorded():
            accounts = unit_rows.accounts_of_units(change.unit_id for change in event.units)
            measured = {MEASURED} if is_measured(task) else set()
            return {*measured, *accounts, *job_rows.of_outcomes(task, event.outcomes), *secondary_rows.streams(task.secondaries)}
        case TaskRetried():
            return unit_rows.accounts_of_units(event.units)
        case AttemptsIncreased():
            return unit_rows.accounts_of_units(task.units.with_status(UnitStatus.FAILED)) if task.failed else ()
        case TaskWoken() | TaskKillOrdered() | TaskFinishOrdered() | TaskBroken() | TaskFinalized():
            return _orders_taken_back(task)
        case _:
            return ()


def _orders_taken_back(task: Task) -> set[str]:
    found: set[str] = set()
    for order in task.orders.values():
        if order.kind is JobKind.NORMAL:
            found |= unit_rows.accounts_of_units(order.units)
        elif order.kind is JobKind.MERGE:
            found |= job_rows.of_serials(task.jobs, order.units)
    return found


def names(task: Task) -> Iterable[str]:
    """All rows beside the main one."""
    yield from (PARAMETERS, DEFINITION)
    # Most tasks hold nothing back and measure nothing.
    yield from (GATE,) if not task.units.gate.is_open else ()
    yield from (MEASURED,) if task.learning != Learning() else ()
    yield from _name_rows(task)
    yield from unit_rows.names(task.units)
    yield from secondary_rows.names(task.secondaries)
    yield from job_rows.names(task)


def rows(task: Task, wanted: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    if MAIN in wanted:
        yield MAIN, _main_row(task)
    if PARAMETERS in wanted:
        yield PARAMETERS, TaskParametersSnapshot(parameters_json=task.parameters_json, revision=task.parameters_revision)
    if DEFINITION in wanted:
        yield DEFINITION, TaskDefinitionSnapshot(definition=task.definition)
    if GATE in wanted:
        yield GATE, _gate_row(task.units.gate)
    if MEASURED in wanted:
        yield MEASURED, measured_row(task.learning)
    for name in wanted:
        if name.startswith(NAMES):
            yield name, _name_page_row(task.names.get(int(name.removeprefix(NAMES))))
    for name, row in unit_rows.rows(task.units, wanted):
        yield name, _with_ranges(task, row) if task.secondaries and name.startswith(unit_rows.ACCOUNTS) else row
    yield from secondary_rows.rows(task.secondaries, wanted)
    yield from job_rows.rows(task, wanted)


def _with_ranges(task: Task, row: UnitAccountsSnapshot | None) -> UnitAccountsSnapshot | None:
    """The accounts of units with the files of secondary input that each has."""
    if row is None:
        return None
    firsts, counts = secondary_rows.ranges_of_units(task.secondaries, range(row.first, row.first + len(row.status)))
    return replace(row, secondary_firsts=firsts, secondary_counts=counts)


def _gate_row(gate: InputGate) -> InputGateSnapshot | None:
    """None for that of most tasks, which lets all input pass."""
    if gate.is_open:
        return None
    held, dropped = (tuple(UnitRange(first=first, last=last) for first, last in one) for one in (gate.held, gate.dropped))
    return InputGateSnapshot(number_max=gate.number_max, held=held, dropped=dropped)


def _restored_gate(row: InputGateSnapshot | None) -> InputGate:
    return gate_of(row.number_max, intervals_of(row.held), intervals_of(row.dropped)) if row else OPEN


def _name_rows(task: Task) -> tuple[str, ...]:
    return tuple(f"{NAMES}{chunk}" for chunk in task.names)


def _name_page_row(page: NamePage | None) -> NamePageSnapshot | None:
    return None if page is None else NamePageSnapshot(list=page.list, first=page.first, names=tuple(page.names))


def _main_row(task: Task) -> TaskSnapshot:
    orders = (
        OrderSnapshot(
            number=number, kind=order.kind, units=order.units, parked=order.parked, continues=order.continues
        )
        for number, order in sorted(task.orders.items())
    )
    return TaskSnapshot(
        status=task.status.value,
        old_status=task.old_status.value,
        task_id=task.task_id,
        name=task.name,
        owner=task.owner,
        vo=task.vo,
        user_name=task.user_name,
        nickname=task.nickname,
        linked_actors=task.linked,
        label=task.label,
        working_group=task.working_group,
        priority=task.priority,
        lists=task.lists,
        inputs=tuple(_input_row(task, dataset) for dataset in sorted({*task.fed, *task.fed_whole, *task.files, *task.awaited})),
        contents_complete=task.contents_complete,
        attempts_added=task.units.attempts_added,
        ready_from=task.units.ready_from,
        known_units=task.known_units,
        retrying=task.retrying,
        jobs_finished=task.jobs_finished,
        jobs_failed=task.jobs_failed,
        throttles=task.throttles,
        throttle=task.throttle,
        scouts=task.scouts.value,
        orders=tuple(orders),
        last_order=task.last_order,
        last_serial=task.last_serial,
        library=task.library,
        build_failures=task.build_failures,
        queues_used=task.queues_used,
        ending=task.ending and task.ending.value,
        message=task.message,
        last_error=task.last_error,
        attempt=task.attempt,
        aside=tuple(AsideSnapshot(dead_letter_id=number, cause=cause) for number, cause in task.aside.items()),
        aside_from=task.aside_from.value,
        parent_task_id=task.parent_task_id,
        request_id=task.request_id,
        parent_status=task.parent_status,
        children=tuple(task.children),
        scheduled=tuple(_scheduled_row(number, one) for number, one in task.scheduled.items()),
        input_events=task.input_events,
        reading=task.reading,
        blocked_at=task.blocked_at,
    )


def _scheduled_row(number: str, one: Scheduled) -> ScheduledSnapshot:
    return ScheduledSnapshot(
        schedule_id=number,
        at=one.at,
        command=one.command,
        fields_json=one.fields_json,
        actor=one.actor,
        role=one.role,
        rights=one.rights,
        linked_actors=one.linked,
    )


def _scheduled(row: ScheduledSnapshot) -> Scheduled:
    return Scheduled(row.at, row.command, row.fields_json, row.actor, row.role, row.rights, row.linked_actors)


def _input_row(task: Task, dataset: str) -> InputSnapshot:
    greatest = task.units.greatest.get(dataset)
    return InputSnapshot(
        dataset=dataset,
        chunks_fed=task.fed.get(dataset),
        fed_whole=dataset in task.fed_whole,
        files=task.files.get(dataset),
        awaited=dataset in task.awaited,
        position=task.followed.get(dataset),
        greatest_lfn=greatest and greatest[0],
        greatest_start=greatest[1] if greatest else -1,
    )


def restored(found: Mapping[str, Any]) -> Task:
    """The task of its rows."""
    main: TaskSnapshot = found[MAIN]
    greatest = {row.dataset: (row.greatest_lfn, row.greatest_start) for row in main.inputs if row.greatest_lfn is not None}
    jobs, unmerged = job_rows.restored(found)
    parameters: TaskParametersSnapshot | None = found.get(PARAMETERS)
    definition: TaskDefinitionSnapshot | None = found.get(DEFINITION)
    names = {
        int(name.removeprefix(NAMES)): page_of(row.list, row.first, row.names)
        for name, row in found.items()
        if name.startswith(NAMES)
    }
    secondaries = definition.definition.secondaries if definition and definition.definition else ()
    wanted = definition is not None and not main.contents_complete and are_complete(main.lists, names)
    return Task(
        status=TaskStatus(main.status),
        old_status=TaskStatus(main.old_status),
        task_id=main.task_id,
        name=main.name,
        owner=main.owner,
        vo=main.vo,
        user_name=main.user_name,
        nickname=main.nickname,
        linked=main.linked_actors,
        label=main.label,
        working_group=main.working_group,
        priority=main.priority,
        parameters_json=parameters.parameters_json if parameters else "{}",
        parameters_revision=parameters.revision if parameters else 0,
        definition=definition.definition if definition else None,
        lists=main.lists,
        names=UndoDict(dict(sorted(names.items()))),
        wanted=wanted_names(definition.definition, names) if definition and wanted else frozenset(),
        fed=UndoDict({row.dataset: row.chunks_fed for row in main.inputs if row.chunks_fed is not None}),
        fed_whole=UndoSet(row.dataset for row in main.inputs if row.fed_whole),
        contents_complete=main.contents_complete,
        followed=UndoDict({row.dataset: row.position for row in main.inputs if row.position is not None}),
        files=UndoDict({row.dataset: row.files for row in main.inputs if row.files is not None}),
        units=unit_rows.restored(found, greatest, main.attempts_added, main.ready_from, _restored_gate(found.get(GATE))),
        secondaries=secondary_rows.restored(found, unit_rows.accounts_in(found), len(secondaries)),
        known_units=main.known_units,
        retrying=main.retrying,
        jobs_finished=main.jobs_finished,
        jobs_failed=main.jobs_failed,
        throttles=main.throttles,
        throttle=main.throttle,
        scouts=Scouts(main.scouts),
        learning=restored_learning(found.get(MEASURED)),
        orders=UndoDict({row.number: Order(row.kind, row.units, row.parked, row.continues) for row in main.orders}),
        last_order=main.last_order,
        last_serial=main.last_serial,
        jobs=jobs,
        unmerged=unmerged,
        library=main.library,
        build_failures=main.build_failures,
        queues_used=main.queues_used,
        ending=None if main.ending is None else Ending(main.ending),
        message=main.message,
        last_error=main.last_error,
        attempt=main.attempt,
        aside=UndoQueue({row.dead_letter_id: row.cause for row in main.aside}),
        aside_from=TaskStatus(main.aside_from),
        parent_task_id=main.parent_task_id,
        request_id=main.request_id,
        parent_status=main.parent_status,
        children=UndoDict(dict.fromkeys(main.children)),
        input_events=main.input_events,
        reading=main.reading,
        blocked_at=main.blocked_at,
        awaited=UndoSet(row.dataset for row in main.inputs if row.awaited),
        scheduled=UndoDict({row.schedule_id: _scheduled(row) for row in main.scheduled}),
    )


#: Rows of whole columns.
WORK = {"units": 10, "accounts": 40, "jobs": 10, "names": 16}
SNAPSHOT = SnapshotForm(rows, restored, changed, names, work=WORK)
