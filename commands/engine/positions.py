"""Positions of the deciders' group: what it has, and where the log says that deciding has come to.

In: the command topics, and what tells of decided commands: events, answers, dead letters. Out: `PositionStanding` by shard and
topic, and positions that are set. Guards: commands of a partition are decided in order, so the last one that is known to be
decided shows where to go on; positions are set only while no decider runs.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition

from commands.aggregates import command_topics, event_topics
from commands.engine.entries import Positions, digest
from commands.engine.errors import DeciderError
from commands.engine.partition_reader import PartitionReader
from eventlog.connection import open_admin
from schemas.answer import CommandAnswered
from schemas.deadletter import DeadLetter
from schemas.types import EventEnvelope
from schemas.wire import Codec, Decoded, Poison, entry_of_class

ANSWERS, LETTERS = entry_of_class(CommandAnswered).topic, entry_of_class(DeadLetter).topic
HOUR_SECONDS = 3_600
#: How far back decided commands are looked for, further only where nothing was found; answers are kept no longer than the last.
LOOKED_BACK_HOURS = (1, 24, 168)
SECONDS_MAX = 10.0
#: A decider that was stopped is a member until its session has run out.
GROUP_EMPTY_SECONDS_MAX = 30.0


class GroupInUse(DeciderError):
    """Positions cannot be set while deciders run."""


@dataclass(frozen=True, slots=True)
class PositionStanding:
    """A partition of commands. position: the group's, None for none. decided: where the log says that deciding has come to."""

    topic: str
    shard: int
    position: int | None
    end: int
    decided: int


class GroupPositions:
    """The positions of one group."""

    def __init__(self, kafka: str, group: str, open_codec: Callable[[], Codec]) -> None:
        """open_codec: asks the registry, once the broker has answered. Raises KafkaException, Interrupted."""
        self._group = group
        self._admin = open_admin(kafka, "culm-positions")
        self._reader = PartitionReader(kafka, SECONDS_MAX)
        self._partitions = self._reader.partitions((*command_topics(), *event_topics()))
        self._codec = open_codec()

    def standings(self, now_seconds: float) -> list[PositionStanding]:
        """Every partition of commands, shard by shard. now_seconds: since the epoch."""
        shards = range(self._partitions)
        places = [(topic, shard) for shard in shards for topic in command_topics()]
        had, ends = self._positions(), self._reader.ends(command_topics(), shards)
        decided = self._decided(places, now_seconds)
        return [PositionStanding(*place, had.get(place), ends[place], decided[place]) for place in places]

    def set(self, positions: Positions) -> None:
        """Give the group these positions; raises GroupInUse when deciders have not ended within half a minute."""
        places = [TopicPartition(*place, offset) for place, offset in positions.items()]
        until = time.monotonic() + GROUP_EMPTY_SECONDS_MAX
        while True:
            request = [ConsumerGroupTopicPartitions(self._group, places)]
            try:
                done = self._admin.alter_consumer_group_offsets(request, request_timeout=SECONDS_MAX)[self._group].result()
            except KafkaException as problem:
                if time.monotonic() > until:
                    raise GroupInUse(f"positions of {self._group} are not set, stop its deciders first: {problem}") from problem
                time.sleep(1.0)
                continue
            for place in done.topic_partitions or ():
                if place.error is not None:
                    raise KafkaException(place.error)
            return

    def _positions(self) -> Positions:
        request = [ConsumerGroupTopicPartitions(self._group)]
        found = self._admin.list_consumer_group_offsets(request, request_timeout=SECONDS_MAX)[self._group].result()
        return {(place.topic, place.partition): place.offset for place in found.topic_partitions or () if place.offset >= 0}

    def _decided(self, places: Sequence[tuple[str, int]], now_seconds: float) -> Positions:
        """Behind the last command that was decided; where none is found, the first one of the last week."""
        found: Positions = {}
        began: Positions = {}
        for hours in LOOKED_BACK_HOURS:
            left = [place for place in places if place not in found]
            since = int((now_seconds - hours * HOUR_SECONDS) * 1_000)
            began = self._reader.since(left, since)
            found |= self._decided_since(left, since)
        return {place: found.get(place, began.get(place, 0)) for place in places}

    def _decided_since(self, places: Sequence[tuple[str, int]], milliseconds: int) -> Positions:
        """Of those commands that came since then; what tells of them came since then, too."""
        found: Positions = {}
        known: set[int] = set()
        for decoded in self._telling(milliseconds):
            message = decoded.message
            if isinstance(message, DeadLetter):
                place = (message.source_topic, message.source_partition)
                found[place] = max(found.get(place, 0), message.source_offset + 1)
            elif isinstance(message, CommandAnswered):
                known.add(digest(message.command_id))
            elif isinstance(decoded.envelope, EventEnvelope):
                known.add(digest(decoded.envelope.command_id))
        for record in self._reader.read(places, self._reader.since(places, milliseconds)):
            command = None if record is None else self._decoded(record.value())
            if record is not None and command is not None and digest(command.envelope.command_id) in known:
                place = (str(record.topic()), record.partition() or 0)
                found[place] = max(found.get(place, 0), (record.offset() or 0) + 1)
        return {place: found[place] for place in places if place in found}

    def _telling(self, milliseconds: int) -> Iterator[Decoded]:
        """Events, answers and dead letters since then."""
        topics = (*event_topics(), ANSWERS, LETTERS)
        places = [(topic, shard) for topic in topics for shard in range(self._reader.partitions((topic,)))]
        for record in self._reader.read(places, self._reader.since(places, milliseconds)):
            decoded = None if record is None else self._decoded(record.value())
            if decoded is not None:
                yield decoded

    def _decoded(self, value: bytes | None) -> Decoded | None:
        """None for what no one can read: a command like it became a dead letter, which tells of it."""
        try:
            return self._codec.decode(value)
        except Poison:
            return None
