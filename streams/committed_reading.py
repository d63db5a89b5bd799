"""Faust's Kafka transport, reading only what transactions committed, and committing only what is done.

Faust 0.15 reads uncommitted records unless its own exactly-once mode is on (which is broken), acknowledges by distance
between offsets, and acknowledges records of a former assignment. Here subclasses set the isolation level and keep the
accounts in a `Ledger`; nothing of Faust is patched. Source: event-sourcing practice, chapter 16.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiokafka
from aiokafka.codec import has_lz4
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers.aiokafka import server_list
from faust.types.tuples import TP, Message

from streams.errors import WorkerStopped
from streams.ledger import Ledger

FETCH_WAIT_MS = 1000


def check_compression() -> None:
    """Raise WorkerStopped when records as Culm's producers compress them could not be read."""
    if not has_lz4():
        raise WorkerStopped("aiokafka cannot read lz4 here: the package cramjam is missing")


class ReaderThread(driver.AIOKafkaConsumerThread):
    """The thread that talks to Kafka."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        conf = self.app.conf
        self._assignor = RoundRobinPartitionAssignor
        return aiokafka.AIOKafkaConsumer(
            bootstrap_servers=server_list(transport.url, transport.default_port),
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset=conf.consumer_auto_offset_reset,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
        )


class Reader(driver.Consumer):
    """The consumer: hands records out in order and commits behind the last one that is done."""

    def __init__(self, transport: Any, callback: Callable[[Message], Awaitable[None]], *args: Any, **kwargs: Any) -> None:
        self._ledgers: defaultdict[TP, Ledger] = defaultdict(Ledger)
        super().__init__(transport, self._delivering(callback, transport.wanted), *args, **kwargs)

    def ack(self, message: Message) -> bool:
        """Note that `message` is done; one of a former assignment is somebody else's now, or will come again."""
        if message.generation_id != self.app.consumer_generation_id:
            return False
        message.acked = True
        self._ledgers[message.tp].finish(message.offset)
        return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget the accounts of partitions that leave."""
        for partition in revoked:
            self._ledgers.pop(partition, None)
        await super().on_partitions_revoked(revoked)

    async def verify_all_partitions_active(self) -> None:
        """Faust's look for stuck agents mistakes transaction markers for unread records."""

    def _delivering(
        self, callback: Callable[[Message], Awaitable[None]], wanted: Callable[[Message], bool]
    ) -> Callable[[Message], Awaitable[None]]:
        async def deliver(message: Message) -> None:
            ours = message.generation_id == self.app.consumer_generation_id
            if ours:
                self._ledgers[message.tp].deliver(message.offset)
            if wanted(message):
                await callback(message)
            elif ours:
                self._ledgers[message.tp].finish(message.offset)

        return deliver

    def _new_consumer_thread(self) -> ReaderThread:
        return ReaderThread(self, loop=self.loop, beacon=self.beacon)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in tuple(self._ledgers) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self._ledgers[tp].committable

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps mean nothing to a ledger."""
        await asyncio.sleep(0)


class CommittedReading(driver.Transport):
    """Transport of Faust whose consumer is `Reader`.

    wanted: False for records that concern no agent; these are done as soon as they are read, and never reach one.
    """

    Consumer = Reader

    def __init__(self, *args: Any, wanted: Callable[[Message], bool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted
