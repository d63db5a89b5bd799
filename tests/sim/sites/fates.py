"""What becomes of a job in a batch system without anyone's order: as Slurm, HTCondor and Kubernetes show it."""

import random
from collections.abc import Callable

from agents.harvester.systems.contract import NativeState
from tests.sim.sites.batch_system import BatchJob
from tests.sim.sites.clock import SECOND
from tests.sim.sites.pilots import GHOST_SECONDS
from tests.sim.sites.world import SiteWorld

RUNNING, ANY = (NativeState.RUNNING,), ()
Fate = Callable[[SiteWorld, BatchJob], None]


def held(world: SiteWorld, job: BatchJob) -> None:
    """It waits, and will not start until it is released."""
    job.state, job.reason = NativeState.HELD, "user hold"


def released(world: SiteWorld, job: BatchJob) -> None:
    """It waits as before."""
    job.state, job.reason = NativeState.PENDING, ""


def requeued(world: SiteWorld, job: BatchJob) -> None:
    """Its process is gone, and it waits to be started again."""
    job.state, job.node = NativeState.PENDING, ""


def ended(state: NativeState, reason: str, exit_code: int | None = None, signal: int | None = None) -> Fate:
    """It is over, with these words."""

    def end(world: SiteWorld, job: BatchJob) -> None:
        world.batch.end(job, state, reason, exit_code, signal)

    return end


def node_cut_off(world: SiteWorld, job: BatchJob) -> None:
    """Its node is given up, where its process goes on for a while."""
    for pilot in world.living():
        if pilot.job is job:
            pilot.ghost_until = world.time.now + GHOST_SECONDS * SECOND
    world.batch.end(job, NativeState.NODE_FAILED, "node not responding")


def swept(world: SiteWorld, job: BatchJob) -> None:
    """Another one removed it, and its record."""
    world.batch.forget(job)
    world.batch.end(job, NativeState.CANCELLED)


#: In which states a job may meet each; in any of the living for an empty tuple.
FATES: dict[str, tuple[tuple[NativeState, ...], Fate]] = {
    "held": ((NativeState.PENDING,), held),
    "released": ((NativeState.HELD,), released),
    "requeued": (RUNNING, requeued),
    "preempted": (ANY, ended(NativeState.PREEMPTED, "a more important job came")),
    "node lost": (RUNNING, ended(NativeState.NODE_FAILED, "node lost")),
    "node cut off": (RUNNING, node_cut_off),
    "out of memory": (RUNNING, ended(NativeState.OUT_OF_MEMORY, "OOM", 137)),
    "time limit": (RUNNING, ended(NativeState.TIMEOUT, "time limit")),
    "fails": (RUNNING, ended(NativeState.FAILED, "", 1)),
    "killed by a signal": (RUNNING, ended(NativeState.FAILED, "", None, 9)),
    "cancelled by hand": (ANY, ended(NativeState.CANCELLED, "by uid 0")),
    "swept": (ANY, swept),
}


def meet(world: SiteWorld, chance: random.Random) -> None:
    """One job meets one of them, if there is one that may."""
    name = chance.choice(list(FATES))
    states, fate = FATES[name]
    job = world.own(chance, *states)
    if job is not None:
        world.story(f"batch job {job.batch_id} of {job.worker_id}: {name}")
        fate(world, job)
