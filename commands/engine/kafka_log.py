"""A slot's log on Kafka: fencing by transactional id, positions committed with the records, read_committed readers.

Source: docs/reference/kafka.md, "Read, decide, write".
librdkafka's transaction calls may never return after a broker was killed, so a watchdog limits each.
"""

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ParamSpec, TypeVar

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from commands.aggregates import command_topics
from commands.config import DeciderConfig
from commands.engine.entries import Positions
from commands.engine.errors import Fenced, Interrupted, Unwritable
from commands.engine.inline import Backlog
from commands.engine.records import InputRecord, OutputRecord
from eventlog.consumers import group_reader, positioned_reader
from eventlog.producers import transactional_producer
from eventlog.reading import take_what_is_there
from eventlog.watchdog import Watchdog
from schemas.catalog import LIVE_ROWS
from schemas.instants import micros_of_millis
from schemas.partition import partition_of

FIRST_RECORD_SECONDS = 0.5
KAFKA_SECONDS_MAX = 8.0
HANGING_SECONDS = 10.0
ENDING_SECONDS = 15.0
REPLAY_BATCH = 5_000
log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")


def _telling(call: Callable[P, R]) -> Callable[P, R]:
    """`call`, with Kafka's errors told as what they mean for the slot."""

    @functools.wraps(call)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except KafkaException as problem:
            raise _meaning_of(problem.args[0]) from problem

    return told


