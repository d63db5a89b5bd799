"""A log written and read by a test: it plays the decider towards the processors, which are a process of their own."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from eventlog.connection import connection
from eventlog.registry import connect, register_all
from eventlog.topics import apply_topics
from process.kafka_security import environment_of
from schemas.ids import event_id
from schemas.partition import PARTITIONER
from schemas.task import TaskSubmitted
from schemas.topics import declared_topics
from schemas.types import EventEnvelope
from schemas.wire import Codec, Decoded
from tests.streams.builders import a_submission

ROOT = Path(__file__).parent.parent.parent
SECONDS_MAX = 60.0


class TaskLog:
    """Topics of a real broker, with every schema registered."""

    def __init__(self, kafka: str, registry: str) -> None:
        apply_topics(kafka, declared_topics())
        with connect(registry) as client:
            self.codec = Codec(register_all(client), _unknown)
        self.kafka, self.registry = kafka, registry
        self._producer: Producer | None = None

    def writer(self) -> Producer:
        """A transactional producer, as the decider's."""
        if self._producer is None:
            settings = {**connection(self.kafka, "culm-test"), "transactional.id": str(uuid.uuid4()), "partitioner": PARTITIONER}
            self._producer = Producer(settings)
            self._producer.init_transactions(30)
        return self._producer

    def submit(self, task_ids: list[int], *, commit: bool = True) -> None:
        """`TaskSubmitted` of new tasks, in one transaction that is committed or aborted."""
        writer = self.writer()
        writer.begin_transaction()
        for task_id in task_ids:
            event = TaskSubmitted(
                task_id=task_id,
                name=f"user.jdoe.{task_id}/",
                user_name="J Doe",
                label="user",
                priority=1000,
                parameters_json=json.dumps(a_submission()),
            )
            self.write("culm.task.events.v1", str(task_id), self.codec.encode(event, first_event(str(task_id))))
        writer.flush(30)
        if commit:
            writer.commit_transaction(30)
        else:
            writer.abort_transaction(30)

    def write(self, topic: str, key: str, value: bytes | None) -> None:
        """One record, within the transaction that is open."""
        self.writer().produce(topic, key=key.encode(), value=value)

    @contextmanager
    def reader(self, *topics: str) -> Iterator[Callable[[Callable[[Decoded], bool]], Decoded]]:
        """A function that reads on from now, until a record is as expected, and returns it."""
        settings = {**connection(self.kafka, "culm-test"), "group.id": "test", "enable.auto.commit": False}
        consumer = Consumer(settings)
        places = []
        for topic in topics:
            for partition in consumer.list_topics(topic, timeout=20).topics[topic].partitions:
                end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)[1]
                places.append(TopicPartition(topic, partition, end))
        consumer.assign(places)

        def read_until(is_expected: Callable[[Decoded], bool]) -> Decoded:
            until = time.monotonic() + SECONDS_MAX
            while time.monotonic() < until:
                message = consumer.poll(0.2)
                if message is not None and message.error() is None:
                    decoded = self.codec.decode(message.value())
                    if is_expected(decoded):
                        return decoded
            raise AssertionError(f"nothing as expected in {', '.join(topics)} within {SECONDS_MAX:.0f} s")

        try:
            yield read_until
        finally:
            consumer.close()

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """Offsets that a group committed, by partition."""
        consumer = Consumer({**connection(self.kafka, "culm-test"), "group.id": group, "enable.auto.commit": False})
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        found = consumer.committed([TopicPartition(topic, partition) for partition in partitions], timeout=20)
        consumer.close()
        return {one.partition: one.offset for one in found}


def _unknown(number: int) -> Mapping[str, Any]:
    raise AssertionError(f"schema {number} is none of ours")


def first_event(aggregate_id: str) -> EventEnvelope:
    """Envelope of an aggregate's first event."""
    command_id = str(uuid.uuid5(uuid.NAMESPACE_URL, aggregate_id))
    return EventEnvelope(
        event_id=event_id(command_id, 0),
        aggregate_id=aggregate_id,
        sequence=1,
        decision_index=0,
        decision_size=1,
        command_id=command_id,
        correlation_id=command_id,
        occurred_at=1_700_000_000_000_000,
        actor="subject-1",
        vo="wlcg",
        writer_epoch=1,
    )


def start_processors(log: TaskLog, output: Path, instance: str = "1") -> subprocess.Popen[bytes]:
    """`python -m streams` against the log; what it says goes to `output`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CULM_")}
    environment |= {**environment_of(log.kafka), "CULM_REGISTRY": log.registry, "PYTHONWARNINGS": "ignore"}
    environment["CULM_INSTANCE"] = instance
    with output.open("ab") as said:
        return subprocess.Popen([sys.executable, "-m", "streams"], cwd=ROOT, env=environment, stderr=said)
