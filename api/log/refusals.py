"""What was refused, from the gate into the log and back: one small topic, read from its end when someone asks.

In: `RequestsRefused` of this API's gate, already collapsed. Out: records keyed by caller; and the newest of them for operators.
Guards: requests never wait for it; where the log does not take records, they are dropped and their number is logged.
"""

import threading

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from api.log.gateway import now_micros
from api.log.newest import newest_records
from eventlog.producers import idempotent_producer
from identity.refusals import Refusals
from schemas.catalog import CATALOG
from schemas.refusal import RequestsRefused
from schemas.wire import Codec, Poison

TOPIC = CATALOG["culm.refusal.RequestsRefused"].topic
CLIENT = "culm-api-refusals"
WRITE_SECONDS = 1.0
SECONDS_MAX = 5.0
log = structlog.get_logger()


class RefusalLog:
    """Writes what a gate refused, each second, from a thread of its own."""

    def __init__(self, kafka: str, codec: Codec, refusals: Refusals) -> None:
        self._kafka, self._codec, self._refusals = kafka, codec, refusals
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._write, name="refusals", daemon=True)
        self._dropped = 0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what there is, for up to 5 s, and stop."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(SECONDS_MAX)

    def _write(self) -> None:
        producer = idempotent_producer(self._kafka, CLIENT)
        while not self._ending.wait(WRITE_SECONDS):
            self._put(producer, self._refusals.take(now_micros()))
        self._put(producer, self._refusals.take_all(now_micros()))
        producer.flush(SECONDS_MAX)

    def _put(self, producer: Producer, records: list[RequestsRefused]) -> None:
        for record in records:
            try:
                value = self._codec.encode(record)
                producer.produce(TOPIC, key=record.caller.encode(), value=value, on_delivery=self._delivered)
            except (BufferError, KafkaException, ValueError) as problem:
                self._drop(type(problem).__name__)
        producer.poll(0)

    def _delivered(self, error: KafkaError | None, _: object) -> None:
        if error is not None:
            self._drop(error.str())

    def _drop(self, problem: str) -> None:
        self._dropped += 1
        log.warning("refusal_not_recorded", dropped=self._dropped, problem=problem)


def newest_refusals(kafka: str, codec: Codec, limit: int) -> list[RequestsRefused]:
    """Of each partition the last `limit` records, the newest first; raises LogUnavailable."""
    newest = newest_records(kafka, CLIENT, TOPIC, limit, "refusals", lambda message: _record(codec, message.value()))
    return sorted(newest.shown, key=lambda record: -record.last_at)


def _record(codec: Codec, value: bytes | None) -> RequestsRefused | None:
    try:
        found = codec.decode(value).message
    except Poison:
        return None
    return found if isinstance(found, RequestsRefused) else None
