"""What is read of a partition, and what of it anybody gets to see."""

import asyncio
from types import SimpleNamespace
from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from streams.engine.fetching import FETCH_BURST, FETCH_INTERVAL_SECONDS, GatheringFetcher, Record, SiftedRecords

PLACE = TopicPartition("culm.job.events.v1", 2)


def a_batch(base: int, *values: bytes, producer: int = -1) -> bytes:
    """Records of one producer from offset `base` on, as they stand in a segment; transactional with a producer."""
    builder = DefaultRecordBatchBuilder(2, 0, int(producer >= 0), producer, 0 if producer >= 0 else -1, 0, 1_000_000)
    for number, value in enumerate(values):
        builder.append(number, 1_700_000_000_000 + number, b"key", value, [])
    batch = bytearray(builder.build())
    batch[:8] = base.to_bytes(8, "big")
    return bytes(batch)


def plain(*batches: bytes, aborted: Any = None) -> PartitionRecords:
    """What aiokafka makes of fetched bytes."""
    return PartitionRecords(PLACE, MemoryRecords(b"".join(batches)), aborted, 0, None, None, True, READ_COMMITTED)


def wanted(topic: str, value: bytes | None) -> bool:
    assert topic == PLACE.topic
    return value == b"yes"


def test_of_a_record_that_concerns_nobody_only_the_offset_is_left() -> None:
    sifted = SiftedRecords(plain(a_batch(10, b"no", b"yes"), a_batch(20, b"no")), wanted)

    assert list(sifted) == [10, Record(PLACE.topic, 2, 11, 1_700_000_000_001, b"key", b"yes"), 20]
    assert sifted.next_fetch_offset == 21


def test_records_of_an_aborted_transaction_are_not_read() -> None:
    sifted = SiftedRecords(plain(a_batch(10, b"yes", producer=7), a_batch(11, b"yes", producer=8), aborted=[(7, 10)]), wanted)

    assert [one.offset for one in sifted] == [11]


def test_fetches_are_sifted_and_gathered_once_there_are_many() -> None:
    asked_at: list[float] = []

    class Client:
        """Answers with one record a time."""

        _loop: Any = None
        _metadata_max_age_ms = 1000

        async def send(self, node_id: int, request: Any) -> Any:
            asked_at.append(self._loop.time())
            offset = request.topics[0][1][0][1]
            row: tuple[Any, ...] = (PLACE.partition, 0, offset + 1, offset + 1, [], a_batch(offset, b"yes"))
            return SimpleNamespace(API_VERSION=4, topics=[(PLACE.topic, [row])])

    async def run() -> list[Any]:
        client = Client()
        client._loop = asyncio.get_running_loop()
        subscription = SimpleNamespace(
            subscription=None, register_fetch_waiters=lambda waiters: None, wait_for_assignment=asyncio.Event().wait
        )
        fetcher = GatheringFetcher(client, subscription, wanted, isolation_level="read_committed")
        read = []
        for offset in range(FETCH_BURST + 3):
            state = SimpleNamespace(has_valid_position=True, position=offset, paused=False, consumed_to=lambda offset: None)
            assignment: Any = SimpleNamespace(active=True, state_value=lambda tp, state=state: state)
            request = SimpleNamespace(topics=[(PLACE.topic, [(PLACE.partition, offset, 1000)])])
            assert await fetcher._proc_fetch_request(assignment, 1, request)
            result = fetcher._records.pop(PLACE)
            assert isinstance(result, FetchResult)
            read += result.getall()
        await fetcher.close()
        return read

    read = asyncio.run(run())

    assert [(type(one), one.offset) for one in read] == [(Record, offset) for offset in range(FETCH_BURST + 3)]
    assert asked_at[-1] - asked_at[FETCH_BURST - 1] >= 2 * FETCH_INTERVAL_SECONDS
