"""How far each process is behind the log, in records."""

from collections.abc import Mapping

import psycopg2
from confluent_kafka import ConsumerGroupTopicPartitions as GroupPartitions
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas.topics import topics_of_role

ANSWER_SECONDS = 2.0
DECIDER_GROUP = "culm-decider-0-of-1"
#: Of the Faust agents, of each plain loop, and of the keepers of facts.
PROCESSORS_GROUPS = ("culm-streams", "culm-streams-job", "culm-streams-pilot", "culm-facts")
Offsets = Mapping[tuple[str, int], int]


def lags(kafka: str, postgres: str) -> dict[str, int | None]:
    """Records each process has yet to handle, by process name; None where nobody could say in time."""
    try:
        ends = _ends(kafka)
    except KafkaException:
        return {"decider": None, "processors": None, "projector": None}
    return {
        "decider": _group_lag(kafka, DECIDER_GROUP, ends, topics_of_role("commands")),
        "processors": _groups_lag(kafka, PROCESSORS_GROUPS, ends),
        "projector": _projector_lag(postgres, ends),
    }


def ends_of(kafka: str) -> Offsets:
    """The end of every partition of Culm's topics; empty when nobody answers in time."""
    try:
        return _ends(kafka)
    except KafkaException:
        return {}


def _ends(kafka: str) -> Offsets:
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0, "socket.timeout.ms": 2000})
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


def _groups_lag(kafka: str, groups: tuple[str, ...], ends: Offsets) -> int | None:
    """Of the group that is most behind; None where that of one is not known."""
    found = [_group_lag(kafka, group, ends, ()) for group in groups]
    return None if None in found else max(one for one in found if one is not None)


def _group_lag(kafka: str, group: str, ends: Offsets, topics: tuple[str, ...]) -> int | None:
    """Records between the group's committed offsets and the ends."""
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0, "socket.timeout.ms": 2000})
    asked = admin.list_consumer_group_offsets([GroupPartitions(group)], request_timeout=ANSWER_SECONDS)
    try:
        committed = asked[group].result().topic_partitions or []
    except KafkaException:
        return None
    at = {(place.topic, place.partition): place.offset for place in committed if place.offset >= 0}
    places = [place for place in ends if place[0] in topics] if topics else list(at)
    return sum(_behind(ends.get(place, 0), at.get(place, 0)) for place in places)


def _projector_lag(postgres: str, ends: Offsets) -> int | None:
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

    A transaction ends with a marker that takes an offset and is never delivered, so who has read everything stands one short
    of the end. A real single record is gone before anybody could look twice.
    """
    distance = max(0, end - position)
    return 0 if distance == 1 else distance
