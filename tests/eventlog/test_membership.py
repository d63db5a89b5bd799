"""How a real broker and the client tell a member that another one has its name."""

import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaError
from confluent_kafka.admin import AdminClient, NewTopic

from eventlog.connection import connection
from eventlog.consumers import member
from eventlog.membership import is_fenced, is_over

pytestmark = pytest.mark.stack
PATIENCE_SECONDS = 60.0


@pytest.fixture
def group(kafka: str) -> str:
    """A group that is new, and the name of its topic."""
    name = f"membership-{uuid4().hex[:8]}"
    admin = AdminClient({**connection(kafka, "culm-test")})  # kept until the answer is there: without it none comes
    admin.create_topics([NewTopic(name, 2, 1)])[name].result()
    return name


def joined(kafka: str, group: str) -> Consumer:
    """A member that has partitions."""
    consumer = member(kafka, group, "1", session_seconds=6)
    assigned: list[bool] = []
    consumer.subscribe([group], on_assign=lambda *_: assigned.append(True))
    for _ in until():
        consumer.poll(0.1)
        if assigned:
            return consumer
    raise AssertionError("no partitions were given")


def until() -> Iterator[None]:
    """Rounds, as long as there is patience."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        yield


def failures_of(one: Consumer, other: Consumer) -> Iterator[KafkaError]:
    """What is reported to `one` while both read."""
    for _ in until():
        other.poll(0.05)
        message = one.poll(0.05)
        failure = message.error() if message is not None else None
        if failure is not None:
            yield failure


def test_a_member_whose_name_another_took_gets_a_message(kafka: str, group: str) -> None:
    with closing(joined(kafka, group)) as first, closing(joined(kafka, group)) as second:
        failure = next(failure for failure in failures_of(first, second) if is_over(failure))

    assert (failure.code(), failure.fatal()) == (KafkaError._FATAL, False)
    assert not is_fenced(failure)


def test_a_topic_that_was_not_named_when_partitions_were_shared_out_is_read_once_it_is(kafka: str, group: str) -> None:
    later = f"{group}-later"
    consumer = member(kafka, group, "1", session_seconds=6)
    given: set[str] = set()
    consumer.subscribe([group, later], on_assign=lambda _, places: given.update(place.topic for place in places))
    admin = AdminClient({**connection(kafka, "culm-test")})
    with closing(consumer):
        for _ in until():
            consumer.poll(0.1)
            if given:
                break
        assert given == {group}
        admin.create_topics([NewTopic(later, 2, 1)])[later].result()

        for _ in until():
            consumer.poll(0.1)
            if later in given:
                break

    assert given == {group, later}
