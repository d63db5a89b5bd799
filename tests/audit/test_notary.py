"""The notary's books: what a crash leaves, what a forger cannot do, and a broker whose disk was altered."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer

from audit.notary.__main__ import Notary, Taken, on_duty
from audit.notary.chain import ENTRY, checkpoint_from, first_link, next_link
from audit.notary.config import NotaryConfig
from audit.notary.keys import is_signed, public_key, signing_key
from audit.notary.ledger import Broken, PartitionLedger, checkpoints_path, ledger_path, read_checkpoints
from audit.notary.reading import EventLog
from audit.notary.verify import PartitionProof, verify
from deploy.kafka.node import nodes
from deploy.stack import Stack
from eventlog.connection import connection
from eventlog.registry import codec_from, connect, register_all
from eventlog.topics import apply_topics
from schemas.task import TaskPaused
from schemas.topics import declared_topics
from tests.audit.segments import alter, cut_last_batch, segments
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.projections.event_writer import EventWriter
from tests.starting import starts_processes

TOPIC = "culm.task.events.v1"


def a_book(folder: Path, records: int, *, signed: bool = True) -> PartitionLedger:
    ledger = PartitionLedger(folder, TOPIC, 0, signing_key(folder / "key"))
    for number in range(records):
        ledger.add(number, 1_000 + number, b"1", b"record %d" % number)
    ledger.write()
    if signed:
        ledger.sign(5)
    return ledger


def test_a_link_depends_on_everything_before_it() -> None:
    first = first_link(TOPIC, 0)
    plain = next_link(next_link(first, 0, 1, b"a", b"x"), 1, 2, b"a", b"y")

    assert plain != next_link(next_link(first, 0, 1, b"a", b"X"), 1, 2, b"a", b"y")
    assert plain != next_link(next_link(first, 0, 9, b"a", b"x"), 1, 2, b"a", b"y")
    assert next_link(first, 0, 1, b"ax", b"") != next_link(first, 0, 1, b"a", b"x")
    assert next_link(first, 0, 1, None, b"x") != next_link(first, 0, 1, b"", b"x")
    assert first != first_link(TOPIC, 1)


def test_a_torn_entry_and_a_torn_line_are_cut_away(tmp_path: Path) -> None:
    a_book(tmp_path, 3).close()
    with ledger_path(tmp_path, TOPIC, 0).open("ab") as ledger:
        ledger.write(b"\x00\x01\x02")
    with checkpoints_path(tmp_path, TOPIC, 0).open("ab") as lines:
        lines.write(b'{"topic": "cul')

    again = PartitionLedger(tmp_path, TOPIC, 0, signing_key(tmp_path / "key"))

    assert (again.records, again.next_offset) == (3, 3)
    assert ledger_path(tmp_path, TOPIC, 0).stat().st_size == 3 * ENTRY.size
    again.close()


def test_what_was_written_and_not_signed_must_be_confirmed_by_the_log(tmp_path: Path) -> None:
    a_book(tmp_path, 3, signed=False).close()
    same = PartitionLedger(tmp_path, TOPIC, 0, signing_key(tmp_path / "key"))
    other = PartitionLedger(tmp_path, TOPIC, 0, signing_key(tmp_path / "key"))

    for number in range(3):
        same.add(number, 1_000 + number, b"1", b"record %d" % number)
    other.add(0, 1_000, b"1", b"record 0")
    with pytest.raises(Broken, match="the record at 1 is not the one that was written down at 1"):
        other.add(1, 1_001, b"1", b"another")

    assert same.records == 3
    same.close()
    other.close()


def test_a_ledger_that_is_shorter_than_what_was_signed_is_not_written_on(tmp_path: Path) -> None:
    a_book(tmp_path, 3).close()
    with ledger_path(tmp_path, TOPIC, 0).open("r+b") as ledger:
        ledger.truncate(2 * ENTRY.size)

    with pytest.raises(Broken, match="has 2 entries, a signed checkpoint counts 3"):
        PartitionLedger(tmp_path, TOPIC, 0, signing_key(tmp_path / "key"))


def test_a_checkpoint_that_was_changed_is_not_signed(tmp_path: Path) -> None:
    a_book(tmp_path, 3).close()
    (found,) = read_checkpoints(checkpoints_path(tmp_path, TOPIC, 0))
    key = public_key(tmp_path / "key")

    forged = checkpoint_from(found.line().replace('"records": 3', '"records": 2'))

    assert is_signed(key, found.signature, found.signed)
    assert not is_signed(key, forged.signature, forged.signed)


def test_only_one_notary_keeps_a_folder(tmp_path: Path) -> None:
    first = Notary(NotaryConfig("127.0.0.1:1", tmp_path))

    with pytest.raises(Taken, match="another notary keeps the books in"):
        Notary(NotaryConfig("127.0.0.1:1", tmp_path))
    first.release()


def test_a_second_notary_stands_by_and_takes_the_folder_of_the_first(tmp_path: Path) -> None:
    config, ending = NotaryConfig("127.0.0.1:1", tmp_path), threading.Event()
    first = Notary(config)
    found: list[Notary | None] = []
    waiting = threading.Thread(target=lambda: found.append(on_duty(config, ending, stand_by_seconds=0.01)))
    waiting.start()

    first.release()
    waiting.join(30)

    assert found[0] is not None
    found[0].release()


def test_a_notary_that_stands_by_ends_when_it_is_stopped(tmp_path: Path) -> None:
    first, ending = Notary(NotaryConfig("127.0.0.1:1", tmp_path)), threading.Event()
    ending.set()

    assert on_duty(NotaryConfig("127.0.0.1:1", tmp_path), ending) is None
    first.release()


class Disk:
    """A broker of its own with some events, all written down."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        apply_topics(stack.config.kafka, declared_topics())
        with connect(stack.config.registry) as registry:
            register_all(registry)
        self._codec, self._writer = codec_from(stack.config.registry), EventWriter()

    def write(self, *reasons: str) -> None:
        """Events of one task, each in a batch of its own, uncompressed."""
        producer = Producer({**connection(self.stack.config.kafka, "culm-test"), "linger.ms": 0})
        for reason in reasons:
            message = TaskPaused(reason=reason)
            value = self._codec.encode(message, self._writer.envelope(message, 7))
            producer.produce(TOPIC, key=b"7", value=value, partition=0)
            assert producer.flush(30) == 0

    def write_down(self) -> None:
        """What the notary does, up to the present end."""
        notary = Notary(NotaryConfig(self.stack.config.kafka, self.folder, checkpoint_records=2))
        events = EventLog(self.stack.config.kafka, wait_ms=50)
        try:
            notary.keep(events, until_the_end=True)
        finally:
            events.close()
            notary.release()

    def verdict(self) -> PartitionProof:
        """On the partition."""
        end = time.monotonic() + 60
        while True:
            try:
                found = verify(self.stack.config.kafka, self.folder)
                return next(one for one in found if one.place == f"{TOPIC}/0")
            except KafkaException:
                assert time.monotonic() < end, "the broker did not come back"

    @property
    def segment(self) -> Path:
        """The newest segment file of the partition."""
        return segments(nodes(self.stack.config)[0].folder / "data", TOPIC, 0)[-1]

    def while_stopped(self) -> Iterator[None]:
        """The broker down in order, then up again."""
        self.stack.supervisor.stop("kafka")
        yield
        self.stack.supervisor.start("kafka")


@pytest.fixture
@starts_processes
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A broker of its own, empty."""
    for servers in brought_up(stack_for_tests(f"books-{PORTS_OFFSET}", PORTS_OFFSET + 800), only_servers=True):
        yield Disk(servers, tmp_path / "books")


@pytest.mark.stack
def test_an_altered_segment_is_noticed_and_the_record_named(disk: Disk) -> None:
    disk.write("reason one", "reason two", "reason three", "reason four")
    disk.write_down()
    assert disk.verdict() == PartitionProof(f"{TOPIC}/0", records=4, checkpoints=1)
    disk.write("not written down")
    assert disk.verdict() == PartitionProof(f"{TOPIC}/0", records=4, checkpoints=1, not_written_down=1)

    for _ in disk.while_stopped():
        whole = disk.segment.read_bytes()
        alter(disk.segment, b"reason three", b"reason forge")

    assert disk.verdict().broken == f"{TOPIC}/0: the record at 2 was altered"

    for _ in disk.while_stopped():
        disk.segment.write_bytes(whole)
        cut_last_batch(disk.segment)
        cut_last_batch(disk.segment)

    assert disk.verdict().broken == f"{TOPIC}/0: the record at 3 is missing"
