"""Histories of one aggregate as the log may hold them: an event that begins it, then any other of its kind."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from schemas.catalog import CATALOG, Entry, messages
from schemas.job import DefineJob, JobDefined
from schemas.queue import ConfigureDispatch, DispatchConfigured, EnqueueJob, JobQueued
from schemas.reading import Place, Recorded
from schemas.task import ContentsFed, JobOutcomesRecorded, JobsGenerated, SubmitTask, TaskRetried, TaskSubmitted
from schemas.types import InputUnit, JobKind
from tests.schemas.within_bounds import a_message, an_aggregate_id, an_event_envelope

EVENTS = [entry for entry in messages() if entry.role == "events"]
SERIAL_MAX = 9_999_999
PIECES = (1, 2, 1_000_000_000)
FIRST = {
    "task": ("TaskSubmitted", "TaskRefined", "ContentsFed"),
    "job": ("JobDefined", "JobActivated", "JobSent"),
    "queue": ("DispatchConfigured", "JobQueued", "JobLeased"),
    "worker": ("WorkersWanted", "WorkerSubmitted"),
    "dataset": ("FilesRegistered",),
    "policy": (),
    "task_name": (),
}


def under(key: str, message: Any) -> Any:
    """The message as a decider would write it: it names the key it stands under, and pieces that are there."""
    match message:
        case SubmitTask() | TaskSubmitted():
            return replace(message, task_id=int(key))
        case DefineJob() | JobDefined():
            return replace(message, spec=replace(message.spec, job_id=int(key)))
        case EnqueueJob() | JobQueued():
            return replace(message, spec=replace(message.spec, queue=key))
        case ConfigureDispatch() | DispatchConfigured():
            return replace(message, settings=replace(message.settings, name=key))
        case ContentsFed():
            return replace(message, units=tuple(InputUnit(unit_id=number, lfn="f", dataset="d") for number in PIECES))
        case TaskRetried():
            return replace(message, units=tuple(_piece(number) for number in message.units))
        case JobsGenerated():
            most = PIECES[-1] if message.kind is JobKind.NORMAL else SERIAL_MAX
            jobs = (replace(job, unit_ids=tuple(min(_piece(one), most) for one in job.unit_ids)) for job in message.jobs)
            return replace(message, jobs=tuple(jobs))
        case JobOutcomesRecorded():
            units = (replace(change, unit_id=_piece(change.unit_id)) for change in message.units)
            return replace(message, units=tuple(units))
        case _:
            return message


def _piece(number: int) -> int:
    """One of the pieces that were fed: a decider speaks of no others."""
    return PIECES[number % len(PIECES)]


def history(entry: Entry, seed: int) -> Iterator[Recorded]:
    """What begins an aggregate, and the event `entry` after it; everything within bounds and in sequence."""
    key = an_aggregate_id(entry.aggregate, seed)
    names = [*FIRST[entry.aggregate], entry.name]
    for number, name in enumerate(names, start=1):
        kind = CATALOG[f"culm.{entry.aggregate}.{name}"]
        message = under(key, a_message(kind, seed + number))
        yield Recorded(Place(kind.topic, 0, number), message, an_event_envelope(seed + number, key, number))
