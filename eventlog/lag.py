"""How far each process is behind the log, in records.

In: ends of the log, committed offsets of consumer groups, positions beside the rows. Out: records still to be read, by kind
of process. Guards: what cannot be learned in time is None, never 0, so that silence is not taken for being up to date.
"""

from collections.abc import Mapping

import psycopg2
from confluent_kafka import ConsumerGroupTopicPartitions as GroupPartitions
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from eventlog.connection import open_admin
from process.instances import FOLLOWERS, Follows
from schemas.topics import topics_of_role

ANSWER_SECONDS = 2.0
Offsets = Mapping[tuple[str, int], int]


def lags(kafka: str, postgres: str) -> dict[str, int | None]:
    """Records each kind of process (process/instances.py) has yet to handle, by name; None where it cannot be known in time."""
    try:
        ends = _ends(kafka)
    except KafkaException:
        return dict.fromkeys(FOLLOWERS)
    return {name: _lag_of(follows, kafka, postgres, ends) for name, follows in FOLLOWERS.items()}


def _lag_of(follows: Follows, kafka: str, postgres: str, ends: Offsets) -> int | None:
    """Records that are still to be read: of the group that is most behind, None where that of one is not known."""
    if not follows.groups:
        return _rows_lag(postgres, ends)
    topics = topics_of_role(follows.role) if follows.role else ()
    found = [_group_lag(kafka, group, ends, topics) for group in follows.groups]
    return None if None in found else max(one for one in found if one is not None)


def ends_of(kafka: str) -> Offsets:
    """The end of every partition of Culm's topics; empty when no broker answers in time."""
    try:
        return _ends(kafka)
    except KafkaException:
        return {}


def _ends(kafka: str) -> Offsets:
    admin = open_admin(kafka, hurried=True)
    topics = admin.list_topics(timeout=ANSWER_SECONDS).topics
    wanted = {
        TopicPartition(name, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]  # theirs lacks a hint
        for name, found in topics.items()
        if name.startswith("culm.")
        for partition in found.partitions
    }
    if not wanted:
        return {}
    outcomes = admin.list_offsets(wanted, request_timeout=ANSWER_SECONDS)
    return {(place.topic, place.partition): outcome.result().offset for place, outcome in outcomes.items()}


def _group_lag(kafka: str, group: str, ends: Offsets, topics: tuple[str, ...]) -> int | None:
    """Records between the group's committed offsets and the ends."""
    admin = open_admin(kafka, hurried=True)
    asked = admin.list_consumer_group_offsets([GroupPartitions(group)], request_timeout=ANSWER_SECONDS)
    try:
        committed = asked[group].result().topic_partitions or []
    except KafkaException:
        return None
    at = {(place.topic, place.partition): place.offset for place in committed if place.offset >= 0}
    places = [place for place in ends if place[0] in topics] if topics else list(at)
    return sum(_behind(ends.get(place, 0), at.get(place, 0)) for place in places)


def _rows_lag(postgres: str, ends: Offsets) -> int | None:
    """Records between the positions that stand beside the rows (docs/flow.md) and the ends."""
    try:
        connection = psycopg2.connect(postgres, connect_timeout=1)
    except psycopg2.OperationalError:
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT topic, partition, min(next_offset) FROM projection_position GROUP BY topic, partition")
            rows = cursor.fetchall()
    except psycopg2.Error:
        return None
    finally:
        connection.close()
    return sum(_behind(ends.get((topic, partition), 0), offset) for topic, partition, offset in rows)


def _behind(end: int, position: int) -> int:
    """Records of one partition that are still to be read.

    A transaction ends with a marker that takes an offset and is never delivered, so a reader that has read everything stands
    one short of the end. A real single record is handled before a second look.
    """
    distance = max(0, end - position)
    return 0 if distance == 1 else distance
