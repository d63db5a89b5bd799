"""The log of a real broker and deciders in threads on it, for tests."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

from commands.config import DeciderConfig
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.errors import Interrupted
from commands.engine.kafka_log import KafkaDeciderLog
from commands.engine.loop import DeciderLoop
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from deploy.stack import Stack
from eventlog.connection import connection
from eventlog.declarations import apply_declarations
from eventlog.registry import codec_from
from eventlog.watchdog import Watchdog
from schemas.task import KillTask, SubmitTask
from schemas.types import CommandEnvelope
from schemas.wire import Codec, entry_of

PATIENCE_SECONDS = 60.0


class Log:
    """The topics of one stack, written and read by hand."""

    def __init__(self, servers: Stack) -> None:
        self.kafka, self.registry = servers.config.kafka, servers.config.registry
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
        producer = Producer({**connection(self.kafka, "culm-test"), "partitioner": "murmur2_random"})
        producer.produce(entry_of(command).topic, key=str(task), value=value or self.codec.encode(command, envelope))
        assert producer.flush(30) == 0
        return number

    def everything(self, topic: str) -> list[Any]:
        """Every committed record of a topic, decoded."""
        settings = {"group.id": "test", "isolation.level": "read_committed", "enable.partition.eof": True}
        consumer = Consumer({**connection(self.kafka, "culm-test"), **settings})
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
