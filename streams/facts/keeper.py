"""Keeps the table of facts: events of queues, workers and tasks in, the last fact of each key out.

The table is a compacted topic, so that a worker that starts knows the load of a queue and a task that waits at any age.
Instances share the partitions of the events by group. Facts and positions are written in one transaction, which Kafka refuses
to an instance that lost its partitions meanwhile: the table is the fold of the log, never what some process remembered. A
session that fails is thrown away and the next one goes on from the committed positions.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from eventlog.consumers import member
from eventlog.membership import JoinWatch
from eventlog.producers import transactional_producer
from eventlog.watchdog import Watchdog
from schemas.bounds import problems_of
from schemas.partition import partition_of
from schemas.types import EventEnvelope
from schemas.wire import Codec, Poison
from streams.engine.decoder import Decoder
from streams.engine.errors import RegistryAway
from streams.engine.partial_decoder import PartialDecoder
from streams.facts.extract import (
    FACTS_TOPIC,
    HELD,
    QUEUE_EVENTS,
    SHARED,
    SOURCES,
    UNPARKED,
    UNTHROTTLED,
    fact_in,
    key_of,
    loads_in,
    subject_of,
)
from streams.facts.table import facts_that_stand
from streams.facts.windows import AGGREGATE_OF, COUNTED_IN, EventWindows

GROUP = "culm-facts"
BATCH = 5000
#: Between two transactions under load: of what comes meanwhile only the last fact of each key is written.
GATHER_SECONDS = 0.1
#: Positions behind which no fact was found are committed less often.
POSITIONS_SECONDS = 0.5
KAFKA_SECONDS_MAX = 8.0
HANGING_SECONDS = 15.0
PAUSE_SECONDS_MAX = 5.0
TRANSACTION_MS_MAX = 10_000
#: What a decoder or a fact may raise for content that no schema foresees, beside `Poison`.
UNUSABLE = (OverflowError, RecursionError, MemoryError, AttributeError, ValueError, TypeError, AssertionError)
WHILE_REBALANCING = (KafkaError.REBALANCE_IN_PROGRESS, KafkaError.ILLEGAL_GENERATION)
log = structlog.get_logger()
Changes = dict[str, bytes | None]


class FactsKeeper:
    """One instance. Start it, and stop it in the end.

    instance: a name that no other running instance has and that this one keeps over restarts. session_seconds: after so long
    the partitions of an instance that is gone are given to others.
    """

    def __init__(self, kafka: str, codec: Codec, decoder: Decoder, instance: str, session_seconds: float = 10.0) -> None:
        self._kafka, self._codec, self._decoder = kafka, codec, decoder
        self._instance, self._session_seconds = instance, session_seconds
        #: Of these events only the beginning is read, up to the groups of jobs.
        self._load_readers = {kind: PartialDecoder(f"culm.queue.{kind}", ("groups",), dict) for kind in SHARED}
        self._owned: frozenset[int] = frozenset()
        self._partitions = 0
        self._windows = EventWindows()
        self._counted: set[tuple[str, int]] = set()
        self._listeners: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="facts-keeper", daemon=True)
        self.ended = threading.Event()

    def start(self) -> None:
        """Begin to keep the table up to date."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the group; waits for the thread."""
        self._stop.set()
        self._thread.join(timeout=HANGING_SECONDS)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` from the keeper's thread when it was given other partitions."""
        self._listeners.append(listener)

    def owns(self, queue: str) -> bool:
        """True while the queue's events are this instance's to follow, and no other one's."""
        return self._partitions > 0 and partition_of(queue, self._partitions) in self._owned

    def _run(self) -> None:
        watchdog = Watchdog()
        pause = 0.2
        try:
            while not self._stop.is_set():
                try:
                    self._session(watchdog)
                    pause = 0.2
                except KafkaException as problem:
                    log.warning("facts_session_failed", problem=str(problem), retry_in_seconds=pause)
                self._stop.wait(pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
        except Exception:  # without facts no choice is possible: the whole worker ends and is started again
            log.exception("facts_keeper_ended")
        finally:
            self._own(frozenset())
            self.ended.set()

    def _session(self, watchdog: Watchdog) -> None:
        """From joining the group until asked to stop; raises KafkaException when Kafka is away or this instance was replaced."""
        producer = transactional_producer(self._kafka, f"{GROUP}-{self._instance}", transaction_ms_max=TRANSACTION_MS_MAX)
        consumer = member(self._kafka, GROUP, self._instance, session_seconds=self._session_seconds, hears_ends=True)
        session = FactSession(producer, consumer, watchdog)
        self._windows, self._counted = EventWindows(), set()
        try:
            with watchdog.limit(2 * KAFKA_SECONDS_MAX + HANGING_SECONDS, "start of the keeper of facts"):
                producer.init_transactions(KAFKA_SECONDS_MAX)
                found = consumer.list_topics(timeout=KAFKA_SECONDS_MAX).topics
            if any(topic not in found for topic in SOURCES):
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
            self._partitions = len(found[QUEUE_EVENTS].partitions)

            watch = JoinWatch(self._session_seconds)

            def assigned(_: Consumer, places: list[TopicPartition]) -> None:
                watch.given()
                self._own(self._owned | {place.partition for place in places if place.topic == QUEUE_EVENTS})

            def revoked(_: Consumer, places: list[TopicPartition]) -> None:
                watch.taken()
                session.forget(places)
                for place in places:
                    self._counted.discard((place.topic, place.partition))
                    self._windows.forget(place.topic.split(".")[1], place.partition, self._partitions)
                self._own(self._owned - {place.partition for place in places if place.topic == QUEUE_EVENTS})

            consumer.subscribe(list(SOURCES), on_assign=assigned, on_revoke=revoked, on_lost=revoked)
            while not self._stop.is_set():
                self._keep(session)
                watch.check()
        finally:
            self._own(frozenset())
            session.close()

    def _keep(self, session: "FactSession") -> None:
        """Take what has come, waiting up to half a second for it, and write what follows."""
        messages = session.read()
        self._count_on({_place(message) for message in messages if message.error() is None} - self._counted)
        changes = self.changes(message for message in messages if message.error() is None)
        if changes:
            session.write(changes)
            if len(messages) < BATCH:
                self._stop.wait(GATHER_SECONDS)
        else:
            session.commit_positions()

    def _count_on(self, places: set[tuple[str, int]]) -> None:
        """Take what was counted of these partitions from the table, which is as far as their committed positions."""
        if not places:
            return
        stand = [(*subject_of((one.key() or b"").decode(errors="replace")), one) for one in facts_that_stand(self._kafka)]
        for fact, aggregate_id, message in stand:
            aggregate = AGGREGATE_OF.get(fact)
            if aggregate and (f"culm.{aggregate}.events.v1", partition_of(aggregate_id, self._partitions)) in places:
                self.count_on_from(message)
        self._counted |= places

    def count_on_from(self, message: Message) -> None:
        """Go on counting from a record of the table."""
        decoded = self._patiently(self._decoder.decode, message)
        if decoded is not None:
            self._windows.restore(decoded.message, decoded.envelope.aggregate_id)

    def changes(self, messages: Iterable[Message]) -> Changes:
        """What a batch changes in the table: values by key, None for a fact that no longer holds."""
        last: dict[tuple[str, bytes], tuple[str, Message]] = {}
        changes: Changes = {}
        loads: Changes = {}
        counted: dict[str, tuple[str, EventEnvelope, bool, Message]] = {}
        for message in messages:
            kind = self._patiently(self._decoder.kind_of, message)
            if kind in SHARED:
                loads |= self._patiently(partial(self._loads, kind, message), message) or {}
            for fact in HELD.get(kind or "", ()):
                last[fact, message.key() or b""] = (str(kind), message)
            if kind in COUNTED_IN:
                name = key_of(COUNTED_IN[kind], (message.key() or b"").decode(errors="replace"))
                found = self._patiently(partial(self._count, COUNTED_IN[kind], message), message)
                if found is not None:
                    counted[name] = (COUNTED_IN[kind], *found, message)
        for name, (fact, envelope, stands, message) in counted.items():
            # Made once for all events of the batch that it counts.
            value = self._patiently(partial(self._counted_fact, fact, envelope), message) if stands else None
            if value or not stands:
                changes[name] = value
        for (fact, key), (kind, message) in last.items():
            name = key_of(fact, key.decode(errors="replace"))
            if kind in UNPARKED or kind in UNTHROTTLED:
                changes[name] = None
            elif value := self._patiently(partial(self._fact, fact, message), message):
                changes[name] = value
        return changes | loads

    def _loads(self, kind: str, message: Message, content: bytes | None) -> Changes:
        """Facts of the shares and groups that an event of a queue names."""
        decoded = self._decoder.decode_partially(content or b"", self._load_readers[kind])
        _check_key(message, decoded.envelope)
        found: Changes = {}
        for key, fact in loads_in(decoded.envelope.aggregate_id, decoded.message):
            if fact is not None and (problems := problems_of(fact)):
                raise Poison(f"{problems[0]}")
            found[key] = None if fact is None else self._codec.encode(fact, decoded.envelope)
        return found

    def _fact(self, fact: str, message: Message, content: bytes | None) -> bytes:
        decoded = self._decoder.decode(content)
        _check_key(message, decoded.envelope)
        made = fact_in(fact, decoded.message, decoded.envelope, message.partition() or 0, message.offset() or 0)
        if problems := problems_of(made):
            raise Poison(f"{problems[0]}")
        return self._codec.encode(made, decoded.envelope)

    def _count(self, fact: str, message: Message, content: bytes | None) -> tuple[EventEnvelope, bool]:
        """The event's envelope, and whether the fact stands after it."""
        decoded = self._decoder.decode(content)
        envelope = decoded.envelope
        _check_key(message, envelope)
        return envelope, self._windows.count(decoded.message, fact, envelope.aggregate_id, envelope.occurred_at)

    def _counted_fact(self, fact: str, envelope: EventEnvelope, _: bytes | None) -> bytes:
        return self._codec.encode(self._windows.fact(fact, envelope.aggregate_id), envelope)

    def _patiently(self, read: Callable[[bytes | None], Any], message: Message) -> Any:
        """`read` the value; None for poison, which the processors put down as a dead letter; waits for the registry."""
        wait = 0.2
        while not self._stop.is_set():
            try:
                return read(message.value())
            except (Poison, *UNUSABLE) as problem:
                log.error("fact_not_taken", topic=message.topic(), offset=message.offset(), problem=str(problem)[:300])
                return None
            except RegistryAway as problem:
                log.warning("registry_not_ready", problem=str(problem)[:200], retry_in_seconds=wait)
            self._stop.wait(wait)
            wait = min(wait * 2, PAUSE_SECONDS_MAX)
        raise KafkaException(KafkaError(KafkaError._DESTROY))  # asked to stop: nothing of the batch is written

    def _own(self, partitions: frozenset[int]) -> None:
        if partitions == self._owned:
            return
        self._owned = partitions
        log.info("facts_shared", partitions=sorted(partitions))
        for listener in self._listeners:
            listener()


class FactSession:
    """A consumer and the producer that writes what follows from its records, with positions that go into the same transaction."""

    def __init__(self, producer: Producer, consumer: Consumer, watchdog: Watchdog) -> None:
        self._producer, self._consumer, self._watchdog = producer, consumer, watchdog
        self._reached: dict[tuple[str, int], int] = {}
        self._gone: set[tuple[str, int]] = set()
        self._committed_at = 0.0

    def read(self) -> list[Message]:
        """What has come; positions move on with it, also over what is never handed out. Raises KafkaException."""
        first = self._consumer.poll(0.5)
        self._gone.clear()
        messages = [] if first is None else [first, *self._consumer.consume(BATCH, 0)]
        if first is not None and _place(first) in self._gone:
            # The partition was given to another instance between the two calls; the client drops the later ones by itself.
            del messages[0]
        for message in messages:
            failure, place = message.error(), _place(message)
            if failure is None:
                self._reached[place] = (message.offset() or 0) + 1
            elif failure.code() == KafkaError._PARTITION_EOF:
                self._reached[place] = message.offset() or 0
            elif failure.fatal() or not failure.retriable():
                raise KafkaException(failure)
        return messages

    def write(self, changes: Changes) -> None:
        """All of `changes` and the positions, or nothing; raises KafkaException."""
        with self._watchdog.limit(HANGING_SECONDS, "transaction of facts"):
            self._producer.begin_transaction()
            for key, value in changes.items():
                self._producer.produce(FACTS_TOPIC, key=key.encode(), value=value)
            self._producer.send_offsets_to_transaction(
                self._places(), self._consumer.consumer_group_metadata(), KAFKA_SECONDS_MAX
            )
            self._producer.commit_transaction(KAFKA_SECONDS_MAX)
        self._reached.clear()
        self._committed_at = time.monotonic()

    def commit_positions(self) -> None:
        """Commit what was read without any fact in it, now and then; raises KafkaException."""
        if not self._reached or time.monotonic() - self._committed_at < POSITIONS_SECONDS:
            return
        with self._watchdog.limit(HANGING_SECONDS, "commit of positions"):
            try:
                self._consumer.commit(offsets=self._places(), asynchronous=False)
            except KafkaException as problem:
                if problem.args[0].code() not in WHILE_REBALANCING:
                    raise
                return
        self._reached.clear()
        self._committed_at = time.monotonic()

    def forget(self, places: list[TopicPartition]) -> None:
        """These are no longer this instance's."""
        for place in places:
            self._gone.add((place.topic, place.partition))
            self._reached.pop((place.topic, place.partition), None)

    def close(self) -> None:
        """Leave without a word about what is not committed."""
        with self._watchdog.limit(HANGING_SECONDS, "end of the keeper of facts"), suppress(KafkaException):
            self._consumer.close()
            self._producer.purge()
            self._producer.flush(1.0)

    def _places(self) -> list[TopicPartition]:
        return [TopicPartition(topic, partition, offset) for (topic, partition), offset in self._reached.items()]


def _check_key(message: Message, envelope: EventEnvelope) -> None:
    """Raises Poison for a record that stands under another key than its envelope names."""
    if (message.key() or b"").decode() != envelope.aggregate_id:
        raise Poison(f"key {message.key()!r}, expected {envelope.aggregate_id!r} as in the envelope")


def _place(message: Message) -> tuple[str, int]:
    return message.topic() or "", message.partition() or 0
