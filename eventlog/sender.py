"""One door for commands into the log: an idempotent producer that keeps the order of what is sent for one aggregate.

In: messages and envelopes, from any thread. Out: records on the topic of the message's aggregate, keyed by aggregate
id and partitioned as every other client of Culm does. Invariant: nothing is dropped silently; what could not be
delivered surfaces in `flush`, what is too large is refused before it is sent.
"""

import threading
from collections.abc import Callable

import structlog
from confluent_kafka import KafkaError, KafkaException, Message

from eventlog.producers import idempotent_producer
from schemas.heartbeat import PilotHeartbeat
from schemas.types import CommandEnvelope
from schemas.wire import RECORD_BYTES_MAX, Codec, entry_of
from schemas.wire import Message as Content
from schemas.workflow import RequestKept

ROOM_WAIT_SECONDS = 0.01
OnDelivery = Callable[[KafkaError | None, Message], None]
log = structlog.get_logger()


class RecordTooLarge(ValueError):
    """The record would be refused by the broker; splitting it is the sender's business."""


class NotDelivered(RuntimeError):
    """Records that were sent did not reach the log."""


class CommandSender:
    """Sends commands (and heartbeats); safe to share between threads.

    kafka: bootstrap address. client_id: who sends, as the broker's logs name it. delivery_seconds_max: for those who tell someone
    that a command was not sent: what the log has not taken by then is given up, and never sent later.
    """

    def __init__(
        self, kafka: str, codec: Codec, *, client_id: str = "culm-sender", delivery_seconds_max: float | None = None
    ) -> None:
        self._producer = idempotent_producer(kafka, client_id, delivery_seconds_max=delivery_seconds_max)
        self._codec = codec
        self._lock = threading.Lock()
        self._failed = 0
        self._first_failure = ""

    @property
    def unsent(self) -> int:
        """Records that wait for the broker's acknowledgement."""
        return len(self._producer)

    def send(self, command: Content, envelope: CommandEnvelope, on_delivery: OnDelivery | None = None) -> None:
        """Hand `command` over for delivery, keyed by `envelope.aggregate_id`; waits only while the local queue is full.

        on_delivery is called from whichever thread serves this sender next. Raises RecordTooLarge.
        """
        entry = entry_of(command)
        assert entry.role == "commands", f"{entry.full_name} is no command"
        value = self._codec.encode(command, envelope)
        self._produce(entry.topic, envelope.aggregate_id, value, entry.name, on_delivery)

    def send_heartbeat(self, heartbeat: PilotHeartbeat) -> None:
        """Hand a sign of life over for delivery, keyed by its job."""
        entry = entry_of(heartbeat)
        self._produce(entry.topic, str(heartbeat.job_id), self._codec.encode(heartbeat), entry.name, None)

    def send_kept(self, part: RequestKept, on_delivery: OnDelivery) -> None:
        """Hand a part of a request over for delivery, keyed by the digest of the request."""
        entry = entry_of(part)
        self._produce(entry.topic, part.digest, self._codec.encode(part), entry.name, on_delivery)

    def serve(self, seconds: float = 0.0) -> None:
        """Let delivery reports be handled, waiting up to `seconds` for one."""
        self._producer.poll(seconds)

    def flush(self, timeout: float = 30.0) -> None:
        """Wait until everything sent so far is in the log.

        Raises NotDelivered when something is not after `timeout` seconds, or failed since the last call.
        """
        left = self._producer.flush(timeout)
        with self._lock:
            failed, first = self._failed, self._first_failure
            self._failed, self._first_failure = 0, ""
        if failed:
            raise NotDelivered(f"{failed} records were not delivered; the first: {first}")
        if left:
            raise NotDelivered(f"{left} records still wait for the broker after {timeout} s")

    def close(self) -> None:
        """Deliver what waits and give the connection back; raises NotDelivered."""
        self.flush()

    def _produce(self, topic: str, key: str, value: bytes, name: str, on_delivery: OnDelivery | None) -> None:
        if len(value) > RECORD_BYTES_MAX:
            raise RecordTooLarge(f"{name} for {key!r} has {len(value):,} bytes, at most {RECORD_BYTES_MAX:,} fit; split it")
        reported = self._delivered if on_delivery is None else self._then(on_delivery)
        while True:
            try:
                self._producer.produce(topic, key=key.encode(), value=value, on_delivery=reported)
                break
            except BufferError:
                self._producer.poll(ROOM_WAIT_SECONDS)
            except KafkaException as problem:
                raise NotDelivered(f"{name} for {key!r} on {topic}: {problem}") from problem
        self._producer.poll(0)

    def _then(self, on_delivery: OnDelivery) -> OnDelivery:
        def reported(error: KafkaError | None, message: Message) -> None:
            self._delivered(error, message)
            on_delivery(error, message)

        return reported

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            return
        with self._lock:
            self._failed += 1
            self._first_failure = self._first_failure or f"{message.topic()}: {error.str()}"
        log.error("record_not_delivered", topic=message.topic(), problem=error.str())
