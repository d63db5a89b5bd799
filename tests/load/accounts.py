"""Where the CPU time goes, process by process, and how far the read model is."""

import os
from dataclasses import dataclass, field

import psutil
import psycopg2
from confluent_kafka import Consumer, TopicPartition

from deploy.stack import Stack
from eventlog.connection import connection
from schemas.topics import topics_of_role


@dataclass(slots=True)
class CpuAccounts:
    """CPU seconds of every process of a stack since it was made; `load` is this process."""

    stack: Stack
    _began: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self._now()

    def seconds(self) -> dict[str, float]:
        """CPU seconds by name of process."""
        return {name: spent - self._began.get(name, 0.0) for name, spent in self._now().items()}

    def resident_mb(self) -> dict[str, int]:
        """Resident memory by name of process."""
        return {
            name: sum(one.memory_info().rss for one in self._family(pid)) // 2**20 for name, pid in self._pids().items()
        }

    def _now(self) -> dict[str, float]:
        found = {name: sum(_cpu(one) for one in self._family(pid)) for name, pid in self._pids().items()}
        return found | {"load": _cpu(psutil.Process(os.getpid()))}

    def _pids(self) -> dict[str, int]:
        return {one["name"]: int(one["pid"]) for one in self.stack.status()["processes"] if one["pid"]}

    def _family(self, pid: int) -> list[psutil.Process]:
        try:
            parent = psutil.Process(pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    # A postgres that ends leaves its time with its parent.
    return float(times.user + times.system + times.children_user + times.children_system)


class ReadModel:
    """Asks the read model how many jobs of a queue are where."""

    def __init__(self, postgres: str, queue: str) -> None:
        self._connection = psycopg2.connect(postgres)
        self._connection.autocommit = True
        self._queue = queue

    def finished(self) -> int:
        """Jobs that are finished."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM job WHERE status = 'finished' AND queue = %s", (self._queue,))
            return int(cursor.fetchone()[0])  # type: ignore[index]

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def events_in_log(kafka: str) -> int:
    """Records of all event topics and of the answers: what a rebuild reads (markers of transactions counted too)."""
    consumer = Consumer({**connection(kafka, "culm-test"), "group.id": "bench"})
    total = 0
    for topic in (*topics_of_role("events"), *topics_of_role("answers")):
        for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            total += high - low
    consumer.close()
    return total
