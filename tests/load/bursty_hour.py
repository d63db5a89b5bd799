"""An hour of jobs that come in bursts, and the pilots' time that goes to waste: `python -m tests.load.bursty_hour [SEED]`.

No server and no clock: seconds are counted. How many pilots are wanted is decided by the function of `streams/provisioning`, and
which one is missing or too many by the functions of the harvester; here are only the jobs, the batch system and the pilots. Waste
is the time of pilots without a payload, of all their time, from the start of a pilot to its end. The baseline beside it is the
smallest number of pilots, kept while the hour lasts and there is work, with which the jobs wait no longer on average.
"""

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from agents.harvester.known_workers import KnownWorker, excess_of, missing_of
from schemas.types import QueueSettings
from streams.facts.snapshot import QueueFacts, Wanted
from streams.provisioning.demand import allowed, class_demands
from streams.provisioning.watch import CALM_SECONDS
from tests.streams.builders import an_envelope

HOUR_SECONDS, MICROSECONDS = 3_600, 1_000_000
#: From the submission of a worker to its start, and from there to its first request for a job.
START_SECONDS, BOOT_SECONDS = 5, 2
#: A pilot without a job asks again after so long, and ends after so long; so long its harvester bears too many of them.
ASK_SECONDS, IDLE_SECONDS, PATIENCE_SECONDS = 2, 10, 10
BURSTS, JOBS_OF_BURST = 12, (10, 80)
RUN_SECONDS = (300, 1_200)
TRICKLE_SECONDS = 60
PILOTS_MAX, RAMP_PER_MINUTE = 200, 120


@dataclass(frozen=True, slots=True)
class Arrival:
    """A job: when it comes, and how long it runs, in seconds."""

    at: int
    run_seconds: int


@dataclass(slots=True)
class Pilot:
    """A worker and what it does. asks_at: when it asks for a job next; idle_since: it has had none since then."""

    worker: KnownWorker
    starts_at: int
    busy_until: int = 0
    asks_at: int = 0
    idle_since: int = 0


@dataclass(slots=True)
class Hour:
    """What came of it, in pilot seconds and seconds of waiting."""

    busy: int = 0
    idle: int = 0
    waits: list[int] = field(default_factory=list)
    pilots: int = 0

    @property
    def waste(self) -> float:
        """The part of all pilot seconds that had no payload."""
        return self.idle / (self.busy + self.idle)

    @property
    def mean_wait_seconds(self) -> float:
        """From the arrival of a job to its start."""
        return sum(self.waits) / len(self.waits)


def bursty_arrivals(seed: int) -> list[Arrival]:
    """Bursts at any time of an hour, and a job each minute beside them, in order."""
    random = Random(seed)
    times = list(range(0, HOUR_SECONDS, TRICKLE_SECONDS))
    for _ in range(BURSTS):
        at = random.randrange(HOUR_SECONDS)
        times += [at] * random.randint(*JOBS_OF_BURST)
    return [Arrival(at, random.randint(*RUN_SECONDS)) for at in sorted(times)]


