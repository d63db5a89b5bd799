"""Read, decide, write: one Kafka transaction a batch, for every aggregate of one slot.

In: command topics. Out, in the same transaction as the input offsets: events, answers, follow-up commands, dead letters.
Guards: one live writer per slot (fencing by transactional id); state is what the log says: after anything but a clean commit
the producer is thrown away and the states are rebuilt. Source: practice 6.3, 6.5.
"""

import contextlib
import time
from collections.abc import Callable

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from commands.config import DeciderConfig
from commands.errors import Fenced, Interrupted
from commands.slot import Bug, InputRecord, OutputRecord, Slot, command_topics, event_topics
from commands.state_store import Positions, StateStore
from commands.watchdog import Watchdog
from schemas.partition import PARTITIONER
from schemas.wire import Codec

FIRST_RECORD_SECONDS = 0.5
KAFKA_SECONDS_MAX = 8.0
HANGING_SECONDS = 10.0
ENDING_SECONDS = 15.0
REPLAY_BATCH = 5_000
log = structlog.get_logger()


class DeciderLoop:
    """The loop of one slot. `run` goes on until `stopped` says so; `Interrupted` means: make a new one."""

    def __init__(
        self, config: DeciderConfig, codec: Codec, store: StateStore, watchdog: Watchdog | None = None
    ) -> None:
        self._config = config
        self._store = store
        self._slot = Slot(store, codec)
        self._codec = codec
        self._watchdog = watchdog or Watchdog()
        self._snapshot_due = time.monotonic() + config.snapshot_seconds

    def run(self, stopped: Callable[[], bool]) -> None:
        """Own the slot until `stopped`; raises Fenced when another decider took it.

        A bug condemns the record that met it: the slot starts anew and keeps that record as a dead letter.
        """
        while not stopped():
            try:
                self._own_slot(stopped)
            except Bug as bug:
                record = bug.record
                log.exception("decision_met_a_bug", topic=record.topic, partition=record.partition, offset=record.offset)
                self._slot.condemned[(record.topic, record.partition, record.offset)] = str(bug)

    def _own_slot(self, stopped: Callable[[], bool]) -> None:
        """Fence the previous owner, rebuild the states, then decide (in this order: practice 6.3)."""
        began = time.monotonic()
        producer = Producer(self._producer_settings())
        consumer = Consumer(self._consumer_settings())
        try:
            with self._watchdog.limit(2 * KAFKA_SECONDS_MAX, "init_transactions"):
                producer.init_transactions(KAFKA_SECONDS_MAX)
            replayed = self._rebuild()
            self._assign(consumer)
            log.info(
                "slot_owned",
                slot=self._config.name,
                events_replayed=replayed,
                aggregates_in_memory=self._store.hot_count(),
                seconds=round(time.monotonic() - began, 2),
            )
            while not stopped():
                self._decide_batch(producer, consumer)
                if time.monotonic() >= self._snapshot_due:
                    self._snapshot()
            self._snapshot()
        except KafkaException as problem:
            raise _meaning_of(problem.args[0]) from problem
        finally:
            # A fenced producer says so once more while it is put away; what ended the slot is known already.
            with self._watchdog.limit(ENDING_SECONDS, "end of the slot"), contextlib.suppress(KafkaException):
                consumer.close()
                producer.purge()
                producer.flush(1.0)

    def _decide_batch(self, producer: Producer, consumer: Consumer) -> None:
        """Everything that is there, up to the batch limit, in one transaction; waits for the first record only."""
        first = consumer.poll(FIRST_RECORD_SECONDS)
        if first is None:
            return
        messages = [first, *consumer.consume(self._config.batch_max - 1, 0)]
        records = [_input(message) for message in messages if not _is_failure(message)]
        outputs: list[OutputRecord] = []
        for record in records:
            outputs += self._slot.handle(record)
        offsets: dict[tuple[str, int], int] = {}
        for record in records:
            offsets[(record.topic, record.partition)] = record.offset + 1
        with self._watchdog.limit(HANGING_SECONDS, "transaction"):
            producer.begin_transaction()
            for output in outputs:
                _produce(producer, output)
            producer.send_offsets_to_transaction(
                [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()],
                consumer.consumer_group_metadata(),
                KAFKA_SECONDS_MAX,
            )
            producer.commit_transaction(KAFKA_SECONDS_MAX)
        self._store.committed()

    def _rebuild(self) -> int:
        """Number of events folded to bring the states to the end of the log."""
        self._store.reload()
        folded = 0
        reader = Consumer(self._consumer_settings() | {"enable.partition.eof": True, "group.id": "culm-replay"})
        try:
            known = self._store.positions()
            places = [
                TopicPartition(topic, partition, known.get((topic, partition), OFFSET_BEGINNING))
                for topic, partition in self._owned(reader, event_topics())
            ]
            reader.assign(places)
            unread = {(place.topic, place.partition) for place in places}
            while unread:
                for message in reader.consume(REPLAY_BATCH, 0.2):
                    failure = message.error()
                    if failure is None:
                        record = _input(message)
                        decoded = self._codec.decode(record.value)
                        self._slot.replay(record.topic, record.partition, record.offset, decoded)
                        folded += 1
                    elif failure.code() == KafkaError._PARTITION_EOF:
                        unread.discard((message.topic(), message.partition()))
                    else:
                        raise KafkaException(failure)
        finally:
            reader.close()
        self._store.writer_epoch += 1
        return folded

    def _assign(self, consumer: Consumer) -> None:
        """Read every owned command partition from its committed offset, from the beginning where none is committed."""
        owned = [TopicPartition(topic, partition) for topic, partition in self._owned(consumer, command_topics())]
        committed = consumer.committed(owned, KAFKA_SECONDS_MAX)
        for place in committed:
            if place.error is not None:
                raise KafkaException(place.error)
            if place.offset < 0:
                place.offset = OFFSET_BEGINNING
        consumer.assign(committed)

    def _owned(self, consumer: Consumer, topics: tuple[str, ...]) -> list[tuple[str, int]]:
        metadata = consumer.list_topics(timeout=KAFKA_SECONDS_MAX)
        for topic in topics:
            if topic not in metadata.topics:
                raise Interrupted(f"topic {topic} does not exist; run `python -m schemas apply`")
        return [
            (topic, partition)
            for topic in topics
            for partition in sorted(metadata.topics[topic].partitions)
            if partition % self._config.slots == self._config.slot
        ]

    def _snapshot(self) -> None:
        """Write what changed to the state file, with the ends of the event partitions as its positions.

        Between two transactions everything up to those ends is folded: this slot alone writes there.
        """
        began = time.monotonic()
        reader = Consumer(self._consumer_settings() | {"group.id": "culm-replay"})
        try:
            positions: Positions = {}
            for topic, partition in self._owned(reader, event_topics()):
                _, end = reader.get_watermark_offsets(TopicPartition(topic, partition), KAFKA_SECONDS_MAX)
                positions[(topic, partition)] = end
        finally:
            reader.close()
        written = self._store.snapshot(positions)
        self._snapshot_due = time.monotonic() + self._config.snapshot_seconds
        log.info(
            "snapshot_written",
            entries=written,
            aggregates_in_memory=self._store.hot_count(),
            seconds=round(time.monotonic() - began, 2),
        )

    def _producer_settings(self) -> dict[str, str | int | bool]:
        return {
            "bootstrap.servers": self._config.kafka,
            "transactional.id": self._config.name,
            "transaction.timeout.ms": self._config.transaction_ms_max,
            "message.timeout.ms": self._config.transaction_ms_max - 1_000,
            "enable.idempotence": True,
            "linger.ms": 1,
            # A broker that comes back is known again soon. A transaction that follows the last one closely is told to come back:
            # 100 ms, the default pause, would be most of its time.
            "metadata.max.age.ms": 2000,
            "retry.backoff.ms": 2,
            "retry.backoff.max.ms": 100,
            "batch.size": 262_144,
            "compression.type": "lz4",
            "partitioner": PARTITIONER,
            "queue.buffering.max.kbytes": 65_536,
            "queue.buffering.max.messages": 200_000,
        }

    def _consumer_settings(self) -> dict[str, str | int | bool]:
        return {
            "bootstrap.servers": self._config.kafka,
            "group.id": self._config.name,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "error",
            "fetch.min.bytes": 1,
            "fetch.wait.max.ms": 100,
            "queued.max.messages.kbytes": 16_384,
        }


def _produce(producer: Producer, output: OutputRecord) -> None:
    """Queue one record; a full queue is back-pressure, never a reason to drop."""
    while True:
        try:
            producer.produce(output.topic, key=output.key, value=output.value)
            return
        except BufferError:
            producer.poll(0.01)


def _input(message: Message) -> InputRecord:
    kind, milliseconds = message.timestamp()
    timestamp = 0 if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds * 1000
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return InputRecord(topic, partition, offset, message.key(), message.value(), timestamp)


def _is_failure(message: Message) -> bool:
    """True for a passing trouble report; raises for one that ends the slot."""
    failure = message.error()
    if failure is None:
        return False
    if failure.fatal() or failure.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
        raise KafkaException(failure)
    log.warning("consumer_trouble", problem=str(failure))
    return True


def _meaning_of(failure: KafkaError) -> Fenced | Interrupted:
    """Whether another owner has the slot, or it must be started anew."""
    fenced = failure.code() in (
        KafkaError._FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    )
    return Fenced(str(failure)) if fenced else Interrupted(str(failure))
