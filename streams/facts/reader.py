"""What the log says about queues, retry rules and parked tasks, kept up to date in memory.

In: policy events from the first on, and the last records of queue, worker and task events; read committed, by a thread
without a group. Out: an immutable `Snapshot` with its position. Invariant: a snapshot is never older than the event
that `reached` was awaited for. The memory is bounded by the number of queues and of parked tasks.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import follower
from eventlog.reading import take_what_is_there
from schemas.policy import QueueConfigured, RetryRulesSet
from schemas.task import TaskParked
from schemas.types import EventEnvelope, QueueSettings, RetryRule
from schemas.wire import Decoded, Poison
from streams.engine.decoder import Decoder
from streams.engine.errors import RegistryAway
from streams.facts.snapshot import POLICY_EVENTS, Parked, QueueFacts, Snapshot, position_text
from streams.provisioning.demand import Wanted

QUEUE_EVENTS = "culm.queue.events.v1"
WORKER_EVENTS = "culm.worker.events.v1"
TASK_EVENTS = "culm.task.events.v1"
COUNTED = frozenset({"JobQueued", "JobLeased", "JobWithdrawn", "LeaseEnded"})
UNPARKED = frozenset({"TaskWoken", "TaskFinalized", "TaskKillOrdered", "TaskFinishOrdered", "TaskReloaded", "TaskBroken"})
#: Records with absolute numbers: of each group only the last one for a key is worth decoding.
GROUPS = {
    **dict.fromkeys(COUNTED, "load"),
    "DispatchConfigured": "settings",
    **dict.fromkeys(("WorkerSubmitted", "WorkerRunning", "WorkerEnded"), "live"),
    "WorkersWanted": "wanted",
}
#: Topics whose end at the start must be reached before anybody may choose.
NEEDED = (POLICY_EVENTS, QUEUE_EVENTS, WORKER_EVENTS)
BATCH = 500
#: Between two looks at the log once the facts are ready: what comes meanwhile is read at the cost of its last record.
GATHER_SECONDS = 0.03
PREFETCH_KILOBYTES = 8192
#: What a decoder may raise for bytes that no schema foresees, beside `Poison`.
BEYOND_READING = (OverflowError, RecursionError, MemoryError, AttributeError)
log = structlog.get_logger()


class Facts:
    """Start it, wait for `ready`, then take snapshots from any thread."""

    def __init__(self, kafka: str, decoder: Decoder, tail: int) -> None:
        self._kafka, self._decoder, self._tail = kafka, decoder, tail
        self._settings: dict[str, QueueSettings] = {}
        self._rules: tuple[RetryRule, ...] | None = None
        self._loads: dict[str, tuple[int, int]] = {}
        self._causes: dict[str, EventEnvelope] = {}
        self._live: dict[str, int] = {}
        self._wanted: dict[str, Wanted] = {}
        self._parked: dict[str, Parked] = {}
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
        """Begin to read; `ready` is set when the policies and loads of this moment are known."""
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

    async def reached(self, topic: str, partition: int, offset: int) -> None:
        """Return when the record at `offset` is part of the facts."""
        await asyncio.to_thread(self._wait_for, (topic, partition), offset)

    def _wait_for(self, place: tuple[str, int], offset: int) -> None:
        with self._moved:
            while self._offsets.get(place, 0) <= offset and not self._stop.is_set() and not self.ended.is_set():
                self._moved.wait(0.5)

    def _run(self) -> None:
        consumer = follower(self._kafka, "culm-facts", prefetch_kilobytes=PREFETCH_KILOBYTES)
        try:
            self._assign(consumer)
            while not self._stop.is_set():
                self._read_on(consumer)
        except Exception:  # without facts no choice is possible: the whole worker ends and is started again
            log.exception("facts_ended")
            self.ended.set()
        finally:
            consumer.close()

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

    def _assign(self, consumer: Consumer) -> None:
        """All partitions: policies from their beginning, the others from `tail` records before their end."""
        wait = 0.2
        while not self._stop.is_set():
            try:
                consumer.assign(self._places(consumer))
                return
            except KafkaException as problem:
                log.warning("kafka_not_ready", problem=str(problem), retry_in_seconds=wait)
            self._stop.wait(wait)
            wait = min(wait * 2, 5.0)

    def _places(self, consumer: Consumer) -> list[TopicPartition]:
        places = []
        for topic in (POLICY_EVENTS, QUEUE_EVENTS, WORKER_EVENTS, TASK_EVENTS):
            found = consumer.list_topics(topic, timeout=5).topics.get(topic)
            partitions = found.partitions if found else None
            if not partitions:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
            for partition in partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)
                start = low if topic == POLICY_EVENTS else max(low, high - self._tail)
                places.append(TopicPartition(topic, partition, start))
                self._offsets[topic, partition] = start
                if topic in NEEDED:
                    self._waiting_for_end.add((topic, partition))
        return places

    def _take(self, messages: list[Message]) -> None:
        """Fold a batch; of records with absolute numbers only the last one of each key. Decoding needs no lock."""
        last: dict[tuple[str | None, bytes | None, str], Message] = {}
        single: list[Message] = []
        read = [message for message in messages if message.error() is None]
        for message in read:
            group = self._group_of(message)
            if group is None:
                single.append(message)
            elif group:
                last[message.topic(), message.key(), group] = message
        news = [self._news(message) for message in (*single, *sorted(last.values(), key=lambda one: one.offset() or 0))]
        with self._moved:
            for message, change in news:
                self._carried_out(message, change)
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

    def _group_of(self, message: Message) -> str | None:
        """Records of one group and key replace each other; None: every record counts; empty: none of this kind does."""
        if message.topic() not in (QUEUE_EVENTS, WORKER_EVENTS):
            return None
        kind = self._patiently(self._decoder.kind_of, message)
        return GROUPS.get(kind, "") if kind else ""

    def _carried_out(self, message: Message, change: Callable[[], None]) -> None:
        """Carry out one change; a record with odd content changes nothing, and holds no other up."""
        try:
            change()
        except Exception:  # the thread must outlive a bug with any record
            log.exception("fact_not_taken", topic=message.topic(), partition=message.partition(), offset=message.offset())

    def _news(self, message: Message) -> tuple[Message, Callable[[], None]]:
        """What the record changes, ready to be carried out under the lock."""
        return message, self._change_of(message)

    def _change_of(self, message: Message) -> Callable[[], None]:
        kind = self._patiently(self._decoder.kind_of, message)
        key = (message.key() or b"").decode(errors="replace")
        if kind in UNPARKED:
            return lambda: self._unpark(key)
        if kind is None or (message.topic() == TASK_EVENTS and kind != "TaskParked"):
            return _nothing
        decoded = self._patiently(self._decoder.decode, message)
        return _nothing if decoded is None else lambda: self._know(key, decoded)

    def _unpark(self, key: str) -> None:
        self._parked.pop(key, None)

    def _know(self, key: str, decoded: Decoded) -> None:
        event, envelope = decoded.message, decoded.envelope
        if isinstance(event, QueueConfigured):
            self._settings[event.settings.name] = event.settings
        elif isinstance(event, RetryRulesSet):
            self._rules = event.rules
        elif isinstance(event, TaskParked):
            self._parked[key] = Parked(int(key), envelope.vo, envelope.correlation_id)
        elif decoded.name in COUNTED:
            self._loads[key] = (event.waiting, event.leased)
            self._causes[key] = envelope
        elif decoded.name == "DispatchConfigured":
            self._causes[key] = envelope
        elif decoded.entry.aggregate == "worker":
            self._live[key] = event.live
            if decoded.name == "WorkersWanted":
                self._wanted[key] = Wanted(event.wanted, envelope.event_id)

    def _made(self) -> Snapshot:
        queues = {}
        for name, settings in self._settings.items():
            waiting, leased = self._loads.get(name, (0, 0))
            queues[name] = QueueFacts(settings, waiting, leased, self._live.get(name, 0))
        return Snapshot(queues, self._rules, tuple(self._parked.values()), position_text(self._known_places()))

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
