"""All records of some topics partition by partition in order, up to the ends found at the start."""

from collections.abc import Iterable, Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import one_shot_reader
from eventlog.reading import take_what_is_there
from schemas.reading import Place, Recorded, read_record
from schemas.wire import Codec, Poison

SECONDS_MAX = 10.0
BATCH = 5_000


def messages_of(kafka: str, topics: Iterable[str], since_milliseconds: int | None = None) -> Iterator[Message]:
    """Raw records, from the beginning or from a time on; raises KafkaException."""
    consumer = one_shot_reader(kafka, "culm-audit-log")
    try:
        known = consumer.list_topics(timeout=SECONDS_MAX).topics
        for topic in topics:
            for number in sorted(known[topic].partitions):
                yield from _partition(consumer, TopicPartition(topic, number), since_milliseconds)
    finally:
        consumer.close()


def events_of(
    kafka: str, codec: Codec, topics: Iterable[str], since_milliseconds: int | None = None
) -> Iterator[Recorded]:
    """Decoded events, from the beginning or from a time on.

    What cannot be decoded is no event and is passed over (it is a dead letter of its readers).
    """
    for message in messages_of(kafka, topics, since_milliseconds):
        topic, key = message.topic(), message.key()
        assert topic is not None
        place = Place(topic, message.partition() or 0, message.offset() or 0)
        try:
            yield read_record(codec, place, key if isinstance(key, bytes) else None, message.value())
        except Poison:
            continue


def _partition(consumer: Consumer, part: TopicPartition, since_milliseconds: int | None) -> Iterator[Message]:
    low, high = consumer.get_watermark_offsets(part, timeout=SECONDS_MAX)
    if since_milliseconds is not None:
        (found,) = consumer.offsets_for_times(
            [TopicPartition(part.topic, part.partition, since_milliseconds)], timeout=SECONDS_MAX
        )
        low = max(low, found.offset if found.offset >= 0 else high)
    if low >= high:
        return
    consumer.assign([TopicPartition(part.topic, part.partition, low)])
    while True:
        messages = take_what_is_there(consumer, BATCH, SECONDS_MAX)
        if not messages:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{part.topic}/{part.partition} did not answer"))
        for message in messages:
            failure = message.error()
            if failure is None:
                if (message.offset() or 0) >= high:
                    return
                yield message
            elif failure.code() == KafkaError._PARTITION_EOF:
                return
            elif not failure.retriable():
                raise KafkaException(failure)
