"""Where each task stands: its status, counters and datasets, and why its jobs went where they went. Pure.

Counters come absolute with the events; only counts per dataset, which no event carries, are added up here.
"""

from collections.abc import Iterator
from typing import Any

from projections.engine.changes import Key, Row, RowChanges
from projections.tasks.brokerage import decided_rows, order_rows
from projections.tasks.status import next_status, next_super_status
from projections.tasks.units import apply_to_units, units_touched
from schemas.reading import Recorded
from schemas.task import (
    BrokerageDecided,
    ChildRegistered,
    ContentsFed,
    InputAwaited,
    InputDropped,
    InputHeld,
    InputNamesAdded,
    InputReleased,
    JobOutcomesRecorded,
    JobsGenerated,
    NucleusAssigned,
    ParentAwaited,
    ParentEnded,
    RequirementsLearned,
    RequirementsReverted,
    SecondaryInputFed,
    SplitRuleChanged,
    TaskAttributeChanged,
    TaskBroken,
    TaskFinalized,
    TaskParked,
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
)
from schemas.types import DatasetRole, FileAccounts, LearnedRequirement, TaskDefinition, TaskVerdict

#: A task has no more: a number of released units as great as this one holds none back.
UNITS_MAX = 1_000_000
#: Jobs of a sample that the row names.
SAMPLE_SHOWN = 20


