"""Keeps as many pilots as are wanted: starts what is missing, retires what stays too much, reports every life.

One thread decides here; it wakes when the demand changes, a pilot ends or the harvester is asked to end.
"""

import selectors
import time
import uuid
from collections.abc import Mapping

import structlog

from agents.harvester.config import HarvesterConfig
from agents.harvester.demand import DemandPoller
from agents.harvester.ledger import Ledger, Report
from agents.harvester.local_pilot import Leaving, LocalPilot, adopt_pilot, exit_code_left_in, start_pilot, sweep
from agents.harvester.reporting import Reporting
from agents.stop_event import StopEvent

#: A pilot that fails sooner is not worth being replaced at once.
QUICK_SECONDS = 5.0
HOLD_SECONDS_MAX = 60.0
KILLED_SECONDS = 2.0
LAST_WORDS_SECONDS = 2.0
LOOK_SECONDS = 60.0
#: A frozen pilot does not report itself; it is looked for only while pilots are wanted.
FROZEN_LOOK_SECONDS = 1.0
log = structlog.get_logger()


class Harvester:
    """The pilots of one queue."""

    def __init__(
        self,
        config: HarvesterConfig,
        ledger: Ledger,
        demand: DemandPoller,
        reporting: Reporting,
        stop: StopEvent,
        outer: Mapping[str, str],
    ) -> None:
        self._config, self._ledger, self._demand, self._reporting = config, ledger, demand, reporting
        self._stop, self._outer = stop, outer
        self._pilots: dict[str, LocalPilot] = {}
        self._wanted = 0
        self._failures = 0
        self._hold_until = 0.0
        self._excess_since: float | None = None
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until asked to end, then end all pilots."""
        self._selector.register(self._demand.fileno(), selectors.EVENT_READ)
        self._selector.register(self._stop.fileno(), selectors.EVENT_READ)
        self._take_over()
        sweep(self._config.home / "work", f"{self._config.queue}-", set(self._pilots))
        self._reporting.start()
        self._demand.start()
        while not self._stop.is_closed:
            self._wanted = min(self._demand.wanted(), self._config.pilots_max)
            self._start_missing()
            self._retire_excess()
            self._wait(self._seconds_to_next())
        self._end_all()
        self._reporting.finish(LAST_WORDS_SECONDS)

    def _take_over(self) -> None:
        """Adopt living pilots of an earlier harvester until their jobs are done, and report those that died meanwhile.

        They take no more jobs: they have the environment of a harvester that is no more.
        """
        for worker_id, entry in self._ledger.pilots.items():
            folder = self._config.folder_of(worker_id)
            pilot = adopt_pilot(worker_id, entry, folder)
            if pilot is not None:
                self._keep(pilot)
                pilot.retire()
                log.info("pilot_adopted", worker_id=worker_id, pid=entry.pid)
                continue
            code = exit_code_left_in(folder)
            self._tell_end(worker_id, *outcome(code, Leaving.NOT))

    def _start_missing(self) -> None:
        """Frozen pilots hold no place: their jobs go to others when their leases end."""
        if time.monotonic() < self._hold_until or not self._wanted:
            return
        awake = [pilot for pilot in self._pilots.values() if not pilot.is_frozen]
        serving = sum(pilot.leaving is Leaving.NOT for pilot in awake)
        for _ in range(min(self._wanted - serving, self._config.pilots_max - len(awake))):
            worker_id = f"{self._config.queue}-{uuid.uuid4().hex[:12]}"
            try:
                pilot = start_pilot(
                    worker_id, self._config.harvester_id, self._config.folder_of(worker_id), self._outer
                )
            except OSError as problem:
                self._tell_end(worker_id, "failed", None, f"the pilot could not be started: {problem.strerror}")
                self._hold()
                return
            reports = [self._report(worker_id, state, None, None) for state in ("submitted", "running")]
            self._ledger.add(worker_id, pilot.entry, *reports)
            self._reporting.hurry()
            self._keep(pilot)
            log.info("pilot_started", worker_id=worker_id, pid=pilot.entry.pid)

    def _retire_excess(self) -> None:
        """Pilots without work end by themselves; of those that work on, as many as are too many for long retire."""
        serving = [pilot for pilot in self._pilots.values() if pilot.leaving is Leaving.NOT]
        excess = len(serving) - self._wanted
        if excess <= 0:
            self._excess_since = None
            return
        if self._excess_since is None:
            self._excess_since = time.monotonic()
        if time.monotonic() - self._excess_since < self._config.patience_seconds:
            return
        for pilot in sorted(serving, key=lambda one: one.since)[-excess:]:
            log.info("pilot_retired", worker_id=pilot.worker_id)
            pilot.retire()
        self._excess_since = None

    def _seconds_to_next(self) -> float:
        now = time.monotonic()
        due = [FROZEN_LOOK_SECONDS if self._wanted and self._pilots else LOOK_SECONDS]
        if self._hold_until > now:
            due.append(self._hold_until - now)
        if self._excess_since is not None:
            due.append(self._excess_since + self._config.patience_seconds - now)
        return max(0.0, min(due))

    def _wait(self, seconds: float) -> None:
        """Until something happens; pilots that ended meanwhile are buried."""
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, LocalPilot):
                self._bury(key.data)

    def _keep(self, pilot: LocalPilot) -> None:
        self._pilots[pilot.worker_id] = pilot
        self._selector.register(pilot.fd, selectors.EVENT_READ, pilot)

    def _bury(self, pilot: LocalPilot) -> None:
        self._selector.unregister(pilot.fd)
        del self._pilots[pilot.worker_id]
        code = pilot.bury()
        state, code, diagnostic = outcome(code, pilot.leaving)
        log.info("pilot_ended", worker_id=pilot.worker_id, state=state, exit_code=code)
        self._tell_end(pilot.worker_id, state, code, diagnostic)
        if state == "failed" and time.monotonic() - pilot.since < QUICK_SECONDS:
            self._hold()
        elif state == "finished":
            self._failures = 0
        if state != "failed":
            pilot.clean_up()

    def _hold(self) -> None:
        """Start nothing for a while: pilots fail as soon as they start."""
        self._failures += 1
        seconds = min(2.0 ** (self._failures - 1), HOLD_SECONDS_MAX)
        self._hold_until = time.monotonic() + seconds
        log.warning("pilots_fail_at_once", failures=self._failures, pause_seconds=seconds)

    def _end_all(self) -> None:
        self._selector.unregister(self._stop.fileno())
        self._selector.unregister(self._demand.fileno())
        for pilot in self._pilots.values():
            pilot.end()
        self._wait_for_all(self._config.end_seconds)
        for pilot in self._pilots.values():
            log.warning("pilot_killed", worker_id=pilot.worker_id)
            pilot.kill()
        self._wait_for_all(KILLED_SECONDS)

    def _wait_for_all(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._pilots and (left := end - time.monotonic()) > 0:
            self._wait(left)

    def _tell_end(self, worker_id: str, state: str, exit_code: int | None, diagnostic: str | None) -> None:
        self._ledger.remove(worker_id, self._report(worker_id, state, exit_code, diagnostic))
        self._reporting.hurry()

    def _report(self, worker_id: str, state: str, exit_code: int | None, diagnostic: str | None) -> Report:
        return {
            "worker_id": worker_id,
            "harvester_id": self._config.harvester_id,
            "state": state,
            "node": self._config.node,
            "exit_code": exit_code,
            "diagnostic": diagnostic,
        }


def outcome(exit_code: int | None, leaving: Leaving) -> tuple[str, int | None, str | None]:
    """State, exit code and diagnosis of a pilot that ended; one whose end was not observed and that left no code has failed."""
    if leaving is Leaving.ENDING:
        return "cancelled", exit_code, "ended with its harvester"
    if exit_code == 0:
        return "finished", exit_code, None
    if exit_code is None:
        return "failed", None, "the pilot is gone, and its end was not observed"
    if exit_code < 0:
        return "failed", exit_code, f"signal {-exit_code} ended the pilot"
    return "failed", exit_code, f"the pilot ended with exit code {exit_code}"
