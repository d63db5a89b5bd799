"""Keeps as many workers as are wanted in many queues, through batch systems; every life is in Culm's log.

One thread decides here; it wakes when a demand changes, a batch system tells of something, or the harvester is asked to end.
While Culm is away nothing is started; listings go on, and their reports wait on disk.
"""

import os
import selectors
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import structlog

from agents.errors import CallFailed
from agents.harvester.batch import ServedSystem
from agents.harvester.clock import SYSTEM_CLOCK, Clock
from agents.harvester.config import LOCAL, HarvesterConfig
from agents.harvester.reporting import Reporting
from agents.harvester.served import QueueService
from agents.harvester.submission import WorkerSubmission
from agents.harvester.systems.contract import EventSource
from agents.stop_event import StopEvent

LAST_WORDS_SECONDS = 2.0
#: After a call that failed Culm is left alone for so long.
AWAY_SECONDS_FIRST, AWAY_SECONDS_MAX = 0.2, 5.0
LOOK_SECONDS = 60.0
END_LOOK_SECONDS = 0.2
log = structlog.get_logger()


class Wake:
    """Wakes the one that selects on it, from any thread."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def fileno(self) -> int:
        """For selectors."""
        return self._fd

    def call(self) -> None:
        """Wake it."""
        os.eventfd_write(self._fd, 1)

    def drain(self) -> None:
        """It is awake."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._fd)


class Harvester:
    """The workers of some queues."""

    def __init__(
        self,
        config: HarvesterConfig,
        systems: Sequence[ServedSystem],
        submission: WorkerSubmission,
        reporting: Reporting,
        stop: StopEvent,
        wake: Wake,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._config, self._systems, self._submission, self._reporting = config, systems, submission, reporting
        self._stop, self._wake, self._clock = stop, wake, clock
        self._away_until, self._away_seconds = 0.0, AWAY_SECONDS_FIRST
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until asked to end, then end all workers that cannot do without this process."""
        self._selector.register(self._stop, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        for system in self._systems:
            source = _events_of(system)
            if source is not None:
                self._selector.register(source, selectors.EVENT_READ, (system, source))
        self._reporting.start()
        for service in self._services:
            service.demand.start()
        while not self._stop.is_closed:
            self.turn()
            self._wait(self.seconds_to_next())
        self._end()

    @property
    def _services(self) -> list[QueueService]:
        return [service for system in self._systems for service in system.services]

    def turn(self) -> None:
        """Do what is due: keep the queues, look at the batch systems, start what is missing."""
        for service in self._services:
            self._with_culm(service.keep)
        for system in self._systems:
            self._with_culm(system.look, even_when_away=True)
            for service in system.services:
                if self._with_culm(partial(self._start, service, system)):
                    self._with_culm(partial(system.retire_excess, service))
            system.cancel_ordered()

    def _start(self, service: QueueService, system: ServedSystem) -> None:
        if service.epoch and self._submission.start_missing(service, system.system):
            system.hurry()

    def _with_culm(self, act: Callable[[], object], even_when_away: bool = False) -> bool:
        """Do what needs answers of Culm, unless it was away a moment ago; whether that was done."""
        if self._clock.monotonic() < self._away_until and not even_when_away:
            return False
        try:
            act()
        except CallFailed as problem:
            log.warning("culm_away", problem=str(problem)[:200], retry_in_seconds=round(self._away_seconds, 1))
            self._away_until = self._clock.monotonic() + self._away_seconds
            self._away_seconds = min(2 * self._away_seconds, AWAY_SECONDS_MAX)
            return False
        self._away_seconds = AWAY_SECONDS_FIRST
        return True

    def seconds_to_next(self) -> float:
        """Until the next turn is due, if nothing happens before."""
        now = self._clock.monotonic()
        due = [LOOK_SECONDS, *(system.seconds_to_next() for system in self._systems)]
        due += [max(service.seconds_to_next(), self._away_until - now) for service in self._services]
        due += [
            service.excess_since + self._config.patience_seconds - now
            for service in self._services
            if service.excess_since is not None
        ]
        if self._away_until > now:
            due.append(self._away_until - now)
        return max(0.0, min(due))

    def _wait(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._wake:
                self._wake.drain()
            elif key.data is not None:
                system, source = key.data
                system.hurry()
                try:
                    source.drain()
                except Exception:  # its system is listed when that is due
                    log.exception("plugin_broke", system=system.name)
                    self._selector.unregister(key.fileobj)

    def _end(self) -> None:
        """Workers on this host end with their harvester; those of batch systems go on."""
        self._selector.unregister(self._stop)
        local = [system for system in self._systems if system.name == LOCAL]
        end = self._clock.monotonic() + self._config.end_seconds
        for system in local:
            self._look(system)
            system.end_all("ended with its harvester")
        while any(system.living for system in local) and self._clock.monotonic() < end:
            self._wait(END_LOOK_SECONDS)
            for system in local:
                self._look(system)
                system.end_all("ended with its harvester")
        self._reporting.finish(LAST_WORDS_SECONDS)
        for service in self._services if not len(self._reporting) else ():
            with suppress(CallFailed):
                service.release()

    def _look(self, system: ServedSystem) -> None:
        with suppress(CallFailed):
            system.look(at_once=True)


def _events_of(system: ServedSystem) -> EventSource | None:
    """What wakes the harvester early; a plugin that breaks is listed when that is due."""
    try:
        return system.system.events()
    except Exception:
        log.exception("plugin_broke", system=system.name)
        return None
