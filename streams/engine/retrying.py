"""The topic of dead letters: what an operator wants tried again is, and a decider's letter sets its task aside.

In: `DeadLetterRetried`: the record goes through the reaction that gave it up, or to its decider, once more; what follows is
delivered behind `RestoreTask`. A record that is given up again makes the same letter and sets the task aside again. Commands have
ids that follow from the record, so a retry that is read twice, after a crash, is harmless. In: `DeadLetter` of a decider about a
command that Culm itself sent: no one awaits the answer, so it goes to the task.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from schemas.deadletter import DeadLetter, DeadLetterRetried
from schemas.ids import dead_letter_id, task_id_of
from schemas.types import CommandEnvelope
from schemas.wire import Decoded, Poison
from streams.engine.arrivals import Record
from streams.engine.decoder import Decoder
from streams.engine.letters import PROCESS, UNSENDABLE, given_up, restore, set_aside, task_of
from streams.engine.listener import Delivery, Listener, Reaction
from streams.engine.messages import ROLE, OutgoingCommand, RecordRead
from streams.facts.snapshot import Snapshot

LETTERS = "culm.deadletter.v1"
REFUSED = "the decider met a bug with {}"
#: Commands about letters themselves: one that met a bug sets nothing aside, or it would go round for ever.
ABOUT_LETTERS = frozenset({"SetTaskAside", "RestoreTask"})
log = structlog.get_logger()


class LetterListener(Listener):
    """Listens to dead letters; `others` are those whose records it tries again."""

    def __init__(self, others: Sequence[Listener], decoder: Decoder, outbox: Delivery, snapshot: Callable[[], Snapshot]) -> None:
        kinds = frozenset({"DeadLetter", "DeadLetterRetried"})
        super().__init__(LETTERS, [Reaction("letters", kinds, lambda records, facts: ())], decoder, outbox, snapshot)
        self._others: Mapping[str, Listener] = {listener.topic: listener for listener in others}

    async def _follow(self, events: Sequence[Any]) -> list[OutgoingCommand | DeadLetter]:
        contents: list[OutgoingCommand | DeadLetter] = []
        for event in events:
            read = await self._read(event.message)
            if isinstance(read, DeadLetter):
                # A letter that cannot be read would make the next one: it stays where it is.
                continue
            if read is not None:
                contents += await self._settled(read[1])
        return contents

    async def _without(self, event: Any, error: str) -> list[OutgoingCommand | DeadLetter]:
        read = await self._read(event.message)
        if not isinstance(read, tuple) or not isinstance(read[1].message, DeadLetterRetried):
            return []
        retried, again = read[1].message, _again(read[1])
        listener = self._others.get(retried.source_topic)
        one = None if listener is None else await listener.read_again(_record(retried), again)
        return [] if one is None else given_up(retried.reaction, one, _record(retried), error, UNSENDABLE)

    async def _settled(self, one: RecordRead) -> list[OutgoingCommand | DeadLetter]:
        if isinstance(one.message, DeadLetterRetried):
            listener = self._others.get(one.message.source_topic)
            if listener is not None:
                return await self._tried_again(listener, one.message, _again(one))
            return self._sent_again(one.message, _again(one))
        return self._refused(one.message, _again(one))

    async def _tried_again(
        self, listener: Listener, retried: DeadLetterRetried, again: str
    ) -> list[OutgoingCommand | DeadLetter]:
        """What follows from the record of an event by now."""
        record = _record(retried)
        one = await listener.read_again(record, again)
        if one is None:
            log.error("dead_letter_unreadable", letter=retried.letter_id, topic=retried.source_topic, offset=record.offset)
            return []
        contents = listener.chosen_again(retried.reaction, one, record)
        task_id = task_of(one)
        if task_id is None or any(isinstance(content, DeadLetter) for content in contents):
            return contents
        return [restore(task_id, retried.letter_id, one.cause, again), *contents]

    def _sent_again(self, retried: DeadLetterRetried, again: str) -> list[OutgoingCommand | DeadLetter]:
        """The command that a decider gave up, as it was; the task it belongs to goes on."""
        decoded = self._command_in(retried.value)
        if decoded is None:
            return []
        envelope: CommandEnvelope = decoded.envelope
        sent = OutgoingCommand(decoded.message, envelope)
        task_id = _task_of_command(decoded)
        if task_id is None or envelope.role != ROLE:
            return [sent]
        return [restore(task_id, retried.letter_id, envelope, again), sent]

    def _refused(self, letter: DeadLetter, again: str) -> list[OutgoingCommand | DeadLetter]:
        """The word to the task of a command that Culm sent and a decider gave up."""
        decoded = None if letter.process == PROCESS else self._command_in(letter.value)
        if decoded is None or decoded.envelope.role != ROLE or decoded.name in ABOUT_LETTERS:
            return []
        task_id = _task_of_command(decoded)
        if task_id is None:
            return []
        letter_id = letter.id or dead_letter_id(
            letter.source_topic, letter.source_partition, letter.source_offset, letter.reaction
        )
        return [set_aside(task_id, letter_id, REFUSED.format(decoded.name), decoded.envelope, again)]

    def _command_in(self, value: bytes | None) -> Decoded | None:
        """The command that a letter holds; None when it holds something else or cannot be read."""
        try:
            decoded = self._decoder.decode(value)
        except Poison:
            return None
        return decoded if isinstance(decoded.envelope, CommandEnvelope) else None


def _again(one: RecordRead) -> str:
    return f"{one.partition}:{one.offset}"


def _record(retried: DeadLetterRetried) -> Record:
    return Record(
        retried.source_topic,
        retried.source_partition,
        retried.source_offset,
        retried.seen_at // 1000,
        retried.key,
        retried.value,
    )


def _task_of_command(decoded: Decoded) -> int | None:
    """The task of a command to a task or a job, or of one that brings a job's specification."""
    aggregate_id: str = decoded.envelope.aggregate_id
    number = int(aggregate_id) if aggregate_id.isascii() and aggregate_id.isdigit() and len(aggregate_id) < 19 else 0
    match decoded.entry.aggregate:
        case "task":
            return number or None
        case "job":
            return task_id_of(number) or None
        case _:
            found = getattr(getattr(decoded.message, "spec", None), "task_id", None)
            return found if isinstance(found, int) else None
