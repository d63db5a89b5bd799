"""Time in the simulation of sites: one time for all, and the clock of each host, which may be wrong and may be set."""

from dataclasses import dataclass

from tests.commands.in_memory import START

SECOND = 1_000_000


@dataclass(slots=True)
class SiteTime:
    """The one time. now: microseconds UTC; it moves only when a turn moves it."""

    now: int = START

    def pass_(self, seconds: float) -> None:
        """Let so much time go by."""
        self.now += round(seconds * SECOND)


@dataclass(slots=True)
class HostClock:
    """The clock of one host, as the harvester's core takes it. skew_seconds: how wrong the host's time of day is."""

    time: SiteTime
    skew_seconds: float = 0.0

    def monotonic(self) -> float:
        """Seconds since some beginning."""
        return (self.time.now - START) / SECOND + 1_000.0

    def wall(self) -> float:
        """Seconds since 1970, as this host believes."""
        return self.time.now / SECOND + self.skew_seconds

    def wait(self, seconds: float) -> None:
        """Let the time go by."""
        self.time.pass_(seconds)
