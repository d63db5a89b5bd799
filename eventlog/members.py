"""Members of consumer groups, as the broker knows them.

Kafka's client does not leave a group for a member with a name of its own (static membership): what it had stays without an owner
until its session has run out.
"""

from collections.abc import Collection, Iterable

from confluent_kafka import ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from eventlog.connection import open_admin

SECONDS_MAX = 5.0
AT_REST = (ConsumerGroupState.STABLE, ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD)


def have_left(kafka: str, groups: Iterable[str], instances: Collection[str]) -> bool:
    """True when none of `instances` is a member of any of `groups` and what they had is shared out; false while unknown."""
    names = list(groups)
    if not names:
        return True
    try:
        admin = open_admin(kafka, hurried=True)  # kept until the answers are there: without it none comes
        found = admin.describe_consumer_groups(names, request_timeout=SECONDS_MAX)
        described = [found[name].result(2 * SECONDS_MAX) for name in names]
    except (KafkaException, TimeoutError):
        return False
    for group in described:
        gone = {f"{group.group_id}-{instance}" for instance in instances}
        if group.state not in AT_REST or any(member.group_instance_id in gone for member in group.members):
            return False
    return True


def unowned(admin: AdminClient, group: str, topics: Collection[str]) -> frozenset[tuple[str, int]]:
    """Partitions of `topics` that no member of `group` reads although the group is at rest; none while that is not known.

    A member that shares the partitions out while a broker does not name all topics leaves those topics out, and no one notices.
    """
    try:
        known = admin.list_topics(timeout=SECONDS_MAX).topics
        found = admin.describe_consumer_groups([group], request_timeout=SECONDS_MAX)[group].result(2 * SECONDS_MAX)
    except (KafkaException, TimeoutError):
        return frozenset()
    if found.state != ConsumerGroupState.STABLE or any(topic not in known or known[topic].error for topic in topics):
        return frozenset()
    every = frozenset((topic, number) for topic in topics for number in known[topic].partitions)
    given: list[TopicPartition] = [place for member in found.members for place in member.assignment.topic_partitions or ()]
    return every - {(place.topic, place.partition) for place in given}
