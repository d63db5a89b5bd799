"""Histories of one aggregate as the log may hold them: an event that begins it, then any other of its kind."""

from collections.abc import Iterator
from typing import Any

from schemas.aggregates import AGGREGATES
from schemas.catalog import CATALOG, CatalogEntry, messages
from schemas.reading import Place, Recorded
from schemas.records import replace
from schemas.task import ContentsFed, JobOutcomesRecorded, JobsGenerated, TaskRetried
from schemas.types import InputUnit, JobKind
from schemas.wire import entry_of
from tests.schemas.within_bounds import a_message, an_aggregate_id, an_event_envelope

EVENTS = [entry for entry in messages() if entry.role == "events"]
SERIAL_MAX = 9_999_999
UNIT_IDS = (1, 2, 1_000_000_000)
#: Events with which a history begins, where the first one is not as good as any.
FIRST = {
    "task": ("TaskSubmitted", "TaskRefined", "ContentsFed"),
    "job": ("JobDefined", "JobActivated", "JobSent"),
    "queue": ("DispatchConfigured", "JobQueued", "JobLeased"),
    "worker": ("WorkersWanted", "WorkerSubmitted"),
    "dataset": ("FilesRegistered",),
    "workflow": ("WorkflowSubmitted", "WorksAdded"),
}


def under(key: str, message: Any) -> Any:
    """The message as a decider would write it: it names the key it stands under, and input units that are there."""
    entry = entry_of(message)
    if "key" in entry.schema:
        is_number = AGGREGATES[entry.aggregate].key.max is not None
        return _with(message, entry.schema["key"].split("."), int(key) if is_number else key)
    match message:
        case ContentsFed():
            return replace(message, units=tuple(InputUnit(unit_id=number, lfn="f", dataset="d") for number in UNIT_IDS))
        case TaskRetried():
            return replace(message, units=tuple(_piece(number) for number in message.units))
        case JobsGenerated():
            most = UNIT_IDS[-1] if message.kind is JobKind.NORMAL else SERIAL_MAX
            jobs = (replace(job, unit_ids=tuple(min(_piece(one), most) for one in job.unit_ids)) for job in message.jobs)
            return replace(message, jobs=tuple(jobs))
        case JobOutcomesRecorded():
            units = (replace(change, unit_id=_piece(change.unit_id)) for change in message.units)
            return replace(message, units=tuple(units))
        case _:
            return message


def _with(record: Any, path: list[str], value: Any) -> Any:
    """The record with another value at `path`."""
    first, *rest = path
    return replace(record, **{first: _with(getattr(record, first), rest, value) if rest else value})


def _piece(number: int) -> int:
    """One of the input units that were fed: a decider names no others."""
    return UNIT_IDS[number % len(UNIT_IDS)]


def history(entry: CatalogEntry, seed: int) -> Iterator[Recorded]:
    """What begins an aggregate, and the event `entry` after it; everything within bounds and in sequence."""
    key = an_aggregate_id(entry.aggregate, seed)
    names = [*FIRST.get(entry.aggregate, ()), entry.name]
    for number, name in enumerate(names, start=1):
        kind = CATALOG[f"culm.{entry.aggregate}.{name}"]
        message = under(key, a_message(kind, seed + number))
        yield Recorded(Place(kind.topic, 0, number), message, an_event_envelope(seed + number, key, number))
