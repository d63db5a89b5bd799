"""(b) Latency at a fixed rate: from submitting a task to each of its jobs being dispatchable, and of getJob.

Arrivals do not wait for answers (open loop), so that a slow stack cannot hide by being asked less.
"""

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass

import uvloop
from confluent_kafka import Consumer, TopicPartition

from deploy.local_queue import LocalQueue
from deploy.stack import Stack
from eventlog.connection import connection
from eventlog.registry import codec_from
from schemas.queue import JobQueued
from tests.load.pilot_load import QUEUE, PilotLoad, quantile
from tests.load.queue import configure_queue

TOPIC = "culm.queue.events.v1"
JOBS_PER_TASK = 10
PILOTS = 150
WARM_UP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Latency:
    """At one rate; milliseconds. `finished_per_second` shows whether the stack kept up."""

    jobs_per_second: float
    submit_to_dispatchable_p50_ms: float
    submit_to_dispatchable_p99_ms: float
    get_job_p50_ms: float
    get_job_p99_ms: float
    finished_per_second: float


class QueuedWatch(threading.Thread):
    """Reads from the log when a job becomes dispatchable."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.at: list[tuple[int, float]] = []
        self.stopped = False
        self._codec = codec_from(stack.config.registry)
        settings = {"group.id": "bench", "isolation.level": "read_committed", "fetch.wait.max.ms": 10}
        self._consumer = Consumer({**connection(stack.config.kafka, "culm-test"), **settings})
        numbers = self._consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
        places = [TopicPartition(TOPIC, number) for number in numbers]
        for place in places:
            _, place.offset = self._consumer.get_watermark_offsets(place, timeout=10)
        self._consumer.assign(places)

    def run(self) -> None:
        """Task and time of every job that was queued."""
        while not self.stopped:
            for message in self._consumer.consume(200, 0.02):
                now = time.perf_counter()
                if message.error() is None:
                    event = self._codec.decode(message.value()).message
                    if isinstance(event, JobQueued):
                        self.at.append((event.spec.task_id, now))
        self._consumer.close()


def measure(stack: Stack, rate: float, seconds: float) -> Latency:
    """At `rate` jobs a second for `seconds`, after a warm-up."""
    configure_queue(stack, LocalQueue(QUEUE, PILOTS), lease_seconds=600)
    return uvloop.run(_measure(stack, rate, seconds))


async def _measure(stack: Stack, rate: float, seconds: float) -> Latency:
    watch = QueuedWatch(stack)
    watch.start()
    pilot_load = PilotLoad("127.0.0.1", stack.config.ports.api, stack.config.home)
    feeding = asyncio.create_task(pilot_load.feed_at(lambda: rate, JOBS_PER_TASK))
    pilots = [asyncio.create_task(pilot_load.pilot(number)) for number in range(PILOTS)]
    await asyncio.sleep(WARM_UP_SECONDS)
    pilot_load.counts.seconds["getJob"].clear()
    began, before = time.perf_counter(), pilot_load.counts.finished
    await asyncio.sleep(seconds)
    ended, after = time.perf_counter(), pilot_load.counts.finished
    get_job = list(pilot_load.counts.seconds["getJob"])
    feeding.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await feeding
    await pilot_load.drain()
    watch.stopped = True
    await asyncio.gather(*pilots)
    watch.join()
    tasks = {task: at for task, at in pilot_load.counts.submitted_at.items() if began <= at <= ended}
    waits = [at - tasks[task] for task, at in watch.at if task in tasks]
    return Latency(
        rate,
        quantile(waits, 0.5),
        quantile(waits, 0.99),
        quantile(get_job, 0.5),
        quantile(get_job, 0.99),
        round((after - before) / (ended - began), 1),
    )
