"""One simulated site: two harvesters and a batch system, the real deciders of Culm, and the laws.

The turns of a schedule are taken by `turns.py`. After it the faults end, until the log and the batch system agree; then the jobs
run out and nothing may be left over.
"""

import random
from collections.abc import Callable
from pathlib import Path

from agents.harvester import kill_points
from agents.harvester.systems.contract import NativeState
from check.laws import Violation
from tests.sim.sites.batch_system import BatchJob, MemoryBatch
from tests.sim.sites.clock import SiteTime
from tests.sim.sites.culm_side import PULL, PUSH, QUEUES, CulmSide
from tests.sim.sites.harvesters import HarvesterHost
from tests.sim.sites.laws import FOREIGN_TAGS, SAME, SiteLaws
from tests.sim.sites.pilots import SitePilot

HOSTS = ("h1", "h2")
ROUND_SECONDS, ROUNDS_MAX = 3.0, 400
#: The first host has the turn so often.
SHARE_OF_FIRST = 0.7
NEVER = "everything comes to its end"


class SiteWorld:
    """Everything of one run."""

    def __init__(self, home: Path, story: Callable[[str], None] = lambda _: None) -> None:
        self.story, self.time, self.laws = story, SiteTime(), SiteLaws()
        self.culm = self.laws.culm = CulmSide(self.time, self.laws.ended)
        self.batch = self.laws.batch = MemoryBatch(self.time, self.laws.taken)
        for tag in FOREIGN_TAGS:
            self.batch.add_foreign(tag)
        self.hosts = [HarvesterHost(name, home / name, self.time, self.culm, self.batch) for name in HOSTS]
        self.pilots: list[SitePilot] = []
        self._pilots = 0

    def settle(self) -> Violation | None:
        """No more faults. What does not come to its end, if anything."""
        chance = random.Random(1)
        kill_points.aim("")
        self._heal()
        if not self._rounds(chance, lambda: not self.laws.disagreement(), stays=True):
            return Violation(SAME, "after the last fault", self.laws.disagreement())
        self.culm.configure(PULL, standby_min=0)
        self.culm.configure(PUSH, standby_min=0)
        if not self._rounds(chance, lambda: not self._unfinished(), stays=False):
            return Violation(NEVER, "the end of the run", self._unfinished())
        return None

    def close(self) -> None:
        """Give up what the hosts have open."""
        for host in self.hosts:
            host.close()

    def _rounds(self, chance: random.Random, is_over: Callable[[], bool], *, stays: bool) -> bool:
        for round_ in range(ROUNDS_MAX):
            self.time.pass_(ROUND_SECONDS)
            self.culm.tick()
            for host in self.hosts:
                host.step()
            self.start_waiting()
            for pilot in self.living():
                pilot.step(chance, honest=True, stays=stays)
            if round_ % 5 == 4 and is_over():
                return True
        return False

    def _heal(self) -> None:
        self.batch.submit_faults.clear()
        self.batch.listing_faults.clear()
        self.batch.restarts_until = 0
        for host in self.hosts:
            host.session.heal()
        for job in self.batch.living():
            if job.state is NativeState.HELD:
                job.state, job.reason = NativeState.PENDING, ""

    def _unfinished(self) -> str:
        """What has not come to its end."""
        found = [f"job {job_id} waits in {queue}" for queue in QUEUES for job_id in self.culm.dispatch(queue).waiting]
        found += [f"job {job_id} is leased in {queue}" for queue in QUEUES for job_id in self.culm.dispatch(queue).leases]
        found += [f"worker {name} lives in the log" for queue in QUEUES for name in self.culm.workers(queue).live]
        found += [f"batch job {job.batch_id} of {job.tag} lives" for job in self.batch.living() if job.tag not in FOREIGN_TAGS]
        return "; ".join(found + [f"{host.name} keeps {host.reports} reports" for host in self.hosts if host.reports])

    def living(self) -> list[SitePilot]:
        """Pilots whose processes are there."""
        self.pilots = [pilot for pilot in self.pilots if pilot.lives]
        return self.pilots

    def start_waiting(self) -> None:
        """Free slots are given to those that wait, and their pilots begin."""
        for job in self.batch.start_waiting():
            self._pilots += 1
            self.pilots.append(SitePilot(job, job.runs, f"{self._pilots:04x}", self.culm, self.batch, self.laws.begun))

    def own(self, chance: random.Random, *states: NativeState) -> BatchJob | None:
        """One of the living batch jobs of Culm, in one of `states` if there are any; None where there is none."""
        found = [job for job in self.batch.living() if job.worker_id and (not states or job.state in states)]
        return chance.choice(found) if found else None

    def serving(self) -> HarvesterHost:
        """The host that serves the queue whose pilots ask, or did last."""
        name = self.culm.workers(PULL).service.harvester_id
        return next((host for host in self.hosts if name.endswith(host.name)), self.hosts[0])

    def host(self, chance: random.Random) -> HarvesterHost:
        """One of the hosts, the first one more often."""
        return self.hosts[0] if chance.random() < SHARE_OF_FIRST else self.hosts[1]
