"""Reads a topic that has records for every job, for a listener that is interested in few of them.

A plain Kafka consumer in a thread of its own. A record that concerns no reaction costs a look at its first bytes; where a Faust
agent would cost twenty times that (docs/decisions/0019). Batch by batch: read, let the listener deliver what follows, then count
the batch as done. So nothing is under way when partitions are taken away, and what was done is committed before they are.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import wait

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import member
from eventlog.membership import JoinWatch, is_fenced, is_over
from streams.config import StreamsConfig
from streams.engine.arrivals import Arrival, Record
from streams.engine.listener import Listener

RECORDS_MAX = 5000
FIRST_RECORD_SECONDS = 0.5
PAUSE_SECONDS_MAX = 5.0
#: Who is fenced again so soon has a rival.
DUEL_SECONDS = 30.0
NAME_REMEDY = "another worker runs under this name: give each a CULM_INSTANCE of its own"
log = structlog.get_logger()


class PlainLoop:
    """Serves one listener; several instances share the partitions of its topic by group."""

    def __init__(self, config: StreamsConfig, listener: Listener) -> None:
        self._config, self._listener = config, listener
        self._group = f"{config.group}-{listener.topic.split('.')[1]}"
        self._reached: dict[int, int] = {}
        self._gone: set[int | None] = set()
        self._watch = JoinWatch(config.session_seconds)
        self._committed_at = 0.0
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name=self._group, daemon=True)
        self.ended = threading.Event()

    def start(self) -> None:
        """Begin to read; from the event loop in which the listener works."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Commit what is done and leave the group; waits for the thread."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        pause = 0.2
        try:
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    self._session()
                except KafkaException as problem:
                    if _is_name_taken(problem, time.monotonic() - began):
                        log.error("instance_name_taken", group=self._group, instance=self._config.instance, remedy=NAME_REMEDY)
                        return
                    log.warning("reading_failed", topic=self._listener.topic, problem=str(problem), retry_in_seconds=pause)
                self._stop.wait(pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
        except Exception:  # a bug in the loop itself: the whole worker ends and is started again
            log.exception("reading_ended", topic=self._listener.topic)
        finally:
            self.ended.set()

    def _session(self) -> None:
        """From joining the group until asked to stop; raises KafkaException when Kafka takes this instance for gone."""
        self._reached.clear()
        self._watch.taken()
        consumer = member(
            self._config.kafka, self._group, self._config.instance, session_seconds=self._config.session_seconds
        )
        try:
            consumer.subscribe(
                [self._listener.topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
            )
            while not self._stop.is_set():
                messages = self._read(consumer)
                self._watch.check()
                if messages and not self._handled(messages):
                    return
                self._reached |= {message.partition() or 0: (message.offset() or 0) + 1 for message in messages}
                if time.monotonic() - self._committed_at >= self._config.commit_seconds:
                    self._commit(consumer, at_once=False)
        finally:
            if self._stop.is_set():
                self._commit(consumer, at_once=True)
            consumer.close()

    def _read(self, consumer: Consumer) -> list[Message]:
        """What has come; waits for the first record, and then for its company."""
        first = consumer.poll(FIRST_RECORD_SECONDS)
        if first is None:
            return []
        if self._listener.within:
            self._stop.wait(self._listener.within)
        self._gone.clear()
        records = [message for message in (first, *consumer.consume(RECORDS_MAX, 0)) if _is_record(message)]
        if records and records[0] is first and first.partition() in self._gone:
            # The partition was given to another instance between the two calls; the client drops the later ones by itself.
            del records[0]
        return records

    def _handled(self, messages: Sequence[Message]) -> bool:
        """Let the listener deliver what follows from `messages`; False when asked to stop before it has."""
        wanted = [message for message in messages if self._listener.concerns(message.value())]
        for start in range(0, len(wanted), self._listener.batch_max):
            batch = [_arrival(message) for message in wanted[start : start + self._listener.batch_max]]
            assert self._loop is not None, "the loop was not started"
            working = asyncio.run_coroutine_threadsafe(self._listener.handle(batch), self._loop)
            while not wait([working], timeout=0.2).done:
                if self._stop.is_set():
                    working.cancel()
                    return False
            if working.cancelled():
                return False
            working.result()
        return True

    def _commit(self, consumer: Consumer, *, at_once: bool) -> None:
        """Commit what is done; a failure means that it will be done again, which is harmless."""
        self._committed_at = time.monotonic()
        if not self._reached:
            return
        places = [TopicPartition(self._listener.topic, partition, offset) for partition, offset in self._reached.items()]
        try:
            if at_once:
                consumer.commit(offsets=places, asynchronous=False)
            else:
                consumer.commit(offsets=places, asynchronous=True)
        except KafkaException as problem:
            log.warning("positions_not_committed", topic=self._listener.topic, problem=str(problem))

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._watch.given()

    def _revoked(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._commit(consumer, at_once=True)
        self._lost(consumer, places)

    def _lost(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._watch.taken()
        for place in places:
            self._gone.add(place.partition)
            self._reached.pop(place.partition, None)


def _is_name_taken(problem: KafkaException, seconds: float) -> bool:
    """True when a second worker joined the group under our name: to go on would take its place in turn, for ever.

    seconds: for which this one was a member. A fatal failure after a long time has other reasons, too.
    """
    failure = problem.args[0] if problem.args else None
    if not isinstance(failure, KafkaError):
        return False
    return is_fenced(failure) or (is_over(failure) and seconds < DUEL_SECONDS)


def _is_record(message: Message) -> bool:
    """False for a transient error; raises KafkaException for one that ends the session."""
    failure = message.error()
    if failure is None:
        return True
    if is_over(failure):
        raise KafkaException(failure)
    log.warning("kafka_reports", problem=failure.str())
    return False


def _arrival(message: Message) -> Arrival:
    record = Record(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
    )
    return Arrival(record, lambda: None)
