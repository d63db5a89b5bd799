"""Topics as `topics.toml` and the aggregates declare them; `eventlog/topics.py` makes them on a cluster.

In: the files. Out: every topic with its key, its partitions, its replication and the broker's settings. How long heartbeats are
kept is a setting, which a topic that exists takes over.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.aggregates import AGGREGATES
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


@dataclass(frozen=True, slots=True)
class Named:
    """What a topic is for. key: as documents call it. settings: of its role, and what its aggregate sets otherwise."""

    role: str
    key: str
    settings: Mapping[str, Any]


def declared_topics(partitions: int | None = None, replication: int | None = None) -> tuple[Topic, ...]:
    """Topics of all aggregates and of `topics.toml`.

    `partitions` and `replication` override the defaults (CULM_PARTITIONS, CULM_REPLICATION).
    """
    defaults = _document()["defaults"]
    count = partitions or int(os.environ.get("CULM_PARTITIONS", defaults["partitions"]))
    copies = replication or int(os.environ.get("CULM_REPLICATION", defaults["replication"]))
    topics = []
    for name, named in named_topics().items():
        role = named.settings
        hours = _retention_hours(role)
        config = {
            "cleanup.policy": role["cleanup"],
            "retention.ms": "-1" if hours < 0 else str(hours * HOUR_MS),
            "retention.bytes": "-1",
            "message.timestamp.type": role["timestamps"],
            "compression.type": defaults["compression"],
            **role.get("settings", {}),
        }
        if "segment_megabytes" in role:
            config["segment.bytes"] = str(role["segment_megabytes"] * MEGABYTE)
        if copies >= 3:
            config["min.insync.replicas"] = "2"
        topics.append(Topic(name, count, copies, config, "retention_variable" in role))
    return tuple(topics)


@cache
def _document() -> dict[str, Any]:
    """`topics.toml`, which ships with the code."""
    return tomllib.loads((FOLDER / "topics.toml").read_text(encoding="utf-8"))


def _retention_hours(role: Mapping[str, Any]) -> int:
    """Hours that records of a role are kept, negative for ever; raises TopicDiffers when the role's variable holds no number."""
    variable = role.get("retention_variable")
    text = os.environ.get(variable, "") if variable else ""
    if not text:
        return int(role["retention_hours"])
    if not text.isdecimal() or not 0 < int(text) <= HOURS_MAX:
        raise TopicDiffers(f"{variable} is {text!r}, expected hours between 1 and {HOURS_MAX}")
    return int(text)


def named_topics() -> dict[str, Named]:
    """Every topic by name: those of the aggregates in their order, then those of `topics.toml`."""
    document = _document()
    found = {
        one.topic(role): Named(role, one.key.title, {**document["roles"][role], **one.topics.get(role, {})})
        for one in AGGREGATES.values()
        for role in ("commands", "events")
    }
    for name, settings in document["topics"].items():
        role = settings.get("role") or name.split(".")[-2]
        found[name] = Named(role, settings["key"], document["roles"][role])
    return found


def partitions_by_default() -> int:
    """How many partitions a topic has where nothing else is set."""
    return int(_document()["defaults"]["partitions"])


def topic_roles() -> dict[str, str]:
    """Topic name -> role (commands, events, answers, heartbeats, deadletter ...)."""
    return {name: named.role for name, named in named_topics().items()}


def topics_of_role(role: str) -> tuple[str, ...]:
    """Names of all topics with `role`, in the order of their aggregates."""
    return tuple(name for name, found in topic_roles().items() if found == role)
