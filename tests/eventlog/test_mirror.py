"""The mirror of an organisation on a real Kafka: complete, nothing twice, no byte of another; its consumers read nothing else."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_CREATE_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from cli.client_environment import consumer_of_one
from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.kafka.reading import allow_reading
from deploy.stack import Stack
from eventlog.connection import connection
from eventlog.consumers import one_shot_reader
from eventlog.declarations import apply_declarations
from eventlog.mirror import copying
from eventlog.mirror.copying import Mirror
from eventlog.producers import idempotent_producer, transactional_producer
from eventlog.registry import codec_from
from process.mirrored import VARIABLE, copy_of, sources
from process.servers import kafka_of
from process.settings import Settings
from schemas.job import JobHolding
from schemas.task import TaskPaused
from schemas.wire import Codec
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.projections.event_writer import EventWriter, a_codec
from tests.starting import starts_processes

TASKS, JOBS = sources()
#: Organisations of the tasks by number; zebra has no mirror, and its name stands in all that is its own.
VOS = ("atlas", "cms", "zebra", "atlas")
RECORD = {"topic": TASKS, "partition": 0, "key": b"1", "value": b"x", "timestamp": (1, 7)}
Held = list[tuple[int, bytes | None, bytes | None, int]]


@pytest.fixture(scope="module")
@starts_processes
def servers_with_mirrors() -> Iterator[Stack]:
    """Kafka and registry where atlas and cms have accounts; topics and schemas are there."""
    base = stack_for_tests(f"mirror-{PORTS_OFFSET}", PORTS_OFFSET + 800)
    environ = {**base.environ, VARIABLE: "atlas,cms"}
    config = StackConfig.from_environ(environ, home=base.config.home, ports=base.config.ports)
    for one in brought_up(Stack(config, environ), only_servers=True):
        apply_declarations(one.config.kafka, one.config.registry)
        yield one


@pytest.fixture(scope="module")
def codec(servers_with_mirrors: Stack) -> Codec:
    return codec_from(servers_with_mirrors.config.registry)


class Log:
    """Writes events of four organisations' tasks in turn, as deciders do."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self.kafka, self.codec = kafka, codec
        self.writer = EventWriter()

    def write(self, count: int) -> None:
        producer = idempotent_producer(self.kafka, "test")
        for number in range(count):
            self._send(producer, number)
        assert producer.flush(30) == 0

    def write_and_abort(self) -> None:
        producer = transactional_producer(self.kafka, "culm-test", transaction_ms_max=10_000)
        producer.init_transactions(20)
        producer.begin_transaction()
        self._send(producer, 0)
        producer.flush(20)
        producer.abort_transaction(20)

    def _send(self, producer: Producer, number: int) -> None:
        task = 1 + number % 40
        vo = VOS[task % len(VOS)]
        message: Any = TaskPaused(reason=f"{vo} rests {number}") if number % 2 else JobHolding(sub_status=f"{vo}-{number}")
        topic = TASKS if number % 2 else JOBS
        envelope = self.writer.envelope(message, task, vo=vo, actor=f"{vo}-person")
        producer.produce(topic, key=str(task), value=self.codec.encode(message, envelope))

    def held(self, topic: str, vo: str = "") -> Held:
        """Partition, key, value and time of each record of `topic`, in order; of one organisation where `vo` is given."""
        records = sorted(read(one_shot_reader(self.kafka, "test"), topic), key=lambda one: (one.partition(), one.offset()))
        return [
            (one.partition() or 0, one.key(), one.value(), one.timestamp()[1])
            for one in records
            if not vo or self.codec.decode(one.value()).envelope.vo == vo
        ]


def read(consumer: Consumer, topic: str) -> list[Message]:
    """Every committed record of `topic`."""
    found: list[Message] = []
    try:
        numbers = list(consumer.list_topics(topic, timeout=20).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in numbers])
        ended = 0
        while ended < len(numbers):
            message = consumer.poll(20)
            assert message is not None, f"no answer for {topic}"
            problem = message.error()
            if problem is None:
                found.append(message)
            elif problem.code() == KafkaError._PARTITION_EOF:
                ended += 1
            else:
                raise KafkaException(problem)
    finally:
        consumer.close()
    return found


class DiesBeforeItCommits:
    """A producer of which nothing more comes once all is written: as of a process that was killed."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def commit_transaction(self, *_: float) -> None:
        self._producer.flush(20)
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    def abort_transaction(self, *_: float) -> None:
        return


class FullAtFirst:
    """A producer whose local queue has no room until it was polled."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def produce(self, topic: str, **_: Any) -> None:
        self.calls.append(topic)
        if "room" not in self.calls:
            raise BufferError

    def poll(self, _: float) -> int:
        self.calls.append("room")
        return 0


def test_a_full_queue_is_waited_out() -> None:
    message: Any = type("Record", (), {name: lambda _, found=found: found for name, found in RECORD.items()})()
    producer: Any = FullAtFirst()

    Mirror("127.0.0.1:1", "atlas", a_codec(), threading.Event())._send(producer, message)

    assert producer.calls == ["culm.vo.atlas.task.events.v1", "room", "culm.vo.atlas.task.events.v1"]


