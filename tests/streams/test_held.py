"""Records that wait for another one: until it was read or a quarter of a second is over, and once each."""

import asyncio
from collections.abc import Iterable, Sequence

from schemas.task import WakeTask
from streams.engine.decoder import Decoder
from streams.engine.held import HeldRecords
from streams.engine.listener import Listener, Reaction
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command
from streams.facts.snapshot import Snapshot
from tests.streams.builders import an_envelope
from tests.streams.test_listener import CODEC, FakeEvent, FakeOutbox, shown, woken


class HeldClock:
    """Seconds that move when the test says so."""

    now = 100.0

    def seconds(self) -> float:
        """As `time.monotonic`."""
        return self.now


def test_what_waits_is_free_when_its_event_was_read() -> None:
    held, first, second = HeldRecords(HeldClock().seconds), object(), object()
    assert [held.hold(first, "a"), held.hold(second, "b")] == [True, True]

    held.read("a")

    assert [held.holds(first), held.holds(second)] == [True, True]
    assert held.taken() == [first]
    assert (held.holds(first), held.holds(second), held.taken()) == (False, True, [])


def test_what_waits_is_free_a_quarter_of_a_second_after_the_first_that_waited_for_the_same() -> None:
    clock = HeldClock()
    held, first, second = HeldRecords(clock.seconds), object(), object()
    held.hold(first, "a")
    clock.now = 100.125
    held.hold(second, "a")

    assert (held.seconds_left(), held.taken()) == (0.125, [])
    clock.now = 100.25
    assert held.taken() == [first, second]
    assert held.seconds_left() is None


def test_what_waited_once_waits_no_more_until_it_was_acknowledged() -> None:
    held, one = HeldRecords(HeldClock().seconds), object()
    held.hold(one, "a")
    held.read("a")
    held.taken()

    assert held.hold(one, "b") is False
    held.done(one)
    assert held.hold(one, "b") is True


class WaitsForFive:
    """Records wait for event 5, until it was read."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def choose(self, heard: Sequence[RecordRead], _: Snapshot) -> Iterable[OutgoingCommand]:
        for one in heard:
            self.read.append(one.offset)
            yield outgoing_command(WakeTask(cause="TIMER"), one.cause.aggregate_id, [one.cause])

    def awaits(self, one: RecordRead, _: Snapshot) -> str:
        return "" if one.offset == 5 or 5 in self.read else an_envelope("10000001", 5).event_id


def waited(numbers: Sequence[int], reaction: WaitsForFive, outbox: FakeOutbox) -> list[int]:
    """Let a listener work through events of these numbers; in which order they were acknowledged."""
    acked: list[int] = []

    class Noted(FakeEvent):
        def ack(self) -> None:
            acked.append(self.message.offset)
            super().ack()

    events = [Noted(woken(number).message.value, offset=number) for number in numbers]

    async def run() -> None:
        found = Reaction("answer", frozenset({"TaskWoken"}), reaction.choose, reaction.awaits)
        listener = Listener("culm.task.events.v1", [found], Decoder(CODEC), outbox, Snapshot, batch_max=1)
        for event in events:
            await listener.put(event)  # type: ignore[arg-type]
        work = asyncio.create_task(listener.work())
        await asyncio.wait_for(asyncio.gather(*(event.done.wait() for event in events)), 10)
        work.cancel()

    asyncio.run(run())
    return acked


def test_a_record_that_waits_for_another_one_follows_it_and_is_acknowledged_after_that() -> None:
    reaction, outbox = WaitsForFive(), FakeOutbox()

    acked = waited([1, 3, 5], reaction, outbox)

    assert acked == [5, 1, 3]
    assert reaction.read == [5, 1, 3]
    assert [shown(one) for one in outbox.contents] == ["5", "1", "3"]


def test_a_record_whose_other_one_never_comes_is_answered_all_the_same() -> None:
    reaction, outbox = WaitsForFive(), FakeOutbox()

    acked = waited([1, 3], reaction, outbox)

    assert (reaction.read, acked) == ([1, 3], [1, 3])


def test_a_loop_that_counts_what_it_handed_over_as_done_holds_nothing_back() -> None:
    reaction, outbox, event = WaitsForFive(), FakeOutbox(), woken(1)
    found = Reaction("answer", frozenset({"TaskWoken"}), reaction.choose, reaction.awaits)

    asyncio.run(Listener("culm.task.events.v1", [found], Decoder(CODEC), outbox, Snapshot).handle([event]))

    assert (reaction.read, event.acked) == ([1], True)
