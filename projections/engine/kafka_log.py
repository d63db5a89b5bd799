"""The event log as a projector reads it: committed records of all partitions, from positions that Postgres remembers.

Out: batches of what is there; only when much is coming a moment is waited for more. Guards: an offset that the log does
not have any more is reported, never skipped (except in topics that are not kept for ever).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import structlog
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from eventlog.connection import open_admin
from eventlog.consumers import PREFETCH_LARGE_KILOBYTES, positioned_reader
from projections.engine.errors import PartitionStopped, TopicsMissing
from projections.engine.positions import Partition
from schemas.reading import Place

METADATA_SECONDS = 10
#: A read that finds so many says that the next will find as many, too.
MUCH_RECORDS = 60
log = structlog.get_logger()


class RawRecord(NamedTuple):
    """A record as it stands in the log."""

    place: Place
    key: bytes | None
    value: bytes | None


class Log(Protocol):
    """What a projector needs of the log."""

    def partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """Number of partitions by topic; raises TopicsMissing."""
        ...

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Read these partitions, and only these, from these offsets on."""
        ...

    def read(self, records_max: int, seconds: float) -> tuple[list[RawRecord], list[PartitionStopped]]:
        """What is there, after waiting at most `seconds` for a first record; and partitions that cannot be read on."""
        ...

    def pause(self, partition: Partition) -> None:
        """Read this partition no more until the next `seek`."""
        ...

    def starts(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The first offset that is kept, by partition."""
        ...

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset after all committed records, by partition."""
        ...

    def is_read_out(self) -> bool:
        """True when every partition was read to its end, as far as the reader knows."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class KafkaLogReader:
    """A `Log` on a Kafka cluster.

    passing: topics whose old records are deleted. gather_seconds: how long to wait for more when much is coming; a read
    that finds little never waits, so this costs latency only where it saves work. hears_ends: `is_read_out` is wanted; it
    costs a word per partition whenever its end is reached.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        client_id: str,
        passing: frozenset[str] = frozenset(),
        gather_seconds: float = 0.0,
        hears_ends: bool = False,
    ) -> None:
        self._gather_seconds, self._last_count = gather_seconds, 0
        self._passing, self._bootstrap = passing, bootstrap
        self._admin: AdminClient | None = None
        self._paused: set[Partition] = set()
        self._hears_ends = hears_ends
        self._unread: set[Partition] = set()
        self._consumer = positioned_reader(
            bootstrap, client_id, hears_ends=hears_ends, prefetch_kilobytes=PREFETCH_LARGE_KILOBYTES
        )

    def partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """See `Log`."""
        found = self._consumer.list_topics(timeout=METADATA_SECONDS).topics
        counts = {topic: len(found[topic].partitions) if topic in found else 0 for topic in topics}
        missing = [topic for topic, count in counts.items() if not count]
        if missing:
            raise TopicsMissing(f"no topic {', '.join(missing)}; run `python -m eventlog apply`")
        return counts

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """See `Log`."""
        kept = self.starts(partition for partition in positions if partition[0] in self._passing)
        places = []
        for (topic, partition), offset in positions.items():
            start = max(offset, kept.get((topic, partition), 0))
            if start > offset:
                log.info("deleted_records_passed", topic=topic, partition=partition, count=start - offset)
            places.append(TopicPartition(topic, partition, start))
        if self._paused:
            # The client remembers a pause beyond the assignment it was made in.
            self._consumer.resume([TopicPartition(*partition) for partition in self._paused])
            self._paused.clear()
        self._consumer.assign(places)
        self._unread = set(positions)

    def read(self, records_max: int, seconds: float) -> tuple[list[RawRecord], list[PartitionStopped]]:
        """See `Log`."""
        messages = self._consumer.consume(1, seconds)
        if messages and records_max > 1:
            wait = self._gather_seconds if self._last_count >= MUCH_RECORDS else 0
            messages += self._consumer.consume(records_max - 1, wait)
        self._last_count = len(messages)
        records, stopped = [], []
        for message in messages:
            place = Place(message.topic() or "", message.partition() or 0, message.offset() or 0)
            error = message.error()
            if error is None:
                self._unread.add((place.topic, place.partition))
                records.append(RawRecord(place, _bytes(message.key()), _bytes(message.value())))
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                stopped.append(PartitionStopped(place, "gone", f"the log does not have this offset: {error.str()}"))
            elif error.code() == KafkaError._PARTITION_EOF:
                self._unread.discard((place.topic, place.partition))
            else:
                raise KafkaException(error)
        return records, stopped

    def pause(self, partition: Partition) -> None:
        """See `Log`."""
        self._consumer.pause([TopicPartition(*partition)])
        self._paused.add(partition)

    def starts(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `Log`."""
        return self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `Log`."""
        return self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def _offsets(self, partitions: Iterable[Partition], which: OffsetSpec) -> dict[Partition, int]:
        """One request for all partitions; asking the consumer for one after the other takes a hundred times as long."""
        places = {TopicPartition(*partition): which for partition in partitions}
        if not places:
            return {}
        if self._admin is None:
            self._admin = open_admin(self._bootstrap, "culm-offsets")
        found = self._admin.list_offsets(
            places, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=METADATA_SECONDS
        )
        try:
            return {(place.topic, place.partition): int(outcome.result().offset) for place, outcome in found.items()}
        except KafkaException:
            # After a change of leader this client asks with the old epoch, for ever: the next one begins with what is true.
            self._admin = None
            raise

    def is_read_out(self) -> bool:
        """See `Log`."""
        assert self._hears_ends, "asked for the ends of partitions without listening to them"
        return not self._unread

    def close(self) -> None:
        """See `Log`."""
        self._consumer.close()


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
