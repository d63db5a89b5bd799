"""Members of consumer groups, as the broker knows them.

Kafka's client does not leave a group for a member with a name of its own (static membership): what it had stays without an owner
until its session has run out.
"""

from collections.abc import Collection, Iterable

from confluent_kafka import ConsumerGroupState, KafkaException

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
