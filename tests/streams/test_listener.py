"""The loop around every choice: commands first, acknowledgement last, and no other record held up."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka.schema_registry.error import SchemaRegistryError

from schemas.bounds import OutOfBounds
from schemas.catalog import messages
from schemas.deadletter import DeadLetter, DeadLetterRetried
from schemas.ids import dead_letter_id
from schemas.task import RestoreTask, SetTaskAside, TaskResumed, TaskWoken, WakeTask
from schemas.wire import Codec, Poison
from streams.engine.decoder import Decoder
from streams.engine.errors import CannotBeSent, RegistryAway
from streams.engine.listener import Listener, Reaction
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command
from streams.engine.outbox import check_bounds
from streams.engine.retrying import LetterListener
from streams.facts.snapshot import Snapshot
from tests.streams.builders import an_envelope

IDS = {entry.full_name: number for number, entry in enumerate(messages(), start=1)}
CODEC = Codec(IDS, lambda number: registry(number))


def registry(number: int) -> Any:
    """A registry that knows no schema but ours."""
    raise SchemaRegistryError(404, 40403, f"no schema {number}")


class FakeOutbox:
    """Keeps what is delivered; refuses what the test says."""

    def __init__(self, refuse: Callable[[Any], bool] = lambda _: False) -> None:
        self.contents: list[Any] = []
        self._refuse = refuse

    async def deliver(self, contents: Sequence[Any]) -> None:
        if any(self._refuse(one) for one in contents):
            raise CannotBeSent("too large")
        self.contents += contents


class FakeEvent:
    """A record as Faust hands it out."""

    def __init__(self, value: bytes | None, key: str = "10000001", offset: int = 1) -> None:
        self.message = SimpleNamespace(
            value=value, key=key.encode(), topic="culm.task.events.v1", partition=2, offset=offset, timestamp=1_700_000_000_500
        )
        self.done = asyncio.Event()

    @property
    def acked(self) -> bool:
        return self.done.is_set()

    def ack(self) -> None:
        self.done.set()


def woken(number: int, key: str = "10000001") -> FakeEvent:
    return FakeEvent(CODEC.encode(TaskWoken(cause="TIMER"), an_envelope("10000001", number)), key, number)


def answer(heard: Sequence[RecordRead], _: Snapshot) -> Iterable[OutgoingCommand]:
    """One command an event; fails on event 2."""
    for one in heard:
        if one.offset == 2:
            raise ValueError("event 2 is too much")
        yield outgoing_command(WakeTask(cause="TIMER"), one.cause.aggregate_id, [one.cause])


def shown(one: Any) -> str:
    """A letter by its error, a command by the last digit of its cause."""
    if isinstance(one, DeadLetter):
        return one.error
    return "aside" if isinstance(one.command, SetTaskAside) else str(one.envelope.causation_id)[-1]


def listened(events: Sequence[FakeEvent], outbox: FakeOutbox, choose: Any = answer) -> None:
    """Let a listener work through `events`."""

    async def run() -> None:
        reaction = Reaction("answer", frozenset({"TaskWoken"}), choose)
        listener = Listener("culm.task.events.v1", [reaction], Decoder(CODEC), outbox, Snapshot)
        for event in events:
            await listener._inbox.put(event)
        work = asyncio.create_task(listener.work())
        await asyncio.wait_for(asyncio.gather(*(event.done.wait() for event in events)), 10)
        work.cancel()

    asyncio.run(run())


def test_commands_are_delivered_and_then_the_records_are_acknowledged() -> None:
    events, outbox = [woken(1), woken(3)], FakeOutbox()

    listened(events, outbox)

    assert [one.envelope.causation_id[-1] for one in outbox.contents] == ["1", "3"]
    assert all(event.acked for event in events)


def test_a_record_for_no_reaction_is_acknowledged_unread() -> None:
    events, outbox = [FakeEvent(CODEC.encode(TaskResumed(), an_envelope("10000001")))], FakeOutbox()

    listened(events, outbox)

    assert outbox.contents == []
    assert events[0].acked


def test_a_record_that_cannot_be_read_becomes_a_dead_letter_and_holds_nothing_up() -> None:
    broken = woken(5).message.value[:9]
    events, outbox = [FakeEvent(b"no avro"), FakeEvent(None), FakeEvent(broken), woken(1)], FakeOutbox()

    listened(events, outbox)

    letters = [one for one in outbox.contents if isinstance(one, DeadLetter)]
    assert [letter.error_class for letter in letters] == ["Poison"] * 3
    assert letters[0] == DeadLetter(
        source_topic="culm.task.events.v1",
        source_partition=2,
        source_offset=1,
        key=b"10000001",
        value=b"no avro",
        error_class="Poison",
        error="magic byte 110, expected 0 (Confluent wire format)",
        process="culm-streams",
        seen_at=1_700_000_000_500_000,
        id=dead_letter_id("culm.task.events.v1", 2, 1, ""),
    )
    assert len(outbox.contents) == 4


def test_a_record_under_a_foreign_key_is_poison() -> None:
    outbox = FakeOutbox()

    listened([woken(1, key="10000009")], outbox)

    assert outbox.contents[0].error == "key b'10000009', expected '10000001' as in the envelope"


def test_a_choice_that_fails_costs_one_dead_letter_and_not_the_batch() -> None:
    events, outbox = [woken(1), woken(2), woken(3)], FakeOutbox()

    listened(events, outbox)

    assert [shown(one) for one in outbox.contents] == ["1", "answer: ValueError: event 2 is too much", "aside", "3"]
    assert all(event.acked for event in events)


def test_a_command_no_topic_can_hold_costs_one_dead_letter() -> None:
    outbox = FakeOutbox(lambda one: isinstance(one, OutgoingCommand) and isinstance(one.command, WakeTask) and shown(one) == "3")
    events = [woken(1), woken(3)]

    listened(events, outbox)

    assert [shown(one) for one in outbox.contents] == ["1", "answer: too large", "aside"]
    assert all(event.acked for event in events)


def test_a_command_out_of_bounds_never_leaves_the_outbox() -> None:
    event = woken(1).message
    heard = RecordRead(None, an_envelope("10000001", 1), event.topic, event.partition, event.offset)
    command = outgoing_command(WakeTask(cause="no word"), "10000001", [heard.cause])

    with pytest.raises(OutOfBounds) as raised:
        check_bounds(command)

    assert str(raised.value) == (
        "WakeTask out of bounds: cause: found 'no word', "
        "expected a word of letters, digits and _.:+@-, neither beginning with - nor . or .. itself"
    )


def test_the_task_of_a_record_that_was_given_up_is_set_aside_with_the_letter() -> None:
    events, outbox = [woken(2)], FakeOutbox()

    listened(events, outbox)

    letter, word = outbox.contents
    assert (letter.id, letter.reaction) == (dead_letter_id("culm.task.events.v1", 2, 2, "answer"), "answer")
    assert word.command == SetTaskAside(dead_letter_id=letter.id, message="reaction answer met a bug")
    assert (word.envelope.aggregate_id, word.envelope.role, word.envelope.vo) == ("10000001", "system", "wlcg")


def test_one_record_among_many_is_found_without_choosing_for_each() -> None:
    asked: list[int] = []

    def counted(heard: Sequence[RecordRead], facts: Snapshot) -> Iterable[OutgoingCommand]:
        asked.append(len(heard))
        return answer(heard, facts)

    outbox = FakeOutbox()
    listened([woken(number) for number in range(1, 65)], outbox, counted)

    assert sum(isinstance(one, DeadLetter) for one in outbox.contents) == 1
    assert len(asked) == 13


def test_a_schema_that_no_registry_knows_is_poison_after_some_asking_and_then_at_once() -> None:
    decoder, problems = Decoder(CODEC), []
    for _ in range(6):
        try:
            decoder.decode(b"\0\0\0\xff\xffxx")
        except (Poison, RegistryAway) as problem:
            problems.append(type(problem))

    assert problems == [RegistryAway] * 4 + [Poison] * 2


def retried(letter: DeadLetter, offset: int = 1) -> FakeEvent:
    """The request of an operator, as it stands on the topic of letters."""
    wanted = DeadLetterRetried(
        letter_id=letter.id,
        source_topic=letter.source_topic,
        source_partition=letter.source_partition,
        source_offset=letter.source_offset,
        reaction=letter.reaction,
        key=letter.key,
        value=letter.value,
        seen_at=letter.seen_at,
        requested_by="operator",
        requested_at=1,
    )
    event = FakeEvent(CODEC.encode(wanted), letter.source_topic, offset)
    event.message.topic = "culm.deadletter.v1"
    return event


def tried_again(events: Sequence[FakeEvent], choose: Any) -> list[Any]:
    """What follows from `events` on the topic of letters, with a reaction that may have been fixed."""
    outbox, decoder = FakeOutbox(), Decoder(CODEC)
    tasks = Listener("culm.task.events.v1", [Reaction("answer", frozenset({"TaskWoken"}), choose)], decoder, outbox, Snapshot)
    asyncio.run(LetterListener([tasks], decoder, outbox, Snapshot).handle(events))
    return outbox.contents


def a_letter() -> DeadLetter:
    """What a listener made of event 2."""
    outbox = FakeOutbox()
    listened([woken(2)], outbox)
    letter = outbox.contents[0]
    assert isinstance(letter, DeadLetter)
    return letter


def fixed(heard: Sequence[RecordRead], _: Snapshot) -> Iterable[OutgoingCommand]:
    for one in heard:
        yield outgoing_command(WakeTask(cause="TIMER"), one.cause.aggregate_id, [one.cause])


def test_a_retry_restores_the_task_and_then_says_what_follows_from_its_record() -> None:
    letter = a_letter()

    restored, answered = tried_again([retried(letter)], fixed)

    assert restored.command == RestoreTask(dead_letter_id=letter.id)
    assert (restored.envelope.aggregate_id, answered.envelope.aggregate_id) == ("10000001", "10000001")
    (first,) = fixed([RecordRead(None, an_envelope("10000001", 2), "culm.task.events.v1", 2, 2)], Snapshot())
    assert answered.envelope.command_id == first.envelope.command_id


def test_a_retry_that_is_read_twice_says_the_same_commands() -> None:
    event = retried(a_letter())

    once, twice = (tried_again([event], fixed) for _ in range(2))

    assert [one.envelope.command_id for one in once] == [one.envelope.command_id for one in twice]


def test_a_retry_that_meets_the_bug_again_makes_the_same_letter_and_a_new_word_to_the_task() -> None:
    letter = a_letter()

    first, second = (tried_again([retried(letter, offset)], answer) for offset in (1, 2))

    assert [type(one) for one in first] == [DeadLetter, OutgoingCommand]
    assert first[0].id == letter.id
    assert first[1].envelope.command_id != second[1].envelope.command_id


def test_a_command_of_ours_that_a_decider_gave_up_sets_its_task_aside_and_is_sent_again_by_a_retry() -> None:
    envelope = outgoing_command(WakeTask(cause="TIMER"), "10000001", [an_envelope("10000001", 3)]).envelope
    value = CODEC.encode(WakeTask(cause="TIMER"), envelope)
    given = DeadLetter(
        source_topic="culm.task.commands.v1",
        source_partition=0,
        source_offset=9,
        key=b"10000001",
        value=value,
        error_class="Bug",
        error="KeyError",
        process="culm-decider-0",
        seen_at=1,
        id=dead_letter_id("culm.task.commands.v1", 0, 9, ""),
    )
    event = FakeEvent(CODEC.encode(given), given.source_topic)

    (word,) = tried_again([event], fixed)
    restored, again = tried_again([retried(given)], fixed)

    assert word.command == SetTaskAside(dead_letter_id=given.id, message="the decider met a bug with WakeTask")
    assert restored.command == RestoreTask(dead_letter_id=given.id)
    assert (again.command, again.envelope) == (WakeTask(cause="TIMER"), envelope)


def test_what_cannot_be_read_on_the_topic_of_letters_makes_no_other_letter() -> None:
    assert tried_again([FakeEvent(b"no avro"), FakeEvent(None)], fixed) == []
