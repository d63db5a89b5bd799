"""`python -m tests.bench.reading agent|plain [RECORDS]`: what a record costs a processor that reads it.

The topic has the events of jobs in the proportion of their lives, written in transactions as the decider writes them; of eight
records one ends a job. Both ways hand on to the same listener, whose outbox takes everything at once. CULM_KAFKA says where.
"""

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from eventlog.connection import connection
from process.servers import kafka_of
from process.settings import Settings
from schemas.catalog import CATALOG, messages
from schemas.records import replace
from schemas.wire import Codec
from streams.config import StreamsConfig
from streams.engine.decoder import Decoder
from streams.engine.faust_app import faust_app
from streams.engine.listener import Listener, Reaction
from streams.engine.plain_loop import PlainLoop
from streams.facts.snapshot import Snapshot
from tests.schemas.samples import a_sample

LIFE = ("JobDefined", "JobActivated", "JobSent", "JobStarting", "JobStarted", "JobHolding", "JobTransferring", "JobFinished")
PARTITIONS = 4
TRANSACTION = 200


class Counting:
    """An outbox that takes everything."""

    async def deliver(self, contents: Sequence[Any]) -> None:
        """Nothing is sent."""


def fill(kafka: str, topic: str, codec: Codec, records: int) -> None:
    """Lives of jobs, in transactions."""
    admin = AdminClient({**connection(kafka, "culm-test")})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result()
    producer = Producer({**connection(kafka, "culm-test"), "transactional.id": topic, "compression.type": "lz4"})
    producer.init_transactions(30)
    samples = [a_sample(CATALOG[f"culm.job.{name}"]) for name in LIFE]
    values = [codec.encode(message, replace(envelope, aggregate_id="1")) for message, envelope in samples]
    for start in range(0, records, TRANSACTION):
        producer.begin_transaction()
        for number in range(start, start + TRANSACTION):
            partition = number // len(LIFE) % PARTITIONS
            producer.produce(topic, key=b"1", value=values[number % len(LIFE)], partition=partition)
        producer.commit_transaction(30)


async def measure(way: str, kafka: str, topic: str, codec: Codec, records: int) -> tuple[float, float]:
    """Seconds, and seconds of CPU of this process, from the start of reading until the last record was handled."""
    ended = 0
    done = asyncio.Event()

    def count(heard: Sequence[Any], facts: Snapshot) -> tuple[()]:
        nonlocal ended
        ended += len(heard)
        if ended >= records // len(LIFE):
            done.set()
        return ()

    reaction = Reaction("count", frozenset({"JobFinished"}), count)
    listener = Listener(topic, [reaction], Decoder(codec), Counting(), Snapshot, batch_max=2000)
    config = StreamsConfig(kafka, "", "", group=topic)
    began = time.monotonic(), time.process_time()
    if way == "plain":
        loop = PlainLoop(config, listener)
        loop.start()
        await done.wait()
        found = time.monotonic() - began[0], time.process_time() - began[1]
        await asyncio.to_thread(loop.stop)
        return found
    app = faust_app(config, [listener])
    work = asyncio.create_task(listener.work())
    await app.start()
    await done.wait()
    found = time.monotonic() - began[0], time.process_time() - began[1]
    work.cancel()
    await app.stop()
    return found


def main(way: str, records: int) -> None:
    """Print one line."""
    kafka = kafka_of(Settings(os.environ))
    codec = Codec({entry.full_name: number for number, entry in enumerate(messages(), start=1)}, lambda number: {})
    topic = f"bench.{uuid.uuid4().hex[:8]}"
    fill(kafka, topic, codec, records)
    seconds, cpu = asyncio.run(measure(way, kafka, topic, codec, records))
    admin = AdminClient({**connection(kafka, "culm-test")})
    admin.delete_topics([topic])[topic].result()
    rate, cost = records / seconds, cpu / records * 1_000_000
    print(f"{way}: {records:,} records, {rate:,.0f} a second, {cost:.1f} microseconds of CPU a record")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 80_000)
