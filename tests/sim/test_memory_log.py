"""The log in memory keeps the promises that the real one keeps, and its readers never see what is not committed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commands.config import GROUP, DeciderConfig
from commands.engine.log_port import DeciderLog
from commands.engine.records import OutputRecord
from tests.commands.log_port_contract import COMMANDS, EVENTS, SCENES, Harness, owner
from tests.sim.faults import Faults
from tests.sim.memory_log import ABORTED, COMMITTED, MemoryDeciderLog, MemoryLog


class Memory:
    """A `Harness` on a log of its own."""

    def __init__(self) -> None:
        self.log = MemoryLog()

    def open_log(self, instance: str = "1", group: str = GROUP) -> DeciderLog:
        """A membership of a decider."""
        return MemoryDeciderLog(self.log, DeciderConfig("", "", Path(), instance, group), Faults())

    def session_ends(self, instance: str) -> None:
        """The member is gone."""
        self.log.group.leave(f"{GROUP}-{instance}")

    def put(self, topic: str, key: bytes, value: bytes) -> None:
        """A committed record."""
        self.log.append(topic, key, value)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_log_in_memory_keeps_its_promise(scene: Callable[[Harness, bytes], None]) -> None:
    scene(Memory(), b"key")


def test_what_a_first_transaction_left_that_was_never_committed_tells_of_no_decision() -> None:
    memory = Memory()
    memory.put(COMMANDS, b"key", b"one")
    epoch = memory.log.begin("1")
    memory.log.write("1", epoch, OutputRecord(EVENTS, b"key", b"event one"))

    log = owner(memory)

    assert [record.value for record in log.take(10)] == [b"one"]


def test_an_open_transaction_holds_back_what_comes_after_it() -> None:
    log = MemoryLog(partitions=1)
    epoch = log.begin("writer")
    log.write("writer", epoch, OutputRecord(EVENTS, b"k", b"open"))
    log.append(EVENTS, b"k", b"later")

    before = [record.value for record in log.read(EVENTS, 0, 0, 10)]
    log.finish("writer", epoch, COMMITTED)

    assert before == []
    assert log.end(EVENTS, 0) == 3
    assert [record.value for record in log.read(EVENTS, 0, 0, 10)] == [b"open", b"later"]


def test_aborted_records_are_holes() -> None:
    log = MemoryLog(partitions=1)
    epoch = log.begin("writer")
    log.write("writer", epoch, OutputRecord(EVENTS, b"k", b"gone"))
    log.finish("writer", epoch, ABORTED)
    log.append(EVENTS, b"k", b"later")

    assert [(record.offset, record.value) for record in log.read(EVENTS, 0, 0, 10)] == [(2, b"later")]
