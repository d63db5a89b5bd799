"""The decider's loop on a real broker: one writer a slot, states from the log, poison that blocks nothing."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

from commands.config import GROUP, DeciderConfig
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.errors import Fenced, Interrupted
from commands.engine.kafka_log import KafkaDeciderLog
from commands.engine.log_port import DeciderLog
from commands.engine.loop import DeciderLoop
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from deploy.stack import Stack
from eventlog.declarations import apply_declarations
from eventlog.registry import codec_from
from eventlog.watchdog import Watchdog
from schemas.task import KillTask, SubmitTask
from schemas.types import CommandEnvelope
from schemas.wire import Codec, entry_of
from tests.commands.builders import a_submission
from tests.commands.log_port_contract import SCENES, Harness
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.starting import starts_processes

pytestmark = pytest.mark.stack
PATIENCE_SECONDS = 60.0


class Log:
    """The topics of one stack, written and read by hand."""

    def __init__(self, servers: Stack) -> None:
        self.kafka = servers.config.kafka
        apply_declarations(servers.config.kafka, servers.config.registry)
        self.codec: Codec = codec_from(servers.config.registry)

    def send(self, command: SubmitTask | KillTask, task: int, value: bytes | None = None) -> str:
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
        producer = Producer({"bootstrap.servers": self.kafka, "partitioner": "murmur2_random"})
        producer.produce(entry_of(command).topic, key=str(task), value=value or self.codec.encode(command, envelope))
        assert producer.flush(30) == 0
        return number

    def everything(self, topic: str) -> list[Any]:
        """Every committed record of a topic, decoded."""
        settings = {"group.id": "test", "isolation.level": "read_committed", "enable.partition.eof": True}
        consumer = Consumer({"bootstrap.servers": self.kafka, **settings})
        numbers = consumer.list_topics(topic).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in numbers])
        # A partition that grows meanwhile reports its end more than once.
        found, unread = [], set(numbers)
        while unread:
            for message in consumer.consume(500, 0.5):
                failure = message.error()
                if failure is None:
                    found.append(self.codec.decode(message.value()))
                elif failure.code() == KafkaError._PARTITION_EOF:
                    unread.discard(message.partition())
        consumer.close()
        return found

    def answers_to(self, number: str) -> list[Any]:
        """The answers to a command."""
        return [d.message for d in self.everything("culm.command.answers.v1") if d.message.command_id == number]

    def events_of(self, task: int) -> list[str]:
        """Names of the events of a task."""
        return [d.name for d in self.everything("culm.task.events.v1") if d.envelope.aggregate_id == str(task)]


class Decider:
    """A decider in a thread of its own, with a state file of its own."""

    def __init__(self, log: Log, folder: Path) -> None:
        config = DeciderConfig(log.kafka, "", folder)
        self._codec = log.codec
        self._stop = threading.Event()
        self.ended_with: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(config,))
        self._thread.start()

    def _run(self, config: DeciderConfig) -> None:
        store = StateStore(RowCodec(self._codec), ClosedRowsOfShards(config.closed_rows_folder))
        watchdog = Watchdog(end=self._stop.set)
        loop = DeciderLoop(config, self._codec, store, lambda: KafkaDeciderLog(config, watchdog))
        try:
            while not self._stop.is_set():
                with contextlib.suppress(Interrupted):
                    loop.run(self._stop.is_set)
        except BaseException as problem:  # noqa: BLE001 - the test looks at it
            # without the frames that would keep the producer alive
            self.ended_with = problem.with_traceback(None)
            problem.__cause__ = problem.__context__ = None
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


@pytest.fixture(scope="module")
@starts_processes
def log() -> Iterator[Log]:
    """A broker and a registry of its own: these tests write to topics that others read."""
    for servers in brought_up(stack_for_tests(f"loop-{PORTS_OFFSET}", PORTS_OFFSET + 700), only_servers=True):
        yield Log(servers)


def until(holds: Callable[[], Any]) -> Any:
    """The first true answer."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


def test_a_second_decider_takes_the_slot_and_the_first_writes_no_more(log: Log, tmp_path: Path) -> None:
    task = time.time_ns() % 10**9
    first = Decider(log, tmp_path / "first")
    submitted = log.send(a_submission(task_id=task), task)
    until(lambda: log.answers_to(submitted))

    second = Decider(log, tmp_path / "second")
    until(lambda: log.send(a_submission(task_id=task), task) and not first.alive)
    killed = log.send(KillTask(), task)
    answers = until(lambda: log.answers_to(killed))

    assert isinstance(first.end(), Fenced)
    assert second.end() is None
    assert [answer.accepted for answer in answers] == [True]
    assert log.events_of(task) == ["TaskSubmitted", "TaskKillOrdered", "TaskFinalized"]


def test_a_decider_without_its_state_file_knows_what_the_log_says(log: Log, tmp_path: Path) -> None:
    task = time.time_ns() % 10**9
    first = Decider(log, tmp_path / "one")
    submitted = log.send(a_submission(task_id=task), task)
    until(lambda: log.answers_to(submitted))
    assert first.end() is None

    second = Decider(log, tmp_path / "other")
    again = log.send(a_submission(task_id=task), task)
    answers = until(lambda: log.answers_to(again))
    second.end()

    assert [(answer.accepted, answer.reason) for answer in answers] == [(False, "ALREADY_EXISTS")]


def test_a_poison_command_becomes_a_dead_letter_and_blocks_nothing(log: Log, tmp_path: Path) -> None:
    task = time.time_ns() % 10**9
    decider = Decider(log, tmp_path)

    log.send(a_submission(task_id=task), task, value=b"broken avro")
    number = log.send(a_submission(task_id=task), task)
    answers = until(lambda: log.answers_to(number))
    decider.end()

    assert [answer.accepted for answer in answers] == [True]
    letters = [d.message for d in log.everything("culm.deadletter.v1") if d.message.value == b"broken avro"]
    assert [letter.source_topic for letter in letters] == ["culm.task.commands.v1"]


class OnKafka:
    """A `Harness` on the real broker."""

    def __init__(self, log: Log, home: Path) -> None:
        self._log, self._home = log, home

    def open_log(self, instance: str = "1", group: str = GROUP) -> DeciderLog:
        """A membership of a decider."""
        config = DeciderConfig(
            self._log.kafka, "", self._home, instance, group, session_seconds=6.0, standstill_seconds=6.0
        )
        return KafkaDeciderLog(config, Watchdog(end=lambda: None))

    def session_ends(self, instance: str) -> None:
        """Time passes by itself."""

    def put(self, topic: str, key: bytes, value: bytes) -> None:
        """A committed record."""
        producer = Producer({"bootstrap.servers": self._log.kafka, "partitioner": "murmur2_random"})
        producer.produce(topic, key=key, value=value)
        assert producer.flush(30) == 0


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_log_on_kafka_keeps_its_promise(scene: Callable[[Harness, bytes], None], log: Log, tmp_path: Path) -> None:
    scene(OnKafka(log, tmp_path), str(uuid.uuid4()).encode())
