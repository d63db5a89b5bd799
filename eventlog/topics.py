"""Declared topics (`schemas/topics.py`) made on a cluster.

In: the topics and a broker address. Out: every topic there, with its partitions and retention. A topic that exists with other
settings is an error, named with what was found and what was expected, because a keyed topic cannot be repaired in place.
"""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from eventlog.connection import open_admin
from schemas.topics import Topic, TopicDiffers


def apply_topics(bootstrap: str, topics: tuple[Topic, ...]) -> list[str]:
    """Names of the topics that had to be made; raises TopicDiffers when one exists with other settings."""
    admin = open_admin(bootstrap, "culm-topics")
    present = admin.list_topics(timeout=20).topics
    missing = [topic for topic in topics if topic.name not in present]
    requests = [
        NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=topic.replication, config=topic.config)
        for topic in missing
    ]
    for name, outcome in (admin.create_topics(requests) if requests else {}).items():
        try:
            outcome.result()
        except KafkaException as problem:
            raise TopicDiffers(f"topic {name} could not be made: {problem}") from problem
    kept = [topic for topic in topics if topic.name in present]
    for topic in kept:
        found = len(present[topic.name].partitions)
        if found != topic.partitions:
            raise TopicDiffers(f"topic {topic.name} has {found} partitions, expected {topic.partitions}")
    if kept:
        _check_settings(admin, kept)
    return [topic.name for topic in missing]


def _check_settings(admin: AdminClient, topics: list[Topic]) -> None:
    resources = {topic.name: ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics}
    outcomes = admin.describe_configs(list(resources.values()))
    for topic in topics:
        settings = outcomes[resources[topic.name]].result()
        for key, expected in topic.config.items():
            found = settings[key].value
            if found != expected and key == "retention.ms" and topic.retention_is_set:
                _keep(admin, topic.name, expected)
            elif found != expected:
                raise TopicDiffers(f"topic {topic.name} has {key}={found}, expected {expected}")


def _keep(admin: AdminClient, name: str, retention_ms: str) -> None:
    """Let the topic keep its records for another time; raises TopicDiffers with the broker's words."""
    change = ConfigEntry("retention.ms", retention_ms, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change])
    try:
        admin.incremental_alter_configs([resource])[resource].result()
    except KafkaException as problem:
        raise TopicDiffers(f"topic {name} could not be set to keep records for {retention_ms} ms: {problem}") from problem