def copied(log: Log, vo: str) -> int:
    return Mirror(log.kafka, vo, log.codec, threading.Event()).copy(until_the_end=True)


def test_a_mirror_is_complete_and_holds_nothing_twice_also_after_one_that_was_killed(
    servers_with_mirrors: Stack, codec: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(servers_with_mirrors.config.kafka, codec)
    log.write(400)
    log.write_and_abort()
    with monkeypatch.context() as killed:
        killed.setattr(
            copying, "transactional_producer", lambda *of, **named: DiesBeforeItCommits(transactional_producer(*of, **named))
        )
        with pytest.raises(KafkaException):
            copied(log, "atlas")
    first = copied(log, "atlas")
    log.write(80)

    counts = (first, copied(log, "atlas"), copied(log, "atlas"), copied(log, "cms"))

    assert counts == (200, 40, 0, 120)
    for topic in sources():
        for vo in ("atlas", "cms"):
            assert log.held(copy_of(topic, vo)) == log.held(topic, vo), (topic, vo)
    assert [len(log.held(topic, "zebra")) for topic in sources()] == [120, 0]


def settings_of(stack: Stack, vo: str) -> dict[str, Any]:
    """How a consumer of `vo` logs in with what `culm env --consumer --vo` prints."""
    found = consumer_of_one(stack.config, vo)
    environ = {**found, "CULM_HOME": str(stack.config.home)}
    return {**connection(kafka_of(Settings(environ)), "consumer"), "log_level": 0}


def test_a_consumer_of_an_organisation_reads_its_copies_and_no_byte_of_another(servers_with_mirrors: Stack, codec: Codec) -> None:
    log, settings = Log(servers_with_mirrors.config.kafka, codec), settings_of(servers_with_mirrors, "atlas")
    log.write(40)
    copied(log, "atlas")
    copied(log, "cms")

    reading = {**settings, "group.id": "consumer.atlas.a", "enable.partition.eof": True, "isolation.level": "read_committed"}
    found = [message for topic in sources() for message in read(Consumer(reading), copy_of(topic, "atlas"))]
    seen = set(AdminClient(settings).list_topics(timeout=20).topics)

    text = b"".join((message.key() or b"") + (message.value() or b"") for message in found)
    assert (b"atlas-person" in text, b"zebra" in text, b"cms" in text) == (True, False, False)
    assert {message.timestamp()[0] for message in found} == {TIMESTAMP_CREATE_TIME}
    assert seen == {copy_of(topic, "atlas") for topic in sources()}
    admin, closed = AdminClient(settings), (*sources(), copy_of(TASKS, "cms"), "culm.job.commands.v1", "culm.pilot.heartbeats.v1")
    errors = {name: admin.list_topics(name, timeout=20).topics[name].error for name in closed}
    assert {name: error and error.name() for name, error in errors.items()} == dict.fromkeys(closed, "TOPIC_AUTHORIZATION_FAILED")


@pytest.mark.parametrize("group", ["consumer.cms.a", "consumer-a", "culm-mirror-atlas"])
def test_a_consumer_of_an_organisation_joins_no_group_of_another(servers_with_mirrors: Stack, codec: Codec, group: str) -> None:
    copied(Log(servers_with_mirrors.config.kafka, codec), "atlas")
    consumer = Consumer({**settings_of(servers_with_mirrors, "atlas"), "group.id": group})
    try:
        consumer.subscribe([copy_of(TASKS, "atlas")])
        message = consumer.poll(20)
    finally:
        consumer.close()

    assert message is not None
    failure = message.error()
    assert failure is not None
    assert failure.name() == "GROUP_AUTHORIZATION_FAILED"


def test_a_consumer_of_an_organisation_writes_nothing(servers_with_mirrors: Stack, codec: Codec) -> None:
    copied(Log(servers_with_mirrors.config.kafka, codec), "atlas")
    outcomes: list[str] = []
    producer = Producer({**settings_of(servers_with_mirrors, "atlas"), "message.timeout.ms": 10_000})
    told: Callable[[Any, Any], None] = lambda error, _: outcomes.append(error.name() if error else "taken")  # noqa: E731
    producer.produce(copy_of(TASKS, "atlas"), key=b"k", value=b"v", on_delivery=told)
    producer.flush(20)

    assert outcomes == ["TOPIC_AUTHORIZATION_FAILED"]


def test_an_organisation_whose_mirror_was_taken_away_reads_nothing_more(servers_with_mirrors: Stack, codec: Codec) -> None:
    config = servers_with_mirrors.config
    copied(Log(config.kafka, codec), "cms")
    settings, name = settings_of(servers_with_mirrors, "cms"), copy_of(TASKS, "cms")
    try:
        allow_reading(config.kafka, ("atlas",))
        error = AdminClient(settings).list_topics(name, timeout=20).topics[name].error
    finally:
        allow_reading(config.kafka, config.mirrored)

    assert error is not None
    assert error.name() == "TOPIC_AUTHORIZATION_FAILED"


def test_an_organisation_without_a_mirror_is_named(servers_with_mirrors: Stack) -> None:
    with pytest.raises(StepFailed, match="zebra has no mirror, atlas, cms have: set CULM_MIRROR_VOS"):
        consumer_of_one(servers_with_mirrors.config, "zebra")