class Replay:
    """One queue through an hour, and until its last job has ended. fixed: so many pilots always; None for what is wanted."""

    def __init__(self, arrivals: list[Arrival], fixed: int | None = None, standby: int = 1) -> None:
        self.hour = Hour()
        self._coming, self._waiting = deque(arrivals), deque[Arrival]()
        self._pilots: list[Pilot] = []
        self._fixed, self._number = fixed, 0
        self._lower_since = self._excess_since = -1
        self._settings = QueueSettings(
            name="Q", site="S", pilots_max=PILOTS_MAX, ramp_per_minute=RAMP_PER_MINUTE, standby_min=standby
        )
        self._before: Wanted | None = None

    def run(self) -> Hour:
        """The hour."""
        now = 0
        while now < HOUR_SECONDS or self._coming or self._waiting or any(self._is_busy(one, now) for one in self._pilots):
            self._second(now)
            now += 1
        return self.hour

    def _second(self, now: int) -> None:
        while self._coming and self._coming[0].at <= now:
            self._waiting.append(self._coming.popleft())
        for pilot in list(self._pilots):
            self._live(pilot, now)
        wanted = self._decide(now) if self._fixed is None else self._fixed
        self._harvest(wanted, now)
        for pilot in self._pilots:
            if pilot.worker.state == "running":
                self.hour.busy += self._is_busy(pilot, now)
                self.hour.idle += not self._is_busy(pilot, now)

    @staticmethod
    def _is_busy(pilot: Pilot, now: int) -> bool:
        return pilot.busy_until > now

    def _live(self, pilot: Pilot, now: int) -> None:
        """Start, ask for a job, give up."""
        worker = pilot.worker
        if worker.state != "running" and now >= pilot.starts_at:
            worker.state, pilot.asks_at, pilot.idle_since = "running", now + BOOT_SECONDS, now
        if worker.state != "running" or self._is_busy(pilot, now):
            return
        if pilot.busy_until == now and now:
            pilot.idle_since = pilot.asks_at = now
        if worker.is_leaving or (self._fixed is None and now - pilot.idle_since >= IDLE_SECONDS + BOOT_SECONDS):
            self._pilots.remove(pilot)
        elif now >= pilot.asks_at and self._waiting:
            job = self._waiting.popleft()
            self.hour.waits.append(now - job.at)
            pilot.busy_until = now + job.run_seconds
        elif now >= pilot.asks_at:
            pilot.asks_at = now + ASK_SECONDS

    def _decide(self, now: int) -> int:
        """The number that the log would have after this second: more at once, fewer after a calm."""
        leased = sum(self._is_busy(one, now) for one in self._pilots)
        facts = QueueFacts(self._settings, len(self._waiting), leased, len(self._pilots))
        found = allowed(facts, class_demands(facts), self._before, now * MICROSECONDS)
        number = sum(one.wanted for one in found)
        if number < self._number:
            self._lower_since = now if self._lower_since < 0 else self._lower_since
            if now - self._lower_since < CALM_SECONDS:
                return self._number
        self._lower_since = -1
        if number != self._number or self._before is None:
            cause = an_envelope("Q", now + 1, occurred_at=now * MICROSECONDS)
            self._number, self._before = number, Wanted(number, cause.event_id, cause, {one.name: one for one in found})
        return self._number

    def _harvest(self, wanted: int, now: int) -> None:
        """Submit what is missing; what stays too many waits no more, or takes no more jobs."""
        known = [one.worker for one in self._pilots]
        for _ in range(missing_of(known, "", wanted)):
            self.hour.pilots += 1
            name = f"w{self.hour.pilots}"
            self._pilots.append(Pilot(KnownWorker(name, name, "Q", "submitted", True, since=float(now)), now + START_SECONDS))
        excess = excess_of(known, wanted)
        if not excess:
            self._excess_since = -1
            return
        self._excess_since = now if self._excess_since < 0 else self._excess_since
        if now - self._excess_since < PATIENCE_SECONDS:
            return
        gone = {one.worker_id for one in excess if one.state != "running"}
        self._pilots = [one for one in self._pilots if one.worker.worker_id not in gone]
        for one in excess:
            one.is_leaving = True


def baseline(arrivals: list[Arrival], wait_seconds: float) -> tuple[int, Hour]:
    """The smallest fixed number of pilots with which the mean wait is at most `wait_seconds`, or all that there may be."""
    low, high = 1, PILOTS_MAX
    while low < high:
        middle = (low + high) // 2
        if Replay(arrivals, middle).run().mean_wait_seconds <= wait_seconds:
            high = middle
        else:
            low = middle + 1
    return low, Replay(arrivals, low).run()


def rows(seeds: list[int]) -> Iterator[str]:
    """A line for each seed."""
    for seed in seeds:
        arrivals = bursty_arrivals(seed)
        found = Replay(arrivals).run()
        number, fixed = baseline(arrivals, found.mean_wait_seconds)
        yield (
            f"{seed:6} {len(arrivals):6} {100 * found.waste:9.2f} % {found.mean_wait_seconds:8.1f} s {found.pilots:8}"
            f" {number:10} {100 * fixed.waste:9.2f} % {fixed.mean_wait_seconds:8.1f} s"
        )


def main() -> None:
    """Print the figures."""
    seeds = [int(sys.argv[1])] if len(sys.argv) > 1 else [1, 2, 3, 4, 5]
    (fewest, most), (shortest, longest) = JOBS_OF_BURST, RUN_SECONDS
    print(f"{BURSTS} bursts in an hour, of {fewest} to {most} jobs of {shortest} to {longest} s, a job each {TRICKLE_SECONDS} s,")
    print(f"at most {PILOTS_MAX} pilots, {RAMP_PER_MINUTE} more a minute, 1 stands by; a pilot starts within {START_SECONDS} s")
    print("                    as wanted                             fixed number")
    print("  seed   jobs       waste  mean wait   pilots     pilots       waste  mean wait")
    for row in rows(seeds):
        print(row)


if __name__ == "__main__":
    main()
