"""A harvester process in the simulation: the real core, one thread, with its life before and after a kill.

Real: claims, polls for demand, intents, jobs that travel, files of workers, listings compared, reports, the journal on disk.
Stood in for: the network, the batch system, the clock, and the threads, whose work is done when the process has its turn.
"""

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, cast

from agents.harvester.batch import ServedSystem
from agents.harvester.config import HarvesterConfig, ServedQueue
from agents.harvester.culm_calls import CulmCalls
from agents.harvester.demand import DemandPoller
from agents.harvester.enrolment import HarvesterEnrolment
from agents.harvester.harvester import Harvester, Wake
from agents.harvester.journal import ReportJournal
from agents.harvester.reporting import Reporting
from agents.harvester.served import QueueService
from agents.harvester.starting import WorkerStart
from agents.harvester.submission import WorkerSubmission
from agents.harvester.systems.guarded import GuardedSystem
from agents.session import AgentSession
from agents.stop_event import StopEvent
from tests.sim.faults import Crash
from tests.sim.sites.batch_system import STACK, MemoryBatch, MemoryPlugin
from tests.sim.sites.clock import HostClock, SiteTime
from tests.sim.sites.culm_side import QUEUES, CulmSide
from tests.sim.sites.network import MemorySession

POLL_SECONDS, SUBMIT_SECONDS, SERVICE_SECONDS = 5.0, 20, 90
REPORTS_A_TURN = 20
JOURNAL = "reports"


class AtOnce(Executor):
    """Does what it is given in the thread of the one who gives it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """The outcome, which is there already."""
        found: Future[Any] = Future()
        try:
            found.set_result(fn(*args, **named))
        except Exception as problem:  # noqa: BLE001 - as a pool hands it on
            found.set_exception(problem)
        return found


class HarvesterHost:
    """A host with its disk, clock and network, and the harvester process on it, if one runs."""

    def __init__(self, name: str, home: Path, time: SiteTime, culm: CulmSide, batch: MemoryBatch) -> None:
        self.name, self._home, self._batch = name, home, batch
        self.clock, self.session = HostClock(time), MemorySession(culm)
        self.stop, self.wake, self.processes = StopEvent(), Wake(), 0
        self._running: HarvesterProcess | None = None

    @property
    def reports(self) -> int:
        """Reports on the disk that Culm has not taken, as far as a process knows."""
        return len(self._running.reporting) if self._running is not None else 0

    @property
    def is_up(self) -> bool:
        """A process runs."""
        return self._running is not None

    def step(self) -> bool:
        """A turn of the process, which is started if there is none; false when it was killed in it."""
        if self._running is None:
            self.processes += 1
            (self._home / "run" / f"harvester-{QUEUES[0]}").mkdir(parents=True, exist_ok=True)
            self._running = HarvesterProcess(self, self._home, self._batch)
        try:
            self._running.step()
        except Crash:
            self.end()
            return False
        return True

    def end(self) -> None:
        """SIGKILL: nothing is said or written any more; the disk stays."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def close(self) -> None:
        """Give up the host's descriptors."""
        self.end()
        os.close(self.stop.fileno())
        os.close(self.wake.fileno())

    def lose_journal(self) -> None:
        """Its local file is deleted, while no process runs."""
        if self._running is None:
            for path in self._home.rglob(f"{JOURNAL}*"):
                path.unlink()


class HarvesterProcess:
    """One process from its start to its end."""

    def __init__(self, host: HarvesterHost, home: Path, batch: MemoryBatch) -> None:
        config = _config(host.name, home)
        session, clock = cast(AgentSession, host.session), host.clock
        self._journal = ReportJournal(config.folder / JOURNAL)
        self.reporting = Reporting(session, self._journal, clock)
        calls = CulmCalls(session, config.harvester_id, f"{host.name}-{host.processes}")
        self._demands = [DemandPoller(session, queue.name, host.stop, lambda: None) for queue in config.queues]
        self._services = [
            QueueService(queue, calls, demand, config.service_seconds, clock)
            for queue, demand in zip(config.queues, self._demands, strict=True)
        ]
        system = GuardedSystem(MemoryPlugin(batch, clock), clock.monotonic)
        served = [ServedSystem("memory", system, self._services, config, calls, self.reporting, clock)]
        assert config.enrolment_files is not None
        enrolment = HarvesterEnrolment(session, config.enrolment_files, host.stop)
        submission = WorkerSubmission(
            config, calls, WorkerStart(config, {}, enrolment), self.reporting, clock, AtOnce()
        )
        self._harvester = Harvester(config, served, submission, self.reporting, host.stop, host.wake, clock)

    def step(self) -> None:
        """What its threads do until it would wait: poll the demand, take a turn, send reports."""
        for demand in self._demands:
            demand.poll()
        self._harvester.turn()
        for _ in range(REPORTS_A_TURN):
            if not self.reporting.send_oldest(0.0):
                break

    def close(self) -> None:
        """Give up what the process had open."""
        self._journal.close()


def _config(name: str, home: Path) -> HarvesterConfig:
    queues = tuple(ServedQueue(queue, "memory", 6) for queue in QUEUES)
    return HarvesterConfig(
        api="http://culm.example",
        home=home,
        token_file=home / "token",
        queues=queues,
        vo="wlcg",
        node=name,
        stack=STACK,
        patience_seconds=10.0,
        poll_seconds=POLL_SECONDS,
        submit_seconds=SUBMIT_SECONDS,
        service_seconds=SERVICE_SECONDS,
        enrolment_file=home / "code",
    )
