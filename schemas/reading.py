"""Records of any topic as readers take them, and the rule by which every reader drops the same strays.

In: raw records. Out: `Recorded`, and for events the decision accept, duplicate or hole. The rule (sequence == last + 1)
is deterministic over a totally ordered log, so correctness of what is read does not rest on the writer's transactions.
Pure: no broker in here; the reader keeps the last sequence of each aggregate, in memory or beside its rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

from schemas.catalog import CATALOG
from schemas.types import EventEnvelope
from schemas.wire import Codec, Poison


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message with its place in the log. `envelope` is None for messages that carry none (answers, heartbeats)."""

    place: Place
    message: Any
    envelope: EventEnvelope | None

    @property
    def aggregate(self) -> str:
        """Kind of aggregate whose topic this is: task, job, queue ..."""
        return aggregate_of(self.place.topic)

    @property
    def event(self) -> EventEnvelope:
        """The envelope of an event; AssertionError for a record that is none."""
        assert self.envelope is not None, f"{self.place} carries no envelope"
        return self.envelope


class Acceptance(Enum):
    """What to do with an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


class LogHole(RuntimeError):
    """Events of an aggregate are missing before this one: the partition must not be read on."""

    def __init__(self, place: Place, aggregate_id: str, found: int, expected: int) -> None:
        super().__init__(f"{place}: event {found} of {aggregate_id!r}, expected {expected}: events are missing")
        self.place, self.aggregate_id, self.found, self.expected = place, aggregate_id, found, expected


class Misplaced(Poison):
    """A record that can be read but lies where it does not belong: in another topic, or under another key than its own."""


@cache
def aggregate_of(topic: str) -> str:
    """The kind of aggregate in a topic's name."""
    return topic.split(".", 2)[1]


def read_record(codec: Codec, place: Place, key: bytes | None, value: bytes | None) -> Recorded:
    """The message at `place`; raises Poison for what cannot be read, Misplaced for what does not belong there."""
    decoded = codec.decode(value)
    if _topic_of(decoded.entry.full_name) != place.topic:
        raise Misplaced(f"{place}: holds {decoded.name}, which belongs to {decoded.entry.topic}")
    if decoded.entry.role != "events":
        return Recorded(place, decoded.message, None)
    envelope: EventEnvelope = decoded.envelope
    if key != envelope.aggregate_id.encode():
        raise Misplaced(f"{place}: key {key!r}, expected the aggregate_id {envelope.aggregate_id!r} of {decoded.name}")
    return Recorded(place, decoded.message, envelope)


@cache
def _topic_of(full_name: str) -> str:
    return CATALOG[full_name].topic


def judge(envelope: EventEnvelope, last: int, place: Place) -> Acceptance:
    """Whether the event is the next of its aggregate, whose last accepted sequence is `last` (0: none yet).

    Raises LogHole when events between `last` and this one are missing.
    """
    if envelope.sequence == last + 1:
        return Acceptance.ACCEPTED
    if envelope.sequence <= last:
        return Acceptance.DUPLICATE
    raise LogHole(place, envelope.aggregate_id, envelope.sequence, last + 1)


Aggregate = tuple[str, str]
"""Kind and id of an aggregate, for example ("job", "100000000000001")."""


@dataclass(slots=True)
class SequenceGuard:
    """Remembers the last accepted sequence of every aggregate it was shown or told about.

    from_the_start: false for a reader that begins in the middle of a log and accepts the first event of an aggregate
    that it sees.
    """

    heads: dict[Aggregate, int] = field(default_factory=dict)
    from_the_start: bool = True

    def learn(self, heads: Mapping[Aggregate, int]) -> None:
        """Take over sequences that were accepted earlier."""
        self.heads.update(heads)

    def accepts(self, record: Recorded) -> bool:
        """True for the next event of its aggregate, false for a duplicate; raises LogHole.

        Records without an envelope are accepted as they come.
        """
        envelope = record.envelope
        if envelope is None:
            return True
        aggregate = (record.aggregate, envelope.aggregate_id)
        last = self.heads.get(aggregate)
        if last is None:
            last = 0 if self.from_the_start else envelope.sequence - 1
        if judge(envelope, last, record.place) is Acceptance.DUPLICATE:
            return False
        self.heads[aggregate] = envelope.sequence
        return True
