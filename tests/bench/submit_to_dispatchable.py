"""`python -m tests.bench.submit_to_dispatchable [N]`: time from submitting a task to its first job being dispatchable.

Set-up: the running local stack (`culm up`), one client, tasks of one job, one after the other. The clock starts before the HTTP
request and stops when `JobQueued` is read from the log by a consumer of our own. Prints p50, p90 and the largest.
"""

import os
import platform
import sys
import time

import httpx
from confluent_kafka import Consumer, TopicPartition

from deploy.stack import Stack
from eventlog.connection import connection
from eventlog.registry import codec_from
from identity.issuer import make_token
from schemas.queue import JobQueued
from schemas.wire import Codec

TOPIC = "culm.queue.events.v1"
PARAMETERS = {
    "taskName": "",
    "vo": "wlcg",
    "prodSourceLabel": "user",
    "architecture": None,
    "transUses": "",
    "transHome": None,
    "processingType": "bench",
    "noInput": True,
    "nEvents": 1,
    "nEventsPerJob": 1,
    "jobParameters": [{"type": "constant", "value": '-r . -p "true"'}],
}


def main(tasks: int) -> int:
    """Exit code 0 after printing the figures."""
    stack = Stack.here()
    codec = codec_from(stack.config.registry)
    settings = {"group.id": "bench", "isolation.level": "read_committed", "fetch.wait.max.ms": 10}
    consumer = Consumer({**connection(stack.config.kafka, "culm-test"), **settings})
    partitions = sorted(consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions)
    ends = [consumer.get_watermark_offsets(TopicPartition(TOPIC, number))[1] for number in partitions]
    consumer.assign([TopicPartition(TOPIC, number, end) for number, end in zip(partitions, ends, strict=True)])
    token = make_token(stack.config.home, user="bench", name="Bench", groups=["wlcg"], audience_hours=1)
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    seconds = []
    with httpx.Client(base_url=stack.config.api, headers=headers, timeout=30) as api:
        for number in range(tasks + 1):
            body = {"parameters": PARAMETERS | {"taskName": f"user.bench.{time.time_ns()}.{number}/"}}
            began = time.perf_counter()
            task = api.post("/v1/tasks", json=body).json()["task_id"]
            while not _queued(consumer, codec, task):
                pass
            seconds.append(time.perf_counter() - began)
    seconds = sorted(seconds[1:])
    print(f"{platform.python_version()}, {os.cpu_count()} cores, {tasks} tasks one after the other, first one not counted")
    print(f"submit to dispatchable: p50 {_at(seconds, 0.5)} ms, p90 {_at(seconds, 0.9)} ms, max {_at(seconds, 1.0)} ms")
    return 0


def _queued(consumer: Consumer, codec: Codec, task: int) -> bool:
    message = consumer.poll(1.0)
    if message is None or message.error() is not None:
        return False
    event = codec.decode(message.value()).message
    return isinstance(event, JobQueued) and event.spec.task_id == task


def _at(seconds: list[float], share: float) -> int:
    return round(1000 * seconds[min(len(seconds) - 1, int(share * len(seconds)))])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
