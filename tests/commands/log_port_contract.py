"""What every log of deciders promises; the same scenes on the log in memory and on a real broker.

A harness opens memberships of one group and writes commands; `key` makes names that no other scene uses.
"""

from collections.abc import Callable
from typing import Protocol

import pytest

from commands.config import GROUP
from commands.engine.errors import Fenced, Interrupted, PositionsMissing, Unwritable
from commands.engine.log_port import DeciderLog
from commands.engine.records import InputRecord, OutputRecord
from schemas.catalog import LIVE_ROWS
from schemas.partition import partition_of

Shares = dict[DeciderLog, frozenset[int]]
COMMANDS, EVENTS = "culm.dataset.commands.v1", "culm.dataset.events.v1"


class Harness(Protocol):
    """How a scene gets at a log."""

    def open_log(self, instance: str = "1", group: str = GROUP) -> DeciderLog:
        """A new membership of the decider of this name, not joined yet."""

    def session_ends(self, instance: str) -> None:
        """The group got no heartbeat of it for as long as a session lasts; where time passes, nothing is to be done."""

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


def shared_out(shares: Shares, every: frozenset[int]) -> Shares:
    """What each has once all shards have an owner again and each of the members has some. shares: what each had before."""
    found = dict(shares)
    for _ in range(400):
        for log in shares:
            log.take(1)
            if (change := log.change()) is not None:
                found[log] = change.shards
        if all(found.values()) and frozenset().union(*found.values()) == every and found != shares:
            return found
    raise AssertionError(f"the members have {list(found.values())}, expected {sorted(every)} shared out")


def of_shard(key: bytes, shards: frozenset[int], partitions: int) -> bytes:
    """A key like this one that stands in one of the shards."""
    names = (f"{key.decode()}{number}" for number in range(10_000))
    return next(name for name in names if partition_of(name, partitions) in shards).encode()


def every(log: DeciderLog) -> frozenset[int]:
    """The shards of an owner of all."""
    return log.start_reading().shards


def taken(log: DeciderLog, key: bytes, count: int) -> list[InputRecord]:
    """The first `count` commands with this key; shards that are shared out again meanwhile are read on, as the loop does."""
    found: list[InputRecord] = []
    for _ in range(200):
        found += [record for record in log.take(100) if record.key == key]
        if log.change() is not None:
            log.start_reading()
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


def two_that_share(harness: Harness) -> tuple[DeciderLog, Shares, frozenset[int]]:
    """The first of two members, what each of them has, and all shards."""
    first = owner(harness)
    before = every(first)
    second = harness.open_log("2")
    second.join()
    return first, shared_out({first: before, second: frozenset()}, before), before


def two_deciders_share_the_shards(harness: Harness, key: bytes) -> None:
    """Each shard has one owner, and what the first decided is read by the second."""
    first = owner(harness)
    before = every(first)
    harness.put(COMMANDS, key, b"one")
    (one,) = taken(first, key, 1)
    first.commit([OutputRecord(EVENTS, key, b"event one")], {(one.topic, one.partition): one.offset + 1})

    second = harness.open_log("2")
    second.join()
    shares = shared_out({first: before, second: frozenset()}, before)

    assert shares[first] | shares[second] == before
    assert not shares[first] & shares[second]
    found = [record for log, shards in shares.items() for record in log.read((EVENTS,), {}, shards) if record.key == key]
    assert [record.value for record in found] == [b"event one"]
    first.release()
    second.release()


def what_one_leaves_the_other_takes(harness: Harness, key: bytes) -> None:
    """After an orderly end, or a kill, the other one goes on where it stood."""
    first, shares, all_shards = two_that_share(harness)
    (second,) = (log for log in shares if log is not first)
    mine = of_shard(key, shares[second], len(all_shards))
    second.start_reading()
    harness.put(COMMANDS, mine, b"one")
    (one,) = taken(second, mine, 1)
    second.commit([OutputRecord(EVENTS, mine, b"event one")], {(one.topic, one.partition): one.offset + 1})
    harness.put(COMMANDS, mine, b"two")
    second.release()
    harness.session_ends("2")

    shared_out({first: shares[first]}, all_shards)

    assert events(first, mine) == [b"event one"]
    assert [record.value for record in taken(first, mine, 1)] == [b"two"]
    first.release()


