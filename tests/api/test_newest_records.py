"""The newest records of a topic: the last of each partition, all or an error, and the consumer is closed."""

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from api.http.errors import LogUnavailable
from api.log import newest
from api.log.newest import newest_records


class Topic:
    """Stands for a consumer of a topic: partitions by number, each with its values; `silent` ones never come."""

    def __init__(self, partitions: dict[int, list[str]], silent: frozenset[int] = frozenset()) -> None:
        self._partitions, self._silent = partitions, silent
        self._waiting: list[Any] = []
        self.closed = False

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=self._partitions)})

    def get_watermark_offsets(self, place: Any, timeout: float) -> tuple[int, int]:
        return 0, len(self._partitions[place.partition])

    def assign(self, places: list[Any]) -> None:
        for place in places:
            if place.partition not in self._silent:
                self._waiting += [_record(place.partition, value) for value in self._partitions[place.partition][place.offset :]]
                self._waiting.append(_record(place.partition, None))

    def poll(self, seconds: float) -> Any:
        return self._waiting.pop(0) if self._waiting else None

    def consume(self, count: int, seconds: float) -> list[Any]:
        some, self._waiting = self._waiting[:count], self._waiting[count:]
        return some

    def close(self) -> None:
        self.closed = True


def _record(partition: int, value: str | None) -> Any:
    failure = None if value is not None else SimpleNamespace(code=lambda: KafkaError._PARTITION_EOF)
    return SimpleNamespace(error=lambda: failure, partition=lambda: partition, value=lambda: value)


def read(topic: Topic, monkeypatch: pytest.MonkeyPatch) -> newest.Newest[str]:
    monkeypatch.setattr(newest, "one_shot_reader", lambda kafka, client: topic)
    return newest_records("kafka:1", "test", "t", 2, "letters", shown)


def shown(message: Any) -> str | None:
    value: str = message.value()
    return None if value == "no" else value


def test_the_last_records_of_each_partition_are_read_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic({0: ["a", "b", "c"], 1: [], 2: ["d", "no"]})

    found = read(topic, monkeypatch)

    assert found.shown == ["b", "c", "d"]
    assert found.total == 5
    assert topic.closed


def test_a_partition_that_does_not_answer_is_an_error_and_no_shorter_list(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic({0: ["a"], 1: ["b"]}, silent=frozenset({1}))

    with pytest.raises(LogUnavailable, match="the letters could not be read in time"):
        read(topic, monkeypatch)

    assert topic.closed
