"""How each process of Culm is: does it run, how often was it started again, how far behind the log in records and in time.

Whether a process runs is known to the supervisor of the stack, when the API runs under one. Behind in time is the age of the
oldest record that the process has yet to handle: a process that has handled everything is zero behind, however old that is.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition

from eventlog.connection import open_admin
from eventlog.consumers import one_shot_reader
from eventlog.lag import ends_of, lags
from process.instances import FOLLOWERS, process_named, shown_names
from process.supervised import NotSupervised, SupervisorClient
from schemas.instants import micros_of_millis, micros_of_seconds

SECONDS_MAX = 2.0
#: A process that was restarted more than once in so long is said to be in trouble.
LATELY_SECONDS = 300
Offsets = Mapping[tuple[str, int], int]


def processes(home: Path, kafka: str, postgres: str, projected: Offsets) -> list[dict[str, Any]]:
    """A row a process. home: of the stack whose supervisor is asked. projected: how far the read models are."""
    behind = lags(kafka, postgres)
    found = supervised(home) or [
        {"name": name, "kind": name, "state": None, "restarts": None, "restarts_lately": 0} for name in (*FOLLOWERS, "api")
    ]
    ages = _ages(kafka, [name for name, count in behind.items() if count], projected)
    for one in found:
        kind = one["kind"]
        one["follows"] = kind in FOLLOWERS
        one["behind"] = behind.get(kind)
        one["behind_micros"] = ages.get(kind, 0 if one["behind"] == 0 else None)
    return found


def followed(kafka: str, postgres: str, projected: Offsets) -> dict[str, tuple[int | None, int]]:
    """By follower of the log: how many records it is behind (None: unknown), and a number that grows with what it handles."""
    behind = lags(kafka, postgres)
    # Where nothing waits it does not matter where it stands; of the read models it is known already.
    at = {
        name: _position(kafka, name, projected) if not follows.groups or behind.get(name) else {}
        for name, follows in FOLLOWERS.items()
    }
    return {name: (behind.get(name), sum(places.values())) for name, places in at.items()}


def supervised(home: Path) -> list[dict[str, Any]]:
    """What the supervisor says of each process, by the name it is shown with; empty when there is none here."""
    try:
        supervisor = SupervisorClient(home)
        lately = supervisor.restarts_within(LATELY_SECONDS)
        states = supervisor.states()
        shown = shown_names(one.name for one in states)
        return [
            {
                "name": shown[one.name],
                "kind": process.kind.name if (process := process_named(one.name)) else "server",
                "state": one.state,
                "restarts": one.restarts,
                "restarts_lately": lately.get(one.name, 0),
            }
            for one in states
        ]
    except (NotSupervised, OSError, ValueError):
        return []


def _ages(kafka: str, names: list[str], projected: Offsets) -> dict[str, int]:
    """Microseconds since the oldest record that each of `names` has yet to handle was written."""
    ages: dict[str, int] = {}
    ends = ends_of(kafka) if names else {}
    for name in names:
        at = _position(kafka, name, projected)
        oldest = _oldest(kafka, {place: offset for place, offset in at.items() if ends.get(place, 0) > offset})
        if oldest is not None:
            ages[name] = max(0, micros_of_seconds(time.time()) - micros_of_millis(oldest))
    return ages


def _position(kafka: str, name: str, projected: Offsets) -> Offsets:
    """How far a follower is: as far as the read models, or as its groups; of two that read one topic, as the one behind."""
    groups = FOLLOWERS[name].groups
    if not groups:
        return projected
    found: dict[tuple[str, int], int] = {}
    for group in groups:
        for place, offset in _committed(kafka, group).items():
            found[place] = min(offset, found.get(place, offset))
    return found


def _committed(kafka: str, group: str) -> Offsets:
    admin = open_admin(kafka, hurried=True)
    try:
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=SECONDS_MAX)
        places = asked[group].result().topic_partitions or []
    except KafkaException:
        return {}
    return {(place.topic, place.partition): place.offset for place in places if place.offset >= 0}


def _oldest(kafka: str, places: Offsets) -> int | None:
    """Milliseconds since 1970 of the oldest record at `places`; None when there is none."""
    if not places:
        return None
    consumer = one_shot_reader(kafka, "culm-api-health", fetch_bytes_max=65_536, hurried=True)
    first: dict[tuple[str | None, int | None], int] = {}
    try:
        consumer.assign([TopicPartition(topic, partition, offset) for (topic, partition), offset in places.items()])
        end = time.monotonic() + SECONDS_MAX
        while len(first) < len(places) and (left := end - time.monotonic()) > 0:
            message = consumer.poll(min(left, 0.3))
            if message is None:
                break
            if message.error() is None:
                first.setdefault((message.topic(), message.partition()), message.timestamp()[1])
    except KafkaException:
        return None
    finally:
        consumer.close()
    return min(first.values(), default=None)
