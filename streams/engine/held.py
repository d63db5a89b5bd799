"""Records of a listener that wait for another record of their topic, each for a short time. None is acknowledged here.

In: arrivals with the event id that each waits for. Out: those whose event was read, and those whose time is over, once each. A
record that is held is not acknowledged, so after a crash it is read again. What is released is not held a second time.
"""

import time
from collections.abc import Callable
from typing import Any

#: Twice what a decision needs to come back from the log on a busy machine; a record that waited in vain lost so much.
HELD_SECONDS = 0.25


class HeldRecords:
    """Arrivals by the event that they wait for. seconds_now: a clock that only goes forward."""

    def __init__(self, seconds_now: Callable[[], float] = time.monotonic) -> None:
        self._seconds_now = seconds_now
        self._waiting: dict[str, dict[int, Any]] = {}
        self._until: dict[str, float] = {}
        self._free: list[Any] = []
        self._kept: set[int] = set()
        self._was_held: dict[int, Any] = {}

    def hold(self, arrival: Any, event_id: str) -> bool:
        """Keep `arrival` until the event was read; False for one that waited before."""
        if id(arrival) in self._was_held:
            return False
        self._waiting.setdefault(event_id, {})[id(arrival)] = arrival
        self._until.setdefault(event_id, self._seconds_now() + HELD_SECONDS)
        self._kept.add(id(arrival))
        return True

    def holds(self, arrival: Any) -> bool:
        """True while it waits, or is released and not taken."""
        return id(arrival) in self._kept

    def read(self, event_id: str) -> None:
        """The event was read: what waits for it waits no longer."""
        if event_id in self._waiting:
            self._release(event_id)

    def taken(self) -> list[Any]:
        """Arrivals that wait no longer, because of their event or of the time."""
        now = self._seconds_now()
        for event_id in [one for one, until in self._until.items() if until <= now]:
            self._release(event_id)
        free, self._free = self._free, []
        self._was_held |= {id(one): one for one in free}
        self._kept -= {id(one) for one in free}
        return free

    def done(self, arrival: Any) -> None:
        """It was acknowledged."""
        self._was_held.pop(id(arrival), None)

    def seconds_left(self) -> float | None:
        """Until the first of them has waited long enough; None when none waits."""
        return max(0.0, min(self._until.values()) - self._seconds_now()) if self._until else None

    def _release(self, event_id: str) -> None:
        self._until.pop(event_id)
        self._free += self._waiting.pop(event_id).values()
