"""Faust as we use it: only what transactions committed is read, and positions move behind what is acknowledged in order."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from streams.config import StreamsConfig
from streams.engine.decoder import Decoder
from streams.engine.faust_app import CommittedThread, _agent, faust_app
from streams.engine.listener import Listener, Reaction
from streams.facts.snapshot import Snapshot
from tests.streams.test_listener import CODEC, FakeOutbox

PLACE = TP("culm.task.events.v1", 0)
CONFIG = StreamsConfig("127.0.0.1:1", "", "")


async def nothing(*_: Any) -> None:
    """Nothing follows."""


def run(test: Callable[[Any], Awaitable[None]]) -> None:
    """`test` with a consumer of Faust to which one partition is assigned, committed up to 10."""

    async def body() -> None:
        app = faust_app(CONFIG, [])
        app.consumer_generation_id = 1
        cast(Any, app.topics).acks_enabled_for = lambda topic: True
        consumer: Any = app.transport.create_consumer(nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)
        consumer._set_active_tps({PLACE})
        consumer._committed_offset[PLACE] = consumer._read_offset[PLACE] = 10
        try:
            await test(consumer)
        finally:
            consumer._thread.thread_loop.close()  # Faust makes it before there is a thread to run it

    asyncio.run(body())


def a_message(offset: int, generation: int = 1) -> ConsumerMessage:
    return ConsumerMessage(PLACE.topic, 0, offset, 1.0, 0, None, None, b"value", None, tp=PLACE, generation_id=generation)


def test_the_consumer_that_faust_makes_reads_committed_records_only() -> None:
    async def test(consumer: Any) -> None:
        assert isinstance(consumer._thread, CommittedThread)
        made = consumer._thread._create_worker_consumer(consumer.transport)
        assert made._isolation_level == "read_committed"
        await made.stop()

    run(test)


def test_faust_by_itself_would_read_aborted_records() -> None:
    """When this fails Faust has learnt to read committed records: take its setting and delete ours."""

    async def test(consumer: Any) -> None:
        made = driver.AIOKafkaConsumerThread._create_worker_consumer(consumer._thread, consumer.transport)
        assert made._isolation_level == "read_uncommitted"
        await made.stop()

    run(test)


def test_our_part_of_faust_was_written_for_these_versions() -> None:
    """Look at what `streams/engine/faust_app.py` overrides before another one is taken."""
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")


def test_faust_by_itself_would_stand_still_at_holes_between_offsets() -> None:
    """When this fails Faust counts holes: look whether our accounts can be deleted."""

    async def test(consumer: Any) -> None:
        stock = driver.Consumer
        consumer._committed_offset[PLACE] = None
        for offset in (0, 3):
            stock.ack(consumer, a_message(offset))
        assert stock._new_offset(consumer, PLACE) == 1
        consumer._committed_offset[PLACE] = 1
        stock.ack(consumer, a_message(4))
        assert stock._new_offset(consumer, PLACE) is None

    run(test)


@pytest.mark.parametrize(
    ("read", "acknowledged", "committable"),
    [
        ((10, 11, 12), (), 10),
        ((10, 11, 12), (10, 11), 12),
        ((10, 11, 12), (12, 11), 10),
        ((11, 14, 20), (11, 14, 20), 21),
    ],
    ids=["nothing is done", "the last one is open", "the first one is open", "holes between"],
)
def test_a_position_is_committable_when_all_before_it_is_done(
    read: tuple[int, ...], acknowledged: tuple[int, ...], committable: int
) -> None:
    async def test(consumer: Any) -> None:
        for offset in read:
            consumer.delivered(a_message(offset))
        for offset in acknowledged:
            consumer.ack(a_message(offset))
        assert list(consumer._filter_tps_with_pending_acks()) == [PLACE]
        assert consumer._new_offset(PLACE) == committable

    run(test)


def test_a_record_of_a_former_assignment_moves_no_position() -> None:
    async def test(consumer: Any) -> None:
        former = a_message(12)
        consumer.delivered(a_message(10))
        await consumer.on_partitions_revoked({PLACE})
        consumer.app.consumer_generation_id = 2
        consumer.delivered(former)
        consumer.ack(former)
        assert list(consumer._filter_tps_with_pending_acks()) == []

        consumer.delivered(a_message(10, generation=2))
        assert consumer._new_offset(PLACE) == 10

    run(test)


def test_an_agent_hands_records_on_with_their_places_and_what_is_acknowledged_is_committable() -> None:
    class Event:
        def __init__(self, offset: int, consumer: Any) -> None:
            self.message, self._consumer = a_message(offset), consumer

        def ack(self) -> None:
            self._consumer.ack(self.message)

    class Stream:
        def __init__(self, consumer: Any) -> None:
            self._consumer = consumer

        def noack(self) -> "Stream":
            return self

        async def events(self) -> Any:
            for offset in (14, 15, 17):
                yield Event(offset, self._consumer)

    async def test(consumer: Any) -> None:
        reaction = Reaction("none", frozenset(), lambda heard, facts: ())
        listener = Listener(PLACE.topic, [reaction], Decoder(CODEC), FakeOutbox(), Snapshot)
        await _agent(cast(Any, SimpleNamespace(consumer=consumer)), listener)(Stream(consumer))
        waiting = [listener._inbox.get_nowait() for _ in range(3)]

        assert [(one.message.offset, one.message.timestamp, one.message.value) for one in waiting] == [
            (offset, 1000, b"value") for offset in (14, 15, 17)
        ]
        assert consumer._new_offset(PLACE) == 14
        await listener.handle(waiting)
        assert consumer._new_offset(PLACE) == 18

    run(test)
