"""What could not be handled: the newest dead letters, and one of them sent again to where it came from.

The content of a letter is not shown: it may be of another VO, or of nobody. What went wrong is told only to the VO that the
letter's own envelope names.
"""

from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from api.errors import LogUnavailable, NotFound
from schemas.catalog import CATALOG
from schemas.deadletter import DeadLetter
from schemas.wire import Codec, Poison

TOPIC = CATALOG["culm.deadletter.DeadLetter"].topic
SECONDS_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Letters:
    """The newest letters, the newest first, and how many there are."""

    shown: list[dict[str, Any]]
    total: int


def dead_letters(kafka: str, codec: Codec, limit: int) -> Letters:
    """Up to `limit` of the newest letters; raises LogUnavailable."""
    consumer = _consumer(kafka)
    try:
        parts, total = [], 0
        for number in consumer.list_topics(TOPIC, timeout=SECONDS_MAX).topics[TOPIC].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(TOPIC, number), timeout=SECONDS_MAX)
            total += high - low
            if high > low:
                parts.append(TopicPartition(TOPIC, number, max(low, high - limit)))
        found = _read(consumer, codec, parts)
    except KafkaException as problem:
        raise LogUnavailable(f"the dead letters cannot be read: {problem}") from problem
    finally:
        consumer.close()
    found.sort(key=lambda letter: -letter["at"])
    return Letters(found[:limit], total)


def send_again(kafka: str, codec: Codec, partition: int, offset: int) -> str:
    """Send what the letter at `offset` holds to its own topic again; that topic. Raises NotFound, LogUnavailable."""
    consumer = _consumer(kafka)
    try:
        consumer.assign([TopicPartition(TOPIC, partition, offset)])
        message = consumer.poll(SECONDS_MAX)
    finally:
        consumer.close()
    if message is None or message.error() is not None or message.offset() != offset:
        raise NotFound(f"no dead letter at {TOPIC}/{partition}/{offset}")
    try:
        letter: DeadLetter = codec.decode(message.value()).message
    except Poison as problem:
        raise NotFound(f"what is at {TOPIC}/{partition}/{offset} is no dead letter: {str(problem)[:200]}") from problem
    failures: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": kafka, "client.id": "culm-api-letters", "partitioner": "murmur2_random"})
    producer.produce(
        letter.source_topic,
        key=letter.key,
        value=letter.value,
        partition=letter.source_partition,
        on_delivery=lambda error, _: failures.append(error) if error else None,
    )
    if producer.flush(SECONDS_MAX) or failures:
        raise LogUnavailable(f"the letter could not be sent to {letter.source_topic}")
    return letter.source_topic


def _read(consumer: Consumer, codec: Codec, parts: list[TopicPartition]) -> list[dict[str, Any]]:
    if not parts:
        return []
    consumer.assign(parts)
    found, unread = [], {part.partition for part in parts}
    while unread:
        # `consume` alone would wait until the batch is full.
        first = consumer.poll(SECONDS_MAX)
        if first is None:
            raise LogUnavailable("the dead letters could not be read in time")
        for message in (first, *consumer.consume(500, 0)):
            failure = message.error()
            if failure is None:
                found.append(_document(codec, message.partition() or 0, message.offset() or 0, message.value()))
            elif failure.code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition() or 0)
            else:
                raise KafkaException(failure)
    return found


def _document(codec: Codec, partition: int, offset: int, value: bytes | None) -> dict[str, Any]:
    letter: DeadLetter = codec.decode(value).message
    try:
        inside = codec.decode(letter.value)
        vo, name = inside.envelope.vo if inside.envelope else None, inside.name
    except Poison:
        vo, name = None, None
    return {
        "partition": partition,
        "offset": offset,
        "at": letter.seen_at,
        "source": f"{letter.source_topic}/{letter.source_partition}/{letter.source_offset}",
        "name": name,
        "vo": vo,
        "error_class": letter.error_class,
        "error": letter.error if vo is not None else "",
        "process": letter.process,
    }


def _consumer(kafka: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": kafka,
            "client.id": "culm-api-letters",
            "group.id": "culm-api-letters-unused",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
        }
    )


