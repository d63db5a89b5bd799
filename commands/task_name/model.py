"""Who has a task name. The key holds tenant, label, owner and name, so the guard is the aggregate itself."""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas.task_name import TaskNameClaimed, TaskNameCommand, TaskNameEvent
from schemas.types import CommandEnvelope, EventEnvelope


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


def belongs(name: TaskName, command: TaskNameCommand, by: CommandEnvelope) -> Thing:
    """A name is of whom its key says, also while it is free (`schemas.ids.task_name_key`); without an owner, of production."""
    vo, _, rest = by.aggregate_id.partition("/")
    _, _, owned = rest.partition("/")
    return Thing(f"name {by.aggregate_id}", vo, owned.partition("/")[0])
