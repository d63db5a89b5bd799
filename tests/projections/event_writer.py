"""Writes events as a decider would: envelopes in sequence, records under their keys, into a log in memory or a real one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from projections.engine.errors import PartitionStopped
from projections.engine.kafka_log import RawRecord
from schemas.catalog import messages
from schemas.ids import caused_command_id, event_id
from schemas.partition import partition_of
from schemas.reading import Place, Recorded
from schemas.types import EventEnvelope
from schemas.wire import Codec, entry_of

START = 1_800_000_000_000_000
PARTITIONS = 2


def a_codec() -> Codec:
    """A codec whose ids are made up; it never asks a registry."""
    ids = {entry.full_name: number for number, entry in enumerate(messages(), start=1)}

    def fetch(number: int) -> Mapping[str, Any]:
        raise AssertionError(f"asked the registry for schema {number}")

    return Codec(ids, fetch)


@dataclass(slots=True)
class EventWriter:
    """Gives every event its place in the history of its aggregate; the clock moves a second an event."""

    sequences: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    written: int = 0

    def envelope(self, message: Any, aggregate_id: object, **changes: Any) -> EventEnvelope:
        """The next envelope of the aggregate."""
        self.written += 1
        key = (entry_of(message).aggregate, str(aggregate_id))
        self.sequences[key] += 1
        command_id = caused_command_id("test", self.written)
        fields: dict[str, Any] = {
            "event_id": event_id(command_id, 0),
            "aggregate_id": str(aggregate_id),
            "sequence": self.sequences[key],
            "decision_index": 0,
            "decision_size": 1,
            "command_id": command_id,
            "correlation_id": str(UUID(int=1)),
            "occurred_at": START + self.written * 1_000_000,
            "actor": "jdoe",
            "vo": "wlcg",
            "writer_epoch": 1,
        }
        return EventEnvelope(**{**fields, **changes})

    def recorded(self, message: Any, aggregate_id: object, **changes: Any) -> Recorded:
        """The event as a reader has it, without any log."""
        place = Place(entry_of(message).topic, 0, self.written)
        return Recorded(place, message, self.envelope(message, aggregate_id, **changes))


@dataclass(slots=True)
class MemoryLog:
    """A log of `PARTITIONS` partitions a topic, which skips an offset after every `marker_every` records as Kafka does."""

    codec: Codec
    marker_every: int = 3
    kept: dict[tuple[str, int], list[RawRecord]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    starts: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def append(self, message: Any, envelope: EventEnvelope | None, key: str) -> Place:
        """Write one record."""
        topic = entry_of(message).topic
        value = self.codec.encode(message, envelope)
        return self.append_bytes(topic, partition_of(key, PARTITIONS), key.encode(), value)

    def append_bytes(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> Place:
        """Write anything."""
        place = Place(topic, partition, self.ends[topic, partition])
        self.kept[topic, partition].append(RawRecord(place, key, value))
        self.ends[topic, partition] += 1 if len(self.kept[topic, partition]) % self.marker_every else 2
        return place

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Forget old records."""
        self.starts[topic, partition] = offset

    def reader(self, passing: frozenset[str] = frozenset()) -> "MemoryReader":
        """A reader of this log."""
        return MemoryReader(self, passing)


@dataclass(slots=True)
class MemoryReader:
    """`Log` on a `MemoryLog`."""

    log: MemoryLog
    passing: frozenset[str] = frozenset()
    at: dict[tuple[str, int], int] = field(default_factory=dict)
    paused: set[tuple[str, int]] = field(default_factory=set)

    def partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """Every topic is there."""
        return dict.fromkeys(topics, PARTITIONS)

    def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Read on from there."""
        self.at = {
            partition: max(offset, self.log.starts[partition]) if partition[0] in self.passing else offset
            for partition, offset in positions.items()
        }
        self.paused = set()

    def read(self, records_max: int, seconds: float) -> tuple[list[RawRecord], list[PartitionStopped]]:
        """What is there, one record of each partition in turn."""
        found: list[RawRecord] = []
        stopped = []
        for partition, at in self.at.items():
            if at < self.log.starts[partition] and partition not in self.paused:
                stopped.append(PartitionStopped(Place(*partition, at), "gone", "deleted"))
        waiting = {
            partition: [record for record in self.log.kept[partition] if record.place.offset >= at]
            for partition, at in self.at.items()
            if partition not in self.paused and at >= self.log.starts[partition]
        }
        while len(found) < records_max and any(waiting.values()):
            for partition, records in waiting.items():
                if records and len(found) < records_max:
                    found.append(records.pop(0))
                    self.at[partition] = found[-1].place.offset + 1
        return found, stopped

    def pause(self, partition: tuple[str, int]) -> None:
        """No more of this one."""
        self.paused.add(partition)

    def starts(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """First offsets kept."""
        return {partition: self.log.starts[partition] for partition in partitions}

    def ends(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Offsets after the last records."""
        return {partition: self.log.ends[partition] for partition in partitions}

    def is_read_out(self) -> bool:
        """True when nothing is left."""
        return not any(
            record.place.offset >= at
            for partition, at in self.at.items()
            if partition not in self.paused
            for record in self.log.kept[partition]
        )

    def close(self) -> None:
        """Nothing to let go of."""
