"""What Faust is handed, and what may be committed meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from faust.types.tuples import TP

from streams.config import StreamsConfig
from streams.engine.committed_reading import Reader
from streams.engine.fetching import Record
from streams.engine.worker import faust_app

ONE, OTHER, ELSEWHERE = TP("a", 0), TP("a", 1), TP("b", 0)


def a_record(tp: TP, offset: int) -> Record:
    return Record(tp.topic, tp.partition, offset, 1_700_000_000_000, b"key", b"value")


async def nothing(*_: Any) -> None:
    """Nothing follows."""


class Read:
    """A reader to which tests say what Kafka brings; assigned are the three places, in generation 1."""

    def __init__(self) -> None:
        app = faust_app(StreamsConfig("127.0.0.1:1", "", ""), [])
        app.consumer_generation_id = 1
        self.app = app
        self.reader: Any = Reader(app.transport, nothing, nothing, nothing)
        self.reader._set_active_tps({ONE, OTHER, ELSEWHERE})

    async def messages(self, brought: dict[TP, list[Any]]) -> list[Any]:
        """What Faust is handed of one fetch."""

        async def fetched(**_: Any) -> Any:
            return brought

        self.reader._getmany = fetched
        return [message async for _, message in self.reader.getmany(1.0)]


def run(test: Callable[[Read], Awaitable[None]]) -> None:
    async def body() -> None:
        read = Read()
        try:
            await test(read)
        finally:
            read.reader._thread.thread_loop.close()  # Faust makes it before there is a thread to run it

    asyncio.run(body())


def test_a_fetch_is_one_message_a_topic() -> None:
    async def test(read: Read) -> None:
        brought: dict[TP, list[Any]] = {ONE: [a_record(ONE, 4), 5], OTHER: [a_record(OTHER, 9)]}
        brought[ELSEWHERE] = [a_record(ELSEWHERE, 1)]

        messages = await read.messages(brought)

        assert [(message.topic, [one.message for one in message.value]) for message in messages] == [
            ("a", [a_record(ONE, 4), a_record(OTHER, 9)]),
            ("b", [a_record(ELSEWHERE, 1)]),
        ]

    run(test)


def test_a_fetch_that_concerns_nobody_is_committable_without_a_message() -> None:
    async def test(read: Read) -> None:
        assert await read.messages({ONE: [4, 5]}) == []
        assert read.reader._new_offset(ONE) == 6

    run(test)


def test_a_position_is_committable_when_what_was_read_before_it_is_done() -> None:
    async def test(read: Read) -> None:
        message = (await read.messages({ONE: [3, a_record(ONE, 4), 5]}))[0]
        assert read.reader._new_offset(ONE) == 4

        message.value[0].ack()

        assert read.reader._new_offset(ONE) == 6

    run(test)


def test_what_was_read_under_a_former_assignment_is_not_done_under_a_new_one() -> None:
    async def test(read: Read) -> None:
        former = (await read.messages({ONE: [a_record(ONE, 4)]}))[0]
        await read.reader.on_partitions_revoked({ONE})
        read.app.consumer_generation_id = 2
        read.reader._set_active_tps({ONE})
        await read.messages({ONE: [a_record(ONE, 4)]})

        former.value[0].ack()

        assert read.reader._new_offset(ONE) == 4

    run(test)


def test_what_lies_before_the_position_that_was_sought_is_left_out() -> None:
    async def test(read: Read) -> None:
        read.reader._read_offset[ONE] = 6

        message = (await read.messages({ONE: [a_record(ONE, 5), a_record(ONE, 6), a_record(ONE, 7)]}))[0]

        assert [one.message.offset for one in message.value] == [6, 7]

    run(test)


def test_a_fetch_during_a_rebalance_is_left_alone() -> None:
    async def test(read: Read) -> None:
        sought = []

        async def seek() -> None:
            sought.append(True)

        async def fetched(**_: Any) -> Any:
            read.reader.stop_flow()
            return {ONE: [a_record(ONE, 4)]}

        read.reader.perform_seek = seek
        read.reader._getmany = fetched

        assert [message async for message in read.reader.getmany(1.0)] == []
        assert sought == [True]
        assert read.reader._ledgers == {}

    run(test)


def test_a_topic_whose_agent_is_behind_is_not_read_further_while_others_are() -> None:
    async def test(read: Read) -> None:
        read.reader.on_buffer_full(ONE)
        assert read.reader._get_active_partitions() == {ELSEWHERE}

        read.reader.on_buffer_drop(ONE)
        assert read.reader._get_active_partitions() == {ONE, OTHER, ELSEWHERE}

    run(test)
