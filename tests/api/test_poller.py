"""The loop polls often while a caller waits, seldom while none does, and never stops by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from api.log.poller import QUICK_SECONDS, SLOW_SECONDS, Poller


class Clock:
    """Stands in for an event loop: calls are made by `beat`."""

    def __init__(self) -> None:
        self.planned: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        """Remember; the handle can be cancelled."""
        entry = (seconds, call)
        self.planned.append(entry)
        return type("Handle", (), {"cancel": lambda _: self.planned.remove(entry) if entry in self.planned else None})()

    def beat(self) -> None:
        """Make the next call."""
        self.planned.pop(0)[1]()

    @property
    def pauses(self) -> list[float]:
        """Until the calls that are planned."""
        return [seconds for seconds, _ in self.planned]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The loop of the test."""
    clock = Clock()
    monkeypatch.setattr("api.log.poller.asyncio.get_running_loop", lambda: clock)
    return clock


def test_it_polls_often_while_a_caller_waits(clock: Clock) -> None:
    waiting = [True, True, False]
    poller = Poller(lambda: waiting.pop(0))
    poller.start()

    pauses = []
    for _ in range(3):
        clock.beat()
        pauses += clock.pauses

    assert pauses == [QUICK_SECONDS, QUICK_SECONDS, SLOW_SECONDS]


def test_a_caller_that_begins_to_wait_need_not_wait_for_the_next_slow_poll(clock: Clock) -> None:
    poller = Poller(lambda: False)
    poller.start()

    poller.hurry()
    poller.hurry()

    assert clock.pauses == [QUICK_SECONDS]


def test_it_goes_on_after_an_error(clock: Clock) -> None:
    def broken() -> bool:
        raise RuntimeError("once")

    poller = Poller(broken)
    poller.start()

    with pytest.raises(RuntimeError):
        clock.beat()

    assert clock.pauses == [QUICK_SECONDS]


def test_it_ends_when_told(clock: Clock) -> None:
    poller = Poller(lambda: True)
    poller.start()

    poller.stop()
    poller.hurry()

    assert clock.planned == []
