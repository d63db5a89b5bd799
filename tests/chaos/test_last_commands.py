"""What is delivered twice: the last commands of every partition, found at once however many partitions are empty."""

from collections import Counter

from confluent_kafka import Producer

from eventlog.connection import connection
from schemas.topics import topics_of_role
from tests.chaos.faults import DUPLICATES, _last_commands


def test_the_last_commands_of_each_partition_are_found_and_none_before_them() -> None:
    broker = Producer(connection("within:1", "mock") | {"test.mock.num.brokers": "1", "log_level": 0})
    node = next(iter(broker.list_topics(timeout=10).brokers.values()))
    first, second, *others = topics_of_role("commands")
    for topic in (first, second, *others):
        broker.list_topics(topic, timeout=10)
    for number in range(DUPLICATES + 50):
        broker.produce(first, key=b"one", value=f"{number}".encode(), partition=1)
    broker.produce(second, key=b"two", value=b"only", partition=0)
    assert broker.flush(10) == 0

    found = _last_commands(f"{node.host}:{node.port}")

    places = Counter((message.topic(), message.partition()) for message in found)
    assert places == {(first, 1): DUPLICATES, (second, 0): 1}
    assert next(message.value() for message in found if message.topic() == first) == b"50"
