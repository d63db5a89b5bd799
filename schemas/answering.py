"""Commands that their events answer: accepted, with nothing to say beyond them, and so without a record among the answers. Pure.

A command's Avro file says so with `"answer": "event"`; what Culm tells itself (role `system`) is answered so, too. An event says
with `is_answer` that it stands for the answer, so readers need no rule of their own.
"""

from functools import cache
from typing import Any

from schemas.answer import CommandAnswered
from schemas.catalog import CatalogEntry, messages
from schemas.types import CommandEnvelope, EventEnvelope

#: Role of commands that Culm sends itself: no client waits for them.
OWN_ROLE = "system"


def may_be_answered_by_events(entry: CatalogEntry, by: CommandEnvelope) -> bool:
    """True when the command needs no answer beside its events once it is accepted."""
    return by.role == OWN_ROLE or entry.schema.get("answer") == "event"


@cache
def topics_that_answer() -> tuple[str, ...]:
    """The event topics in which a client's command may find its answer, in a fixed order."""
    found = {one.aggregate for one in messages() if one.role == "commands" and one.schema.get("answer") == "event"}
    return tuple(f"culm.{aggregate}.events.v1" for aggregate in sorted(found))


def answer_in(event: Any, aggregate: str, envelope: EventEnvelope) -> CommandAnswered | None:
    """The answer that an event stands for, alike for all events of a decision but for `event_types`; None if it is none."""
    if not envelope.is_answer:
        return None
    return CommandAnswered(
        command_id=envelope.command_id,
        command_type=envelope.command_type,
        aggregate=aggregate,
        aggregate_id=envelope.aggregate_id,
        correlation_id=envelope.correlation_id,
        accepted=True,
        sequence=envelope.sequence - envelope.decision_index + envelope.decision_size - 1,
        event_types=(type(event).__name__,),
        answered_at=envelope.occurred_at,
        vo=envelope.vo,
        actor=envelope.actor,
    )
