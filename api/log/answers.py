"""Answers of the deciders, delivered to those in this process that wait for them.

In: `culm.command.answers.v1`, and the events that stand for answers (`schemas/answering.py`), read from their ends; a thread
finds the ends, then the event loop looks for what has come. Out: asyncio futures that get a `CommandAnswered`. Invariant: only
answers to commands that are waited for, and events of aggregates with such a command, are decoded; a busy log costs a look at
each key and no more.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import Consumer, Message

from api.http.errors import LogUnavailable, Overloaded
from eventlog.tail import tail_of
from schemas.answer import CommandAnswered
from schemas.answering import answer_in, topics_that_answer
from schemas.catalog import CATALOG
from schemas.wire import Codec, Decoded, Poison

TOPIC = CATALOG["culm.answer.CommandAnswered"].topic
WAITING_MAX = 5_000
#: With this many waiting and the oldest this old, deciders do not keep up and nothing more is accepted.
SLOW_WAITING = 100
SLOW_SECONDS = 10.0
#: Records taken at once; a look goes on while it finds so many.
TAKEN_MAX = 500
log = structlog.get_logger()

Awaited = asyncio.Future[CommandAnswered | None]
#: Called with key and value of a record.
Taken = Callable[[bytes | None, bytes | None], None]


class AnswerWatch:
    """Waits for answers on behalf of coroutines of one event loop."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self._kafka = kafka
        self._codec = codec
        self._waiting: dict[bytes, list[Awaited]] = {}
        self._since: dict[bytes, float] = {}
        self._by_aggregate: dict[bytes, set[bytes]] = {}
        self._taken: dict[str, list[Taken]] = {}
        self._interrupted: list[Callable[[], None]] = []
        self._ready = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._consumer: Consumer | None = None

    def follow(self, topic: str, take: Taken, interrupted: Callable[[], None]) -> None:
        """Have `take` called in `look` with key and value of each record of `topic`; before `start`. Several may follow it.

        interrupted: called when records may have been missed. Both are called in the thread of `look` alone.
        """
        self._taken.setdefault(topic, []).append(take)
        self._interrupted.append(interrupted)

    def start(self) -> None:
        """Begin to listen: from now on `look` finds what comes."""
        self._thread = threading.Thread(target=self._begin, name="answers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; those who still wait never get an answer from here."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(5.0)
        self._ready.clear()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

    @property
    def ready(self) -> bool:
        """True once no answer to a command sent from now on can be missed."""
        return self._ready.is_set()

    @property
    def waiting(self) -> int:
        """Commands whose answers are awaited."""
        return len(self._waiting)

    def check_room(self) -> None:
        """Raise LogUnavailable before the first contact with Kafka, Overloaded when answers are slow."""
        if not self.ready:
            raise LogUnavailable("the log cannot be reached yet; nothing was sent", retry_after_seconds=2)
        if len(self._waiting) >= WAITING_MAX:
            raise Overloaded(f"{WAITING_MAX:,} commands already wait for answers; nothing was sent")
        if len(self._waiting) >= SLOW_WAITING:
            age = time.monotonic() - next(iter(self._since.values()))
            if age > SLOW_SECONDS:
                raise Overloaded(f"the oldest command has waited {age:.0f} s for its answer; nothing was sent")

    def expect(self, command_id: str, aggregate_id: str | None = None) -> Awaited:
        """A future that gets the answer to `command_id`; register it before the command is sent, `forget` it after.

        aggregate_id: given when an event of that aggregate may be the answer.
        """
        key = command_id.encode()
        if aggregate_id is not None:
            self._by_aggregate.setdefault(aggregate_id.encode(), set()).add(key)
        future: Awaited = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        self._since.setdefault(key, time.monotonic())
        return future

    def forget(self, command_id: str, future: Awaited, aggregate_id: str | None = None) -> None:
        """Wait no longer; aggregate_id as in `expect`."""
        key = command_id.encode()
        if aggregate_id is not None:
            awaited = self._by_aggregate.get(aggregate_id.encode(), set())
            awaited.discard(key)
            if not awaited:
                self._by_aggregate.pop(aggregate_id.encode(), None)
        futures = self._waiting.get(key, [])
        if future in futures:
            futures.remove(future)
        if not futures:
            self._waiting.pop(key, None)
            self._since.pop(key, None)

    def look(self) -> None:
        """Hand over the answers that have come; waits for nothing. Call from the event loop of those who wait."""
        if self._consumer is None:
            return
        records = self._consumer.consume(TAKEN_MAX, 0)
        while records:
            self.deliver(records)
            records = self._consumer.consume(TAKEN_MAX, 0) if len(records) == TAKEN_MAX else []

    def deliver(self, records: Iterable[Message]) -> None:
        """Give those who wait what `records` hold for them."""
        for record in records:
            error = record.error()
            if error is not None:
                log.warning("answers_interrupted", problem=error.str())
                for interrupted in self._interrupted:
                    interrupted()
                continue
            key = record.key()
            for take in self._taken.get(record.topic() or "", ()):
                take(key, record.value())
            if key not in self._waiting and key not in self._by_aggregate:
                continue
            try:
                found = self._codec.decode(record.value())
            except Poison as problem:
                log.error("answer_not_readable", partition=record.partition(), offset=record.offset(), why=str(problem))
                continue
            answer = _answer(found)
            if answer is not None:
                self._hand_over(answer)

    def _hand_over(self, answer: CommandAnswered) -> None:
        key = answer.command_id.encode()
        self._since.pop(key, None)
        for future in self._waiting.pop(key, ()):
            if not future.done():
                future.set_result(answer)

    def _begin(self) -> None:
        topics = dict.fromkeys((TOPIC, *topics_that_answer(), *self._taken))
        consumer = tail_of(self._kafka, "culm-api-answers", topics, self._ending)
        if consumer is not None:
            self._consumer = consumer
            self._ready.set()


def _answer(found: Decoded) -> CommandAnswered | None:
    """The answer that a record is or stands for."""
    match found.message:
        case CommandAnswered() as answer:
            return answer
        case event if found.entry.role == "events":
            return answer_in(event, found.entry.aggregate, found.envelope)
        case _:
            return None
