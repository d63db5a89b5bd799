"""The deciders' log on Kafka: shards by consumer group, fencing by the group's generation, read_committed readers.

Every transaction commits positions with the generation in which this member has its shards; the broker refuses a generation that
has passed, and a member of which another took the name (KIP-447). Partitions that were given are read only after `start_reading`.
Source: docs/reference/kafka.md, "Read, decide, write". librdkafka's transaction calls may never return after a broker was killed,
so a watchdog limits each.
"""

import contextlib
import functools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import Any, ParamSpec, TypeVar

import structlog
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaError, KafkaException, Message, TopicPartition

from commands.aggregates import command_topics, event_topics
from commands.config import DeciderConfig
from commands.engine.entries import Positions
from commands.engine.errors import Fenced, Interrupted, PositionsMissing, Rebalanced, Unwritable
from commands.engine.log_port import Backlog, ShardChange
from commands.engine.partition_reader import PartitionReader
from commands.engine.records import InputRecord, OutputRecord
from eventlog.consumers import member
from eventlog.membership import JoinWatch, is_fenced, is_over
from eventlog.producers import transactional_producer
from eventlog.reading import take_what_is_there
from eventlog.watchdog import Watchdog
from schemas.instants import micros_of_millis, micros_of_nanos
from schemas.partition import partition_of

FIRST_RECORD_SECONDS = 0.5
KAFKA_SECONDS_MAX = 8.0
HANGING_SECONDS = 10.0
ENDING_SECONDS = 15.0
#: How often a member that is busy restoring tells the group that it lives, and learns what changed.
ALIVE_SECONDS = 1.0
#: Topic of the events of the aggregate whose commands stand in a topic.
EVENTS_OF = dict(zip(command_topics(), event_topics(), strict=True))
log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")


def _telling(call: Callable[P, R]) -> Callable[P, R]:
    """`call`, with Kafka's errors told as what they mean for this decider."""

    @functools.wraps(call)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except KafkaException as problem:
            raise _meaning_of(problem.args[0]) from problem

    return told


