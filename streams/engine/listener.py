"""One loop for every topic that processors listen to: records in, choices, commands out, and only then acknowledged.

A Faust agent puts the records of a topic into a bounded inbox, from which `Listener.work` takes what is there; or the plain
loop calls `handle` with what it has read. Then: decode, let each reaction choose, deliver. Invariant: a record is acknowledged
only when everything that follows from it is in the log, be it commands or a dead letter; a record that cannot be read, on which
a choice fails, or from which a command follows that cannot be sent, holds up its own task alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from schemas.deadletter import DeadLetter
from schemas.instants import micros_of_millis
from schemas.wire import Decoded, Poison
from streams.engine.arrivals import Arrival
from streams.engine.decoder import Decoder
from streams.engine.errors import CannotBeSent, RegistryAway
from streams.engine.held import HeldRecords
from streams.engine.letters import BUG, UNSENDABLE, given_up, letter_about
from streams.engine.messages import OutgoingCommand, RecordRead
from streams.engine.partial_decoder import PartialDecoder
from streams.facts.snapshot import Snapshot

INBOX = 500
PAUSE_SECONDS_MAX = 5.0
Choose = Callable[[Sequence[RecordRead], Snapshot], Iterable[OutgoingCommand]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reaction:
    """A pure choice and the names of the records that it is asked about.

    awaits: the event id of another record of the topic, on its way to the log, after which the choice for a record costs less;
    empty for a record that is to be answered now. A record waits for it a quarter of a second at most.
    """

    name: str
    kinds: frozenset[str]
    choose: Choose
    awaits: Callable[[RecordRead, Snapshot], str] | None = None


class Delivery(Protocol):
    """Where commands and dead letters go."""

    async def deliver(self, contents: Sequence[OutgoingCommand | DeadLetter]) -> None:
        """Return when all of `contents` is in the log. Raises CannotBeSent when one can never be."""


class Listener:
    """Reacts to one topic.

    reactions: asked in this order for each batch. within: seconds to wait for company after the first record of a
    batch; 0 reacts at once. before: awaited with each batch before choosing, for facts that must be as new as the
    records. partial_decoders: by name of the record, for those of which the beginning is enough. by_agent: read by a Faust
    agent; False for a topic with records of every job, which the plain loop reads (docs/decisions/0019).
    """

    def __init__(
        self,
        topic: str,
        reactions: Sequence[Reaction],
        decoder: Decoder,
        outbox: Delivery,
        snapshot: Callable[[], Snapshot],
        *,
        batch_max: int = 200,
        within: float = 0.0,
        before: Callable[[Sequence[RecordRead]], Awaitable[None]] | None = None,
        partial_decoders: Mapping[str, PartialDecoder] | None = None,
        by_agent: bool = True,
    ) -> None:
        self.topic, self.by_agent = topic, by_agent
        self.batch_max, self.within = batch_max, within
        self._reactions = reactions
        self._kinds = frozenset().union(*(reaction.kinds for reaction in reactions))
        self._decoder, self._outbox, self._snapshot = decoder, outbox, snapshot
        self._before = before
        self._partial_decoders = partial_decoders or {}
        self._inbox: asyncio.Queue[Any] = asyncio.Queue(maxsize=INBOX)
        #: While `work` serves the inbox. A loop that hands its batches to `handle` counts them as done when it returns.
        self._held: HeldRecords | None = None

    def concerns(self, value: bytes | None) -> bool:
        """False for a record that no reaction asks about; True for all others, unreadable ones among them. Never waits."""
        kind = self._decoder.known_kind(value)
        return kind is None or kind in self._kinds

    async def put(self, arrival: Arrival) -> None:
        """Leave a record for `work`; waits while many are there."""
        await self._inbox.put(arrival)

    async def work(self) -> None:
        """Serve the inbox for as long as the process lives."""
        self._held = HeldRecords()
        next_one = asyncio.ensure_future(self._inbox.get())
        try:
            while True:
                await asyncio.wait({next_one}, timeout=self._held.seconds_left())
                events = self._held.taken()
                if next_one.done():
                    events.append(next_one.result())
                    if self.within:
                        await asyncio.sleep(self.within)
                    while not self._inbox.empty() and len(events) < self.batch_max:
                        events.append(self._inbox.get_nowait())
                    next_one = asyncio.ensure_future(self._inbox.get())
                while events:
                    await self.handle(events)
                    events = self._held.taken()
        finally:
            next_one.cancel()

    async def handle(self, events: Sequence[Any]) -> None:
        """Deliver what follows from a batch, and only then acknowledge it, but for records that wait for another one."""
        await self._deliver(events)
        for event in events:
            if self._held is None:
                event.ack()
            elif not self._held.holds(event):
                self._held.done(event)
                event.ack()

    async def read_again(self, record: Any, again: str) -> RecordRead | None:
        """A record that became a dead letter, read once more; None when it still cannot be read."""
        read = await self._read(record)
        return replace(read[1], again=again) if isinstance(read, tuple) else None

    def chosen_again(self, reaction: str, one: RecordRead, record: Any) -> list[OutgoingCommand | DeadLetter]:
        """What follows from it: by the reaction of that name, by all that ask about such records when it is empty."""
        kind = self._decoder.kind_of(record.value)
        asked = [found for found in self._reactions if kind in found.kinds and reaction in ("", found.name)]
        return [content for found in asked for content in self._chosen(found, [(one, record)])]

    async def _deliver(self, events: Sequence[Any]) -> None:
        """Deliver; when some command can never be sent, half by half, with a dead letter for the record that it follows from."""
        try:
            await self._outbox.deliver(await self._follow(events))
        except CannotBeSent as problem:
            if len(events) > 1:
                await self._deliver(events[: len(events) // 2])
                await self._deliver(events[len(events) // 2 :])
                return
            log.error("command_cannot_be_sent", problem=str(problem), **_place(events[0].message))
            await self._outbox.deliver(await self._without(events[0], str(problem)))

    async def _follow(self, events: Sequence[Any]) -> list[OutgoingCommand | DeadLetter]:
        """What follows from a batch."""
        records_read: list[tuple[str, RecordRead, Any]] = []
        events_read: dict[int, Any] = {}
        contents: list[OutgoingCommand | DeadLetter] = []
        for event in events:
            read = await self._read(event.message)
            if isinstance(read, DeadLetter):
                contents.append(read)
            elif read is not None:
                records_read.append((*read, event.message))
                events_read[id(read[1])] = event
        if records_read and self._before is not None:
            await self._before([one for _, one, _ in records_read])
        for reaction in self._reactions:
            concerned = [(one, message) for kind, one, message in records_read if kind in reaction.kinds]
            if concerned and reaction.awaits is not None and self._held is not None:
                contents += self._chosen_or_held(reaction, concerned, events_read, self._held)
            elif concerned:
                contents += self._chosen(reaction, concerned)
        return contents

    def _chosen_or_held(
        self, reaction: Reaction, concerned: Sequence[tuple[RecordRead, Any]], events: Mapping[int, Any], held: HeldRecords
    ) -> list[OutgoingCommand | DeadLetter]:
        """Record by record, because what is chosen for one may be what the next can wait for."""
        contents: list[OutgoingCommand | DeadLetter] = []
        for one, message in concerned:
            awaited = self._awaited(reaction, one)
            if not awaited or not held.hold(events[id(one)], awaited):
                contents += self._chosen(reaction, [(one, message)])
            if one.envelope is not None:
                held.read(one.envelope.event_id)
        return contents

    def _awaited(self, reaction: Reaction, one: RecordRead) -> str:
        """What the record waits for; nothing where that fails: the choice itself shows the bug if it matters there."""
        assert reaction.awaits is not None
        try:
            return reaction.awaits(one, self._snapshot())
        except Exception:  # the processor must outlive a bug in any choice
            log.exception("waiting_failed", reaction=reaction.name)
            return ""

    def _chosen(self, reaction: Reaction, concerned: Sequence[tuple[RecordRead, Any]]) -> list[OutgoingCommand | DeadLetter]:
        """Commands for all; when a choice fails, half by half, with a dead letter for the record on which it fails."""
        try:
            outgoing = list(reaction.choose([one for one, _ in concerned], self._snapshot()))
        except Exception as problem:  # the processor must outlive a bug in any choice
            if len(concerned) > 1:
                middle = len(concerned) // 2
                return [*self._chosen(reaction, concerned[:middle]), *self._chosen(reaction, concerned[middle:])]
            one, message = concerned[0]
            log.exception("reaction_failed", reaction=reaction.name, **_place(message))
            return given_up(reaction.name, one, message, f"{type(problem).__name__}: {problem}", BUG)
        if outgoing:
            log.debug("reacted", reaction=reaction.name, records=len(concerned), commands=len(outgoing))
        return list(outgoing)

    async def _without(self, event: Any, error: str) -> list[OutgoingCommand | DeadLetter]:
        """What is left to say of a record from which a command follows that can never be sent."""
        read = await self._read(event.message)
        assert read is not None, "a command followed from a record that concerns no reaction"
        if isinstance(read, DeadLetter):
            return [read]
        kind, one = read
        concerned = [reaction.name for reaction in self._reactions if kind in reaction.kinds]
        return [content for name in concerned for content in given_up(name, one, event.message, error, UNSENDABLE)]

    def _decoded(self, value: bytes, kind: str) -> Decoded:
        """The record, or only its beginning where that is enough."""
        partial = self._partial_decoders.get(kind)
        return self._decoder.decode_partially(value, partial) if partial else self._decoder.decode(value)

    async def _read(self, message: Any) -> tuple[str, RecordRead] | DeadLetter | None:
        """Name and content of a record, a dead letter for one that cannot be read, None for one that concerns no reaction."""
        wait = 0.2
        while True:
            try:
                kind = self._decoder.kind_of(message.value)
                if kind not in self._kinds:
                    return None
                decoded = self._decoded(message.value, kind)
                if decoded.envelope is not None and (message.key or b"").decode() != decoded.envelope.aggregate_id:
                    raise Poison(f"key {message.key!r}, expected {decoded.envelope.aggregate_id!r} as in the envelope")
                place = (message.topic, message.partition, message.offset)
                logged_at = micros_of_millis(message.timestamp or 0)
                return kind, RecordRead(decoded.message, decoded.envelope, *place, logged_at=logged_at)
            except (Poison, UnicodeDecodeError) as problem:
                log.error("record_unreadable", problem=str(problem), **_place(message))
                return letter_about(message, "Poison", str(problem))
            except RegistryAway as problem:
                log.warning("registry_not_ready", problem=str(problem)[:200], retry_in_seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, PAUSE_SECONDS_MAX)


def _place(message: Any) -> dict[str, Any]:
    return {"topic": message.topic, "partition": message.partition, "offset": message.offset}
