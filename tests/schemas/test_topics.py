"""Topics on a real broker: made as declared, and how long heartbeats are kept is a setting."""

import time
import uuid
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from eventlog.connection import connection
from eventlog.topics import apply_topics
from schemas.topics import Topic, TopicDiffers, declared_topics

THIRTY_DAYS_MS = "2592000000"
BROKER_SECONDS_MAX = 20.0


def heartbeats() -> Topic:
    """The declared topic of heartbeats."""
    (found,) = (topic for topic in declared_topics() if topic.name == "culm.pilot.heartbeats.v1")
    return found


def retention_ms(admin: AdminClient, name: str) -> str | None:
    """How long the broker keeps records of a topic."""
    resource = ConfigResource(ResourceType.TOPIC, name)
    value: str | None = admin.describe_configs([resource])[resource].result()["retention.ms"].value
    return value


def test_heartbeats_are_kept_for_thirty_days() -> None:
    assert heartbeats().config["retention.ms"] == THIRTY_DAYS_MS


def test_a_variable_sets_how_long_heartbeats_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULM_HEARTBEATS_KEPT_HOURS", "48")

    kept = {topic.name: topic.config["retention.ms"] for topic in declared_topics()}

    assert kept["culm.pilot.heartbeats.v1"] == "172800000"
    assert kept["culm.job.events.v1"] == "-1"
    assert kept["culm.job.commands.v1"] == "1209600000"


@pytest.mark.parametrize("text", ["forever", "0", "-1", "1e9", "99999999999999999999"])
def test_a_retention_that_is_no_number_of_hours_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CULM_HEARTBEATS_KEPT_HOURS", text)

    with pytest.raises(TopicDiffers, match=r"CULM_HEARTBEATS_KEPT_HOURS is .*, expected hours between 1 and 876000"):
        declared_topics()


def test_a_topic_that_exists_takes_over_how_long_heartbeats_are_kept(kafka: str) -> None:
    name = f"culm.test-{uuid.uuid4().hex}.heartbeats.v1"
    old = replace(heartbeats(), name=name, config={**heartbeats().config, "retention.ms": "259200000"})
    assert apply_topics(kafka, (old,)) == [name]

    assert apply_topics(kafka, (replace(old, config=heartbeats().config),)) == []

    admin = AdminClient({**connection(kafka, "culm-test")})
    end = time.monotonic() + BROKER_SECONDS_MAX
    while retention_ms(admin, name) != THIRTY_DAYS_MS:  # a broker answers from its own copy of the metadata
        assert time.monotonic() < end, retention_ms(admin, name)


def test_a_topic_of_events_with_another_retention_is_an_error(kafka: str) -> None:
    (events,) = (topic for topic in declared_topics() if topic.name == "culm.job.events.v1")
    name = f"culm.test-{uuid.uuid4().hex}.events.v1"
    apply_topics(kafka, (replace(events, name=name, config={**events.config, "retention.ms": "1000"}),))

    with pytest.raises(TopicDiffers, match=r"has retention.ms=1000, expected -1"):
        apply_topics(kafka, (replace(events, name=name),))
