"""Topics as `topics.toml` declares them; `eventlog/topics.py` makes them on a cluster.

In: the file. Out: every topic with its partitions, its replication and the broker's settings. How long heartbeats are kept is a
setting, which a topic that exists takes over.
"""

import os
import tomllib
from dataclasses import dataclass
from typing import Any

from schemas.catalog import FOLDER

HOUR_MS = 3_600_000
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
