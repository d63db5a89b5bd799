"""Until when the signs of life of pilots are known, and that more of them than can be read are no gap."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from streams.timers import heartbeats
from streams.timers.heartbeats import TOPIC, HeartbeatPath
from streams.timers.watch import LastSeen


class Beat:
    """A record of the heartbeat topic, or the news that a partition was read to its end."""

    def __init__(self, partition: int, offset: int, job_id: str, at_ms: int, failure: int | None = None) -> None:
        self._parts = (partition, offset, job_id, at_ms, failure)

    def partition(self) -> int:
        return self._parts[0]

    def offset(self) -> int:
        return self._parts[1]

    def key(self) -> bytes:
        return self._parts[2].encode()

    def timestamp(self) -> tuple[int, int]:
        return (2, self._parts[3])

    def error(self) -> Any:
        return None if self._parts[4] is None else KafkaError(self._parts[4])


class Topic:
    """Stands in for the consumer: one partition that grows by `flood` records before each look at its end."""

    def __init__(self, flood: int, readable: int) -> None:
        self.flood, self.readable = flood, readable
        self.end, self.at = 0, 0
        self.began_ms = time.time_ns() // 1_000_000 - 3_600_000

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={TOPIC: SimpleNamespace(partitions={0: None})})

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        self.end += self.flood
        return 0, self.end

    def assign(self, places: list[TopicPartition]) -> None:
        self.at = places[0].offset

    def poll(self, seconds: float) -> Beat | None:
        if self.at >= self.end:
            return None
        self.at += 1
        return Beat(0, self.at - 1, "77", self.began_ms + self.at - 1)

    def consume(self, count: int, seconds: float) -> list[Beat]:
        found: list[Beat] = []
        while len(found) < self.readable and (beat := self.poll(0)) is not None:
            found.append(beat)
        return found

    def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> HeartbeatPath:
    """A path whose consumer each test replaces; one round reads one batch."""
    clock = iter(range(1_000_000))
    monkeypatch.setattr(heartbeats, "CATCH_UP_SECONDS", 2)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    return HeartbeatPath("nowhere:1", None, LastSeen(10**18, 1000))


def test_a_topic_that_was_read_to_its_end_is_known_until_now(path: HeartbeatPath) -> None:
    before = time.time_ns() // 1000
    path._consumer = Topic(flood=10, readable=100)  # type: ignore[assignment]

    assert path.works()
    assert path.read_until("77") >= before


def test_more_heartbeats_than_can_be_read_are_no_gap_and_what_is_known_grows(path: HeartbeatPath) -> None:
    topic = Topic(flood=1000, readable=9)
    path._consumer = topic  # type: ignore[assignment]
    path.works()
    path._read[0] = topic.at = 0
    path._read_until.clear()

    seen = []
    for _ in range(3):
        assert path.works()
        seen.append(path.read_until("77"))

    assert seen == sorted(set(seen))
    assert seen[-1] < topic.began_ms * 1000 + 100_000


def test_a_mark_of_a_transaction_at_the_end_is_no_record_that_is_missing(path: HeartbeatPath) -> None:
    path._read = {0: 5}
    path._take(Beat(0, 6, "", 0, KafkaError._PARTITION_EOF))  # type: ignore[arg-type]

    assert path._read == {0: 6}
