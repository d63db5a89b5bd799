"""One record in, the records of its decision out: the whole of deciding except Kafka.

What follows from a decision is decided with it where `commands/engine/inline.py` allows: no record of its own, no answer
unless it led to no event. Guards: a command id is decided once; a decision is numbered without gaps; a poison record becomes a
dead letter; a record that meets a bug, or whose decision is too large to be written, hurts no other: the states it touched are
put back; a decision that depends on a follow-up is taken with it or not at all. The loop around it puts everything returned here
into one transaction.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

import structlog

from commands import undo
from commands.aggregates import AGGREGATES, Aggregate
from commands.decision import Decision, Refusal
from commands.engine.checked_parts import CheckedParts
from commands.engine.decision_records import (
    answer_record,
    dead_letter_record,
    event_envelope,
    event_record,
    follow_ups,
    refusal_outcome,
)
from commands.engine.entries import Entry
from commands.engine.errors import DependencyRefused, Interrupted, NotYetKnown, SnapshotUnusable, Unwritable
from commands.engine.inline import InlineFollowUps
from commands.engine.metrics import Counted
from commands.engine.records import InputRecord, OutputRecord, Place
from commands.engine.repeats import Repeats
from commands.engine.rights import refusal_of_rights
from commands.engine.store import StateStore
from commands.limits import (
    INLINE_BYTES_MAX,
    TooLarge,
    decision_too_large,
    record_too_large,
    shortened,
)
from schemas.answering import may_be_answered_by_events
from schemas.bounds import problems_of, sentence
from schemas.instants import MICROSECONDS
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.wire import RECORD_BYTES_MAX, Codec, Decoded, Message, Poison, entry_of

FUTURE_SECONDS_MAX = 300
#: Of a command whose decision depends on another that has to wait for commands before it.
NOT_NOW = Refusal("NOT_NOW", "nothing was done, as earlier commands are still to be decided: ask again")
log = structlog.get_logger()
#: What is counted of a decision: name of the command, outcome, events.
Outcome = tuple[str, str, list[tuple[Any, EventEnvelope]]]


class DecisionFailed(Exception):
    """Deciding a record raised, or gave what cannot be written. `inline`: in or because of what follows from its command."""

    def __init__(self, cause: Exception, *, inline: bool) -> None:
        super().__init__(shortened(str(cause) if isinstance(cause, TooLarge) else f"{type(cause).__name__}: {cause}"))
        self.cause = cause
        self.inline = inline


class Decider:
    """Decides commands against the states in `store`; without `inline` every follow-up goes through the log."""

    def __init__(self, store: StateStore, codec: Codec, inline: InlineFollowUps | None = None) -> None:
        self._store = store
        self._codec = codec
        self._inline = inline or InlineFollowUps()
        self._repeats = Repeats(store)
        self._unwritable: dict[Place, TooLarge] = {}
        self.counted = Counted()

    def handle(self, record: InputRecord) -> list[OutputRecord]:
        """Everything that follows from `record`.

        A record that meets a bug, or whose decision is too large to be written, leaves the states as they were: it becomes a
        dead letter and is refused. When a follow-up is to blame, the command is decided again with its follow-ups sent through
        the log, where the one to blame fails alone.

        Raises NotYetKnown, with the states as they were, when the command itself cannot be decided yet.
        """
        place = record.place
        self._inline.read(*place)
        try:
            decoded = self._codec.decode(record.value)
            self._check(record, decoded)
        except Poison as problem:
            return [self._dead_letter(record, "Poison", str(problem))]
        self._inline.came(record.topic, decoded.envelope.aggregate_id, decoded.envelope.command_id)
        if place in self._unwritable:
            return self._given_up(record, decoded, DecisionFailed(self._unwritable[place], inline=False))
        before = undo.mark()
        inline_max = self._inline.decisions_max
        while True:
            try:
                return self._decide_all(record, decoded, inline_max)
            except DecisionFailed as failed:
                undo.put_back(before)
                if not (failed.inline and inline_max):
                    return self._given_up(record, decoded, failed)
            except NotYetKnown:
                undo.put_back(before)
                if not inline_max:
                    raise
            except DependencyRefused as found:
                undo.put_back(before)
                return [self._refused(decoded, found.refusal)]
            inline_max = 0

    def refuse_unwritable(self, record: InputRecord, problem: Unwritable) -> None:
        """The log did not take the decision on `record`, although it was measured: refuse it when it comes again.

        Raises Interrupted when it does not even take the refusal.
        """
        self.counted.forget()
        if record.place in self._unwritable:
            raise Interrupted(f"the log does not take the refusal of {record.place}: {problem}")
        self._unwritable[record.place] = TooLarge(Refusal("TOO_LARGE", str(problem)))

    def _given_up(self, record: InputRecord, decoded: Decoded, found: DecisionFailed) -> list[OutputRecord]:
        """The dead letter and the refusal of a record that failed."""
        if isinstance(found.cause, TooLarge):
            error_class, refusal = "TooLarge", found.cause.refusal
        else:
            error_class, refusal = "Bug", Refusal("BUG", "the command met a bug in Culm; it is kept as a dead letter")
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            log.error("decision_met_a_bug", exc_info=found.cause, **place)
        answer = self._refused(decoded, refusal)
        letter = self._dead_letter(record, error_class, str(found))
        return [letter, answer] if answer.size <= RECORD_BYTES_MAX else [letter]

    def _refused(self, decoded: Decoded, refusal: Refusal) -> OutputRecord:
        """The answer to a command of which nothing was carried out."""
        entry = self._store.get(decoded.entry.aggregate, decoded.envelope.aggregate_id)
        answer = answer_record(self._codec, decoded, entry.sequence, Decision(refusal=refusal), [])
        self._store.forget_untouched(decoded.entry.aggregate, decoded.envelope.aggregate_id)
        self.counted.answered(decoded.name, refusal.reason, ())
        return answer

    def _decide_all(self, record: InputRecord, first: Decoded, inline_max: int) -> list[OutputRecord]:
        """The records of the first command and of up to `inline_max` that follow from it, each after those given before it.

        Raises DecisionFailed or DependencyRefused, after which the states must be put back.
        """
        outputs: list[OutputRecord] = []
        outcomes: list[Outcome] = []
        waiting, checked = deque([(first, False)]), CheckedParts()
        left, weighed, size, inline = inline_max, 0, 0, False
        try:
            while waiting:
                decoded, is_required = waiting.popleft()
                inline = decoded is not first
                following = self._decide(record, decoded, outputs, outcomes, checked, inline=inline, is_required=is_required)
                for number, (message, envelope, required) in enumerate(following):
                    entry, target = entry_of(message), envelope.aggregate_id
                    itself = (entry.aggregate, target) == (decoded.entry.aggregate, decoded.envelope.aggregate_id)
                    # What an aggregate tells itself is the next slice of long work: others have their turn before it.
                    inline_too = required or (left > 0 and not itself and size < INLINE_BYTES_MAX)
                    if inline_too and self._inline.takes(entry.topic, target, number):
                        left -= 1
                        waiting.append((Decoded(entry, message, envelope), required))
                    elif required:
                        raise DependencyRefused(NOT_NOW)
                    else:
                        self._send(entry.topic, target, envelope.command_id)
                        outputs.append(OutputRecord(entry.topic, target.encode(), self._codec.encode(message, envelope)))
                size += self._weight(outputs[weighed:])
                weighed = len(outputs)
                problem = decision_too_large(weighed, size)
                if problem is not None:
                    raise problem
        except (SnapshotUnusable, NotYetKnown, DependencyRefused):
            # Not the fault of this record, and not to be repaired by leaving it out.
            raise
        except Exception as problem:
            raise DecisionFailed(problem, inline=inline) from problem
        for name, outcome, events in outcomes:
            self.counted.answered(name, outcome, events)
        return outputs

    def _send(self, topic: str, aggregate_id: str, command_id: str) -> None:
        """Note a follow-up that goes through the log, unless its decision is put back."""
        self._inline.sent(topic, aggregate_id, command_id)
        undo.note(self._inline.came, topic, aggregate_id, command_id)

    def _weight(self, outputs: list[OutputRecord]) -> int:
        """Bytes of the records; raises TooLarge for one that no log takes."""
        size = 0
        for output in outputs:
            if output.size > RECORD_BYTES_MAX:
                raise record_too_large(self._codec.name_of(output.value).rpartition(".")[2], output.size)
            size += output.size
        return size

    def replay(self, topic: str, partition: int, offset: int, decoded: Decoded, written_at: int = 0) -> None:
        """Fold one event of the log; a duplicate is dropped, a hole stops the decider. written_at: the broker's time of it."""
        envelope: EventEnvelope = decoded.envelope
        aggregate = AGGREGATES[decoded.entry.aggregate]
        self._repeats.replayed(aggregate, envelope, written_at)
        entry = self._store.get(aggregate.name, envelope.aggregate_id)
        self._store.writer_epoch = max(self._store.writer_epoch, envelope.writer_epoch)
        if envelope.sequence <= entry.sequence:
            return
        assert envelope.sequence == entry.sequence + 1, (
            f"{topic}[{partition}]@{offset}: {aggregate.name} {envelope.aggregate_id} has sequence "
            f"{envelope.sequence}, expected {entry.sequence + 1}"
        )
        self._apply(aggregate, entry, decoded.message, envelope)

    def _decide(
        self,
        record: InputRecord,
        decoded: Decoded,
        outputs: list[OutputRecord],
        outcomes: list[Outcome],
        checked: CheckedParts,
        *,
        inline: bool,
        is_required: bool = False,
    ) -> list[tuple[Message, CommandEnvelope, bool]]:
        """What follows from the command, in order; its events and its answer are added to `outputs`.

        Raises DependencyRefused for one that is refused and is required.
        """
        by: CommandEnvelope = decoded.envelope
        aggregate = AGGREGATES[decoded.entry.aggregate]
        entry = self._store.get(aggregate.name, by.aggregate_id)
        undo.keep(entry)
        undo.keep(entry.state)
        if self._repeats.knows(entry, decoded, inline=inline):
            outcomes.append((decoded.name, "repeated", []))
            outputs.append(answer_record(self._codec, decoded, entry.sequence, Decision(), [], repeated=True, inline=inline))
            return []
        too_late = None if inline else self._repeats.too_late(record, decoded)
        refusal = too_late or _refusal(record, by, entry) or checked.refusal(decoded.message, by.aggregate_id)
        decision = Decision(refusal=refusal) if refusal else _decision(aggregate, entry, decoded)
        if by.dry_run:
            decision = Decision(refusal=decision.refusal, hits=decision.hits)
        if is_required and decision.refusal is not None:
            raise DependencyRefused(decision.refusal)
        is_answer = not inline and _is_answered_by_events(decoded, decision)
        events = self._evolve(aggregate, entry, decision, decoded, is_answer=is_answer)
        if not events:
            self._store.forget_untouched(aggregate.name, by.aggregate_id)
        elif not inline:
            self._repeats.decided(record, decoded)
        outputs += [event_record(self._codec, message, envelope) for message, envelope in events]
        if not (inline or is_answer) or not events:
            outputs.append(answer_record(self._codec, decoded, entry.sequence, decision, events, inline=inline))
        outcomes.append((decoded.name, refusal_outcome(decision), events))
        decision = aggregate.with_what_follows(decision, entry.state, events[len(decision.events) :])
        for follow_up in decision.follow_ups:
            if follow_up.checked is not None:
                checked.note(follow_up.checked)
        return list(follow_ups(decision, by, events))

    def _evolve(
        self, aggregate: Aggregate, entry: Entry, decision: Decision, decoded: Decoded, *, is_answer: bool
    ) -> list[tuple[Any, EventEnvelope]]:
        """The events of the decision and of what settles after it, applied and numbered."""
        by: CommandEnvelope = decoded.envelope
        first = entry.sequence
        events: list[tuple[Any, EventEnvelope]] = []
        parts: set[str] = set()
        for message in self._all_events(aggregate, entry, decision):
            # What settles is not known before; folding needs no size, and most decisions have only the events they name.
            envelope = self._envelope(decoded, first, len(events), len(decision.events), is_answer)
            parts.update(aggregate.snapshot.changed(entry.state, message))
            entry.state = aggregate.evolve(entry.state, message, envelope)
            events.append((message, envelope))
        if not events:
            return []
        entry.sequence = first + len(events)
        self._repeats.keep(aggregate, entry, by.command_id)
        closed = aggregate.is_closed(entry.state)
        self._store.touched(aggregate.name, by.aggregate_id, entry, parts, closed=closed)
        if len(events) == len(decision.events):
            return events
        return [
            (message, self._envelope(decoded, first, number, len(events), is_answer))
            for number, (message, _) in enumerate(events)
        ]

    def _all_events(self, aggregate: Aggregate, entry: Entry, decision: Decision) -> Iterator[Any]:
        yield from decision.events
        if decision.events:
            while (following := aggregate.settle(entry.state)) is not None:
                yield following

    def _apply(self, aggregate: Aggregate, entry: Entry, message: Any, envelope: EventEnvelope) -> None:
        parts = tuple(aggregate.snapshot.changed(entry.state, message))
        entry.state = aggregate.evolve(entry.state, message, envelope)
        entry.sequence = envelope.sequence
        self._repeats.keep(aggregate, entry, envelope.command_id)
        closed = aggregate.is_closed(entry.state)
        self._store.touched(aggregate.name, envelope.aggregate_id, entry, parts, closed=closed)

    def _envelope(self, decoded: Decoded, first: int, index: int, size: int, is_answer: bool) -> EventEnvelope:
        return event_envelope(decoded, first, index, size, is_answer=is_answer, writer_epoch=self._store.writer_epoch)

    def _check(self, record: InputRecord, decoded: Decoded) -> None:
        """Raises Poison for a record that does not belong where it stands."""
        if decoded.entry.role != "commands" or decoded.entry.topic != record.topic:
            raise Poison(f"{decoded.entry.full_name} stands in {record.topic}, expected {decoded.entry.topic}")
        key = (record.key or b"").decode(errors="replace")
        if key != decoded.envelope.aggregate_id:
            raise Poison(f"key {key!r}, expected aggregate_id {decoded.envelope.aggregate_id!r}")
        problems = problems_of(decoded.envelope)
        if problems:
            raise Poison(f"envelope of {decoded.name} out of bounds: {sentence(problems)}")

    def _dead_letter(self, record: InputRecord, error_class: str, error: str) -> OutputRecord:
        log.error("dead_letter", topic=record.topic, partition=record.partition, offset=record.offset, error=shortened(error))
        return dead_letter_record(self._codec, record, error_class, error)