class KafkaDeciderLog:
    """One membership; implements `DeciderLog`."""

    def __init__(self, config: DeciderConfig, watchdog: Watchdog) -> None:
        self._config = config
        self._watchdog = watchdog
        self._producer = transactional_producer(config.kafka, config.name, transaction_ms_max=config.transaction_ms_max)
        self._consumer = member(
            config.kafka,
            config.group,
            config.instance,
            session_seconds=config.session_seconds,
            standstill_seconds=config.standstill_seconds,
            must_be_held=True,
        )
        self._watch = JoinWatch(config.session_seconds)
        self._reader = PartitionReader(config.kafka, KAFKA_SECONDS_MAX)
        self._partitions = 0
        self._shards: frozenset[int] = frozenset()
        #: shards that are read, with the ends of their events when they were given back
        self._started: frozenset[int] = frozenset()
        self._left: Positions = {}
        self._changed = False
        #: true while commands of the shards come with each poll
        self._hands_out = False
        self._reached: Positions = {}
        #: places that have no position yet: the first transaction gives them one, so that a missing one is a lost one
        self._unplaced: Positions = {}
        #: the generation of what was given: asked for later, it might be one in which others have it
        self._generation: Any = None
        self._alive_at = 0.0

    @_telling
    def join(self) -> int:
        """Fence the previous decider of this name, and join the group."""
        with self._watchdog.limit(2 * KAFKA_SECONDS_MAX, "init_transactions"):
            self._producer.init_transactions(KAFKA_SECONDS_MAX)
        self._partitions = self._reader.partitions((*command_topics(), *event_topics()))
        # Asked before there is a membership, which would keep the positions from being set.
        every = product(command_topics(), range(self._partitions))
        self._begin_where_there_is_no_position(self._committed([TopicPartition(*place) for place in every]))
        self._watch.taken()
        self._consumer.subscribe(
            list(command_topics()), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        return self._partitions

    def change(self) -> ShardChange | None:
        """What the group said in the last poll."""
        if not self._changed:
            return None
        self._changed = False
        kept = self._shards & self._started
        if kept:
            ends = self._reader.ends(event_topics(), kept)
            kept = frozenset(shard for shard in kept if _of(ends, shard) == _of(self._left, shard))
        self._started = kept
        return ShardChange(self._shards, kept)

    @_telling
    def read(self, topics: Sequence[str], known: Positions, shards: Collection[int]) -> Iterator[InputRecord]:
        """Committed records up to the present end; meanwhile this member polls, so that it stays in the group."""
        places = [(topic, shard) for topic in topics for shard in sorted(shards)]
        return self._told_alive(self._reader.read(places, known))

    def _told_alive(self, messages: Iterator[Message | None]) -> Iterator[InputRecord]:
        try:
            for message in messages:
                if message is not None:
                    yield _input(message)
                # Only while everything given is paused: then it hands out what the group says and nothing else.
                if not self._hands_out and time.monotonic() - self._alive_at > ALIVE_SECONDS:
                    self._alive_at = time.monotonic()
                    if (told := self._consumer.poll(0)) is not None:
                        _is_failure(told)
                    if self._changed:
                        raise Rebalanced("the group changed while states were restored")
        except KafkaException as problem:
            raise _meaning_of(problem.args[0]) from problem

    @_telling
    def start_reading(self) -> Backlog:
        """Read on where the group stands."""
        places = [TopicPartition(topic, shard) for topic in command_topics() for shard in sorted(self._shards)]
        self._started = self._shards
        ends = self._reader.ends(command_topics(), self._shards)
        unread = {place: end for place, end in ends.items() if self._reached[place] < end}
        self._consumer.resume(places)
        self._hands_out = True
        return Backlog(dict.fromkeys(command_topics(), self._partitions), self._shards, unread)

    @_telling
    def take(self, records_max: int, *, waits: bool = True) -> Sequence[InputRecord]:
        """What is there, up to `records_max`; waits for the first record only."""
        messages = take_what_is_there(self._consumer, records_max, FIRST_RECORD_SECONDS if waits else 0.0)
        # First: the end of the membership is said once, and often together with the loss of the shards.
        records = [message for message in messages if not _is_failure(message)]
        self._watch.check()
        if self._changed:
            # What was taken belongs to shards that were given back meanwhile; their next owner reads it.
            return ()
        return [_input(message) for message in records]

    @_telling
    def hold(self, topic: str, partition: int, offset: int) -> None:
        """Paused: the group keeps this member, and the client fetches nothing that would wait here."""
        self._consumer.pause([TopicPartition(topic, partition)])

    @_telling
    def go_on(self, held: Positions) -> Positions:
        """What was read ahead of the hold is read again."""
        ends = self._reader.ends(sorted({topic for topic, _ in held}), {shard for _, shard in held})
        for (topic, partition), offset in held.items():
            self._consumer.resume([TopicPartition(topic, partition)])
            self._consumer.seek(TopicPartition(topic, partition, offset))
        return {place: ends[place] for place in held}

    @_telling
    def commit(self, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        """One Kafka transaction; Unwritable when client or broker do not take a record as large as the largest of it."""
        records = list(outputs)
        try:
            self._transaction(records, positions)
        except KafkaException as problem:
            if problem.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE or not records:
                raise
            with self._watchdog.limit(HANGING_SECONDS, "abort_transaction"):
                self._producer.abort_transaction(KAFKA_SECONDS_MAX)
            # The broker does not say which one it was.
            number = max(range(len(records)), key=lambda place: records[place].size)
            raise Unwritable(number, records[number].topic, len(records[number].value or b"")) from None
        self._reached |= positions
        self._unplaced = {}

    def _transaction(self, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        producer = self._producer
        # Without a position the broker would not look at the generation: one that has not moved does as well.
        proof = self._unplaced | positions or dict(list(self._reached.items())[:1])
        assert proof, "a decider without shards has nothing to commit"
        with self._watchdog.limit(HANGING_SECONDS, "transaction"):
            producer.begin_transaction()
            for output in outputs:
                self._produce(output)
            producer.send_offsets_to_transaction(
                [TopicPartition(topic, partition, offset) for (topic, partition), offset in proof.items()],
                self._generation,
                KAFKA_SECONDS_MAX,
            )
            producer.commit_transaction(KAFKA_SECONDS_MAX)

    @_telling
    def ends(self, topics: Sequence[str], shards: Collection[int]) -> Positions:
        """Between two transactions everything up to these ends is known, as long as the shards are ours: only a commit tells."""
        return self._reader.ends(topics, shards)

    def release(self) -> None:
        """Put the clients away. A fenced producer says so once more; what ended the membership is known already."""
        with self._watchdog.limit(ENDING_SECONDS, "end of the membership"), contextlib.suppress(KafkaException):
            self._reader.close()
            self._consumer.close()
            self._producer.purge()
            self._producer.flush(1.0)

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """Positions of what the group gives; nothing is handed out before `start_reading`."""
        self._watch.given()
        given = frozenset(place.partition for place in places)
        for topic in command_topics():
            found = frozenset(place.partition for place in places if place.topic == topic)
            if found != given:
                raise Interrupted(f"the group gave partitions {sorted(found)} of {topic}, expected {sorted(given)} as of others")
        self._shards, self._changed = given, True
        committed = self._committed(places)
        self._unplaced = self._begin_where_there_is_no_position(committed)
        self._reached = {(place.topic, place.partition): place.offset for place in committed}
        self._generation = consumer.consumer_group_metadata()
        consumer.assign(committed)
        consumer.pause(committed)
        self._hands_out = False

    def _committed(self, places: list[TopicPartition]) -> list[TopicPartition]:
        """The positions of the group; an offset below zero where there is none."""
        committed = self._consumer.committed(places, KAFKA_SECONDS_MAX) if places else []
        for place in committed:
            if place.error is not None:
                raise KafkaException(place.error)
        return committed

    def _begin_where_there_is_no_position(self, places: Iterable[TopicPartition]) -> Positions:
        """Places without a position, which are set to their first record; raises PositionsMissing where events tell of one."""
        missing = [place for place in places if place.offset < 0]
        shards = {place.partition for place in missing}
        decided, waiting = self._reader.ends(event_topics(), shards), self._reader.ends(command_topics(), shards)
        found = {(place.topic, place.partition): 0 for place in missing}
        told_of = {place: (EVENTS_OF[place[0]], place[1]) for place in found if waiting[place]}
        # What a first transaction left that was never committed tells of no decision.
        committed = self._reader.with_records([events for events in told_of.values() if decided[events]])
        lost = [place for place, events in told_of.items() if events in committed]
        if lost:
            raise PositionsMissing(self._config.group, lost)
        for place in missing:
            place.offset = 0
        return found

    def _revoked(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """Everything is given back between two generations; what comes again and was not written to is kept."""
        self._watch.taken()
        if self._started:
            self._left = self._reader.ends(event_topics(), self._started)
        self._shards, self._changed, self._hands_out = frozenset(), True, False

    def _lost(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """Others may have had the shards already."""
        self._watch.taken()
        self._shards, self._started, self._changed, self._hands_out = frozenset(), frozenset(), True, False

    def _produce(self, output: OutputRecord) -> None:
        """Queue one record; a full queue is back-pressure, never a reason to drop."""
        partition = output.partition
        if partition is None and output.placed_by is not None:
            partition = partition_of(output.placed_by, self._partitions)
        while True:
            try:
                self._producer.produce(output.topic, output.value, output.key, -1 if partition is None else partition)
                return
            except BufferError:
                self._producer.poll(0.01)


def _of(ends: Positions, shard: int) -> Positions:
    return {place: end for place, end in ends.items() if place[1] == shard}


def _input(message: Message) -> InputRecord:
    kind, milliseconds = message.timestamp()
    timestamp = 0 if kind == TIMESTAMP_NOT_AVAILABLE else micros_of_millis(milliseconds)
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    read_at = micros_of_nanos(time.time_ns())
    return InputRecord(topic, partition, offset, message.key(), message.value(), timestamp, read_at)


def _is_failure(message: Message) -> bool:
    """True for a report of something that passes; raises for one that ends the membership."""
    failure = message.error()
    if failure is None:
        return False
    if is_over(failure) or failure.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
        raise KafkaException(failure)
    log.warning("consumer_reports", problem=str(failure))
    return True


def _meaning_of(failure: KafkaError) -> Fenced | Interrupted:
    """Whether another decider has the name, or this one must join again."""
    return Fenced(str(failure)) if is_fenced(failure) else Interrupted(str(failure))
