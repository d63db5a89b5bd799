"""The Faust app: one agent a topic, on Faust's own transport and its rebalancing, as documented.

Two things of Faust's consumer are ours, each a subclass of what Faust makes. Records of aborted transactions are not read: Faust
offers that only with its exactly-once mode, which does not work. Positions are kept by `OffsetLedger`: Faust's own accounts stand
still for good where transactions leave holes between offsets, so that a start would react to everything since again.
`tests/streams/test_faust_app.py` shows both, and fails when another version of Faust makes them differently. The reasons are in
docs/decisions/0019.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, cast

import faust
from aiokafka.codec import has_lz4
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, Message

from streams.config import StreamsConfig
from streams.engine.arrivals import Arrival, Record
from streams.engine.errors import WorkerStopped
from streams.engine.faust_security import credentials_at
from streams.engine.listener import Listener
from streams.engine.offset_ledger import OffsetLedger

#: Records that wait for an agent; each may be as large as a record can be.
RECORDS_WAITING_MAX = 200
#: Faust's look for agents that hang takes the end of a transaction for an unread record, and complains of idle agents for ever.
NEVER_SECONDS = 10 * 365 * 86_400.0


class CommittedThread(driver.AIOKafkaConsumerThread):
    """Faust's thread that talks to Kafka, with a consumer that reads only what transactions committed."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        assert consumer._isolation_level == "read_uncommitted", "this version of Faust knows isolation levels: use its setting"
        consumer._isolation_level = "read_committed"
        return consumer


class CommittedConsumer(driver.Consumer):
    """Faust's consumer with that thread, and with accounts that know of holes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ledgers: dict[TP, OffsetLedger] = {}
        super().__init__(*args, **kwargs)

    def delivered(self, message: Message) -> None:
        """The record is with its listener. One of a former assignment is not entered: it comes again, or is another worker's."""
        if message.generation_id == self.app.consumer_generation_id:
            self._ledgers.setdefault(message.tp, OffsetLedger()).deliver(message.offset)

    def ack(self, message: Message) -> bool:
        """All that follows from the record is in the log, whichever assignment it was read under."""
        self._unacked_messages.discard(message)
        if message.tp in self._ledgers:
            self._ledgers[message.tp].finish(message.offset)
        return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget the accounts of partitions that leave."""
        for partition in revoked:
            self._ledgers.pop(partition, None)
        await super().on_partitions_revoked(revoked)

    def _new_consumer_thread(self) -> CommittedThread:
        return CommittedThread(self, loop=self.loop, beacon=self.beacon)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in tuple(self._ledgers) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self._ledgers[tp].committable

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Holes mean nothing to a ledger."""
        await asyncio.sleep(0)


class CommittedTransport(driver.Transport):
    """Faust's transport with that consumer."""

    Consumer = CommittedConsumer


def check_compression() -> None:
    """Raise WorkerStopped when records as Culm's producers compress them could not be read."""
    if not has_lz4():
        raise WorkerStopped("aiokafka cannot read lz4 here: the package cramjam is missing")


def faust_app(config: StreamsConfig, listeners: Sequence[Listener]) -> faust.App:
    """A Faust app whose agents feed `listeners`, each with the records of its topic."""
    app = faust.App(
        config.group,
        broker=[f"kafka://{address}" for address in config.kafka.split(",")],
        broker_credentials=credentials_at(config.kafka),
        store="memory://",
        autodiscover=False,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{config.group}-{config.instance}",
        broker_client_id=config.group,
        broker_commit_interval=config.commit_seconds,
        broker_session_timeout=config.session_seconds,
        broker_heartbeat_interval=config.session_seconds / 4,
        broker_rebalance_timeout=config.session_seconds,
        broker_commit_livelock_soft_timeout=NEVER_SECONDS,
        stream_processing_timeout=NEVER_SECONDS,
        stream_buffer_maxsize=RECORDS_WAITING_MAX,
        stream_wait_empty=False,
        stream_publish_on_commit=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.transport = CommittedTransport(app.conf.broker_consumer, app)
    for listener in listeners:
        topic = app.topic(
            listener.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", allow_empty=True
        )
        app.agent(topic, name=listener.topic, concurrency=1)(_agent(app, listener))
    return app


def _agent(app: faust.App, listener: Listener) -> Callable[[Any], Awaitable[None]]:
    """Body of an agent; `noack` because the listener acknowledges by itself, when all that follows is in the log."""

    async def hand_on(stream: Any) -> None:
        consumer = cast(CommittedConsumer, app.consumer)
        async for event in stream.noack().events():
            consumer.delivered(event.message)
            await listener.put(Arrival(_record_of(event.message), event.ack))

    return hand_on


def _record_of(message: Message) -> Record:
    """The record in Faust's form, whose timestamp is in seconds."""
    return Record(
        message.topic, message.partition, message.offset, int((message.timestamp or 0) * 1000), message.key, message.value
    )
