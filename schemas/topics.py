"""Topics as `topics.toml` declares them, applied to a cluster.

In: the file and a broker address. Out: every topic there, with its key, partitions and retention; a topic that exists with
other settings is an error, named with what was found and what was expected, because a keyed topic cannot be mended in place.
How long heartbeats are kept is a setting, which a topic that exists takes over.
"""

import os
import tomllib
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from schemas.catalog import FOLDER

HOUR_MS = 3_600_000
MEGABYTE = 1_048_576
HOURS_MAX = 876_000  # a hundred years


class TopicDiffers(RuntimeError):
    """The cluster has a topic that is not as declared."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A declared topic; `config` holds the broker's names and values."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]
    #: True when how long records are kept is a setting, which a topic that exists takes over
    retention_is_set: bool = False


def declared_topics(partitions: int | None = None, replication: int | None = None) -> tuple[Topic, ...]:
    """Topics of `topics.toml`; `partitions` and `replication` override the defaults (CULM_PARTITIONS, CULM_REPLICATION)."""
    document = tomllib.loads((FOLDER / "topics.toml").read_text(encoding="utf-8"))
    defaults, roles = document["defaults"], document["roles"]
    count = partitions or int(os.environ.get("CULM_PARTITIONS", defaults["partitions"]))
    copies = replication or int(os.environ.get("CULM_REPLICATION", defaults["replication"]))
    topics = []
    for name, settings in document["topics"].items():
        role = roles[settings.get("role") or name.split(".")[-2]]
        hours = _retention_hours(role)
        config = {
            "cleanup.policy": role["cleanup"],
            "retention.ms": "-1" if hours < 0 else str(hours * HOUR_MS),
            "retention.bytes": "-1",
            "message.timestamp.type": role["timestamps"],
            "compression.type": defaults["compression"],
        }
        if "segment_megabytes" in role:
            config["segment.bytes"] = str(role["segment_megabytes"] * MEGABYTE)
        if copies >= 3:
            config["min.insync.replicas"] = "2"
        topics.append(Topic(name, count, copies, config, "retention_variable" in role))
    return tuple(topics)


def _retention_hours(role: dict[str, Any]) -> int:
    """Hours that records of a role are kept, negative for ever; raises TopicDiffers when the role's variable holds no number."""
    variable = role.get("retention_variable")
    text = os.environ.get(variable, "") if variable else ""
    if not text:
        return int(role["retention_hours"])
    if not text.isdecimal() or not 0 < int(text) <= HOURS_MAX:
        raise TopicDiffers(f"{variable} is {text!r}, expected hours between 1 and {HOURS_MAX}")
    return int(text)


def topic_roles() -> dict[str, str]:
    """Topic name -> role (commands, events, answers, heartbeats, deadletter)."""
    document = tomllib.loads((FOLDER / "topics.toml").read_text(encoding="utf-8"))
    return {name: settings.get("role") or name.split(".")[-2] for name, settings in document["topics"].items()}


def topics_of_role(role: str) -> tuple[str, ...]:
    """Names of all topics with `role`, in the file's order."""
    return tuple(name for name, found in topic_roles().items() if found == role)


def apply_topics(bootstrap: str, topics: tuple[Topic, ...]) -> list[str]:
    """Names of the topics that had to be made; raises TopicDiffers when one exists with other settings."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    present = admin.list_topics(timeout=20).topics
    missing = [topic for topic in topics if topic.name not in present]
    wishes = [
        NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=topic.replication, config=topic.config)
        for topic in missing
    ]
    for name, outcome in (admin.create_topics(wishes) if wishes else {}).items():
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
