"""All aggregates in memory, follow-ups decided or delivered at once: the saga without Kafka, for given-when-then tests."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.aggregates import command_topics
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.decider import Decider
from commands.engine.inline import InlineFollowUps
from commands.engine.log_port import Backlog
from commands.engine.records import InputRecord
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from schemas.answer import CommandAnswered
from schemas.answering import answer_in
from schemas.catalog import messages
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.wire import Codec, entry_of

MINUTE = 60_000_000
START = 1_800_000_000_000_000


def a_codec(kind: type[Codec] = Codec) -> Codec:
    """A codec whose ids are made up; it never asks a registry."""
    ids = {entry.full_name: number for number, entry in enumerate(messages(), start=1)}

    def fetch(number: int) -> dict[str, Any]:
        raise AssertionError(f"asked the registry for schema {number}")

    return kind(ids, fetch)


@dataclass(slots=True)
class Culm:
    """Every aggregate, its events in order, and a clock that moves only when told."""

    decider: Decider
    codec: Codec
    store: StateStore
    now: int = START
    events: list[tuple[Any, EventEnvelope]] = field(default_factory=list)
    answers: list[CommandAnswered] = field(default_factory=list)
    letters: list[Any] = field(default_factory=list)
    sent: int = 0

    def send(
        self,
        command: Any,
        aggregate_id: str,
        *,
        actor: str = "jdoe",
        role: str = "user",
        vo: str = "wlcg",
        command_id: str | None = None,
        expected_sequence: int | None = None,
        issued_at: int | None = None,
        lease_id: str | None = None,
        linked_actors: tuple[str, ...] = (),
        dry_run: bool = False,
    ) -> CommandAnswered:
        """The answer to `command`, after everything that follows from it was decided too. issued_at: now, if not given."""
        self.sent += 1
        number = command_id or str(UUID(int=self.sent))
        envelope = CommandEnvelope(
            command_id=number,
            aggregate_id=aggregate_id,
            correlation_id=number,
            issued_at=self.now if issued_at is None else issued_at,
            actor=actor,
            role=role,
            vo=vo,
            expected_sequence=expected_sequence,
            lease_id=lease_id,
            linked_actors=linked_actors,
            dry_run=dry_run,
        )
        record = self._record(entry_of(command).topic, aggregate_id.encode(), self.codec.encode(command, envelope))
        before = len(self.answers)
        waiting = deque([record])
        while waiting:
            for output in self.decider.handle(waiting.popleft()):
                decoded = self.codec.decode(output.value)
                match decoded.entry.role:
                    case "commands":
                        waiting.append(self._record(output.topic, output.key, output.value))
                    case "events":
                        self.events.append((decoded.message, decoded.envelope))
                        answer = answer_in(decoded.message, decoded.entry.aggregate, decoded.envelope)
                        if answer is not None and decoded.envelope.decision_index == 0:
                            self.answers.append(answer)
                    case "answers":
                        self.answers.append(decoded.message)
                    case _:
                        self.letters.append(decoded.message)
            self.store.committed()
        return self.answers[before]

    def state(self, aggregate: str, aggregate_id: object) -> Any:
        """State of an aggregate."""
        return self.store.get(aggregate, str(aggregate_id)).state

    def names(self, since: int = 0) -> list[str]:
        """Names of the events from number `since` on."""
        return [type(message).__name__ for message, _ in self.events[since:]]

    def last(self, kind: type) -> Any:
        """The last event of `kind`."""
        return next(message for message, _ in reversed(self.events) if isinstance(message, kind))

    def _record(self, topic: str, key: bytes, value: bytes | None) -> InputRecord:
        return InputRecord(topic, 0, self.sent, key, value, self.now)


def a_culm(*, inline: bool = True) -> Culm:
    """An empty system. inline: follow-ups are decided at once, as by a decider that owns everything."""
    codec = a_codec()
    store = StateStore(RowCodec(codec), ClosedRowsOfShards(None))
    owned = InlineFollowUps()
    if inline:
        owned.begin(Backlog(dict.fromkeys(command_topics(), 1), frozenset({0}), {}))
    return Culm(Decider(store, codec, owned), codec, store)
