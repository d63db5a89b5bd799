"""An event as JSON for its timeline row. Pure.

Long lists and texts that stand in other rows (specs, units, files, brokerage, logs) are given by their number only, so
a row stays small whatever the event carries.
"""

from collections.abc import Mapping
from typing import Any

from schemas.dataset import FilesRegistered
from schemas.job import JobCancelled, JobDefined, JobFailed, JobFinished, JobMerging
from schemas.task import (
    ContentsFed,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    TaskParked,
    TaskRefined,
    TaskReloaded,
    TaskRetried,
    TaskSubmitted,
)

#: Fields that are given by their number, or left out when they are texts and definitions.
COUNTED: Mapping[type, tuple[str, ...]] = {
    ContentsFed: ("units",),
    FilesRegistered: ("files",),
    JobsOrdered: ("units", "unmerged"),
    TaskRetried: ("units",),
}
LEFT_OUT: Mapping[type, tuple[str, ...]] = {
    JobFailed: ("log_extract", "metadata_json"),
    JobFinished: ("metadata_json",),
    JobMerging: ("metadata_json",),
    JobsOrdered: ("definition",),
    TaskReloaded: ("parameters_json",),
    TaskSubmitted: ("parameters_json",),
    TaskRefined: ("definition",),
}
SPEC_SHOWN = ("job_id", "task_id", "attempt", "serial", "kind", "name", "queue", "priority", "core_count", "ram_mb_min")


def body_of(event: Any) -> dict[str, Any]:
    """The event's own fields as plain JSON values."""
    kind = type(event)
    match event:
        case JobDefined():
            spec = event.spec
            shown = {name: getattr(spec, name) for name in SPEC_SHOWN}
            return {"spec": shown | {"inputs": len(spec.inputs), "outputs": len(spec.outputs)}}
        case JobsGenerated() | TaskParked():
            body: dict[str, Any] = {"order": event.order, "queues_looked_at": len(event.brokerage.verdicts)}
            if isinstance(event, TaskParked):
                return body | {"message": event.message}
            return body | {"kind": event.kind.value, "jobs": len(event.jobs), "accounts": event.accounts.to_avro()}
        case JobOutcomesRecorded():
            return {
                "outcomes": [_outcome(outcome.to_avro()) for outcome in event.outcomes],
                "units": len(event.units),
                "accounts": event.accounts.to_avro(),
            }
        case ContentsFed() | JobsOrdered() | FilesRegistered() | TaskRetried():
            return _counted(event, COUNTED[kind], LEFT_OUT.get(kind, ()))
        case JobFinished() | JobFailed() | JobMerging() | JobCancelled():
            return _counted(event, ("outputs",), LEFT_OUT.get(kind, ()))
        case _:
            left_out = LEFT_OUT.get(kind)
            whole: dict[str, Any] = event.to_avro()
            if left_out:
                return {name: value for name, value in whole.items() if name not in left_out}
            return whole


def _outcome(outcome: dict[str, Any]) -> dict[str, Any]:
    return {**outcome, "outputs": len(outcome["outputs"])}


def _counted(event: Any, counted: tuple[str, ...], left_out: tuple[str, ...]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name in type(event).__dataclass_fields__:
        if name in left_out:
            continue
        value = getattr(event, name)
        if name in counted:
            body[name] = len(value)
        else:
            body[name] = _plain(value)
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.to_avro() if hasattr(value, "to_avro") else value
