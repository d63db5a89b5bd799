"""What a projector may expect of the log: one suite for the log in memory and for a real broker."""

import uuid
from collections.abc import Iterator
from typing import Protocol

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from eventlog.connection import connection
from projections.engine.errors import TopicsMissing
from projections.engine.kafka_log import KafkaLogReader, Log, RawRecord
from tests.projections.event_writer import MemoryLog, a_codec
from tests.projections.kafka_writer import producer, until


class Ground(Protocol):
    """A log with one topic of two partitions, and a writer."""

    topic: str

    def write(self, partition: int, *values: bytes) -> None:
        """Committed records."""

    def delete_before(self, partition: int, offset: int) -> None:
        """Forget old records."""

    def reader(self, *, passing: bool = False) -> Log:
        """A reader."""


class InMemory:
    """The log in memory."""

    topic = "t"

    def __init__(self) -> None:
        self._log = MemoryLog(a_codec())

    def write(self, partition: int, *values: bytes) -> None:
        """See `Ground`."""
        for value in values:
            self._log.append_bytes(self.topic, partition, b"k", value)

    def delete_before(self, partition: int, offset: int) -> None:
        """See `Ground`."""
        self._log.delete_before(self.topic, partition, offset)

    def reader(self, *, passing: bool = False) -> Log:
        """See `Ground`."""
        return self._log.reader(frozenset({self.topic} if passing else ()))


class OnKafka:
    """A topic of its own on a real broker; between records lie the markers of transactions."""

    def __init__(self, kafka: str) -> None:
        self.topic = f"test.{uuid.uuid4()}"
        self._kafka = kafka
        self._admin = AdminClient({**connection(kafka, "culm-test")})
        made = self._admin.create_topics([NewTopic(self.topic, num_partitions=2, replication_factor=1)])
        made[self.topic].result()
        self._producer: Producer = producer(kafka)
        self._open: list[KafkaLogReader] = []

    def write(self, partition: int, *values: bytes) -> None:
        """See `Ground`: one transaction a record, after one that is aborted."""
        for value in values:
            for text, commit in ((b"aborted", False), (value, True)):
                self._producer.begin_transaction()
                self._producer.produce(self.topic, key=b"k", value=text, partition=partition)
                self._producer.flush(30)
                if commit:
                    self._producer.commit_transaction(30)
                else:
                    self._producer.abort_transaction(30)

    def delete_before(self, partition: int, offset: int) -> None:
        """See `Ground`."""
        for outcome in self._admin.delete_records([TopicPartition(self.topic, partition, offset)]).values():
            outcome.result()

    def reader(self, *, passing: bool = False) -> Log:
        """See `Ground`."""
        topics = frozenset({self.topic} if passing else ())
        self._open.append(KafkaLogReader(self._kafka, client_id="test", passing=topics, hears_ends=True))
        return self._open[-1]

    def close(self) -> None:
        """Let go of everything."""
        for reader in self._open:
            reader.close()
        self._admin.delete_topics([self.topic])[self.topic].result()


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.stack)])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Each kind of log in turn."""
    if request.param == "memory":
        yield InMemory()
        return
    real = OnKafka(request.getfixturevalue("kafka"))
    yield real
    real.close()


def all_of(reader: Log, count: int) -> list[RawRecord]:
    """The next `count` records."""
    found: list[RawRecord] = []
    until(lambda: found.extend(reader.read(count - len(found), 0.2)[0]), lambda _: len(found) >= count)
    return found


def test_committed_records_come_in_the_order_of_their_partition(ground: Ground) -> None:
    ground.write(0, b"a", b"b", b"c")
    ground.write(1, b"x")
    reader = ground.reader()

    reader.seek({(ground.topic, 0): 0, (ground.topic, 1): 0})
    records = all_of(reader, 4)

    assert [record.value for record in records if record.place.partition == 0] == [b"a", b"b", b"c"]
    assert [record.value for record in records if record.place.partition == 1] == [b"x"]
    assert reader.read(10, 0.2) == ([], [])


def test_reading_goes_on_after_the_last_record_wherever_markers_lie(ground: Ground) -> None:
    ground.write(0, b"a", b"b", b"c")
    reader = ground.reader()
    reader.seek({(ground.topic, 0): 0})
    second = all_of(reader, 2)[1]

    reader.seek({(ground.topic, 0): second.place.offset + 1})

    assert [record.value for record in all_of(reader, 1)] == [b"c"]


def test_only_the_partitions_asked_for_are_read(ground: Ground) -> None:
    ground.write(0, b"a")
    ground.write(1, b"x")
    reader = ground.reader()

    reader.seek({(ground.topic, 1): 0})

    assert [record.value for record in all_of(reader, 1)] == [b"x"]
    assert reader.read(10, 0.2) == ([], [])


def test_a_paused_partition_rests_until_the_next_seek(ground: Ground) -> None:
    reader = ground.reader()
    reader.seek({(ground.topic, 0): 0, (ground.topic, 1): 0})
    reader.read(1, 0.1)

    reader.pause((ground.topic, 0))
    ground.write(0, b"a")
    ground.write(1, b"x")

    assert [record.value for record in all_of(reader, 1)] == [b"x"]
    reader.seek({(ground.topic, 0): 0})
    assert [record.value for record in all_of(reader, 1)] == [b"a"]


def test_a_partition_without_its_beginning_is_reported_not_skipped(ground: Ground) -> None:
    ground.write(0, b"a", b"b", b"c")
    first = ground.reader()
    first.seek({(ground.topic, 0): 0})
    last = all_of(first, 3)[2]
    ground.delete_before(0, last.place.offset)
    reader = ground.reader()

    reader.seek({(ground.topic, 0): 0})
    records, stopped = until(lambda: reader.read(10, 0.2), lambda read: bool(read[1]))

    assert records == []
    assert [(stop.place.partition, stop.kind) for stop in stopped] == [(0, "gone")]


def test_a_passing_topic_is_read_from_what_is_left(ground: Ground) -> None:
    ground.write(0, b"a", b"b", b"c")
    first = ground.reader()
    first.seek({(ground.topic, 0): 0})
    last = all_of(first, 3)[2]
    ground.delete_before(0, last.place.offset)
    reader = ground.reader(passing=True)

    reader.seek({(ground.topic, 0): 0})

    assert [record.value for record in all_of(reader, 1)] == [b"c"]
    assert reader.starts([(ground.topic, 0)]) == {(ground.topic, 0): last.place.offset}


def test_the_end_lies_behind_every_committed_record(ground: Ground) -> None:
    ground.write(0, b"a", b"b")
    reader = ground.reader()
    reader.seek({(ground.topic, 0): 0})

    end = reader.ends([(ground.topic, 0)])[ground.topic, 0]

    assert all_of(reader, 2)[1].place.offset < end


def test_a_log_is_read_out_when_every_partition_was_read_to_its_end(ground: Ground) -> None:
    ground.write(0, b"a", b"b")
    reader = ground.reader()
    reader.seek({(ground.topic, 0): 0, (ground.topic, 1): 0})
    before = reader.is_read_out()

    all_of(reader, 2)
    until(lambda: reader.read(10, 0.2), lambda _: reader.is_read_out())
    ground.write(1, b"x")
    until(lambda: reader.read(1, 0.2), lambda read: bool(read[0]))

    assert not before


@pytest.mark.stack
def test_topics_that_are_not_there_are_named(kafka: str) -> None:
    reader = KafkaLogReader(kafka, client_id="test")

    with pytest.raises(TopicsMissing, match="no topic no such topic"):
        reader.partitions(["no such topic"])

    reader.close()
