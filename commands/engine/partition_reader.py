"""Reads partitions of the log from given positions to their end, and says where the ends are.

In: places and positions. Out: committed messages in the order of each partition. Guards: what a transaction that is still open
has written is waited for, so that a new owner of a shard sees everything that the one before could still commit.
"""

import time
from collections.abc import Collection, Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import OffsetSpec

from commands.engine.entries import Positions
from commands.engine.errors import Interrupted
from eventlog.connection import open_admin
from eventlog.consumers import positioned_reader

READ_BATCH = 5_000
#: A transaction whose owner is gone is aborted by the broker after ten seconds.
SETTLED_SECONDS_MAX = 30.0
SETTLED_PAUSE_SECONDS = 0.05


class PartitionReader:
    """Readers and ends for one decider."""

    def __init__(self, kafka: str, seconds_max: float) -> None:
        """seconds_max: of one question to the broker."""
        self._kafka = kafka
        self._seconds_max = seconds_max
        self._admin = open_admin(kafka, "culm-decider")

    def partitions(self, topics: Sequence[str]) -> int:
        """Number of partitions of the topics; raises Interrupted unless all are there and have as many."""
        found = self._admin.list_topics(timeout=self._seconds_max).topics
        counts = {topic: len(found[topic].partitions) if topic in found else 0 for topic in topics}
        if len(set(counts.values())) != 1 or 0 in counts.values():
            raise Interrupted(f"topics have {counts} partitions, expected as many of each; run `python -m eventlog apply`")
        return counts[topics[0]]

    def ends(self, topics: Sequence[str], shards: Collection[int]) -> Positions:
        """Offsets behind the last record, committed or not."""
        return self._ends([(topic, shard) for topic in topics for shard in shards], IsolationLevel.READ_UNCOMMITTED)

    def since(self, places: Sequence[tuple[str, int]], milliseconds: int) -> Positions:
        """Offsets of the first records that were written then (since the epoch) or later; the ends where there are none."""
        found = self._offsets(places, OffsetSpec.for_timestamp(milliseconds), IsolationLevel.READ_UNCOMMITTED)
        ends = self._ends([place for place in places if found[place] < 0], IsolationLevel.READ_UNCOMMITTED)
        return found | ends

    def read(self, places: Sequence[tuple[str, int]], known: Positions) -> Iterator[Message | None]:
        """Committed messages up to the ends of now; None when for a moment nothing comes."""
        if not places:
            return
        ends = self._ends(places, IsolationLevel.READ_UNCOMMITTED)
        yield from self._settled(places, ends)
        reader = positioned_reader(self._kafka, "culm-decider-reader", hears_ends=True)
        try:
            reader.assign([TopicPartition(*place, known.get(place, OFFSET_BEGINNING)) for place in places])
            unread = {place for place in places if ends[place] > known.get(place, 0)}
            while unread:
                messages = reader.consume(READ_BATCH, 0.2)
                if not messages:
                    yield None
                for message in messages:
                    failure = message.error()
                    if failure is None:
                        yield message
                    elif failure.code() == KafkaError._PARTITION_EOF:
                        unread.discard((str(message.topic()), message.partition() or 0))
                    else:
                        raise KafkaException(failure)
        finally:
            reader.close()

    def with_records(self, places: Sequence[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        """Those that have a committed record; what only aborted transactions wrote to has none."""
        if not places:
            return frozenset()
        reader = positioned_reader(self._kafka, "culm-decider-reader", hears_ends=True)
        try:
            reader.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in places])
            unread, found = set(places), set[tuple[str, int]]()
            until = time.monotonic() + SETTLED_SECONDS_MAX
            while unread and time.monotonic() < until:
                for message in reader.consume(len(unread), 0.2):
                    failure, place = message.error(), (str(message.topic()), message.partition() or 0)
                    if failure is not None and failure.code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(failure)
                    if failure is None:
                        found.add(place)
                    if place in unread:
                        unread.discard(place)
                        reader.pause([TopicPartition(*place)])
            return frozenset(found | unread)
        finally:
            reader.close()

    def _settled(self, places: Sequence[tuple[str, int]], ends: Positions) -> Iterator[None]:
        """Wait until no transaction is open before the ends."""
        until = time.monotonic() + SETTLED_SECONDS_MAX
        while True:
            stable = self._ends(places, IsolationLevel.READ_COMMITTED)
            if all(stable[place] >= end for place, end in ends.items()):
                return
            if time.monotonic() > until:
                raise Interrupted(f"a transaction has been open for {SETTLED_SECONDS_MAX:.0f} s before the ends of events")
            yield None
            time.sleep(SETTLED_PAUSE_SECONDS)

    def _ends(self, places: Sequence[tuple[str, int]], isolation: IsolationLevel) -> Positions:
        return self._offsets(places, OffsetSpec.latest(), isolation)  # type: ignore[no-untyped-call]  # theirs lacks a hint

    def _offsets(self, places: Sequence[tuple[str, int]], which: OffsetSpec, isolation: IsolationLevel) -> Positions:
        if not places:
            return {}
        asked = {TopicPartition(*place): which for place in places}
        outcomes = self._admin.list_offsets(asked, isolation_level=isolation, request_timeout=self._seconds_max)
        return {(place.topic, place.partition): outcome.result().offset for place, outcome in outcomes.items()}

    def close(self) -> None:
        """Nothing to give back: the admin client ends with its last reference."""
