"""Who has a task name. The key holds tenant, label, owner and name, so the guard is the aggregate itself."""

from dataclasses import dataclass

from schemas.task_name import TaskNameClaimed, TaskNameEvent
from schemas.types import EventEnvelope


@dataclass(slots=True)
class TaskName:
    """A name; `task_id` is None while it is free."""

    task_id: int | None = None


def initial() -> TaskName:
    """A name that no one has."""
    return TaskName()


def evolve(name: TaskName, event: TaskNameEvent, envelope: EventEnvelope) -> TaskName:
    """`name` after `event`."""
    match event:
        case TaskNameClaimed():
            name.task_id = event.task_id
    return name


def is_closed(name: TaskName) -> bool:
    """True once the name is given away; it can still be asked about, and taken from a task that never came to be."""
    return name.task_id is not None