def _decision(aggregate: Aggregate, entry: Entry, decoded: Decoded) -> Decision:
    """What the aggregate says, if the sender may ask it."""
    refused = refusal_of_rights(aggregate, entry.state, decoded)
    return refused or aggregate.decide(entry.state, decoded.message, decoded.envelope)


def _is_answered_by_events(decoded: Decoded, decision: Decision) -> bool:
    """True when events say all that there is to say to the sender of the command."""
    return (
        bool(decision.events)
        and decision.refusal is None
        and decision.pilot_command is None
        and decision.leased is None
        and decision.numbers_from is None
        and not decision.harvester_orders
        and not decision.ranges_granted
        and may_be_answered_by_events(decoded.entry, decoded.envelope)
    )


def _refusal(record: InputRecord, by: CommandEnvelope, entry: Entry) -> Refusal | None:
    """Refusals that hold for every aggregate."""
    if by.expected_sequence is not None and by.expected_sequence != entry.sequence:
        return Refusal("STALE", f"expected sequence {by.expected_sequence}, it is {entry.sequence}")
    if by.issued_at > record.timestamp + FUTURE_SECONDS_MAX * MICROSECONDS:
        return Refusal("FROM_THE_FUTURE", f"issued {by.issued_at - record.timestamp} us after it was received")
    late = max(record.timestamp, record.read_at) - by.expires_at if by.expires_at is not None else 0
    if late > 0:
        return Refusal("EXPIRED", f"read {late / MICROSECONDS:.1f} s after its sender gave up; nothing was done")
    return None
