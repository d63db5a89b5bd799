"""Faust's Kafka transport, reading only what transactions committed, and committing only what is done.

Faust 0.15 reads uncommitted records unless its own exactly-once mode is on (which is broken), acknowledges by distance
between offsets, acknowledges records of a former assignment, and spends four tasks on every record. Here subclasses set
the isolation level, keep the accounts in a `OffsetLedger`, and hand Faust one message a topic and fetch, whose value are the
records that concern somebody; nothing of Faust is patched. Source: docs/reference/kafka.md, "Faust".
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Any

from aiokafka.codec import has_lz4
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers.aiokafka import server_list
from faust.types.tuples import TP, ConsumerMessage, Message

from streams.engine.arrivals import Arrival, arrivals
from streams.engine.errors import WorkerStopped
from streams.engine.fetching import SiftingConsumer, Wanted
from streams.engine.offset_ledger import OffsetLedger

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
        return SiftingConsumer(
            wanted=transport.wanted,
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ledgers: dict[TP, OffsetLedger] = {}
        super().__init__(*args, **kwargs)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  (Faust says how it is called)
        """One message a topic with all that came for it and concerns somebody; the rest is done as soon as it is read."""
        found, active = await self._wait_next_records(timeout)
        read = found or {}
        if self.should_stop:
            return
        if not self.flow_active:
            await self._seek_back()
            return
        readable = self._buffered_partitions.union(active or ())
        generation = self.app.consumer_generation_id
        by_topic: dict[str, list[Arrival]] = {}
        for tp, records in read.items():
            if tp in readable:
                by_topic.setdefault(tp.topic, []).extend(self._arrivals(tp, records, generation))
        for topic, arrived in by_topic.items():
            if not self._flows(generation):
                return
            if arrived:
                yield self._message(topic, arrived, generation)

    def ack(self, message: Message) -> bool:
        """Nothing: arrivals are acknowledged, not the messages that carry them."""
        return False

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget the accounts of partitions that leave."""
        for partition in revoked:
            self._ledgers.pop(partition, None)
        await super().on_partitions_revoked(revoked)

    def on_buffer_full(self, tp: TP) -> None:
        """Whose agent is behind is not read further: all partitions of the topic, since they travel together."""
        for one in [one for one in self._get_active_partitions() if one.topic == tp.topic]:
            super().on_buffer_full(one)

    def on_buffer_drop(self, tp: TP) -> None:
        """The agent has caught up."""
        for one in [one for one in self._buffered_partitions if one.topic == tp.topic]:
            super().on_buffer_drop(one)

    async def verify_all_partitions_active(self) -> None:
        """Faust's look for stuck agents mistakes transaction markers for unread records."""

    def _flows(self, generation: int) -> bool:
        """False when a rebalance began while an agent was slow: what is left of a fetch will be fetched again."""
        return self.flow_active and generation == self.app.consumer_generation_id

    async def _seek_back(self) -> None:
        """What was fetched while the flow was stopped is fetched again."""
        try:
            await self.perform_seek()
        except KafkaError as problem:
            self.log.warning("committed positions could not be sought: %r", problem)

    def _arrivals(self, tp: TP, records: Sequence[Any], generation: int) -> list[Arrival]:
        """What is new of `records`: what lies before the position that was sought comes from an older fetch."""
        position = self._read_offset[tp]
        if position is not None and records and _offset(records[0]) < position:
            records = [one for one in records if _offset(one) >= position]
        if not records:
            return []
        self._read_offset[tp] = _offset(records[-1])
        return arrivals(records, self._ledgers.setdefault(tp, OffsetLedger()), partial(self._finish, tp, generation))

    def _finish(self, tp: TP, generation: int, offset: int) -> None:
        """A record of a former assignment is somebody else's now, or will come again."""
        if generation == self.app.consumer_generation_id and tp in self._ledgers:
            self._ledgers[tp].finish(offset)

    def _message(self, topic: str, arrived: Sequence[Arrival], generation: int) -> tuple[TP, Message]:
        """Faust's form, at the place up to which the last record's partition was read: Faust takes it for new."""
        last = arrived[-1].message
        tp = TP(topic, last.partition)
        value: Any = tuple(arrived)
        message = ConsumerMessage(
            topic,
            last.partition,
            self._read_offset[tp] or last.offset,
            last.timestamp / 1000,
            0,
            None,
            None,
            value,
            None,
            tp=tp,
            generation_id=generation,
        )
        return tp, message

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

    wanted: False for records that concern no agent; it is asked in the thread that talks to Kafka and must not wait.
    """

    Consumer = Reader

    def __init__(self, *args: Any, wanted: Wanted, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted


def _offset(one: Any) -> int:
    return one if type(one) is int else int(one.offset)
