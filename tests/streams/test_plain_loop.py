"""Batches of the plain loop: what concerns no one is passed over, what is done is committed, and nothing else is."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from schemas.job import JobActivated, JobCancelled
from streams.config import StreamsConfig
from streams.engine import plain_loop
from streams.engine.decoder import Decoder
from streams.engine.listener import Listener, Reaction
from streams.engine.plain_loop import PlainLoop
from streams.facts.snapshot import Snapshot
from tests.streams.builders import an_envelope
from tests.streams.test_listener import CODEC, FakeOutbox

TOPIC = "culm.job.events.v1"
JOB = "100000000000001"


class Read:
    """A record, or a report of trouble, as confluent-kafka hands it out."""

    def __init__(self, offset: int, event: Any = None, partition: int = 0, failure: int | None = None) -> None:
        self._offset, self._partition, self._failure = offset, partition, failure
        self._value = None if event is None else CODEC.encode(event, an_envelope(JOB, offset + 1))

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return (2, 1_700_000_000_000)

    def key(self) -> bytes:
        return JOB.encode()

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> Any:
        return None if self._failure is None else KafkaError(self._failure)


class FakeConsumer:
    """Hands out `batches`, one a round; `between` happens after the first record of a batch was taken."""

    def __init__(self, batches: list[list[Read]], ended: threading.Event) -> None:
        self.batches, self.ended = batches, ended
        self.between: Callable[[], None] = lambda: None
        self.committed: list[dict[int, int]] = []
        self.rest: list[Read] = []
        self.on_revoke: Any = None

    def subscribe(self, topics: list[str], *, on_assign: Any, on_revoke: Any, on_lost: Any) -> None:
        self.on_revoke = on_revoke

    def poll(self, seconds: float) -> Read | None:
        if not self.batches:
            self.ended.set()
            return None
        first, *self.rest = self.batches.pop(0)
        return first

    def consume(self, count: int, seconds: float) -> list[Read]:
        self.between()
        return self.rest

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> None:
        self.committed.append({place.partition: place.offset for place in offsets})

    def close(self) -> None:
        """Nothing to give back."""


def cancelled() -> JobCancelled:
    return JobCancelled(code=50)


def looped(monkeypatch: pytest.MonkeyPatch, batches: list[list[Read]], outbox: Any, **also: Any) -> tuple[list[int], Any]:
    """Offsets that the reaction was asked about, and the consumer, after a loop has read everything."""
    heard: list[int] = []
    consumer: Any = None

    def choose(records: Sequence[Any], facts: Snapshot) -> list[Any]:
        heard.extend(one.offset for one in records)
        return []

    async def body() -> None:
        nonlocal consumer
        listener = Listener(TOPIC, [Reaction("r", frozenset({"JobCancelled"}), choose)], Decoder(CODEC), outbox, Snapshot)
        loop = PlainLoop(StreamsConfig("nowhere", "", "", commit_seconds=1e9), listener)
        consumer = FakeConsumer(batches, loop._stop)
        for name, value in also.items():
            setattr(consumer, name, lambda value=value: value(consumer))
        monkeypatch.setattr(plain_loop, "member", lambda *_, **__: consumer)
        loop.start()
        await asyncio.to_thread(loop.ended.wait, 10)
        assert loop.ended.is_set()

    asyncio.run(body())
    return heard, consumer


def test_a_loop_whose_name_another_worker_took_ends_instead_of_taking_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[str] = []

    class Fenced(FakeConsumer):
        def poll(self, seconds: float) -> Read | None:
            raise KafkaException(KafkaError(KafkaError.FENCED_INSTANCE_ID))

    async def body() -> None:
        listener = Listener(TOPIC, [], Decoder(CODEC), FakeOutbox(), Snapshot)
        loop = PlainLoop(StreamsConfig("nowhere", "", ""), listener)

        def member(*_: Any, **__: Any) -> Any:
            joined.append("joined")
            return Fenced([], loop._stop)

        monkeypatch.setattr(plain_loop, "member", member)
        loop.start()
        await asyncio.to_thread(loop.ended.wait, 10)
        assert loop.ended.is_set()

    asyncio.run(body())

    assert joined == ["joined"]


class Fatal(Read):
    """The end of a membership, as the client hands it out."""

    def error(self) -> Any:
        return KafkaError(KafkaError._FATAL, "Fatal error: Broker: Static consumer fenced by other consumer: OffsetCommit failed")


def test_a_loop_that_is_once_reported_to_be_no_member_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken_away(consumer: Any) -> None:
        consumer.on_revoke(consumer, [TopicPartition(TOPIC, 0)])

    batches = [[Fatal(0), Read(7, cancelled())], [Read(8, cancelled())]]

    heard, consumer = looped(monkeypatch, batches, FakeOutbox(), between=taken_away)

    assert heard == []
    assert consumer.batches != []


def test_what_concerns_no_reaction_is_passed_over_and_committed_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [Read(4, JobActivated(queue="Q")), Read(5, cancelled())]
    batch += [Read(9, JobActivated(queue="Q")), Read(2, cancelled(), partition=1)]

    heard, consumer = looped(monkeypatch, [batch], FakeOutbox())

    assert heard == [5, 2]
    assert consumer.committed[-1] == {0: 10, 1: 3}


def test_a_report_of_trouble_is_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, consumer = looped(monkeypatch, [[Read(0, failure=KafkaError._TRANSPORT), Read(7, cancelled())]], FakeOutbox())

    assert heard == [7]
    assert consumer.committed[-1] == {0: 8}


def test_a_record_of_a_partition_that_was_taken_away_meanwhile_is_left_to_its_new_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken_away(consumer: Any) -> None:
        consumer.on_revoke(consumer, [TopicPartition(TOPIC, 0)])

    heard, consumer = looped(
        monkeypatch, [[Read(7, cancelled()), Read(3, cancelled(), partition=1)]], FakeOutbox(), between=taken_away
    )

    assert heard == [3]
    assert consumer.committed[-1] == {1: 4}
