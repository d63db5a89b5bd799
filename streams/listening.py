"""One loop for every topic that processors listen to: records in, choices, commands out, and only then acknowledged.

A Faust agent puts the arrivals of a topic into a bounded inbox; `Listener.work` takes what is there, decodes it, lets
each reaction choose, and delivers. Invariant: a record is acknowledged only when everything that follows from it is in
the log, be it commands or a dead letter; a record that cannot be read, or on which a choice stumbles, holds nobody up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from commands.sending import RecordTooLarge
from schemas.bounds import OutOfBounds
from schemas.characters import TEXT
from schemas.deadletter import DeadLetter
from schemas.wire import Poison
from streams.decoder import Decoder
from streams.errors import RegistryAway
from streams.glance import Glance
from streams.heard import Heard, Wish
from streams.snapshot import Snapshot

INBOX = 5000
PAUSE_SECONDS_MAX = 5.0
PROCESS = "culm-streams"
LETTER_BYTES_MAX = 800_000
LETTER_ERROR_MAX = 4_000
#: What the outbox refuses however often it is tried.
NEVER_TAKEN = (RecordTooLarge, OutOfBounds)
Choose = Callable[[Sequence[Heard], Snapshot], Iterable[Wish]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reaction:
    """A pure choice and the names of the records that it is asked about."""

    name: str
    kinds: frozenset[str]
    choose: Choose


class Delivery(Protocol):
    """Where commands and dead letters go."""

    async def deliver(self, contents: Sequence[Wish | DeadLetter]) -> None:
        """Return when all of `contents` is in the log. Raises RecordTooLarge or OutOfBounds when one can never be."""


class Listener:
    """Reacts to one topic.

    reactions: asked in this order for each batch. within: seconds to wait for company after the first record of a
    batch; 0 reacts at once. before: awaited with each batch before choosing, for facts that must be as new as the
    records. glances: by name of the record, for those of which the beginning is enough.
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
        before: Callable[[Sequence[Heard]], Awaitable[None]] | None = None,
        glances: Mapping[str, Glance] | None = None,
    ) -> None:
        self.topic = topic
        self._reactions = reactions
        self._kinds = frozenset().union(*(reaction.kinds for reaction in reactions))
        self._decoder, self._outbox, self._snapshot = decoder, outbox, snapshot
        self._batch_max, self._within, self._before = batch_max, within, before
        self._glances = glances or {}
        self._inbox: asyncio.Queue[Any] = asyncio.Queue(maxsize=INBOX)

    def concerns(self, value: bytes | None) -> bool:
        """False for a record that no reaction asks about; True for all others, unreadable ones among them. Never waits."""
        kind = self._decoder.known_kind(value)
        return kind is None or kind in self._kinds

    async def agent(self, stream: Any) -> None:
        """Body of the Faust agent, to which arrivals come in batches; `noack` because `work` acknowledges by itself."""
        async for event in stream.noack().events():
            for arrival in event.value:
                await self._inbox.put(arrival)

    async def work(self) -> None:
        """Serve the inbox for as long as the process lives."""
        while True:
            events = [await self._inbox.get()]
            if self._within:
                await asyncio.sleep(self._within)
            while not self._inbox.empty() and len(events) < self._batch_max:
                events.append(self._inbox.get_nowait())
            await self.handle(events)

    async def handle(self, events: Sequence[Any]) -> None:
        """Deliver what follows from a batch, and only then acknowledge it."""
        try:
            await self._outbox.deliver(await self._follow(events))
        except NEVER_TAKEN:
            await self._deliver_singly(events)
        for event in events:
            event.ack()

    async def _deliver_singly(self, events: Sequence[Any]) -> None:
        """Deliver record by record, with a dead letter for the one whose command no topic or reader can hold."""
        for event in events:
            try:
                await self._outbox.deliver(await self._follow([event]))
            except NEVER_TAKEN as problem:
                log.error("command_not_possible", problem=str(problem), **_place(event.message))
                await self._outbox.deliver([_letter(event.message, "Bug", str(problem))])

    async def _follow(self, events: Sequence[Any]) -> list[Wish | DeadLetter]:
        """What follows from a batch."""
        heard: list[tuple[str, Heard, Any]] = []
        contents: list[Wish | DeadLetter] = []
        for event in events:
            read = await self._read(event.message)
            if isinstance(read, DeadLetter):
                contents.append(read)
            elif read is not None:
                heard.append((*read, event.message))
        if heard and self._before is not None:
            await self._before([one for _, one, _ in heard])
        for reaction in self._reactions:
            concerned = [(one, message) for kind, one, message in heard if kind in reaction.kinds]
            if concerned:
                contents += self._chosen(reaction, concerned)
        return contents

    def _chosen(self, reaction: Reaction, concerned: Sequence[tuple[Heard, Any]]) -> list[Wish | DeadLetter]:
        """Commands for all; when a choice stumbles, record by record, with a dead letter for the one it stumbles on."""
        facts = self._snapshot()
        try:
            wishes = list(reaction.choose([one for one, _ in concerned], facts))
        except Exception as problem:  # the processor must outlive a bug in any choice
            if len(concerned) == 1:
                message = concerned[0][1]
                log.exception("choice_stumbled", reaction=reaction.name, **_place(message))
                return [_letter(message, "Bug", f"{reaction.name}: {type(problem).__name__}: {problem}")]
            return [content for one in concerned for content in self._chosen(reaction, [one])]
        if wishes:
            log.debug("reacted", reaction=reaction.name, records=len(concerned), commands=len(wishes))
        return list(wishes)

    async def _read(self, message: Any) -> tuple[str, Heard] | DeadLetter | None:
        """Name and content of a record, a dead letter for one that cannot be read, None for one that concerns nobody."""
        wait = 0.2
        while True:
            try:
                kind = self._decoder.kind_of(message.value)
                if kind not in self._kinds:
                    return None
                glance = self._glances.get(kind)
                decoded = self._decoder.glance(message.value, glance) if glance else self._decoder.decode(message.value)
                if decoded.envelope is not None and (message.key or b"").decode() != decoded.envelope.aggregate_id:
                    raise Poison(f"key {message.key!r}, expected {decoded.envelope.aggregate_id!r} as in the envelope")
                return kind, Heard(decoded.message, decoded.envelope, message.topic, message.partition, message.offset)
            except (Poison, UnicodeDecodeError) as problem:
                log.error("record_unreadable", problem=str(problem), **_place(message))
                return _letter(message, "Poison", str(problem))
            except RegistryAway as problem:
                log.warning("registry_not_ready", problem=str(problem)[:200], retry_in_seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, PAUSE_SECONDS_MAX)


def _place(message: Any) -> dict[str, Any]:
    return {"topic": message.topic, "partition": message.partition, "offset": message.offset}


def _letter(message: Any, error_class: str, error: str) -> DeadLetter:
    """The record as it was, except for a value too large to be stored a second time."""
    value = message.value
    if value is not None and len(value) > LETTER_BYTES_MAX:
        error, value = f"{error} (value of {len(value)} bytes left out)", None
    return DeadLetter(
        source_topic=message.topic,
        source_partition=message.partition,
        source_offset=message.offset,
        key=message.key,
        value=value,
        error_class=error_class,
        error=TEXT.replaced(error, LETTER_ERROR_MAX),
        process=PROCESS,
        seen_at=(message.timestamp or 0) * 1000,
    )
