"""What the log says about queues, retry rules and parked tasks, kept up to date in memory.

In: policy events from the first on, and the table of facts that `keeper.py` makes of all other events; read committed, by a
thread without a group. Out: an immutable `Snapshot` with its position. Invariants: a snapshot holds everything that was in the
log when the process started, of any age, and is never older than the policy event that `reached` was awaited for.
The memory is bounded by the number of queues and of parked tasks.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import follower
from eventlog.reading import take_what_is_there
from schemas.policy import BrokersSet, OutsideFactSet, QueueConfigured, ResourceTypesSet, RetryRulesSet, SharesSet, ThrottlesSet
from schemas.streams import (
    JobGroupInQueue,
    NucleusWork,
    ParkedTask,
    PilotsAsked,
    PilotsLive,
    PilotsWanted,
    QueueHealth,
    QueueKnown,
    QueueLoad,
    QueueStarts,
    ShareInQueue,
    TaskEnds,
    ThrottledTask,
)
from schemas.types import EventEnvelope, ShareLoad
from schemas.wire import Decoded, Poison
from streams.engine.decoder import Decoder
from streams.engine.errors import RegistryAway
from streams.facts.counted import CountedEvents
from streams.facts.extract import FACTS_TOPIC, QUEUE_EVENTS, SOURCES, subject_of
from streams.facts.groups import GroupTable
from streams.facts.keeper import GROUP
from streams.facts.policies import PolicyTable
from streams.facts.snapshot import POLICY_EVENTS, QueueFacts, Snapshot, Wanted, position_text
from streams.facts.waiting_tasks import WaitingTasks

BATCH = 500
NO_LOAD = QueueLoad(waiting=0, leased=0, source_partition=0, source_offset=0)
#: Between two looks at the log once the facts are ready: what comes meanwhile is read at the cost of its last record.
GATHER_SECONDS = 0.03
PREFETCH_KILOBYTES = 8192
KAFKA_SECONDS_MAX = 5.0
#: What a decoder may raise for bytes that no schema foresees, beside `Poison`.
BEYOND_READING = (OverflowError, RecursionError, MemoryError, AttributeError)
log = structlog.get_logger()


class Facts:
    """Start it, wait for `ready`, then take snapshots from any thread."""

    def __init__(self, kafka: str, decoder: Decoder) -> None:
        self._kafka, self._decoder = kafka, decoder
        self._policies = PolicyTable()
        self._counted = CountedEvents()
        self._groups = GroupTable()
        self._share_loads: dict[str, dict[str, ShareLoad]] = {}
        self._loads: dict[str, QueueLoad] = {}
        self._causes: dict[str, EventEnvelope] = {}
        self._live: dict[str, int] = {}
        self._health: dict[str, QueueHealth] = {}
        self._wanted: dict[str, Wanted] = {}
        self._tasks = WaitingTasks()
        self._offsets: dict[tuple[str, int], int] = {}
        self._waiting_for_end: set[tuple[str, int]] = set()
        self._snapshot: Snapshot | None = Snapshot()
        self._lock = threading.Lock()
        self._moved = threading.Condition(self._lock)
        self._listeners: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="facts", daemon=True)
        self.ready = threading.Event()
        self.ended = threading.Event()

    def start(self) -> None:
        """Begin to read; `ready` is set when everything that the log holds at this moment is known."""
        self._thread.start()

    def stop(self) -> None:
        """End reading; waits for the thread."""
        self._stop.set()
        self._thread.join(timeout=5)
        self.ended.set()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` from the reading thread after each batch that changed something."""
        self._listeners.append(listener)

    def snapshot(self) -> Snapshot:
        """The facts as they stand."""
        with self._lock:
            if self._snapshot is None:
                self._snapshot = self._made()
            return self._snapshot

    def demand(self) -> tuple[dict[str, Wanted], dict[str, EventEnvelope]]:
        """Pilots wanted by queue, as the log says, and the last event of each queue."""
        with self._lock:
            return dict(self._wanted), dict(self._causes)

    def cause_of_shares(self) -> EventEnvelope | None:
        """The event that set the tree of shares; None while there is none."""
        with self._lock:
            return self._policies.shares_cause

    async def reached(self, topic: str, partition: int, offset: int) -> None:
        """Return when the policy event at `offset` is part of the facts."""
        await asyncio.to_thread(self._wait_for, (topic, partition), offset)

    def _wait_for(self, place: tuple[str, int], offset: int) -> None:
        with self._moved:
            while self._offsets.get(place, 0) <= offset and not self._stop.is_set() and not self.ended.is_set():
                self._moved.wait(0.5)

    def _run(self) -> None:
        # It is only asked how far the keepers' group is; this consumer never joins.
        consumer = follower(self._kafka, "culm-facts", prefetch_kilobytes=PREFETCH_KILOBYTES, group=GROUP)
        try:
            for step in (self._wait_for_keepers, self._assign):
                self._with_patience(step, consumer)
            while not self._stop.is_set():
                self._read_on(consumer)
        except Exception:  # without facts no choice is possible: the whole worker ends and is started again
            log.exception("facts_ended")
            self.ended.set()
        finally:
            consumer.close()

    def _with_patience(self, step: Callable[[Consumer], None], consumer: Consumer) -> None:
        wait = 0.2
        while not self._stop.is_set():
            try:
                step(consumer)
                return
            except KafkaException as problem:
                log.warning("kafka_not_ready", problem=str(problem), retry_in_seconds=wait)
            self._stop.wait(wait)
            wait = min(wait * 2, 5.0)

    def _wait_for_keepers(self, consumer: Consumer) -> None:
        """Until the table holds everything that the log holds now, whichever instances keep it."""
        behind = {place: end for topic in SOURCES for place, (_, end) in self._marks(consumer, topic).items() if end > 0}
        while behind and not self._stop.is_set():
            asked = [TopicPartition(topic, partition) for topic, partition in behind]
            for found in consumer.committed(asked, KAFKA_SECONDS_MAX):
                if found.error is not None:
                    raise KafkaException(found.error)
                if found.offset >= behind[found.topic, found.partition]:
                    del behind[found.topic, found.partition]
            if behind:
                self._stop.wait(0.1)

    def _assign(self, consumer: Consumer) -> None:
        """All partitions of policies and facts, from their beginning."""
        places = []
        for topic in (POLICY_EVENTS, FACTS_TOPIC):
            for (_, partition), (low, _) in self._marks(consumer, topic).items():
                places.append(TopicPartition(topic, partition, low))
                self._offsets[topic, partition] = low
                self._waiting_for_end.add((topic, partition))
        consumer.assign(places)

    def _marks(self, consumer: Consumer, topic: str) -> dict[tuple[str, int], tuple[int, int]]:
        """First and next offset of each partition; raises KafkaException while there is no such topic."""
        found = consumer.list_topics(topic, timeout=KAFKA_SECONDS_MAX).topics.get(topic)
        if not found or not found.partitions:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        return {
            (topic, partition): consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=KAFKA_SECONDS_MAX)
            for partition in found.partitions
        }

    def _read_on(self, consumer: Consumer) -> None:
        """Take what has come, waiting up to half a second for it."""
        try:
            batch = take_what_is_there(consumer, BATCH, 0.5)
        except KafkaException as problem:
            log.warning("facts_unreadable", problem=str(problem))
            self._stop.wait(0.5)
            return
        if not batch:
            return
        self._take(batch)
        if self.ready.is_set() and len(batch) < BATCH:
            self._stop.wait(GATHER_SECONDS)

    def _take(self, messages: list[Message]) -> None:
        """Fold a batch; of the facts only the last one of each key. Decoding needs no lock."""
        last: dict[tuple[str | None, bytes | None, int | None], Message] = {}
        read = [message for message in messages if message.error() is None]
        for message in read:
            last[message.topic(), message.key(), None if message.topic() == FACTS_TOPIC else message.offset()] = message
        news = [(message, self._change_of(message)) for message in last.values()]
        with self._moved:
            for message, change in news:
                self._carry_out(message, change)
            for message in read:
                self._offsets[str(message.topic()), message.partition() or 0] = (message.offset() or 0) + 1
            self._snapshot = None
            self._moved.notify_all()
        self._note_ends(messages)
        for listener in self._listeners:
            listener()

    def _note_ends(self, messages: list[Message]) -> None:
        for message in messages:
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                self._waiting_for_end.discard((str(message.topic()), message.partition() or 0))
        if not self._waiting_for_end:
            self.ready.set()

    def _carry_out(self, message: Message, change: Callable[[], None]) -> None:
        """Carry out one change; a record with odd content changes nothing, and holds no other up."""
        try:
            change()
        except Exception:  # the thread must outlive a bug with any record
            log.exception("fact_not_taken", topic=message.topic(), partition=message.partition(), offset=message.offset())

    def _change_of(self, message: Message) -> Callable[[], None]:
        """What the record changes, ready to be carried out under the lock."""
        if message.topic() == FACTS_TOPIC and message.value() is None:
            key = (message.key() or b"").decode(errors="replace")
            return lambda: self._forget(key)
        decoded = self._patiently(self._decoder.decode, message)
        return _nothing if decoded is None else lambda: self._know(decoded)

    def _forget(self, key: str) -> None:
        """The fact with this key holds no more."""
        fact, subject = subject_of(key)
        if fact == JobGroupInQueue.__name__:
            self._groups.forget(subject)
        elif fact == TaskEnds.__name__:
            self._counted.forget(subject)
        else:
            self._tasks.forget(fact, subject)

    def _know(self, decoded: Decoded) -> None:
        found, envelope = decoded.message, decoded.envelope
        subject = envelope.aggregate_id
        self._counted.now = max(self._counted.now, envelope.occurred_at)
        match found:
            case (
                QueueConfigured() | RetryRulesSet() | ResourceTypesSet() | SharesSet() | BrokersSet() | OutsideFactSet()
                | ThrottlesSet()
            ):
                self._policies.know(found, envelope)
            case ParkedTask() | ThrottledTask() | NucleusWork():
                self._tasks.know(found, envelope)
            case QueueLoad():
                self._loads[subject] = found
                place = (QUEUE_EVENTS, found.source_partition)
                self._offsets[place] = max(self._offsets.get(place, 0), found.source_offset + 1)
                self._note_cause(subject, envelope)
            case QueueKnown():
                self._note_cause(subject, envelope)
            case QueueStarts() | PilotsAsked() | TaskEnds():
                self._counted.know(subject, found)
            case ShareInQueue():
                self._share_loads.setdefault(subject, {})[found.load.name] = found.load
            case JobGroupInQueue():
                self._groups.know(subject, found.load)
            case PilotsLive():
                self._live[subject] = found.live
            case QueueHealth():
                if found.fingerprint:
                    self._health[subject] = found
                else:
                    self._health.pop(subject, None)
            case PilotsWanted():
                by_class = {one.name: one for one in found.classes}
                self._wanted[subject] = Wanted(found.wanted, envelope.event_id, envelope, by_class, found.held_at)
            case _:
                return  # policies that no choice rests on

    def _note_cause(self, queue: str, envelope: EventEnvelope) -> None:
        """The later of two facts about the queue, which may come in either order."""
        known = self._causes.get(queue)
        if known is None or envelope.sequence > known.sequence:
            self._causes[queue] = envelope

    def _made(self) -> Snapshot:
        queues = {}
        for name, settings in self._policies.settings.items():
            load = self._loads.get(name, NO_LOAD)
            queues[name] = QueueFacts(
                settings,
                load.waiting,
                load.leased,
                self._live.get(name, 0),
                load.classes,
                self._health.get(name),
                load.quiet_since,
                self._counted.starts(name),
                self._counted.requests(name),
                self._wanted[name].number if name in self._wanted else 0,
                dict(self._share_loads.get(name, {})),
                self._groups.of(name),
            )
        position = position_text(self._known_places())
        policies, tasks = self._policies, self._tasks
        ends, outside, brokers = self._counted.ends(), policies.outside.facts(), policies.brokers
        return Snapshot(
            queues,
            policies.rules,
            tasks.parked(),
            position,
            policies.types,
            ends,
            outside,
            shares=policies.shares,
            broker_rules=brokers.rules,
            broker_figures=brokers.figures,
            levels=self._groups.levels(),
            throttled=tasks.throttled(),
            throttles=policies.throttles,
            nuclei=tasks.nuclei(),
        )

    def _known_places(self) -> dict[tuple[str, int], int]:
        """The places that brokerage rests on."""
        return {place: offset for place, offset in self._offsets.items() if place[0] in (POLICY_EVENTS, QUEUE_EVENTS)}

    def _patiently(self, read: Callable[[bytes | None], Any], message: Message) -> Any:
        """`read` the value; None for poison, which the processors put down as a dead letter; waits for the registry."""
        wait = 0.2
        while not self._stop.is_set():
            try:
                return read(message.value())
            except (Poison, *BEYOND_READING) as problem:
                log.error("fact_unreadable", topic=message.topic(), offset=message.offset(), problem=str(problem))
                return None
            except RegistryAway as problem:
                log.warning("registry_not_ready", problem=str(problem)[:200], retry_in_seconds=wait)
            self._stop.wait(wait)
            wait = min(wait * 2, 5.0)
        return None


def _nothing() -> None:
    return
