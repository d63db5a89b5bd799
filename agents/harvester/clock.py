"""The time, as the harvester's core has it: handed in, so that a simulation drives the core in one thread."""

import time
from typing import Protocol


class Clock(Protocol):
    """What the core knows of time."""

    def monotonic(self) -> float:
        """Seconds that only grow, from any beginning."""

    def wall(self) -> float:
        """Seconds since 1970, by the clock of this host, which may be wrong and may be set."""

    def wait(self, seconds: float) -> None:
        """Return once so many seconds are over."""


class SystemClock:
    """The clock of this host."""

    def monotonic(self) -> float:
        """As the host counts."""
        return time.monotonic()

    def wall(self) -> float:
        """As the host is set."""
        return time.time()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
