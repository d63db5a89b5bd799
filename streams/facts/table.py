"""The table of facts as it stands: read once, by a keeper that was given partitions and goes on counting where it was left."""

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import one_shot_reader
from streams.facts.extract import FACTS_TOPIC

KAFKA_SECONDS_MAX = 8.0
BATCH = 5_000


def facts_that_stand(kafka: str) -> Iterator[Message]:
    """The last record of each key that has a value, of every transaction that was ended when this was called.

    Raises KafkaException.
    """
    reader = one_shot_reader(kafka, "culm-facts-table")
    try:
        yield from _last_of_each_key(reader)
    finally:
        reader.close()


def _last_of_each_key(reader: Consumer) -> list[Message]:
    found = reader.list_topics(FACTS_TOPIC, timeout=KAFKA_SECONDS_MAX).topics.get(FACTS_TOPIC)
    if found is None or not found.partitions:
        raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    missing = {}
    places = []
    for partition in found.partitions:
        low, high = reader.get_watermark_offsets(TopicPartition(FACTS_TOPIC, partition), timeout=KAFKA_SECONDS_MAX)
        if high > low:
            missing[partition] = high
            places.append(TopicPartition(FACTS_TOPIC, partition, low))
    reader.assign(places)
    last: dict[bytes, Message] = {}
    while missing:
        batch = reader.consume(BATCH, KAFKA_SECONDS_MAX)
        if not batch:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        for message in batch:
            error, offset = message.error(), message.offset() or 0
            if error is None:
                last[message.key() or b""] = message
                offset += 1
            elif error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            if offset >= missing.get(message.partition() or 0, 0):
                missing.pop(message.partition() or 0, None)
    return [message for message in last.values() if message.value() is not None]
