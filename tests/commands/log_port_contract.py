"""What every log of deciders promises; the same scenes on the log in memory and on a real broker.

A harness opens memberships of one group and writes commands; `key` makes names that no other scene uses.
"""

from collections.abc import Callable
from typing import Protocol

import pytest

from commands.engine.errors import Fenced, Unwritable
from commands.engine.log_port import DeciderLog
from commands.engine.records import InputRecord, OutputRecord
from schemas.catalog import LIVE_ROWS

COMMANDS, EVENTS = "culm.dataset.commands.v1", "culm.dataset.events.v1"


class Harness(Protocol):
    """How a scene gets at a log."""

    def open_log(self, instance: str = "1") -> DeciderLog:
        """A new membership of the decider of this name, not joined yet."""

    def put(self, topic: str, key: bytes, value: bytes) -> None:
        """A committed record."""


def owner(harness: Harness) -> DeciderLog:
    """A decider that has all shards and reads."""
    log = harness.open_log()
    partitions = log.join()
    shards: frozenset[int] = frozenset()
    # Members of an earlier scene keep their shards until their sessions run out.
    while len(shards) < partitions:
        log.take(1)
        if (change := log.change()) is not None:
            shards = change.shards
    list(log.read((EVENTS,), {}, shards))
    log.start_reading()
    return log


def every(log: DeciderLog) -> frozenset[int]:
    """The shards of an owner of all."""
    return log.start_reading().shards


def taken(log: DeciderLog, key: bytes, count: int) -> list[InputRecord]:
    """The first `count` commands with this key."""
    found: list[InputRecord] = []
    for _ in range(200):
        found += [record for record in log.take(100) if record.key == key]
        if len(found) >= count:
            return found
    raise AssertionError(f"only {len(found)} of {count} commands came")


def events(log: DeciderLog, key: bytes) -> list[bytes | None]:
    """Values of the committed events with this key."""
    return [record.value for record in log.read((EVENTS,), {}, every(log)) if record.key == key]


def what_is_committed_is_read_and_what_was_taken_is_not_taken_again(harness: Harness, key: bytes) -> None:
    """Records and positions go together."""
    first = owner(harness)
    harness.put(COMMANDS, key, b"one")
    (one,) = taken(first, key, 1)
    first.commit([OutputRecord(EVENTS, key, b"event one")], {(one.topic, one.partition): one.offset + 1})
    first.release()
    harness.put(COMMANDS, key, b"two")

    second = owner(harness)

    assert events(second, key) == [b"event one"]
    assert [record.value for record in taken(second, key, 1)] == [b"two"]
    second.release()


def a_successor_shuts_the_first_out(harness: Harness, key: bytes) -> None:
    """Fencing: nothing of the first owner gets into the log any more."""
    first = owner(harness)
    harness.put(COMMANDS, key, b"one")
    (one,) = taken(first, key, 1)

    second = owner(harness)

    with pytest.raises(Fenced):
        first.commit([OutputRecord(EVENTS, key, b"from the past")], {(one.topic, one.partition): one.offset + 1})
    assert events(second, key) == []
    assert [record.value for record in taken(second, key, 1)] == [b"one"]
    first.release()
    second.release()


def what_is_read_from_the_ends_on_is_new(harness: Harness, key: bytes) -> None:
    """The ends are those of everything that was committed before."""
    first = owner(harness)
    harness.put(COMMANDS, key, b"one")
    (one,) = taken(first, key, 1)
    first.commit([OutputRecord(EVENTS, key, b"event")], {(one.topic, one.partition): one.offset + 1})
    ends = first.ends((EVENTS,), every(first))
    first.commit([OutputRecord(EVENTS, key, b"later")], {})

    assert [record.value for record in first.read((EVENTS,), ends, every(first)) if record.key == key] == [b"later"]
    first.release()


def a_row_is_placed_by_the_text_it_names_and_may_end(harness: Harness, key: bytes) -> None:
    """Rows stand in the partition of their aggregate; a record without a value ends one."""
    first = owner(harness)
    beside = OutputRecord(EVENTS, key, b"event")
    rows = [OutputRecord(LIVE_ROWS, key + b" row", value, placed_by=key.decode()) for value in (b"row", None)]
    first.commit([beside, *rows], {})

    records = first.read((EVENTS, LIVE_ROWS), {}, every(first))
    found = {record.topic: record for record in records if record.key in (key, key + b" row")}

    assert found[LIVE_ROWS].value is None
    assert found[LIVE_ROWS].partition == found[EVENTS].partition
    first.release()


def two_deciders_share_the_shards(harness: Harness, key: bytes) -> None:
    """Each shard has one owner, and what the first decided is read by the second."""
    first = owner(harness)
    before = every(first)
    harness.put(COMMANDS, key, b"one")
    (one,) = taken(first, key, 1)
    first.commit([OutputRecord(EVENTS, key, b"event one")], {(one.topic, one.partition): one.offset + 1})

    second = harness.open_log("2")
    second.join()
    shares = {first: before, second: frozenset[int]()}
    for _ in range(400):
        for log in shares:
            log.take(1)
            if (change := log.change()) is not None:
                shares[log] = change.shards
        if shares[second] and shares[first] != before and shares[first]:
            break

    assert shares[first] | shares[second] == before
    assert not shares[first] & shares[second]
    found = [record for log, shards in shares.items() for record in log.read((EVENTS,), {}, shards) if record.key == key]
    assert [record.value for record in found] == [b"event one"]
    first.release()
    second.release()


def commands_of_one_key_come_in_order(harness: Harness, key: bytes) -> None:
    """Order within a partition."""
    log = owner(harness)
    for number in range(5):
        harness.put(COMMANDS, key, b"%d" % number)

    assert [record.value for record in taken(log, key, 5)] == [b"0", b"1", b"2", b"3", b"4"]
    log.release()


def a_record_that_is_too_large_leaves_nothing_behind_and_the_owner_goes_on(harness: Harness, key: bytes) -> None:
    """A decision that does not fit is the decider's business: no restart, and nothing of its transaction is read."""
    log = owner(harness)
    harness.put(COMMANDS, key, b"one")
    (one,) = taken(log, key, 1)
    positions = {(one.topic, one.partition): one.offset + 1}
    small, large = OutputRecord(EVENTS, key, b"small"), OutputRecord(EVENTS, key, b"x" * 1_000_001)

    with pytest.raises(Unwritable) as refused:
        log.commit([small, large, small], positions)

    assert (refused.value.number, refused.value.size) == (1, 1_000_001)
    log.commit([OutputRecord(EVENTS, key, b"x" * 900_000)], positions)
    assert [len(value or b"") for value in events(log, key)] == [900_000]
    log.release()


SCENES: tuple[Callable[[Harness, bytes], None], ...] = (
    what_is_committed_is_read_and_what_was_taken_is_not_taken_again,
    a_successor_shuts_the_first_out,
    what_is_read_from_the_ends_on_is_new,
    two_deciders_share_the_shards,
    a_row_is_placed_by_the_text_it_names_and_may_end,
    commands_of_one_key_come_in_order,
    a_record_that_is_too_large_leaves_nothing_behind_and_the_owner_goes_on,
)
