"""The decider's loop on a real broker: one writer a slot, states from the log, poison that blocks nothing."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

from commands.aggregates import AGGREGATES
from commands.config import DeciderConfig
from commands.decider_loop import DeciderLoop
from commands.errors import Fenced, Interrupted
from commands.state_store import StateStore
from commands.watchdog import Watchdog
from schemas.task import KillTask, SubmitTask
from schemas.topics import apply_topics, declared_topics
from schemas.types import CommandEnvelope
from schemas.wire import entry_of
from tests.commands.builders import a_submission
from tests.commands.in_memory import a_codec

pytestmark = pytest.mark.stack
CODEC = a_codec()
PATIENCE_SECONDS = 60.0


class Decider:
    """A decider in a thread of its own, with a state file of its own."""

    def __init__(self, kafka: str, folder: Path) -> None:
        config = DeciderConfig(kafka, "", folder)
        initial = {name: aggregate.initial for name, aggregate in AGGREGATES.items()}
        self._stop = threading.Event()
        self.ended_with: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(config, initial))
        self._thread.start()

    def _run(self, config: DeciderConfig, initial: Any) -> None:
        store = StateStore(config.state_file, "test", initial)
        loop = DeciderLoop(config, CODEC, store, Watchdog(end=self._stop.set))
        try:
            while not self._stop.is_set():
                with contextlib.suppress(Interrupted):
                    loop.run(self._stop.is_set)
        except BaseException as problem:  # noqa: BLE001 - the test looks at it
            self.ended_with = problem
        finally:
            store.close()

    def end(self) -> BaseException | None:
        """What it ended with, None for an orderly end."""
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        return self.ended_with

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self._thread.is_alive()


@pytest.fixture
def topics(kafka: str) -> str:
    """A broker with every topic."""
    apply_topics(kafka, declared_topics())
    return kafka


def send(kafka: str, command: SubmitTask | KillTask, task: int, value: bytes | None = None) -> str:
    """Id of the command that was put into its topic."""
    number = str(uuid.uuid4())
    envelope = CommandEnvelope(
        command_id=number,
        aggregate_id=str(task),
        correlation_id=number,
        issued_at=time.time_ns() // 1000,
        actor="jdoe",
        vo="wlcg",
    )
    producer = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
    producer.produce(entry_of(command).topic, key=str(task), value=value or CODEC.encode(command, envelope))
    assert producer.flush(30) == 0
    return number


def everything(kafka: str, topic: str) -> list[Any]:
    """Every committed record of a topic, decoded."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "test", "isolation.level": "read_committed", "enable.partition.eof": True}
    )
    places = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in consumer.list_topics(topic).topics[topic].partitions]
    consumer.assign(places)
    found, unread = [], len(places)
    while unread:
        for message in consumer.consume(500, 0.5):
            failure = message.error()
            if failure is None:
                found.append(CODEC.decode(message.value()))
            elif failure.code() == KafkaError._PARTITION_EOF:
                unread -= 1
    consumer.close()
    return found


def until(holds: Callable[[], Any]) -> Any:
    """The first true answer."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


def answers_to(kafka: str, number: str) -> list[Any]:
    return [d.message for d in everything(kafka, "culm.command.answers.v1") if d.message.command_id == number]


def events_of(kafka: str, task: int) -> list[str]:
    return [d.name for d in everything(kafka, "culm.task.events.v1") if d.envelope.aggregate_id == str(task)]


def test_a_second_decider_takes_the_slot_and_the_first_writes_no_more(topics: str, tmp_path: Path) -> None:
    task = time.time_ns() % 10**9
    first = Decider(topics, tmp_path / "first")
    submitted = send(topics, a_submission(task_id=task), task)
    until(lambda: answers_to(topics, submitted))

    second = Decider(topics, tmp_path / "second")
    until(lambda: send(topics, a_submission(task_id=task), task) and not first.alive)
    killed = send(topics, KillTask(), task)
    answers = until(lambda: answers_to(topics, killed))

    assert isinstance(first.end(), Fenced)
    assert second.end() is None
    assert [answer.accepted for answer in answers] == [True]
    assert events_of(topics, task) == ["TaskSubmitted", "TaskKillOrdered", "TaskFinalized"]


def test_a_decider_without_its_state_file_knows_what_the_log_says(topics: str, tmp_path: Path) -> None:
    task = time.time_ns() % 10**9
    first = Decider(topics, tmp_path / "one")
    submitted = send(topics, a_submission(task_id=task), task)
    until(lambda: answers_to(topics, submitted))
    assert first.end() is None

    second = Decider(topics, tmp_path / "other")
    again = send(topics, a_submission(task_id=task), task)
    answers = until(lambda: answers_to(topics, again))
    second.end()

    assert [(answer.accepted, answer.reason) for answer in answers] == [(False, "ALREADY_EXISTS")]


def test_a_poison_command_becomes_a_dead_letter_and_blocks_nothing(topics: str, tmp_path: Path) -> None:
    task = time.time_ns() % 10**9
    decider = Decider(topics, tmp_path)

    send(topics, a_submission(task_id=task), task, value=b"broken avro")
    number = send(topics, a_submission(task_id=task), task)
    answers = until(lambda: answers_to(topics, number))
    decider.end()

    assert [answer.accepted for answer in answers] == [True]
    letters = [d.message for d in everything(topics, "culm.deadletter.v1") if d.message.value == b"broken avro"]
    assert [letter.source_topic for letter in letters] == ["culm.task.commands.v1"]
