"""The whole log with a stock consumer, and the rows of the read model with plain SQL.

Out: `Seen` records, topic by topic (commands, events, answers) up to the ends found at the start; what cannot be decoded is
counted, for a poison record is Culm's to keep as a dead letter.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from check.laws import Seen
from check.rows import Row, RowView
from schemas.bounds import problems_of
from schemas.catalog import messages
from schemas.reading import Place
from schemas.wire import Codec, Decoded, Poison

BATCH = 5_000
SECONDS_MAX = 10.0
#: Consumer groups of deciders begin so.
DECIDERS = "culm-deciders"
ROLES = ("commands", "events", "answers")


@dataclass
class LogReader:
    """Reads everything once. `poison` counts records that cannot be decoded."""

    kafka: str
    codec: Codec
    poison: int = 0

    @property
    def connection(self) -> dict[str, Any]:
        """Where the log is; and how to log in there, where the address says it."""
        login = getattr(self.kafka, "client_settings", dict)
        return {"bootstrap.servers": self.kafka, **login()}

    def records(self) -> Iterator[Seen]:
        """Answers are fixed before events and events before commands, so that an effect is never read without its cause.

        Events are read up to where every transaction ended that was open, or half visible, at `settled`.
        """
        settings = {
            **self.connection,
            "group.id": "culm-check",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
        consumer = Consumer(settings)
        try:
            admin = AdminClient(self.connection)
            ends = {"answers": _ends(admin, "answers"), "events": _ended(admin), "commands": _ends(admin, "commands")}
            for role in ROLES:
                yield from self._read(consumer, ends[role])
        finally:
            consumer.close()

    def settled(self) -> dict[tuple[str, int], int]:
        """Where the deciders stand now in the commands, and the ends of the events. To be asked before `records`."""
        admin = AdminClient(self.connection)
        groups = admin.list_consumer_groups(request_timeout=SECONDS_MAX).result().valid
        found: dict[tuple[str, int], int] = {}
        for group in (one.group_id for one in groups if one.group_id.startswith(DECIDERS)):
            request = [ConsumerGroupTopicPartitions(group)]
            places = admin.list_consumer_group_offsets(request)[group].result().topic_partitions or []
            for place in places:
                key = (place.topic, place.partition)
                found[key] = max(found.get(key, 0), place.offset)
        return found | _ends(admin, "events")

    def _read(self, consumer: Consumer, ends: dict[tuple[str, int], int]) -> Iterator[Seen]:
        """The records below the ends, in order within each partition."""
        unread = {place for place, end in ends.items() if end > 0}
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in sorted(unread)])
        while unread:
            for message in consumer.consume(BATCH, 0.05):
                failure, offset = message.error(), message.offset() or 0
                key = (message.topic() or "", message.partition() or 0)
                if failure is not None and failure.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(failure)
                if failure is not None or offset >= ends[key]:
                    unread.discard(key)
                else:
                    written_at = message.timestamp()[1] * 1000
                    yield from self._seen(Place(*key, offset), message.key(), message.value(), written_at)

    def _seen(self, place: Place, key: str | bytes | None, value: bytes | None, written_at: int = 0) -> Iterator[Seen]:
        try:
            decoded = self.codec.decode(value)
        except Poison:
            self.poison += 1
            return
        if decoded.entry.topic != place.topic or not _is_in_order(decoded, key):
            # It can be read but belongs to no aggregate that stands here, or deciders keep it as poison: it is passed over.
            self.poison += 1
            return
        entry = decoded.entry
        yield Seen(place, entry.role, entry.aggregate, entry.name, decoded.envelope, decoded.message, written_at)


def _is_in_order(decoded: Decoded, key: str | bytes | None) -> bool:
    """True for a record of its own topic that stands under its key, with an envelope within bounds where clients write them."""
    envelope = decoded.envelope
    if envelope is None:
        return True
    if key not in (envelope.aggregate_id, envelope.aggregate_id.encode(errors="replace")):
        return False
    return decoded.entry.role != "commands" or not problems_of(envelope)


def _ended(admin: AdminClient) -> dict[tuple[str, int], int]:
    """Ends of the events once every transaction is over that has a record in them now."""
    written = _ends(admin, "events", IsolationLevel.READ_UNCOMMITTED)
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        ended = _ends(admin, "events")
        open_ones = [f"{topic}[{partition}]" for (topic, partition), end in written.items() if ended[(topic, partition)] < end]
        if not open_ones:
            return ended
        if time.monotonic() > deadline:
            raise TimeoutError(f"transactions still open after {SECONDS_MAX:.0f} s: {', '.join(open_ones)}")
        time.sleep(0.02)


def _ends(
    admin: AdminClient, role: str, level: IsolationLevel = IsolationLevel.READ_COMMITTED
) -> dict[tuple[str, int], int]:
    """Where the partitions of a role end for a reader of that level."""
    known = admin.list_topics(timeout=SECONDS_MAX).topics
    topics = sorted({entry.topic for entry in messages() if entry.role == role} & known.keys())
    places = [TopicPartition(topic, partition) for topic in topics for partition in known[topic].partitions]
    latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # confluent-kafka leaves it untyped
    asked = admin.list_offsets(dict.fromkeys(places, latest), isolation_level=level, request_timeout=SECONDS_MAX)
    return {(place.topic, place.partition): answer.result().offset for place, answer in asked.items()}


@dataclass(frozen=True, slots=True)
class SetAside:
    """An aggregate whose rows stand still as of event `sequence`. since: microseconds."""

    aggregate: str
    aggregate_id: str
    sequence: int
    since: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Positions by projection, then by topic and partition; rows by table, then by key; aggregates that stand still."""

    positions: dict[str, dict[tuple[str, int], int]]
    rows: dict[str, dict[str, Row]]
    set_aside: tuple[SetAside, ...] = ()


def read_model(postgres: str, views: Iterable[RowView]) -> ReadModel:
    """Positions, what is set aside, and rows of the views, of one moment."""
    connection = psycopg2.connect(postgres)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT aggregate, aggregate_id, sequence, since, kind, message FROM projection_set_aside ORDER BY 1, 2"
            )
            model = ReadModel(defaultdict(dict), {}, tuple(SetAside(*row) for row in cursor))
            cursor.execute("SELECT projection, topic, partition, next_offset FROM projection_position")
            for projection, topic, partition, offset in cursor:
                model.positions[projection][(topic, partition)] = offset
            for view in views:
                cursor.execute(f"SELECT {view.key}, {', '.join(view.columns)} FROM {view.table}")
                model.rows[view.table] = {str(key): tuple(row) for key, *row in cursor}
        return model
    finally:
        connection.close()
