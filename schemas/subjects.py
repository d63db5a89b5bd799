"""What an event is about: its aggregate, by the key that it stands under, and what its fields refer to. Pure.

In: an event and its `aggregate_id`. Out: `Subjects`. A key tells by `key.refers` in `aggregate.json`, a field by `refers` in the
event's Avro file; a key goes before a field, and a job tells its task. Whether an event is filed in timelines stands there, too.
"""

from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from schemas.aggregates import AGGREGATES
from schemas.ids import task_id_of
from schemas.wire import entry_of_class


@dataclass(frozen=True, slots=True)
class Subjects:
    """What an event is about; None for what it does not name. member: which of those that share the key, for example a worker.

    worker: of the same key, in an event of another aggregate, for example the lease that a queue gave to it.
    """

    task_id: int | None = None
    job_id: int | None = None
    queue: str | None = None
    dataset: str | None = None
    member: str | None = None
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    """Where the events of a class name what they are about. fields: by subject."""

    aggregate: str
    fields: dict[str, "attrgetter[Any]"]
    member: "attrgetter[Any] | None"


def subjects_of(event: Any, aggregate_id: str) -> Subjects:
    """What `event`, which stands under `aggregate_id`, is about."""
    named = _named(event.__class__)
    by_key = of_key(named.aggregate, aggregate_id)
    found = {subject: get(event) for subject, get in named.fields.items()}
    task_id, job_id = by_key.task_id, by_key.job_id
    if task_id is None and (job_id := found.get("job")) is not None:
        task_id = task_id_of(job_id)
    return Subjects(
        found.get("task") if task_id is None else task_id,
        job_id,
        found.get("queue") if by_key.queue is None else by_key.queue,
        found.get("dataset") if by_key.dataset is None else by_key.dataset,
        named.member(event) if named.member is not None else None,
        found.get("worker") if named.member is None else None,
    )


def of_key(aggregate: str, aggregate_id: str) -> Subjects:
    """What every event of an aggregate is about, known by its key alone; a key that none of its kind can have tells nothing."""
    key = AGGREGATES[aggregate].key
    match key.refers:
        case "job" if not key.problem(aggregate_id):
            return Subjects(task_id_of(int(aggregate_id)), int(aggregate_id))
        case "task" if not key.problem(aggregate_id):
            return Subjects(int(aggregate_id))
        case "queue":
            return Subjects(queue=aggregate_id)
        case "dataset":
            return Subjects(dataset=aggregate_id)
        case _:
            return Subjects()


@cache
def is_filed(kind: type) -> bool:
    """True when events of this class stand in timelines: all but those whose Avro file says `"timeline": false`."""
    return bool(entry_of_class(kind).schema.get("timeline", True))


@cache
def _named(kind: type) -> _Named:
    entry = entry_of_class(kind)
    declared = AGGREGATES[entry.aggregate]
    fields = {field["refers"]: attrgetter(field["name"]) for field in entry.schema["fields"] if "refers" in field}
    within = declared.subject.within if declared.subject is not None else None
    has_it = any(field["name"] == within for field in entry.schema["fields"])
    return _Named(entry.aggregate, fields, attrgetter(within) if within is not None and has_it else None)
