"""The newest records of a small topic, read from its end when they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from api.http.errors import LogUnavailable
from eventlog.consumers import one_shot_reader
from eventlog.reading import take_what_is_there

Shown = TypeVar("Shown")
SECONDS_MAX = 5.0
TAKEN_MAX = 500


@dataclass(frozen=True, slots=True)
class Newest(Generic[Shown]):
    """What was made of the records, in the order of each partition, and how many records the topic has."""

    shown: list[Shown]
    total: int


def newest_records(
    kafka: str, client: str, topic: str, limit: int, what: str, read: Callable[[Message], Shown | None]
) -> Newest[Shown]:
    """What `read` makes of the last `limit` records of each partition, but for None.

    what: how the records are called in an error. Raises LogUnavailable.
    """
    consumer = one_shot_reader(kafka, client)
    try:
        parts, total = [], 0
        for number in consumer.list_topics(topic, timeout=SECONDS_MAX).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=SECONDS_MAX)
            total += high - low
            if high > low:
                parts.append(TopicPartition(topic, number, max(low, high - limit)))
        consumer.assign(parts)
        found: list[Shown] = []
        unread = {part.partition for part in parts}
        while unread:
            messages = take_what_is_there(consumer, TAKEN_MAX, SECONDS_MAX)
            if not messages:
                raise LogUnavailable(f"the {what} could not be read in time")
            for message in messages:
                failure = message.error()
                if failure is None:
                    shown = read(message)
                    found += [] if shown is None else [shown]
                elif failure.code() == KafkaError._PARTITION_EOF:
                    unread.discard(message.partition() or 0)
                else:
                    raise KafkaException(failure)
    except KafkaException as problem:
        raise LogUnavailable(f"the {what} cannot be read: {problem}") from problem
    finally:
        consumer.close()
    return Newest(found, total)
