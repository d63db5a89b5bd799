"""How far numbers were given away. The key is what they number."""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas.ids import FIRST_TASK_ID
from schemas.numbers import NumbersCommand, NumbersEvent, NumbersGiven
from schemas.types import CommandEnvelope, EventEnvelope


@dataclass(slots=True)
class Numbers:
    """`next` is the next that will be given."""

    next: int = FIRST_TASK_ID


def initial() -> Numbers:
    """None was given."""
    return Numbers()


def evolve(numbers: Numbers, event: NumbersEvent, envelope: EventEnvelope) -> Numbers:
    """`numbers` after `event`."""
    match event:
        case NumbersGiven():
            numbers.next = event.last + 1
    return numbers


def is_closed(numbers: Numbers) -> bool:
    """True when the state may leave memory: never, there is one and it is small."""
    return False


def belongs(numbers: Numbers, command: NumbersCommand, by: CommandEnvelope) -> Thing:
    """Numbers are no one's."""
    return Thing(f"numbers of {by.aggregate_id}")
