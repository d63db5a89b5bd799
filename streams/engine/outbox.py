"""The way out for all that the processors say: commands and dead letters.

In: batches from any task of the loop. Out: when `deliver` returns, the batch is in the log. Batches that wait are sent
together and flushed once, and their causes are acknowledged after that. While Kafka is away this waits and tries again,
for ever and in order; ids make repetitions harmless.
"""

import asyncio
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from eventlog.sender import CommandSender, NotDelivered, RecordTooLarge
from schemas.bounds import OutOfBounds, problems_of
from schemas.deadletter import DeadLetter
from schemas.keys import key_problems
from schemas.wire import Codec, entry_of
from streams.engine.errors import CannotBeSent
from streams.engine.messages import OutgoingCommand
from streams.engine.metrics import LETTERS, SENT

PAUSE_SECONDS_MAX = 5.0
#: What encoding raises for a value that its schema cannot hold (a number beyond 64 bits, text that is no text, a missing field).
UNWRITABLE = (ValueError, TypeError, OverflowError, KeyError, AttributeError, struct.error)
FLUSH_SECONDS = 2.0
log = structlog.get_logger()


class LetterSender(CommandSender):
    """A sender that can also put dead letters down."""

    def __init__(self, kafka: str, codec: Codec, *, client_id: str) -> None:
        super().__init__(kafka, codec, client_id=client_id)
        self._letters = codec

    def send_letter(self, letter: DeadLetter) -> None:
        """Hand a dead letter over for delivery, keyed by the topic it came from."""
        entry = entry_of(letter)
        self._produce(entry.topic, letter.source_topic, self._letters.encode(letter), entry.name, None)


@dataclass(slots=True)
class _Parcel:
    contents: Sequence[OutgoingCommand | DeadLetter]
    delivered: asyncio.Future[None]


class Outbox:
    """One producer for the whole process."""

    def __init__(self, sender: LetterSender) -> None:
        self._sender = sender
        self._parcels: asyncio.Queue[_Parcel] = asyncio.Queue(maxsize=1000)
        self._closing = threading.Event()

    async def deliver(self, contents: Sequence[OutgoingCommand | DeadLetter]) -> None:
        """Return when all of `contents` is in the log. Raises CannotBeSent when one can never be."""
        if not contents:
            return
        parcel = _Parcel(contents, asyncio.get_running_loop().create_future())
        await self._parcels.put(parcel)
        await parcel.delivered

    async def run(self) -> None:
        """Serve for as long as the process lives."""
        while True:
            parcels = [await self._parcels.get()]
            while not self._parcels.empty():
                parcels.append(self._parcels.get_nowait())
            refused = await asyncio.to_thread(self._write, parcels)
            for parcel in parcels:
                problem = refused.get(id(parcel))
                if parcel.delivered.done():
                    continue
                if problem is None:
                    parcel.delivered.set_result(None)
                else:
                    parcel.delivered.set_exception(problem)

    def close(self) -> None:
        """Stop waiting for Kafka; what is not delivered was not acknowledged either and comes again."""
        self._closing.set()

    def _write(self, parcels: Sequence[_Parcel]) -> dict[int, CannotBeSent]:
        """Send and flush until everything is in the log; parcels with a record that cannot be, by identity."""
        refused: dict[int, CannotBeSent] = {}
        pause = 0.2
        while not self._closing.is_set():
            try:
                self._send(parcels, refused)
                self._flush()
                return refused
            except NotDelivered as problem:
                log.warning("commands_not_delivered", problem=str(problem), retry_in_seconds=pause)
            self._closing.wait(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
        raise asyncio.CancelledError

    def _send(self, parcels: Sequence[_Parcel], refused: dict[int, CannotBeSent]) -> None:
        for parcel in parcels:
            try:
                for one in parcel.contents:
                    self._put(one)
            except CannotBeSent as problem:
                refused[id(parcel)] = problem

    def _put(self, one: OutgoingCommand | DeadLetter) -> None:
        """Hand one record over for delivery; raises CannotBeSent, NotDelivered."""
        try:
            if isinstance(one, OutgoingCommand):
                check_bounds(one)
                self._sender.send(one.command, one.envelope)
                SENT.labels(type(one.command).__name__).inc()
            else:
                self._sender.send_letter(one)
                LETTERS.inc()
        except (RecordTooLarge, OutOfBounds) as problem:
            raise CannotBeSent(str(problem)) from problem
        except UNWRITABLE as problem:
            name = type(one.command if isinstance(one, OutgoingCommand) else one).__name__
            raise CannotBeSent(f"{name} cannot be written: {type(problem).__name__}: {problem}") from problem

    def _flush(self) -> None:
        """Wait while records are under way; raises NotDelivered only when some failed for good."""
        while True:
            try:
                self._sender.flush(FLUSH_SECONDS)
                return
            except NotDelivered:
                if not self._sender.unsent or self._closing.is_set():
                    raise


def check_bounds(one: OutgoingCommand) -> None:
    """Raise OutOfBounds for a command that no reader of the log could hold."""
    problems = problems_of(one.command) or problems_of(one.envelope) or key_problems(one.command, one.envelope.aggregate_id)
    if problems:
        raise OutOfBounds(type(one.command).__name__, problems)
