"""What reactions work with: a record that was read, and a command that shall be sent. Pure.

Commands get ids that follow from what caused them, so that reacting twice to one record is harmless: the decider
answers the second one as repeated. Nothing here looks at a clock; a command is issued when its cause occurred.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.ids import caused_command_id
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.wire import Message

ROLE = "system"


@dataclass(frozen=True, slots=True)
class RecordRead:
    """A decoded record with its place. `envelope` is None for records that carry none, as heartbeats.

    again: tells one retry of a dead letter from another; empty for a record as it was read. logged_at: when it came into the
    log (microseconds UTC), 0 where that is not known.
    """

    message: Any
    envelope: EventEnvelope | None
    topic: str
    partition: int
    offset: int
    again: str = ""
    logged_at: int = 0

    @property
    def cause(self) -> EventEnvelope:
        """The event's envelope; AssertionError for a record that is no event."""
        assert self.envelope is not None, f"{self.topic}:{self.partition}:{self.offset} is no event"
        return self.envelope


@dataclass(frozen=True, slots=True)
class OutgoingCommand:
    """A command to be sent, ready in every respect."""

    command: Message
    envelope: CommandEnvelope


def outgoing_command(command: Message, aggregate_id: str, causes: Sequence[EventEnvelope], *parts: object) -> OutgoingCommand:
    """`command` to `aggregate_id` because of `causes`, the first of which says who, when and in which tree of requests.

    parts: what tells this command from others with the same causes. All causes make the id: another batch is another
    command, and never mistaken for a repetition.
    """
    first = causes[0]
    rest = [cause.event_id for cause in causes[1:]]
    envelope = CommandEnvelope(
        command_id=outgoing_id(first.event_id, type(command).__name__, aggregate_id, *parts, *rest),
        aggregate_id=aggregate_id,
        correlation_id=first.correlation_id,
        causation_id=first.event_id,
        issued_at=first.occurred_at,
        actor=first.actor,
        role=ROLE,
        vo=first.vo,
    )
    return OutgoingCommand(command, envelope)


def outgoing_id(cause: str, name: str, aggregate_id: str, *parts: object) -> str:
    """Id of the command `name` that `outgoing_command` makes because of the event `cause` alone."""
    return caused_command_id(cause, name, aggregate_id, *parts)
