"""Event records as they stand in the log: bytes with their place and time, partition by partition in order.

In: partitions and offsets to start from. Out: `Raw` records, undecoded. Guards: records come in the order of their offsets;
nothing is committed for the consumer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import positioned_reader
from eventlog.reading import take_what_is_there
from schemas.topics import topics_of_role

SECONDS_MAX = 10.0
BATCH = 2_000
Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Raw:
    """A record."""

    place: Partition
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class EventLog:
    """A consumer of all event topics that commits nothing. wait_ms: how long the broker may hold an empty answer back."""

    def __init__(self, kafka: str, *, wait_ms: int, check_crcs: bool = False) -> None:
        self._consumer = positioned_reader(
            kafka, "culm-notary", hears_ends=True, answer_wait_ms=wait_ms, checks_sums=check_crcs
        )
        #: Partitions whose end was reached, and what could not be read of which.
        self.at_end: set[Partition] = set()
        self.unreadable: dict[Partition, str] = {}

    def partitions(self) -> list[Partition]:
        """All partitions of event topics; raises KafkaException, also while a topic is not made yet."""
        known = self._consumer.list_topics(timeout=SECONDS_MAX).topics
        topics = sorted(topics_of_role("events"))
        missing = [topic for topic in topics if topic not in known]
        if missing:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"{missing[0]} is not there yet"))
        return [(topic, number) for topic in topics for number in known[topic].partitions]

    def end(self, place: Partition) -> int:
        """The end of what is committed."""
        return self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=SECONDS_MAX)[1]

    def assign(self, places: Mapping[Partition, int]) -> None:
        """Read from these offsets on."""
        self.at_end.clear()
        self._consumer.assign([TopicPartition(topic, number, offset) for (topic, number), offset in places.items()])

    def read(self, seconds: float) -> list[Raw]:
        """What came within `seconds`, without waiting for more once something came; raises KafkaException."""
        return list(self._taken(take_what_is_there(self._consumer, BATCH, seconds)))

    def _taken(self, messages: Iterable[Message]) -> Iterable[Raw]:
        for message in messages:
            place = (message.topic() or "", message.partition() or 0)
            failure = message.error()
            if failure is None:
                key, value, offset = message.key(), message.value(), message.offset()
                assert offset is not None
                self.at_end.discard(place)
                yield Raw(place, offset, message.timestamp()[1], _bytes(key), _bytes(value))
            elif failure.code() == KafkaError._PARTITION_EOF:
                self.at_end.add(place)
            elif failure.code() in (KafkaError._BAD_MSG, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET):
                self.unreadable[place] = failure.str()
            elif not failure.retriable() and failure.code() != KafkaError._ALL_BROKERS_DOWN:
                raise KafkaException(failure)

    def close(self) -> None:
        """Leave."""
        self._consumer.close()


def _bytes(found: bytes | str | None) -> bytes | None:
    return found.encode() if isinstance(found, str) else found