def one_that_stood_still_writes_nothing_when_it_wakes(harness: Harness, key: bytes) -> None:
    """Its shards are another's: what it had taken is refused, and decided by the other."""
    first, shares, all_shards = two_that_share(harness)
    (second,) = (log for log in shares if log is not first)
    mine = of_shard(key, shares[second], len(all_shards))
    second.start_reading()
    harness.put(COMMANDS, mine, b"one")
    (one,) = taken(second, mine, 1)
    harness.session_ends("2")
    shared_out({first: shares[first]}, all_shards)
    assert events(first, mine) == []

    with pytest.raises(Interrupted):
        second.commit([OutputRecord(EVENTS, mine, b"from the past")], {(one.topic, one.partition): one.offset + 1})
    second.release()

    assert events(first, mine) == []
    assert [record.value for record in taken(first, mine, 1)] == [b"one"]
    first.release()


def one_that_comes_back_takes_its_own_shards(harness: Harness, key: bytes) -> None:
    """A restart within the session moves no shard of the others."""
    first, shares, _ = two_that_share(harness)
    (second,) = (log for log in shares if log is not first)
    first.start_reading()
    second.release()

    second = harness.open_log("2")
    second.join()
    change = None
    while change is None:
        second.take(1)
        change = second.change()

    assert change.shards == next(had for log, had in shares.items() if log is not first)
    assert not change.kept
    first.take(1)
    assert first.change() is None
    first.release()
    second.release()


def a_member_beyond_the_shards_has_none_and_waits(harness: Harness, key: bytes) -> None:
    """Each shard has one owner; who has none reads nothing until another one leaves."""
    first = owner(harness)
    all_shards = every(first)
    others = [harness.open_log(str(number)) for number in range(2, len(all_shards) + 2)]
    for log in others:
        log.join()
    found: dict[DeciderLog, frozenset[int] | None] = {first: all_shards} | dict.fromkeys(others)
    for _ in range(400):
        for log in found:
            log.take(1)
            if (change := log.change()) is not None:
                found[log] = change.shards
        shares = [shards for shards in found.values() if shards]
        if None not in found.values() and len(shares) == len(all_shards) == sum(map(len, shares)):
            break
    (waiting,) = (log for log, shards in found.items() if not shards)

    assert frozenset().union(*(shards or () for shards in found.values())) == all_shards
    assert waiting.start_reading().shards == frozenset()
    assert list(waiting.take(1)) == []
    for number, log in enumerate((first, *others), start=1):
        log.release()
        harness.session_ends(str(number))


def a_group_without_positions_over_events_is_refused(harness: Harness, key: bytes) -> None:
    """What was decided would be decided again."""
    first = owner(harness)
    harness.put(COMMANDS, key, b"one")
    (one,) = taken(first, key, 1)
    first.commit([OutputRecord(EVENTS, key, b"event one")], {(one.topic, one.partition): one.offset + 1})
    first.release()
    other = harness.open_log("1", group=f"{GROUP}-lost-{key.decode()}")

    with pytest.raises(PositionsMissing, match="and with `set` sets them from the events"):
        other.join()

    other.release()


def commands_of_one_key_come_in_order(harness: Harness, key: bytes) -> None:
    """Order within a partition."""
    log = owner(harness)
    for number in range(5):
        harness.put(COMMANDS, key, b"%d" % number)

    assert [record.value for record in taken(log, key, 5)] == [b"0", b"1", b"2", b"3", b"4"]
    log.release()


def a_partition_that_is_held_hands_out_nothing_and_then_goes_on_from_there(harness: Harness, key: bytes) -> None:
    """What was taken behind the first one that waits comes again, with all that came meanwhile; others are not held."""
    log = owner(harness)
    shards = every(log)
    elsewhere = shards - {partition_of(key.decode(), len(shards))}
    other = of_shard(key + b"-", elsewhere, len(shards))
    for value in (b"zero", b"one", b"two"):
        harness.put(COMMANDS, key, value)
    _, one, _ = taken(log, key, 3)
    log.hold(*one.place)
    harness.put(COMMANDS, key, b"three")
    harness.put(COMMANDS, other, b"of another partition")

    found: list[InputRecord] = []
    while not any(record.key == other for record in found):
        found += log.take(100)
    assert [record.value for record in found if record.key == key] == []
    ends = log.go_on({(one.topic, one.partition): one.offset})

    again = taken(log, key, 3)
    assert [record.value for record in again] == [b"one", b"two", b"three"]
    assert ends == {(one.topic, one.partition): again[-1].offset + 1}
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
    what_one_leaves_the_other_takes,
    one_that_stood_still_writes_nothing_when_it_wakes,
    one_that_comes_back_takes_its_own_shards,
    a_group_without_positions_over_events_is_refused,
    a_member_beyond_the_shards_has_none_and_waits,
    a_row_is_placed_by_the_text_it_names_and_may_end,
    commands_of_one_key_come_in_order,
    a_partition_that_is_held_hands_out_nothing_and_then_goes_on_from_there,
    a_record_that_is_too_large_leaves_nothing_behind_and_the_owner_goes_on,
)
