"""The records of a decision: its events with their envelopes, its answer, what follows from it, and dead letters.

In: the command, the decision and the state's number. Out: messages with envelopes, and records as the log takes them. Ids follow
from the command, so a decision that is made again gives the same records.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from commands.decision import Decision
from commands.engine.records import InputRecord, OutputRecord, letter_of
from commands.limits import shortened
from schemas.answer import CommandAnswered
from schemas.ids import caused_command_id, event_id
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.wire import Codec, Decoded, Message, entry_of

#: An event and its envelope.
Event = tuple[Any, EventEnvelope]


def event_envelope(decoded: Decoded, first: int, index: int, size: int, *, is_answer: bool, writer_epoch: int) -> EventEnvelope:
    """Of the event at place `index` of `size` of the decision on a command; first: number of the event before the decision."""
    by: CommandEnvelope = decoded.envelope
    return EventEnvelope(
        event_id=event_id(by.command_id, index),
        aggregate_id=by.aggregate_id,
        sequence=first + index + 1,
        decision_index=index,
        decision_size=size,
        command_id=by.command_id,
        correlation_id=by.correlation_id,
        occurred_at=by.issued_at,
        actor=by.actor,
        vo=by.vo,
        writer_epoch=writer_epoch,
        causation_id=by.causation_id,
        command_type=decoded.name,
        role=by.role,
        is_answer=is_answer,
    )


def event_record(codec: Codec, message: Any, envelope: EventEnvelope) -> OutputRecord:
    """An event as the log takes it."""
    return OutputRecord(entry_of(message).topic, envelope.aggregate_id.encode(), codec.encode(message, envelope))


def follow_ups(
    decision: Decision, by: CommandEnvelope, events: Sequence[Event]
) -> Iterator[tuple[Message, CommandEnvelope, bool]]:
    """The commands that follow from a decision, in their order, and whether the decision depends on them."""
    cause = events[-1][1].event_id if events else by.command_id
    for number, follow_up in enumerate(decision.follow_ups):
        envelope = CommandEnvelope(
            command_id=caused_command_id(by.command_id, number, type(follow_up.command).__name__),
            aggregate_id=follow_up.aggregate_id,
            correlation_id=by.correlation_id,
            causation_id=cause,
            issued_at=by.issued_at,
            actor=follow_up.on_behalf_of or by.actor,
            role="system",
            vo=follow_up.vo or by.vo,
        )
        yield follow_up.command, envelope, follow_up.required


def answer_record(
    codec: Codec,
    decoded: Decoded,
    sequence: int,
    decision: Decision,
    events: Sequence[Event],
    *,
    repeated: bool = False,
    inline: bool = False,
) -> OutputRecord:
    """The answer to a command. sequence: number of the last event of its aggregate. inline: it has no record of its own."""
    by: CommandEnvelope = decoded.envelope
    answer = CommandAnswered(
        command_id=by.command_id,
        command_type=decoded.name,
        aggregate=decoded.entry.aggregate,
        aggregate_id=by.aggregate_id,
        correlation_id=by.correlation_id,
        accepted=decision.refusal is None,
        reason=decision.refusal.reason if decision.refusal else None,
        message=shortened(decision.refusal.message) if decision.refusal else None,
        sequence=sequence,
        event_types=tuple(type(message).__name__ for message, _ in events),
        pilot_command=decision.pilot_command,
        leased=decision.leased,
        numbers_from=decision.numbers_from,
        harvester_orders=decision.harvester_orders,
        ranges_granted=decision.ranges_granted,
        ranges_refused=decision.ranges_refused,
        repeated=repeated,
        answered_at=by.issued_at,
        vo=by.vo,
        actor=by.actor,
        causation_id=by.causation_id if inline else None,
        jobs_hit=decision.hits.jobs if decision.hits else None,
        units_hit=decision.hits.units if decision.hits else None,
        dry_run=by.dry_run,
        nothing_to_lease=decision.nothing_to_lease,
    )
    return OutputRecord(entry_of(answer).topic, by.command_id.encode(), codec.encode(answer))


def dead_letter_record(codec: Codec, record: InputRecord, error_class: str, error: str) -> OutputRecord:
    """What is kept of a record that could not be handled."""
    letter = letter_of(record, error_class, error)
    return OutputRecord(entry_of(letter).topic, record.topic.encode(), codec.encode(letter))


def refusal_outcome(decision: Decision) -> str:
    """What is counted of a decision."""
    return decision.refusal.reason if decision.refusal else "accepted"
