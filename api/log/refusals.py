"""What was refused, from the gate into the log and back: one small topic, read from its end when someone asks.

In: `RequestsRefused` of this API's gate, already collapsed. Out: records keyed by caller; and the newest of them for operators.
Guards: requests never wait for it; where the log does not take records, they are dropped and their number is logged.
"""

import threading

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from api.http.errors import LogUnavailable
from api.log.gateway import now_micros
from eventlog.consumers import one_shot_reader
from eventlog.producers import idempotent_producer
from eventlog.reading import take_what_is_there
from identity.refusals import Refusals
from schemas.catalog import CATALOG
from schemas.refusal import RequestsRefused
from schemas.wire import Codec, Poison

TOPIC = CATALOG["culm.refusal.RequestsRefused"].topic
WRITE_SECONDS = 1.0
SECONDS_MAX = 5.0
TAKEN_MAX = 500
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
        producer = idempotent_producer(self._kafka, "culm-api-refusals")
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
    consumer = one_shot_reader(kafka, "culm-api-refusals")
    try:
        found = _read(consumer, codec, limit)
    except KafkaException as problem:
        raise LogUnavailable(f"the refusals cannot be read: {problem}") from problem
    finally:
        consumer.close()
    return sorted(found, key=lambda record: -record.last_at)


def _read(consumer: Consumer, codec: Codec, limit: int) -> list[RequestsRefused]:
    parts = []
    for number in consumer.list_topics(TOPIC, timeout=SECONDS_MAX).topics[TOPIC].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(TOPIC, number), timeout=SECONDS_MAX)
        if high > low:
            parts.append(TopicPartition(TOPIC, number, max(low, high - limit)))
    if not parts:
        return []
    consumer.assign(parts)
    found: list[RequestsRefused] = []
    unread = {part.partition for part in parts}
    while unread:
        messages = take_what_is_there(consumer, TAKEN_MAX, SECONDS_MAX)
        if not messages:
            raise LogUnavailable("the refusals could not be read in time")
        for message in messages:
            failure = message.error()
            if failure is None:
                found += _record(codec, message.value())
            elif failure.code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition() or 0)
            else:
                raise KafkaException(failure)
    return found


def _record(codec: Codec, value: bytes | None) -> list[RequestsRefused]:
    try:
        found = codec.decode(value).message
    except Poison:
        return []
    return [found] if isinstance(found, RequestsRefused) else []
