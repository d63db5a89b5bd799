"""The topics are a public contract: a consumer made only of stock confluent-kafka classes decodes every record of every topic."""

from collections import Counter

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from deploy.stack import Stack
from process.kafka_security import security_of
from tests.conformance.client import a_client

pytestmark = pytest.mark.stack

USED = {
    "culm.task.commands.v1",
    "culm.task.events.v1",
    "culm.job.commands.v1",
    "culm.job.events.v1",
    "culm.queue.commands.v1",
    "culm.queue.events.v1",
    "culm.worker.events.v1",
    "culm.policy.events.v1",
    "culm.dataset.events.v1",
    "culm.task_name.events.v1",
    "culm.command.answers.v1",
    "culm.pilot.heartbeats.v1",
}


def test_a_stock_consumer_decodes_every_topic(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    client = a_client(stack, tmp_path_factory.mktemp("contract"))
    task = client.prun("user.jdoe.contract", "--nJobs", "1", "--outputs", "out.txt", payload="echo 1 > out.txt").task_id
    assert client.ended(task)["status"] == "done"
    with SchemaRegistryClient({"url": stack.config.registry}) as registry:
        decoded = decode_everything(stack, AvroDeserializer(registry))

    assert set(decoded) >= USED


def decode_everything(stack: Stack, deserialize: AvroDeserializer) -> Counter[str]:
    """Records decoded by topic, from the beginning of every topic to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": stack.config.kafka,
            **security_of(stack.config.kafka).client_settings(),
            "group.id": "a-dashboard",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    topics = consumer.list_topics(timeout=10).topics
    places = [
        TopicPartition(name, partition, OFFSET_BEGINNING)
        for name, found in topics.items()
        if name.startswith("culm.")
        for partition in found.partitions
    ]
    consumer.assign(places)

    decoded: Counter[str] = Counter()
    unread = {(place.topic, place.partition) for place in places}
    while unread:
        for message in consumer.consume(500, 0.5):
            failure = message.error()
            if failure is not None:
                assert failure.code() == KafkaError._PARTITION_EOF, failure
                unread.discard((message.topic(), message.partition()))
                continue
            topic = message.topic() or ""
            if topic == "culm.deadletter.v1" or message.value() is not None:
                record = deserialize(message.value(), SerializationContext(topic, MessageField.VALUE))
                assert isinstance(record, dict)
                decoded[topic] += 1
    consumer.close()
    return decoded
