"""The log of a real broker and deciders in threads on it, for tests."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec

from commands.config import DeciderConfig
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.errors import Interrupted
from commands.engine.kafka_log import KafkaDeciderLog
from commands.engine.loop import DeciderLoop
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from deploy.stack import Stack
from eventlog.connection import connection, open_admin
from eventlog.consumers import positioned_reader
from eventlog.declarations import apply_declarations
from eventlog.registry import codec_from
from eventlog.watchdog import Watchdog
from schemas.task import KillTask, SubmitTask
from schemas.types import CommandEnvelope
from schemas.wire import Codec, entry_of

PATIENCE_SECONDS = 60.0


class CommittedRecords:
    """Every committed record of the topics that were asked for, decoded; each is read once, a look reads on from the last one."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self._codec, self._admin = codec, open_admin(kafka, "culm-test")
        self._reader = positioned_reader(kafka, "culm-test", hears_ends=True)
        self._topics: dict[str, list[tuple[str, int]]] = {}
        self._found: dict[str, list[Any]] = {}
        self._reached: dict[tuple[str, int], int] = {}

    def of(self, topics: Iterable[str]) -> list[Any]:
        """All that was committed when this was called, topic by topic."""
        asked = list(topics)
        self._read_on([place for topic in asked for place in self._places(topic)])
        return [decoded for topic in asked for decoded in self._found[topic]]

    def close(self) -> None:
        """Leave the broker."""
        self._reader.close()

    def _places(self, topic: str) -> list[tuple[str, int]]:
        if topic not in self._topics:
            numbers = self._reader.list_topics(topic).topics[topic].partitions
            self._topics[topic], self._found[topic] = [(topic, number) for number in numbers], []
            self._reader.incremental_assign([TopicPartition(*place, OFFSET_BEGINNING) for place in self._topics[topic]])
        return self._topics[topic]

    def _read_on(self, places: list[tuple[str, int]]) -> None:
        latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # theirs lacks a hint
        asked = {TopicPartition(*place): latest for place in places}
        answers = self._admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=10)
        ends = {(place.topic, place.partition): answer.result().offset for place, answer in answers.items()}
        while any(self._reached.get(place, 0) < end for place, end in ends.items()):
            message = self._reader.poll(1.0)
            if message is None:
                continue
            failure, topic, offset = message.error(), message.topic() or "", message.offset() or 0
            if failure is None:
                self._found[topic].append(self._codec.decode(message.value()))
            elif failure.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(failure)
            # The end of a partition lies behind the markers of its transactions, which are no messages.
            self._reached[topic, message.partition() or 0] = offset + 1 if failure is None else offset


class Log:
    """The topics of one stack, written and read by hand."""

    def __init__(self, servers: Stack) -> None:
        self.kafka, self.registry = servers.config.kafka, servers.config.registry
        apply_declarations(servers.config.kafka, servers.config.registry)
        self.codec: Codec = codec_from(servers.config.registry)
        self._producer = Producer({**connection(self.kafka, "culm-test"), "partitioner": "murmur2_random"})
        self._records = CommittedRecords(self.kafka, self.codec)

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
        self.put(entry_of(command).topic, str(task).encode(), value or self.codec.encode(command, envelope))
        return number

    def put(self, topic: str, key: bytes, value: bytes) -> None:
        """A record that is in the log when this returns."""
        self._producer.produce(topic, key=key, value=value)
        assert self._producer.flush(30) == 0

    def everything(self, *topics: str) -> list[Any]:
        """Every committed record of the topics, decoded."""
        return self._records.of(topics)

    def close(self) -> None:
        """Leave the broker."""
        self._records.close()

    def answers_to(self, number: str) -> list[Any]:
        """The answers to a command."""
        return [d.message for d in self.everything("culm.command.answers.v1") if d.message.command_id == number]

    def events_of(self, task: int) -> list[str]:
        """Names of the events of a task."""
        return [d.name for d in self.everything("culm.task.events.v1") if d.envelope.aggregate_id == str(task)]


class Decider:
    """A decider in a thread of its own, with files of its own."""

    def __init__(self, log: Log, folder: Path, instance: str = "1") -> None:
        config = DeciderConfig(log.kafka, "", folder, instance, session_seconds=6.0)
        self._codec = log.codec
        self.store = StateStore(RowCodec(log.codec), ClosedRowsOfShards(config.closed_rows_folder))
        self.shards: Callable[[], frozenset[int]] = frozenset
        self._stop = threading.Event()
        self.ended_with: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(config,))
        self._thread.start()

    def _run(self, config: DeciderConfig) -> None:
        watchdog = Watchdog(end=self._stop.set)
        loop = DeciderLoop(config, self._codec, self.store, lambda: KafkaDeciderLog(config, watchdog))
        self.shards = lambda: loop.shards
        try:
            while not self._stop.is_set():
                with contextlib.suppress(Interrupted):
                    loop.run(self._stop.is_set)
        except BaseException as problem:  # noqa: BLE001 - the test looks at it
            # without the frames that would keep the producer alive
            self.ended_with = problem.with_traceback(None)
            problem.__cause__ = problem.__context__ = None
        finally:
            self.store.close()

    def end(self) -> BaseException | None:
        """What it ended with, None for an orderly end."""
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        return self.ended_with

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self._thread.is_alive()


def until(holds: Callable[[], Any]) -> Any:
    """The first true answer."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found
