"""The loop around every choice: commands first, acknowledgement last, and nobody held up."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka.schema_registry.error import SchemaRegistryError

from commands.sending import RecordTooLarge
from schemas.bounds import OutOfBounds, Problem
from schemas.catalog import messages
from schemas.deadletter import DeadLetter
from schemas.task import TaskResumed, TaskWoken, WakeTask
from schemas.wire import Codec, Poison
from streams.decoder import Decoder
from streams.errors import RegistryAway
from streams.heard import Heard, Wish, wish
from streams.listening import Listener, Reaction
from streams.outbox import check_bounds
from streams.snapshot import Snapshot
from tests.streams.builders import an_envelope

IDS = {entry.full_name: number for number, entry in enumerate(messages(), start=1)}
CODEC = Codec(IDS, lambda number: registry(number))


def registry(number: int) -> Any:
    """A registry that knows no schema but ours."""
    raise SchemaRegistryError(404, 40403, f"no schema {number}")


class FakeOutbox:
    """Keeps what is delivered; refuses what the test says."""

    def __init__(self, refuse: Callable[[Any], bool] = lambda _: False, problem: Exception | None = None) -> None:
        self.contents: list[Any] = []
        self._refuse, self._problem = refuse, problem or RecordTooLarge("too large")

    async def deliver(self, contents: Sequence[Any]) -> None:
        if any(self._refuse(one) for one in contents):
            raise self._problem
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


def answer(heard: Sequence[Heard], _: Snapshot) -> Iterable[Wish]:
    """One command an event; stumbles on event 2."""
    for one in heard:
        if one.offset == 2:
            raise ValueError("event 2 is too much")
        yield wish(WakeTask(cause="TIMER"), one.cause.aggregate_id, [one.cause])


def listened(events: Sequence[FakeEvent], outbox: FakeOutbox) -> None:
    """Let a listener work through `events`."""

    async def run() -> None:
        reaction = Reaction("answer", frozenset({"TaskWoken"}), answer)
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


def test_a_record_that_concerns_nobody_is_acknowledged_unread() -> None:
    events, outbox = [FakeEvent(CODEC.encode(TaskResumed(), an_envelope("10000001")))], FakeOutbox()

    listened(events, outbox)

    assert outbox.contents == []
    assert events[0].acked


def test_a_record_that_cannot_be_read_becomes_a_dead_letter_and_holds_nobody_up() -> None:
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
    )
    assert len(outbox.contents) == 4


def test_a_record_under_a_foreign_key_is_poison() -> None:
    outbox = FakeOutbox()

    listened([woken(1, key="10000009")], outbox)

    assert outbox.contents[0].error == "key b'10000009', expected '10000001' as in the envelope"


def test_a_choice_that_stumbles_costs_one_dead_letter_and_not_the_batch() -> None:
    events, outbox = [woken(1), woken(2), woken(3)], FakeOutbox()

    listened(events, outbox)

    kinds = [one.error if isinstance(one, DeadLetter) else one.envelope.causation_id[-1] for one in outbox.contents]
    assert kinds == ["1", "answer: ValueError: event 2 is too much", "3"]
    assert all(event.acked for event in events)


def test_a_command_no_topic_can_hold_costs_one_dead_letter() -> None:
    outbox = FakeOutbox(lambda one: isinstance(one, Wish) and str(one.envelope.causation_id).endswith("3"))
    events = [woken(1), woken(3)]

    listened(events, outbox)

    assert [one.error if isinstance(one, DeadLetter) else "command" for one in outbox.contents] == ["command", "too large"]
    assert all(event.acked for event in events)


def test_a_command_out_of_bounds_never_leaves_the_outbox() -> None:
    event = woken(1).message
    heard = Heard(None, an_envelope("10000001", 1), event.topic, event.partition, event.offset)
    command = wish(WakeTask(cause="no word"), "10000001", [heard.cause])

    with pytest.raises(OutOfBounds) as raised:
        check_bounds(command)

    assert str(raised.value) == (
        "WakeTask out of bounds: cause: found 'no word', "
        "expected a word of letters, digits and _.:+@-, neither beginning with - nor . or .. itself"
    )


def test_a_command_out_of_bounds_costs_one_dead_letter() -> None:
    problem = OutOfBounds("WakeTask", (Problem("cause", "'no word'", "a word"),))
    outbox = FakeOutbox(lambda one: isinstance(one, Wish) and str(one.envelope.causation_id).endswith("3"), problem)

    listened(events := [woken(1), woken(3)], outbox)

    letter = "WakeTask out of bounds: cause: found 'no word', expected a word"
    assert [one.error if isinstance(one, DeadLetter) else "command" for one in outbox.contents] == ["command", letter]
    assert all(event.acked for event in events)


def test_a_schema_that_no_registry_knows_is_poison_after_some_asking_and_then_at_once() -> None:
    decoder, problems = Decoder(CODEC), []
    for _ in range(6):
        try:
            decoder.decode(b"\0\0\0\xff\xffxx")
        except (Poison, RegistryAway) as problem:
            problems.append(type(problem))

    assert problems == [RegistryAway] * 4 + [Poison] * 2
