"""Kafka in memory, as far as Culm relies on it: partitions, transactions, fencing, last stable offset, group positions.

A record of an open transaction stands in its partition at once and holds back every read_committed reader (last stable offset);
an abort leaves its offsets as holes; a commit or an abort takes an offset of its own, as Kafka's markers do.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from commands.aggregates import command_topics, event_topics
from commands.config import DeciderConfig
from commands.engine.entries import Positions
from commands.engine.errors import Fenced, Interrupted, PositionsMissing, Unwritable
from commands.engine.log_port import Backlog, ShardChange
from commands.engine.records import InputRecord, OutputRecord
from schemas.partition import partition_of
from schemas.wire import Codec, Decoded
from tests.sim.faults import Faults

PARTITIONS = 3
#: What librdkafka takes by default (message.max.bytes), key and frame of the record included.
RECORD_BYTES_MAX = 1_000_000
RECORD_FRAME_BYTES = 70
OPEN, COMMITTED, ABORTED, MARKER = "open", "committed", "aborted", "marker"


@dataclass(slots=True)
class Entry:
    """A record, or a marker (value None, state MARKER)."""

    key: bytes
    value: bytes | None
    timestamp: int
    state: str = COMMITTED


@dataclass(slots=True)
class Producer:
    """What the coordinator knows of a transactional id."""

    epoch: int = 0
    entries: list[Entry] = field(default_factory=list)
    touched: set[tuple[str, int]] = field(default_factory=set)


class RememberingCodec(Codec):
    """Decodes the same bytes once: in a simulation all readers read the same few records, and none can change what was read."""

    def __init__(self, ids: Mapping[str, int], fetch: Callable[[int], Mapping[str, Any]]) -> None:
        super().__init__(ids, fetch)
        self._known: dict[bytes | None, Decoded] = {}

    def decode(self, value: bytes | None) -> Decoded:
        """Message and envelope of a record value; raises Poison."""
        found = self._known.get(value)
        if found is None:
            found = self._known[value] = super().decode(value)
        return found


@dataclass(slots=True)
class Group:
    """The group of deciders: who is in it, and in which generation; shards are shared out by range over the names."""

    generation: int = 0
    members: list[str] = field(default_factory=list)

    def join(self, name: str) -> None:
        """A member that comes back under its name finds its shards as they were."""
        if name not in self.members:
            self.members = sorted([*self.members, name])
            self.generation += 1

    def leave(self, name: str) -> None:
        """The session of a member ran out."""
        if name in self.members:
            self.members.remove(name)
            self.generation += 1

    def shards_of(self, name: str, partitions: int) -> frozenset[int]:
        """What a member has in this generation."""
        if name not in self.members:
            return frozenset()
        place, count = self.members.index(name), len(self.members)
        less, more = divmod(partitions, count)
        first = place * less + min(place, more)
        return frozenset(range(first, first + less + (place < more)))


class MemoryLog:
    """All topics. `now`: microseconds, moved by the owner of the world."""

    def __init__(self, partitions: int = PARTITIONS) -> None:
        self.now = 0
        self.partitions = partitions
        self.entries: dict[tuple[str, int], list[Entry]] = {}
        self.producers: dict[str, Producer] = {}
        self.committed: dict[str, Positions] = {}
        self.group = Group()

    def append(self, topic: str, key: bytes, value: bytes | None, state: str = COMMITTED) -> Entry:
        """The new entry, at the partition that its key says."""
        entry = Entry(key, value, self.now, state)
        self.place(topic, key).append(entry)
        return entry

    def partition(self, output: OutputRecord) -> int:
        """The partition that a record names, or that its key says."""
        if output.partition is not None:
            return output.partition
        return partition_of(output.placed_by or output.key.decode(), self.partitions)

    def place(self, topic: str, key: bytes) -> list[Entry]:
        """The partition of a key."""
        return self.entries.setdefault((topic, partition_of(key.decode(), self.partitions)), [])

    def end(self, topic: str, partition: int) -> int:
        """Last stable offset: what read_committed readers may read up to."""
        entries = self.entries.get((topic, partition), ())
        if not any((topic, partition) in producer.touched for producer in self.producers.values()):
            return len(entries)
        return next(offset for offset, entry in enumerate(entries) if entry.state == OPEN)

    def read(self, topic: str, partition: int, offset: int, records_max: int) -> list[InputRecord]:
        """Committed records from `offset` on, as a read_committed consumer gets them."""
        found: list[InputRecord] = []
        entries = self.entries.get((topic, partition), ())
        while offset < len(entries) and len(found) < records_max:
            entry = entries[offset]
            if entry.state == OPEN:
                break
            if entry.state == COMMITTED:
                found.append(InputRecord(topic, partition, offset, entry.key, entry.value, entry.timestamp))
            offset += 1
        return found

    def begin(self, name: str) -> int:
        """The new epoch of a transactional id; what an earlier owner left open is aborted."""
        producer = self.producers.setdefault(name, Producer())
        producer.epoch += 1
        self.finish(name, producer.epoch, ABORTED)
        return producer.epoch

    def write(self, name: str, epoch: int, output: OutputRecord) -> None:
        """A record of the open transaction; Fenced for an owner of the past."""
        producer = self.owned(name, epoch)
        place, entry = (output.topic, self.partition(output)), Entry(output.key, output.value, self.now, OPEN)
        self.entries.setdefault(place, []).append(entry)
        producer.entries.append(entry)
        producer.touched.add(place)

    def finish(self, name: str, epoch: int, state: str) -> None:
        """End the transaction of `name`, with a marker in each partition that it touched."""
        producer = self.owned(name, epoch)
        for entry in producer.entries:
            entry.state = state
        for place in sorted(producer.touched):
            self.entries[place].append(Entry(b"", None, self.now, MARKER))
        producer.entries, producer.touched = [], set()

    def time_out(self, topic: str, partition: int) -> None:
        """End the transactions that are open in a partition, as the coordinator does in the end; their owners are fenced."""
        for name, producer in self.producers.items():
            if (topic, partition) in producer.touched:
                self.finish(name, producer.epoch, ABORTED)
                producer.epoch += 1

    def owned(self, name: str, epoch: int) -> Producer:
        """The producer, if `epoch` is its newest."""
        producer = self.producers[name]
        if producer.epoch != epoch:
            raise Fenced(f"{name} has epoch {producer.epoch}, this is {epoch}")
        return producer

    def positions_of(self, group: str) -> Positions:
        """Committed positions of a group, to be changed in place."""
        return self.committed.setdefault(group, {})


class MemoryDeciderLog:
    """`DeciderLog` on a `MemoryLog`. `faults` is asked at every point at which the real one may break."""

    def __init__(self, log: MemoryLog, config: DeciderConfig, faults: Faults) -> None:
        self._log, self._config, self._faults = log, config, faults
        self._epoch = 0
        self._generation = -1
        self._shards: frozenset[int] = frozenset()
        self._started: frozenset[int] = frozenset()
        self._next: Positions = {}
        self._held: set[tuple[str, int]] = set()
        self._ends: Positions = {}

    def join(self) -> int:
        """Fence the previous decider of this name."""
        self._faults.point("acquire")
        self._epoch = self._log.begin(self._config.name)
        self._prove_positions()
        self._log.group.join(self._config.name)
        return self._log.partitions

    def _prove_positions(self) -> None:
        """A group that has lost its positions begins nowhere."""
        committed, lost = self._log.positions_of(self._config.group), []
        for commands, events in zip(command_topics(), event_topics(), strict=True):
            for shard in range(self._log.partitions):
                told = any(entry.state == COMMITTED for entry in self._log.entries.get((events, shard), ()))
                if told and self._log.entries.get((commands, shard)) and (commands, shard) not in committed:
                    lost.append((commands, shard))
        if lost:
            raise PositionsMissing(self._config.group, lost)

    def change(self) -> ShardChange | None:
        """What is different since it was last asked."""
        if self._generation == self._log.group.generation:
            return None
        if self._config.name not in self._log.group.members:
            # Its session ran out; it joins again by itself.
            self._log.group.join(self._config.name)
        self._generation = self._log.group.generation
        self._shards = self._log.group.shards_of(self._config.name, self._log.partitions)
        now = self._all_ends(self._started)
        kept = frozenset(
            shard
            for shard in self._shards & self._started
            if all(now[place] == self._ends[place] for place in now if place[1] == shard)
        )
        self._started = kept
        return ShardChange(self._shards, kept)

    def read(self, topics: Sequence[str], known: Positions, shards: Collection[int]) -> Iterator[InputRecord]:
        """Committed records up to the present end; transactions whose owner is gone run out first."""
        for topic in topics:
            for partition in sorted(shards):
                self._faults.point("replay")
                self._log.time_out(topic, partition)
                yield from self._log.read(topic, partition, known.get((topic, partition), 0), 1_000_000)

    def start_reading(self) -> Backlog:
        """From the group's positions on."""
        committed = self._log.positions_of(self._config.group)
        places = [(topic, shard) for topic in command_topics() for shard in sorted(self._shards)]
        self._next = {place: committed.get(place, 0) for place in places}
        self._held.clear()
        self._started, self._ends = self._shards, self._all_ends(self._shards)
        ends = {place: len(self._log.entries.get(place, ())) for place in self._next}
        unread = {place: end for place, end in ends.items() if self._next[place] < end}
        return Backlog(dict.fromkeys(command_topics(), self._log.partitions), self._shards, unread)

    def take(self, records_max: int, *, waits: bool = True) -> Sequence[InputRecord]:
        """What is there, in the order of partitions."""
        self._faults.point("take")
        if self._faults.dry or self._generation != self._log.group.generation:
            return ()
        found: list[InputRecord] = []
        for place, offset in self._next.items():
            if place in self._held:
                continue
            read = self._log.read(*place, offset, records_max - len(found))
            if read:
                self._next[place] = read[-1].offset + 1
                found += read
        return found

    def hold(self, topic: str, partition: int, offset: int) -> None:
        """Nothing of the partition is taken."""
        self._held.add((topic, partition))

    def go_on(self, held: Positions) -> Positions:
        """Everything from the offsets on is taken."""
        self._held -= held.keys()
        self._next |= held
        return {place: len(self._log.entries.get(place, ())) for place in held}

    def commit(self, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        """One transaction, with a point to break at after each step; the last two leave its outcome in doubt."""
        for number, output in enumerate(outputs):
            if output.size + RECORD_FRAME_BYTES > RECORD_BYTES_MAX:
                self._log.finish(self._config.name, self._epoch, ABORTED)
                raise Unwritable(number, output.topic, len(output.value or b""))
            self._log.write(self._config.name, self._epoch, output)
            self._faults.point("produce")
        self._log.owned(self._config.name, self._epoch)
        self._faults.point("before_commit")
        self._prove_generation()
        self._log.finish(self._config.name, self._epoch, COMMITTED)
        # Every place has a position from the first transaction on.
        known = self._log.positions_of(self._config.group)
        known.update({place: 0 for place in self._next if place not in known} | positions)
        self._ends = self._all_ends(self._started)
        self._faults.point("after_commit")

    def _prove_generation(self) -> None:
        """The positions of a transaction are taken in the generation of the group alone."""
        if self._generation != self._log.group.generation:
            self._log.finish(self._config.name, self._epoch, ABORTED)
            raise Interrupted(f"generation {self._generation}, it is {self._log.group.generation}")

    def ends(self, topics: Sequence[str], shards: Collection[int]) -> Positions:
        """Ends of partitions."""
        return {(topic, shard): self._log.end(topic, shard) for topic in topics for shard in shards}

    def release(self) -> None:
        """Nothing to give back; what is left open is aborted when the next owner comes, or by the coordinator's timeout."""
        producer = self._log.producers.get(self._config.name)
        if producer is not None and producer.epoch == self._epoch and producer.entries:
            self._log.finish(self._config.name, self._epoch, ABORTED)

    def _all_ends(self, shards: Collection[int]) -> Positions:
        return {(topic, shard): len(self._log.entries.get((topic, shard), ())) for topic in event_topics() for shard in shards}


__all__ = ["Interrupted", "MemoryDeciderLog", "MemoryLog", "RememberingCodec"]
