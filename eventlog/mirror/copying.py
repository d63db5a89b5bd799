"""Copies the events of one organisation into topics of its own, each once.

In: the topics of events of tasks and jobs, all committed records, partition by partition. Out: the records whose envelope names
the organisation, with the same bytes, key, partition, order and time, in `culm.vo.NAME.*`. Invariant: records and the positions
up to which they were read are one transaction, so that a copy is complete and holds nothing twice, no matter what ends when. A
second mirror of the same organisation fences the first one. A record that cannot be read stops the mirror there: whose it is is
not known. Source: docs/reference/kafka.md, "Read, decide, write".
"""

import threading
from dataclasses import replace

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from eventlog.connection import open_admin
from eventlog.consumers import follower
from eventlog.producers import transactional_producer
from eventlog.reading import take_what_is_there
from eventlog.topics import apply_topics
from process.metrics import RECORDS
from process.mirrored import copy_of, group_of_mirror, sources
from schemas.topics import Topic, TopicDiffers, declared_topics
from schemas.wire import Codec, Poison

RECORDS_MAX = 2_000
WAIT_SECONDS, ROOM_WAIT_SECONDS = 0.5, 0.01
KAFKA_SECONDS_MAX = 20.0
TRANSACTION_MS_MAX = 30_000
PAUSE_SECONDS_MAX = 10.0
log = structlog.get_logger()


def copies(vo: str, partitions: int) -> tuple[Topic, ...]:
    """The topics for `vo`, as their sources are declared; a record keeps the time that it has in its source."""
    own_time = {"message.timestamp.type": "CreateTime"}
    return tuple(
        replace(topic, name=copy_of(topic.name, vo), partitions=partitions, config=topic.config | own_time)
        for topic in declared_topics()
        if topic.name in sources()
    )


class Mirror:
    """The mirror of one organisation."""

    def __init__(self, kafka: str, vo: str, codec: Codec, ending: threading.Event) -> None:
        """ending: set when it is to end."""
        self._kafka, self._vo, self._codec, self._ending = kafka, vo, codec, ending

    def run(self) -> None:
        """Copy until it is to end; waits while Kafka is away."""
        pause = 0.2
        while not self._ending.is_set():
            try:
                self.copy()
                pause = 0.2
            except (KafkaException, Poison, TopicDiffers) as problem:
                log.warning("mirror_waits", vo=self._vo, problem=str(problem)[:200], retry_in_seconds=pause)
                self._ending.wait(pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)

    def copy(self, *, until_the_end: bool = False) -> int:
        """Copy what comes, or with `until_the_end` what is there; their number. Raises KafkaException, Poison, TopicDiffers."""
        name = group_of_mirror(self._vo)
        consumer = follower(self._kafka, name, group=name)
        try:
            places = self._places(consumer)
            producer = transactional_producer(self._kafka, name, transaction_ms_max=TRANSACTION_MS_MAX)
            producer.init_transactions(KAFKA_SECONDS_MAX)
            # Only now: what an earlier mirror had begun is over.
            consumer.assign(_begun(consumer.committed(places, KAFKA_SECONDS_MAX)))
            return self._copy(consumer, producer, places, until_the_end)
        finally:
            consumer.close()

    def _places(self, consumer: Consumer) -> list[TopicPartition]:
        """Every partition of the sources; the copies are there afterwards."""
        known = open_admin(self._kafka, "culm-mirror").list_topics(timeout=KAFKA_SECONDS_MAX).topics
        missing = [topic for topic in sources() if topic not in known]
        if missing:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"{missing[0]} is not there yet"))
        apply_topics(self._kafka, copies(self._vo, len(known[sources()[0]].partitions)))
        return [TopicPartition(topic, number) for topic in sources() for number in known[topic].partitions]

    def _copy(self, consumer: Consumer, producer: Producer, places: list[TopicPartition], until_the_end: bool) -> int:
        copied, at_end = 0, set[tuple[str, int]]()
        while not self._ending.is_set():
            found = take_what_is_there(consumer, RECORDS_MAX, WAIT_SECONDS)
            records = [message for message in found if message.error() is None]
            at_end |= {_place(message) for message in found if _is_end(message)}
            if records:
                copied += self._write(consumer, producer, records)
            if until_the_end and len(at_end) == len(places):
                break
        return copied

    def _write(self, consumer: Consumer, producer: Producer, records: list[Message]) -> int:
        """One transaction: the records that are of the organisation, and how far was read."""
        mine = [message for message in records if self._codec.decode(message.value()).envelope.vo == self._vo]
        read = {_place(message): (message.offset() or 0) + 1 for message in records}
        producer.begin_transaction()
        try:
            for message in mine:
                self._send(producer, message)
            positions = [TopicPartition(*place, offset) for place, offset in read.items()]
            producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), KAFKA_SECONDS_MAX)
            producer.commit_transaction(KAFKA_SECONDS_MAX)
        except BaseException:
            _abort(producer)
            raise
        RECORDS.labels("mirror").inc(len(records))
        return len(mine)

    def _send(self, producer: Producer, message: Message) -> None:
        """Hand a copy over for delivery; waits while the local queue is full."""
        topic, partition = _place(message)
        _, time_ms = message.timestamp()
        while True:
            try:
                producer.produce(
                    copy_of(topic, self._vo), value=message.value(), key=message.key(), partition=partition, timestamp=time_ms
                )
                return
            except BufferError:
                producer.poll(ROOM_WAIT_SECONDS)


def _begun(committed: list[TopicPartition]) -> list[TopicPartition]:
    """Where to read on; from the beginning where nothing was read yet."""
    failed = next((place.error for place in committed if place.error is not None), None)
    if failed is not None:
        raise KafkaException(failed)
    return [
        TopicPartition(place.topic, place.partition, OFFSET_BEGINNING if place.offset == OFFSET_INVALID else place.offset)
        for place in committed
    ]


def _place(message: Message) -> tuple[str, int]:
    topic, partition = message.topic(), message.partition()
    assert topic is not None
    assert partition is not None
    return topic, partition


def _is_end(message: Message) -> bool:
    """Whether it says that a partition ends here; raises KafkaException for another failure."""
    problem = message.error()
    if problem is None:
        return False
    if problem.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(problem)
    return True


def _abort(producer: Producer) -> None:
    """End the transaction without its records; one that cannot be ended now is ended by the next mirror, or by its time."""
    try:
        producer.abort_transaction(KAFKA_SECONDS_MAX)
    except KafkaException as problem:
        log.warning("transaction_not_aborted", problem=str(problem)[:200])
