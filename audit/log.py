"""Single events out of the log, by their places; and the records of one key after a place.

In: topic, partition and offsets, as the timeline knows them. Out: decoded events in order. Guards: a place that holds something
else, or nothing any more, is said by name; a log that does not answer within `SECONDS_MAX` is `LogAway`.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import positioned_reader
from eventlog.reading import take_what_is_there
from schemas.reading import Place, Recorded, read_record
from schemas.wire import Codec, Poison

SECONDS_MAX = 15.0
#: Records that are read over rather than sought past.
GAP_MAX = 2_000
BATCH = 2_000


class LogAway(RuntimeError):
    """The log did not answer in time."""


class NotInTheLog(RuntimeError):
    """A place that should hold an event does not."""


class LogPages:
    """Reads places of the log at `kafka`, with a consumer for each thread; to connect takes longer than to read."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self.kafka, self.codec = kafka, codec
        self._of_thread = threading.local()

    def at(self, topic: str, partition: int, offsets: Sequence[int]) -> list[Recorded]:
        """The events at `offsets`, which must rise; raises LogAway, NotInTheLog."""
        found: list[Recorded] = []
        with self._consumer() as consumer:
            for run in runs(offsets):
                found += self._read_run(consumer, topic, partition, run)
        return found

    def after(self, topic: str, partition: int, offset: int, key: str, until: int, records_max: int) -> list[Recorded]:
        """Events under `key` beyond `offset` and below `until`, at most `records_max` records looked at."""
        found: list[Recorded] = []
        with self._consumer() as consumer:
            consumer.assign([TopicPartition(topic, partition, offset + 1)])
            for message in islice(_messages(consumer), records_max):
                if message is None or _offset(message) >= until:
                    break
                if message.key() == key.encode():
                    with suppress(Poison):
                        # What cannot be read is no event; the projector noted it when it passed it over.
                        found.append(self._recorded(message))
        return found

    def end(self, topic: str, partition: int) -> int:
        """The end of what is committed in a partition."""
        with self._consumer() as consumer:
            try:
                return consumer.get_watermark_offsets(TopicPartition(topic, partition), SECONDS_MAX)[1]
            except KafkaException as problem:
                raise LogAway(f"the log at {self.kafka} does not answer: {problem}") from problem

    def _read_run(self, consumer: Consumer, topic: str, partition: int, offsets: Sequence[int]) -> Iterator[Recorded]:
        consumer.assign([TopicPartition(topic, partition, offsets[0])])
        wanted = list(offsets)
        for message in _messages(consumer):
            if message is None or _offset(message) > wanted[0]:
                raise NotInTheLog(f"{topic}[{partition}] holds no event at offset {wanted[0]}")
            if _offset(message) < wanted[0]:
                continue
            yield self._recorded(message)
            del wanted[0]
            if not wanted:
                return

    def _recorded(self, message: Message) -> Recorded:
        topic, partition = message.topic(), message.partition()
        assert topic is not None
        assert partition is not None
        key = message.key()
        return read_record(
            self.codec,
            Place(topic, partition, _offset(message)),
            key if isinstance(key, bytes) else None,
            message.value(),
        )

    @contextmanager
    def _consumer(self) -> Iterator[Consumer]:
        """The thread's consumer; a new one after any error."""
        consumer: Consumer = getattr(self._of_thread, "consumer", None) or self._connected()
        self._of_thread.consumer = None
        try:
            yield consumer
            consumer.unassign()
            self._of_thread.consumer = consumer
        finally:
            if getattr(self._of_thread, "consumer", None) is not consumer:
                consumer.close()

    def _connected(self) -> Consumer:
        return positioned_reader(self.kafka, "culm-audit", hears_ends=True, answer_wait_ms=10)


def runs(offsets: Sequence[int]) -> Iterator[Sequence[int]]:
    """Offsets in groups that are worth reading in one go."""
    run: list[int] = []
    for offset in offsets:
        if run and offset - run[-1] > GAP_MAX:
            yield run
            run = []
        run.append(offset)
    if run:
        yield run


def _messages(consumer: Consumer) -> Iterator[Message | None]:
    """Records as they come; None at the end of the partition; raises LogAway when nothing comes."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        batch = take_what_is_there(consumer, BATCH, 0.1)
        for message in batch:
            failure = message.error()
            if failure is None:
                yield message
            elif failure.code() == KafkaError._PARTITION_EOF:
                yield None
            elif not failure.retriable() and failure.code() != KafkaError._ALL_BROKERS_DOWN:
                raise NotInTheLog(f"the log cannot be read: {failure.str()}")
        if batch:
            deadline = time.monotonic() + SECONDS_MAX
        elif time.monotonic() > deadline:
            raise LogAway(f"the log did not answer within {SECONDS_MAX:.0f} s")


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None
    return offset
