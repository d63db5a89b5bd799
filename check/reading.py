"""The whole log with a stock consumer, and the rows of the read model with plain SQL.

Out: `Seen` records, topic by topic (commands, events, answers) up to the ends found at the start; what cannot be decoded is
counted, for a poison record is Culm's to keep as a dead letter.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg2
from confluent_kafka import OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from check.laws import Seen
from check.rows import Row, View
from schemas.catalog import messages
from schemas.reading import Place
from schemas.wire import Codec, Poison

BATCH = 5_000
SECONDS_MAX = 10.0
#: Consumer groups of deciders begin so.
DECIDERS = "culm-decider-"
ROLES = ("commands", "events", "answers")


@dataclass
class LogReader:
    """Reads everything once. `poison` counts records that nobody can decode."""

    kafka: str
    codec: Codec
    poison: int = 0

    def records(self) -> Iterator[Seen]:
        """Answers are fixed before events and events before commands, so that an effect is never read without its cause."""
        settings = {
            "bootstrap.servers": self.kafka,
            "group.id": "culm-check",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
        consumer = Consumer(settings)
        try:
            ends = {role: self._ends(consumer, role) for role in reversed(ROLES)}
            for role in ROLES:
                yield from self._read(consumer, ends[role])
        finally:
            consumer.close()

    def settled(self) -> dict[tuple[str, int], int]:
        """By command topic and partition, where the deciders stand now."""
        admin = AdminClient({"bootstrap.servers": self.kafka})
        groups = admin.list_consumer_groups(request_timeout=SECONDS_MAX).result().valid
        found: dict[tuple[str, int], int] = {}
        for group in (one.group_id for one in groups if one.group_id.startswith(DECIDERS)):
            request = [ConsumerGroupTopicPartitions(group)]
            places = admin.list_consumer_group_offsets(request)[group].result().topic_partitions or []
            for place in places:
                key = (place.topic, place.partition)
                found[key] = max(found.get(key, 0), place.offset)
        return found

    def _ends(self, consumer: Consumer, role: str) -> dict[tuple[str, int], int]:
        known = consumer.list_topics(timeout=SECONDS_MAX).topics
        ends = {}
        for topic in sorted({entry.topic for entry in messages() if entry.role == role} & known.keys()):
            for partition in known[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), SECONDS_MAX)
                if low < high:
                    ends[(topic, partition)] = high
        return ends

    def _read(self, consumer: Consumer, ends: dict[tuple[str, int], int]) -> Iterator[Seen]:
        """The records below the ends, in order within each partition."""
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in ends])
        unread = set(ends)
        while unread:
            for message in consumer.consume(BATCH, 0.05):
                failure, offset = message.error(), message.offset() or 0
                key = (message.topic() or "", message.partition() or 0)
                if failure is not None and failure.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(failure)
                if failure is not None or offset >= ends[key]:
                    unread.discard(key)
                else:
                    yield from self._seen(Place(*key, offset), message.value())

    def _seen(self, place: Place, value: bytes | None) -> Iterator[Seen]:
        try:
            decoded = self.codec.decode(value)
        except Poison:
            self.poison += 1
            return
        entry = decoded.entry
        yield Seen(place, entry.role, entry.aggregate, entry.name, decoded.envelope, decoded.message)


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Positions by projection, then by topic and partition; rows by table, then by key."""

    positions: dict[str, dict[tuple[str, int], int]]
    rows: dict[str, dict[str, Row]]


def read_model(postgres: str, views: Iterable[View]) -> ReadModel:
    """Positions and rows of the views, of one moment."""
    connection = psycopg2.connect(postgres)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        model = ReadModel(defaultdict(dict), {})
        with connection.cursor() as cursor:
            cursor.execute("SELECT projection, topic, partition, next_offset FROM projection_position")
            for projection, topic, partition, offset in cursor:
                model.positions[projection][(topic, partition)] = offset
            for view in views:
                cursor.execute(f"SELECT {view.key}, {', '.join(view.columns)} FROM {view.table}")
                model.rows[view.table] = {str(key): tuple(row) for key, *row in cursor}
        return model
    finally:
        connection.close()