class KafkaShardLog:
    """One ownership of one slot; implements `ShardLog`."""

    def __init__(self, config: DeciderConfig, watchdog: Watchdog) -> None:
        self._config = config
        self._watchdog = watchdog
        self._producer = transactional_producer(config.kafka, config.name, transaction_ms_max=config.transaction_ms_max)
        self._consumer = group_reader(config.kafka, config.name)
        self._partitions = 0

    @_telling
    def acquire(self) -> None:
        """Fence the previous owner."""
        with self._watchdog.limit(2 * KAFKA_SECONDS_MAX, "init_transactions"):
            self._producer.init_transactions(KAFKA_SECONDS_MAX)
        self._partitions = self._count_of(LIVE_ROWS)

    def read(self, topics: Sequence[str], known: Positions) -> Iterator[InputRecord]:
        """Committed records up to the present end."""
        reader = self._reader()
        try:
            places = [
                TopicPartition(topic, partition, known.get((topic, partition), OFFSET_BEGINNING))
                for topic, partition in self._owned(reader, topics)
            ]
            reader.assign(places)
            unread = {(place.topic, place.partition) for place in places}
            while unread:
                for message in reader.consume(REPLAY_BATCH, 0.2):
                    failure = message.error()
                    if failure is None:
                        yield _input(message)
                    elif failure.code() == KafkaError._PARTITION_EOF:
                        unread.discard((message.topic(), message.partition()))
                    else:
                        raise KafkaException(failure)
        except KafkaException as problem:
            raise _meaning_of(problem.args[0]) from problem
        finally:
            reader.close()

    @_telling
    def start_reading(self) -> Backlog:
        """Assign every owned command partition."""
        owned = [TopicPartition(topic, partition) for topic, partition in self._owned(self._consumer, command_topics())]
        committed = self._consumer.committed(owned, KAFKA_SECONDS_MAX)
        unread: Positions = {}
        for place in committed:
            if place.error is not None:
                raise KafkaException(place.error)
            first, end = self._consumer.get_watermark_offsets(place, KAFKA_SECONDS_MAX)
            if place.offset < 0:
                place.offset = first
            if place.offset < end:
                unread[(place.topic, place.partition)] = end
        self._consumer.assign(committed)
        topics = self._consumer.list_topics(timeout=KAFKA_SECONDS_MAX).topics
        return Backlog({topic: len(topics[topic].partitions) for topic in command_topics()}, unread)

    @_telling
    def take(self, records_max: int) -> Sequence[InputRecord]:
        """What is there, up to `records_max`; waits for the first record only."""
        messages = take_what_is_there(self._consumer, records_max, FIRST_RECORD_SECONDS)
        return [_input(message) for message in messages if not _is_failure(message)]

    @_telling
    def commit(self, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        """One Kafka transaction; Unwritable when client or broker do not take a record as large as the largest of it."""
        records = list(outputs)
        try:
            self._transaction(records, positions)
        except KafkaException as problem:
            if problem.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE or not records:
                raise
            with self._watchdog.limit(HANGING_SECONDS, "abort_transaction"):
                self._producer.abort_transaction(KAFKA_SECONDS_MAX)
            # The broker does not say which one it was.
            number = max(range(len(records)), key=lambda place: records[place].size)
            raise Unwritable(number, records[number].topic, len(records[number].value or b"")) from None

    def _transaction(self, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        producer = self._producer
        with self._watchdog.limit(HANGING_SECONDS, "transaction"):
            producer.begin_transaction()
            for output in outputs:
                self._produce(output)
            if positions:
                producer.send_offsets_to_transaction(
                    [TopicPartition(topic, partition, offset) for (topic, partition), offset in positions.items()],
                    self._consumer.consumer_group_metadata(),
                    KAFKA_SECONDS_MAX,
                )
            producer.commit_transaction(KAFKA_SECONDS_MAX)

    @_telling
    def ends(self, topics: Sequence[str]) -> Positions:
        """Between two transactions everything up to these ends is known, as long as the slot is ours: only a commit tells."""
        reader = self._reader()
        try:
            positions: Positions = {}
            for topic, partition in self._owned(reader, topics):
                _, end = reader.get_watermark_offsets(TopicPartition(topic, partition), KAFKA_SECONDS_MAX)
                positions[(topic, partition)] = end
        finally:
            reader.close()
        return positions

    def release(self) -> None:
        """Put consumer and producer away. A fenced producer says so once more; what ended the slot is known already."""
        with self._watchdog.limit(ENDING_SECONDS, "end of the slot"), contextlib.suppress(KafkaException):
            self._consumer.close()
            self._producer.purge()
            self._producer.flush(1.0)

    def _produce(self, output: OutputRecord) -> None:
        """Queue one record; a full queue is back-pressure, never a reason to drop."""
        partition = output.partition
        if partition is None and output.placed_by is not None:
            partition = partition_of(output.placed_by, self._partitions)
        while True:
            try:
                self._producer.produce(output.topic, output.value, output.key, -1 if partition is None else partition)
                return
            except BufferError:
                self._producer.poll(0.01)

    def _reader(self) -> Consumer:
        return positioned_reader(self._config.kafka, "culm-replay", hears_ends=True)

    def _count_of(self, topic: str) -> int:
        found = self._consumer.list_topics(topic, timeout=KAFKA_SECONDS_MAX).topics[topic]
        if found.error is not None or not found.partitions:
            raise Interrupted(f"topic {topic} does not exist; run `python -m eventlog apply`")
        return len(found.partitions)

    def _owned(self, consumer: Consumer, topics: Sequence[str]) -> list[tuple[str, int]]:
        metadata = consumer.list_topics(timeout=KAFKA_SECONDS_MAX)
        for topic in topics:
            if topic not in metadata.topics:
                raise Interrupted(f"topic {topic} does not exist; run `python -m eventlog apply`")
        return [
            (topic, partition)
            for topic in topics
            for partition in sorted(metadata.topics[topic].partitions)
            if partition % self._config.slots == self._config.slot
        ]




def _input(message: Message) -> InputRecord:
    kind, milliseconds = message.timestamp()
    timestamp = 0 if kind == TIMESTAMP_NOT_AVAILABLE else micros_of_millis(milliseconds)
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return InputRecord(topic, partition, offset, message.key(), message.value(), timestamp)


def _is_failure(message: Message) -> bool:
    """True for a transient error; raises for one that ends the slot."""
    failure = message.error()
    if failure is None:
        return False
    if failure.fatal() or failure.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
        raise KafkaException(failure)
    log.warning("consumer_trouble", problem=str(failure))
    return True


def _meaning_of(failure: KafkaError) -> Fenced | Interrupted:
    """Whether another owner has the slot, or it must be restarted."""
    fenced = failure.code() in (
        KafkaError._FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    )
    return Fenced(str(failure)) if fenced else Interrupted(str(failure))
