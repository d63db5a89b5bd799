"""Writes events into a real log in transactions, as a decider does."""

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from confluent_kafka import Producer

from eventlog.connection import connection
from eventlog.registry import connect, register_all
from eventlog.topics import apply_topics
from schemas.partition import PARTITIONER
from schemas.topics import declared_topics
from schemas.wire import Codec, entry_of
from tests.projections.event_writer import EventWriter
from tests.projections.sample_history import Said

SECONDS_MAX = 60.0
T = TypeVar("T")


def producer(kafka: str) -> Producer:
    """A transactional producer."""
    made = Producer({**connection(kafka, "culm-test"), "transactional.id": str(uuid.uuid4()), "partitioner": PARTITIONER})
    made.init_transactions(30)
    return made


class KafkaWriter:
    """Says events on the real topics."""

    def __init__(self, kafka: str, registry: str) -> None:
        apply_topics(kafka, declared_topics())
        with connect(registry) as client:
            self.codec = Codec(register_all(client), _never)
        self._producer = producer(kafka)
        self._writer = EventWriter()

    def say(self, *said: Iterable[Said], commit: bool = True) -> None:
        """Write events in one transaction, committed or aborted."""
        self._producer.begin_transaction()
        for part in said:
            for message, aggregate_id in part:
                value = self.codec.encode(message, self._writer.envelope(message, aggregate_id))
                self._producer.produce(entry_of(message).topic, key=str(aggregate_id).encode(), value=value)
        self._producer.flush(30)
        if commit:
            self._producer.commit_transaction(30)
        else:
            self._producer.abort_transaction(30)


def until(ask: Callable[[], T], is_expected: Callable[[T], bool]) -> T:
    """The first answer that is as expected."""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        answer = ask()
        if is_expected(answer):
            return answer
    raise AssertionError(f"not as expected within {SECONDS_MAX:.0f} s")


def _never(number: int) -> Any:
    raise AssertionError(f"schema {number} is none of ours")
