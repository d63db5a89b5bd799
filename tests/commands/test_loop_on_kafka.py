"""The decider's loop on a real broker: one writer a shard, states from the log, poison that blocks nothing."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from commands.config import GROUP, DeciderConfig
from commands.engine.errors import Fenced
from commands.engine.kafka_log import KafkaDeciderLog
from commands.engine.log_port import DeciderLog
from commands.engine.partition_reader import PartitionReader
from eventlog.connection import connection
from eventlog.watchdog import Watchdog
from schemas.partition import partition_of
from schemas.task import KillTask
from tests.commands.builders import a_submission
from tests.commands.log_port_contract import SCENES, Harness
from tests.commands.on_kafka import Decider, Log, until
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.starting import starts_processes

pytestmark = pytest.mark.stack

@pytest.fixture(scope="module")
@starts_processes
def log() -> Iterator[Log]:
    """A broker and a registry of its own: these tests write to topics that others read."""
    for servers in brought_up(stack_for_tests(f"loop-{PORTS_OFFSET}", PORTS_OFFSET + 700), only_servers=True):
        with contextlib.closing(Log(servers)) as one:
            yield one


def test_a_second_decider_takes_the_shard_and_the_first_writes_no_more(log: Log, tmp_path: Path) -> None:
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
        self._log.put(topic, key, value)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_log_on_kafka_keeps_its_promise(scene: Callable[[Harness, bytes], None], log: Log, tmp_path: Path) -> None:
    scene(OnKafka(log, tmp_path), str(uuid.uuid4()).encode())


def test_a_partition_to_which_only_aborted_transactions_wrote_has_no_records(log: Log, tmp_path: Path) -> None:
    topic, on_kafka = "culm.policy.events.v1", OnKafka(log, tmp_path)
    dies = Producer({**connection(log.kafka, "culm-test"), "partitioner": "murmur2_random", "transactional.id": "dies"})
    dies.init_transactions(30)
    dies.begin_transaction()
    for number in range(50):
        dies.produce(topic, key=f"{number}".encode(), value=b"event")
    dies.flush(30)
    dies.abort_transaction(30)
    reader = PartitionReader(log.kafka, 10.0)
    places = [(topic, shard) for shard in range(reader.partitions([topic]))]
    ends = reader.ends([topic], range(len(places)))

    before = reader.with_records(places)
    on_kafka.put(topic, b"1", b"event")

    assert all(ends.values())
    assert before == frozenset()
    assert reader.with_records(places) == {(topic, partition_of("1", len(places)))}
