"""A running table of jobs by queue and state, from the log alone, with stock parts: confluent-kafka and its Avro deserializer.

`eval "$(culm env --consumer)"`, then `python deploy/dashboards/running_table.py $CULM_KAFKA $CULM_REGISTRY [--once]`: a pattern
for dashboards of your own. It logs in as those variables say, and needs no module of Culm: docs/topics.md is the contract. With
`--once` it stops at the present end and prints JSON.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = "culm.job.events.v1"
#: What an event makes of its job; docs/topics.md names all events.
STATES = {
    "JobDefined": "activated", "JobActivated": "activated", "JobSent": "sent", "JobStarting": "starting", "JobStarted": "running",
    "JobHolding": "holding", "JobTransferring": "transferring", "JobMerging": "merging", "JobFinished": "finished",
    "JobFailed": "failed", "JobLost": "failed", "JobCancelled": "cancelled", "JobClosed": "closed",
    "JobReturned": "activated",
}  # fmt: skip
SHOW_SECONDS = 1.0


class RunningTable:
    """Queue and state of every job, and how many there are of each."""

    def __init__(self) -> None:
        self._jobs: dict[str, tuple[str, str]] = {}
        self._last: dict[str, int] = {}
        self.counts: Counter[tuple[str, str]] = Counter()

    def take(self, name: str, event: dict[str, Any]) -> None:
        """One event; a duplicate (same job, sequence not above the last) changes nothing."""
        envelope = event["envelope"]
        job, sequence = envelope["aggregate_id"], envelope["sequence"]
        if sequence <= self._last.get(job, 0) or name not in STATES:
            return
        self._last[job] = sequence
        before = self._jobs.get(job)
        queue = event["spec"]["queue"] if name == "JobDefined" else event.get("queue") or (before[0] if before else "?")
        after = (queue, STATES[name])
        if before is not None:
            self.counts[before] -= 1
        self._jobs[job] = after
        self.counts[after] += 1

    def rows(self) -> list[tuple[str, str, int]]:
        """Queue, state, jobs; by name."""
        return [(queue, state, count) for (queue, state), count in sorted(self.counts.items()) if count]


def main() -> int:
    """Follow the log until interrupted, or once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kafka")
    parser.add_argument("registry")
    parser.add_argument("--once", action="store_true", help="stop at the present end and print JSON")
    given = parser.parse_args()
    registry = SchemaRegistryClient({"url": given.registry})
    decode = AvroDeserializer(registry)
    consumer = Consumer(
        {
            "bootstrap.servers": given.kafka,
            **login(os.environ),
            "group.id": "consumer-running-table",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in partitions])
    table, unread, shown_at = RunningTable(), set(partitions), 0.0
    try:
        while unread or not given.once:
            message = consumer.poll(0.5)
            failure = message.error() if message is not None else None
            if failure is not None and failure.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(failure)
            value = message.value() if message is not None else None
            if failure is not None and message is not None:
                unread.discard(message.partition() or 0)
            elif value is not None:
                table.take(name_of(registry, value), decode(value, SerializationContext(TOPIC, MessageField.VALUE)))
            if not given.once and time.monotonic() - shown_at > SHOW_SECONDS:
                shown_at = time.monotonic()
                print("\n".join(f"{queue:20} {state:14} {count:8}" for queue, state, count in table.rows()), end="\n\n")
    except KeyboardInterrupt:
        return 0
    finally:
        consumer.close()
    print(json.dumps([{"queue": queue, "state": state, "jobs": count} for queue, state, count in table.rows()]))
    return 0


def login(environ: Mapping[str, str]) -> dict[str, str]:
    """How to log in at Kafka; nothing where the brokers take anyone. The password stands in a file."""
    prefix = "CULM_KAFKA_SECURITY_"
    if not environ.get(f"{prefix}PROTOCOL", "").startswith("SASL"):
        return {}
    password = Path(environ[f"{prefix}PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
    names = {"security.protocol": "PROTOCOL", "sasl.mechanism": "MECHANISM", "sasl.username": "USER"}
    return {name: environ[prefix + variable] for name, variable in names.items()} | {"sasl.password": password}


_names: dict[int, str] = {}


def name_of(registry: SchemaRegistryClient, value: bytes) -> str:
    """Name of the record: the wire format is a zero byte, four bytes of schema id, Avro."""
    number = int.from_bytes(value[1:5], "big")
    if number not in _names:
        _names[number] = json.loads(registry.get_schema(number).schema_str or "{}")["name"]
    return _names[number]


if __name__ == "__main__":
    sys.exit(main())