def reads(record: Recorded) -> Iterator[tuple[str, Key]]:
    """The rows that `apply` will ask about."""
    task_id = int(record.event.aggregate_id)
    yield "task", (task_id,)
    for unit_id in units_touched(record.message):
        yield "task_file", (task_id, unit_id)


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows of the task after the event."""
    task_id = int(record.event.aggregate_id)
    if isinstance(record.message, TaskSubmitted):
        changes.insert("task", _new_task(record, record.message))
        return
    changes.update("task", (task_id,), _task_columns(record, task_id, changes))
    apply_to_units(record, task_id, changes)
    match record.message:
        case InputNamesAdded() as event:
            row = {"task_id": task_id, "chunk": event.chunk, "list": event.list, "names": list(event.names)}
            changes.insert("task_names", row)
        case TaskRefined() as event:
            _datasets(task_id, event.definition, changes)
        case BrokerageDecided() as event:
            decided_rows(record, event, changes)
        case JobsGenerated() as event:
            order_rows(record, event.order, event.brokerage, parked=False, changes=changes)
        case TaskParked() as event:
            order_rows(record, event.order, event.brokerage, parked=True, changes=changes)
        case _:
            pass


def _new_task(record: Recorded, event: TaskSubmitted) -> Row:
    envelope = record.event
    return {
        "task_id": event.task_id,
        "name": event.name,
        "vo": envelope.vo,
        "owner": envelope.actor,
        "user_name": event.user_name,
        "nickname": event.nickname,
        "label": event.label,
        "working_group": event.working_group,
        "status": "waiting" if event.lists else "registered",
        "super_status": "registered",
        "priority": event.priority,
        "current_priority": event.priority,
        "created_at": envelope.occurred_at,
        "modified_at": envelope.occurred_at,
        "parameters": event.parameters_json,
        "lists": [one.to_avro() for one in event.lists],
        "parent_task_id": event.parent_task_id,
        "sequence": envelope.sequence,
    }


def _task_columns(record: Recorded, task_id: int, changes: RowChanges) -> Row:
    """Columns of the task that the event changes."""
    if isinstance(record.message, ChildRegistered):
        return {"sequence": record.event.sequence}  # of another task's doing
    return _columns_of_waiting(record, task_id, changes) | _columns_of_working(record, task_id, changes)


def _columns_of_waiting(record: Recorded, task_id: int, changes: RowChanges) -> Row:
    """The sentence of a task that waits for its input or its parent, and its end."""
    match record.message:
        case InputAwaited() | ParentAwaited() as event if event.message:
            return {"message": _kept_message(task_id, changes) or event.message}
        case ContentsFed() | SecondaryInputFed() | ParentEnded() as event if event.status:
            return {"message": _kept_message(task_id, changes)}
        case _:
            return {}


def _columns_of_working(record: Recorded, task_id: int, changes: RowChanges) -> Row:
    columns: Row = {"modified_at": record.event.occurred_at, "sequence": record.event.sequence}
    columns |= _status_columns(record, task_id, changes)
    columns |= _gate_columns(record.message) | _nucleus_columns(record.message)
    match record.message:
        case TaskRefined() as event:
            columns |= _refined(event, task_id, changes)
        case ContentsFed() | JobOutcomesRecorded() as event:
            columns |= _counters(event.accounts)
        case JobsGenerated() as event:
            columns |= {**_counters(event.accounts), "message": _kept_message(task_id, changes)}
        case TaskParked() | TaskThrottled() as event:
            columns["message"] = _kept_message(task_id, changes) or event.message
        case TaskBroken() | TaskSetAside() as event:
            columns["message"] = event.message
        case TaskRestored() as event:
            columns["message"] = event.message or None
        case TaskRetried(continues=False) as event:
            columns |= {"attempt": event.task_attempt, "message": None}
        case TaskReloaded() as event:
            columns |= {"attempt": event.task_attempt, "message": None, "parameters": event.parameters_json}
            columns |= {"lists": [one.to_avro() for one in event.lists], "input_dropped": None, "changed": None}
        case TaskReassigned(site=str() as site):
            columns["site"] = site
        case TaskPriorityChanged() | TaskAttributeChanged() | SplitRuleChanged() | TaskShareAssigned() as event:
            columns |= _changed(event, task_id, changes)
        case TaskFinalized() as event:
            columns |= {**_counters(event.accounts), "message": event.message or None}
        case _:
            pass
    return columns


def _changed(
    event: TaskPriorityChanged | TaskAttributeChanged | SplitRuleChanged | TaskShareAssigned, task_id: int, changes: RowChanges
) -> Row:
    """The priority; or what a command changed of the definition and of the parameters, beside what others did before."""
    task = changes.known("task", (task_id,))
    before = (task and task["changed"]) or {}
    match event:
        case TaskPriorityChanged():
            return {"current_priority": event.priority}
        case TaskShareAssigned():
            return {"changed": {**before, "share": event.share}}
        case TaskAttributeChanged():
            before = {**before, "requirements": event.requirements.to_avro()}
        case SplitRuleChanged():
            pass
    parameters = {**before.get("parameters", {}), event.parameter: event.value}
    return {"changed": {**before, "rules": event.rules.to_avro(), "parameters": parameters}}


def _refined(event: TaskRefined, task_id: int, changes: RowChanges) -> Row:
    """A new definition; what was changed of the parameters meanwhile is for the next one."""
    task = changes.known("task", (task_id,))
    parameters = ((task and task["changed"]) or {}).get("parameters")
    asked = event.definition.requirements
    kept = task["nucleus"] if task and event.definition.nucleus_wanted else None
    definition = {"definition": event.definition.to_avro(), "site": asked.site, "nucleus": asked.nucleus or kept}
    return {**definition, "changed": {"parameters": parameters} if parameters else None}


def _gate_columns(event: Any) -> Row:
    """Which input waits for its release, and what was learned, after an event that changes it."""
    match event:
        case InputDropped():
            return {"input_dropped": event.standing or None}
        case InputReleased(number_max=int() as number) | InputHeld(number_max=int() as number):
            return {"input_held": event.standing or None, "input_number_max": number if number < UNITS_MAX else None}
        case RequirementsLearned():
            return {"learned": [_learned(one) for one in event.learned]}
        case RequirementsReverted():
            return {"learned": None}
        case InputReleased() | InputHeld():
            return {"input_held": event.standing or None}
        case _:
            return {}


def _nucleus_columns(event: Any) -> Row:
    """The nucleus and what was said of each, after an event that chose one or found none."""
    match event:
        case NucleusAssigned():
            return {"nucleus": event.nucleus, "nuclei": [one.to_avro() for one in event.verdicts] or None}
        case TaskParked() if event.nuclei:
            return {"nuclei": [one.to_avro() for one in event.nuclei]}
        case _:
            return {}


def _learned(one: LearnedRequirement) -> Row:
    """With the first of the sample, which is in the event as a whole; of that the number, and the bounds of its values."""
    row: Row = {"parameter": one.parameter, "old": one.old, "new": one.new, "applied": one.applied}
    row |= {"reduction": one.reduction, "margin_percent": one.margin_percent, "jobs": len(one.jobs)}
    row |= {"least": min(one.values, default=None), "most": max(one.values, default=None)}
    return row | {"sample": [list(pair) for pair in zip(one.jobs[:SAMPLE_SHOWN], one.values[:SAMPLE_SHOWN], strict=False)]}


def _kept_message(task_id: int, changes: RowChanges) -> str | None:
    """What says that dead letters hold the task stays until they are settled, while all else goes on."""
    task = changes.known("task", (task_id,))
    message = task["message"] if task else None
    return message if message and message.startswith("set aside: ") else None


def _status_columns(record: Recorded, task_id: int, changes: RowChanges) -> Row:
    task = changes.known("task", (task_id,))
    assert task is not None, f"{record.place}: task {task_id} has events but was never submitted"
    event, at = record.message, record.event.occurred_at
    columns: Row = {}
    match event:
        case TaskRetried(continues=False) | TaskReloaded():
            columns |= {"started_at": None, "ended_at": None}
        case JobsGenerated() if task["started_at"] is None:
            columns["started_at"] = at
        case TaskFinalized() if event.verdict is not TaskVerdict.EXHAUSTED:
            columns["ended_at"] = at
        case _:
            pass
    before = (task["status"], task["old_status"])
    after = next_status(event, *before)
    if after == before:
        return columns
    started = task["started_at"] is not None
    shown = next_super_status(
        after[0], task["super_status"], resumed=isinstance(event, TaskResumed), started=started
    )
    return columns | {"status": after[0], "old_status": after[1], "super_status": shown}


def _counters(accounts: FileAccounts) -> Row:
    return {
        "files_total": accounts.total,
        "files_used": accounts.used,
        "files_finished": accounts.finished,
        "files_failed": accounts.failed,
        "jobs_live": accounts.jobs_live,
        "jobs_total": accounts.jobs_total,
    }


def _datasets(task_id: int, definition: TaskDefinition, changes: RowChanges) -> None:
    """The task's datasets; a refinement after a reload keeps what was counted."""
    for name in definition.input_datasets:
        row = {"role": DatasetRole.INPUT.value, "stream": definition.input_stream}
        changes.ensure("task_dataset", {"task_id": task_id, "dataset": name, **row})
        changes.update("task_dataset", (task_id, name), row)
    for stream in definition.secondaries:
        row = {"role": DatasetRole.INPUT.value, "stream": stream.stream}
        for name in stream.datasets:
            changes.ensure("task_dataset", {"task_id": task_id, "dataset": name, **row})
    for output in definition.outputs:
        row = {"role": output.role.value, "stream": output.stream}
        changes.ensure("task_dataset", {"task_id": task_id, "dataset": output.dataset, **row})
        changes.update("task_dataset", (task_id, output.dataset), row)
