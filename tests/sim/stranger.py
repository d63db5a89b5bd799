"""One who tries what is for others, among the pilots and users of the simulation; no law may feel it."""

import random
from collections.abc import Sequence

from schemas.heartbeat import PilotHeartbeat
from schemas.job import ReportJobEnd, ReportJobProgress
from schemas.queue import EndLeases
from schemas.task import KillTask, PauseTask
from schemas.types import ReportedState
from tests.sim.actors import Calls, Pilot
from tests.sim.readers import HEARTBEATS

#: What it claims to be.
ROLES = ("user", "operator", "production", "administrator")
#: Of its turns, how many it uses.
SHARE = 0.1


class Stranger:
    """Tries what is for others: reports and heartbeats of jobs that it never leased, and commands to tasks of another VO."""

    def __init__(self, calls: Calls, pilots: Sequence[Pilot]) -> None:
        self._calls, self._pilots = calls, pilots

    def step(self, chance: random.Random) -> None:
        """Now and then one attempt, as another subject of the VO or as the same subject in another."""
        if chance.random() >= SHARE:
            return
        held = [pilot for pilot in self._pilots if pilot.job is not None and not self._calls.refuses(pilot.name)]
        if not held:
            return
        pilot = chance.choice(held)
        assert pilot.job is not None
        attempt = pilot.job.attempt
        job, task = str(pilot.job.job_id), str(pilot.job.task_id)
        actor, vo = chance.choice((("stranger", "wlcg"), (pilot.name, "lsst"), ("stranger", "lsst")))
        # Every other job: the pilot's own word, under the token for another job of its.
        reporter, lease_id = (pilot.name, "lease-of-another-job") if vo == "wlcg" and pilot.job.job_id % 2 else (actor, None)
        match chance.randrange(5):
            case 0:
                running = ReportJobProgress(attempt=attempt, state=ReportedState.RUNNING)
                self._calls.make(running, job, reporter, "pilot", vo, lease_id)
            case 1:
                self._calls.make(ReportJobEnd(attempt=attempt, succeeded=False), job, reporter, "pilot", vo, lease_id)
            case 2:
                self._calls.make(chance.choice((KillTask(), PauseTask())), task, "stranger", chance.choice(ROLES), "lsst")
            case 3:
                self._calls.make(EndLeases(job_ids=(pilot.job.job_id,)), pilot.queue, "stranger", chance.choice(ROLES), vo)
            case _:
                beat = PilotHeartbeat(
                    job_id=pilot.job.job_id,
                    attempt=1,
                    queue=pilot.queue,
                    state="running",
                    seen_at=self._calls.log.now,
                    actor=actor,
                    vo=vo,
                )
                self._calls.log.append(HEARTBEATS, job.encode(), self._calls.codec.encode(beat))
