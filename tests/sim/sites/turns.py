"""The turns of a schedule: the processes of a site at work, and what is done to them. Each turn has a chance of its own."""

import random
from collections.abc import Callable

from agents.harvester import kill_points
from agents.harvester.kill_points import POINTS
from agents.harvester.systems.contract import NativeState
from schemas.types import WorkerMode
from tests.sim.faults import Crash
from tests.sim.schedule import Turn
from tests.sim.sites.batch_system import LISTING_FAULTS, SUBMIT_FAULTS
from tests.sim.sites.clock import SECOND
from tests.sim.sites.culm_side import PULL, PUSH, QUEUES
from tests.sim.sites.fates import meet
from tests.sim.sites.harvesters import SERVICE_SECONDS, HarvesterHost
from tests.sim.sites.world import SiteWorld

JOBS_MAX = 25
#: Reached in the plugin for processes of a host alone.
NOT_HERE = {"local.prepared", "local.started", "local.recorded", "end.written"}
POINTS_HERE = tuple(point for point in POINTS if point not in NOT_HERE)
#: While a harvester stands still here, its claim runs out and another one takes over.
STALLS = ("intend.before", "intend.after", "bind.before", "submit.before", "listing.after", "reconcile.before", "withdraw.before")


def harvester(world: SiteWorld, chance: random.Random) -> None:
    """A harvester works; one that was killed is started again."""
    world.host(chance).step()


def batch(world: SiteWorld, chance: random.Random) -> None:
    """The batch system starts what waits."""
    world.start_waiting()


def pilots(world: SiteWorld, chance: random.Random) -> None:
    """Every pilot does something."""
    for pilot in world.living():
        pilot.step(chance)


def culm(world: SiteWorld, chance: random.Random) -> None:
    """Demand and deadlines are looked at."""
    world.culm.tick()


def time_passes(world: SiteWorld, chance: random.Random) -> None:
    """Nothing happens for a while."""
    world.time.pass_(chance.choice((5, 15, 40)))


def jobs_come(world: SiteWorld, chance: random.Random) -> None:
    """Some more jobs wait."""
    for _ in range(chance.randint(1, 3)):
        if len(world.culm.jobs) < JOBS_MAX:
            world.culm.add_job(chance.choice((PULL, PUSH, PUSH)))


def job_is_killed(world: SiteWorld, chance: random.Random) -> None:
    """By its owner, wherever it is."""
    if world.culm.jobs:
        world.culm.kill_job(chance.choice(world.culm.jobs))


def worker_is_cancelled(world: SiteWorld, chance: random.Random) -> None:
    """By an operator of Culm."""
    queue = chance.choice(QUEUES)
    living = sorted(world.culm.workers(queue).live)
    if living:
        world.culm.cancel_worker(queue, chance.choice(living))


def standby_changes(world: SiteWorld, chance: random.Random) -> None:
    """More or fewer pilots are to stand by."""
    world.culm.configure(PULL, standby_min=chance.randint(0, 4))


def queue_turns(world: SiteWorld, chance: random.Random) -> None:
    """From pull to push or back, while its jobs are at work."""
    queue = chance.choice(QUEUES)
    mode = WorkerMode.PULL if world.culm.mode_of(queue) is WorkerMode.PUSH else WorkerMode.PUSH
    world.story(f"queue {queue} is of mode {mode} from now on")
    world.culm.configure(queue, mode=mode)


def harvester_dies_at_a_point(world: SiteWorld, chance: random.Random) -> None:
    """SIGKILL at one of the named instructions, the first or second time that it comes there."""
    host, point = world.host(chance), chance.choice(POINTS_HERE)

    def strike() -> None:
        raise Crash(point)

    kill_points.aim(point, chance.randint(1, 2), strike)
    for _ in range(4):
        if not host.step():
            world.story(f"{host.name} is killed at {point}")
            break
        world.time.pass_(chance.uniform(1, 6))
    kill_points.aim("")


def harvester_is_killed(world: SiteWorld, chance: random.Random) -> None:
    """SIGKILL while it waits."""
    host = world.host(chance)
    world.story(f"{host.name} is killed")
    host.end()


def harvester_stalls(world: SiteWorld, chance: random.Random) -> None:
    """It stands still at an instruction, while its claim runs out and the other one takes over."""
    host = world.serving() if chance.random() < 0.7 else chance.choice(world.hosts)
    stall(world, chance, host, chance.choice(STALLS), chance.choice((10, SERVICE_SECONDS + 10)))


def stall(world: SiteWorld, chance: random.Random, host: HarvesterHost, point: str, seconds: float) -> None:
    """`host` stands still when it comes to `point`, for `seconds` and for some turns of the other one."""
    (other,) = (one for one in world.hosts if one is not host)

    def strike() -> None:
        world.story(f"{host.name} stands still at {point}")
        world.time.pass_(seconds)
        for _ in range(chance.randint(2, 12)):
            other.step()
            batch(world, chance)
            pilots(world, chance)
            world.time.pass_(chance.uniform(1, 6))

    kill_points.aim(point, 1, strike)
    for _ in range(3):
        host.step()
        world.time.pass_(chance.uniform(1, 6))
    kill_points.aim("")


def last_stall(world: SiteWorld, chance: random.Random) -> None:
    """What a run ends with: a submission that comes after its worker was given up, and leaves an orphan to be found."""
    for host in world.hosts:
        host.session.heal()
    world.batch.submit_faults.clear()
    world.culm.configure(PULL, standby_min=5, mode=WorkerMode.PULL)
    world.culm.tick()
    stall(world, chance, world.serving(), "submit.before", SERVICE_SECONDS + 10)


def journal_is_lost(world: SiteWorld, chance: random.Random) -> None:
    """The harvester is killed, and its local file deleted."""
    host = world.host(chance)
    world.story(f"{host.name} is killed and its journal deleted")
    host.end()
    host.lose_journal()


def network_goes(world: SiteWorld, chance: random.Random) -> None:
    """Culm is away for one host; its pilots have another way."""
    host, seconds = world.host(chance), chance.choice((5, 30, 150))
    world.story(f"Culm is away for {host.name} for {seconds} s")
    host.session.go_away(seconds)


def calls_are_lost(world: SiteWorld, chance: random.Random) -> None:
    """The next call of a harvester, or its answer, does not arrive."""
    session = world.host(chance).session
    if chance.random() < 0.7:
        session.answers_lost += 1
    else:
        session.requests_lost += 1


def submission_fails(world: SiteWorld, chance: random.Random) -> None:
    """The next one, in one of the ways that are known."""
    fault = chance.choice(SUBMIT_FAULTS)
    world.story(f"the next submission: {fault}")
    world.batch.submit_faults.append(fault)


def listing_fails(world: SiteWorld, chance: random.Random) -> None:
    """The next one, or some."""
    fault, times = chance.choice(LISTING_FAULTS), chance.randint(1, 3)
    world.story(f"the next {times} listings: {fault}")
    world.batch.listing_faults.extend([fault] * times)


def controller_restarts(world: SiteWorld, chance: random.Random) -> None:
    """The batch system answers nothing for a while; what runs goes on."""
    world.story("the controller restarts")
    world.batch.restarts_until = world.time.now + chance.choice((10, 60)) * SECOND


def cold_start(world: SiteWorld, chance: random.Random) -> None:
    """The batch system forgets everything, as after `slurmctld -c`."""
    world.story("the batch system starts cold: its jobs are lost, and ids begin again")
    for job in world.batch.cold_start():
        world.batch.end(job, NativeState.NODE_FAILED)


def clock_is_set(world: SiteWorld, chance: random.Random) -> None:
    """The time of day of a harvester's host is wrong by an hour, or right again."""
    host = chance.choice(world.hosts)
    host.clock.skew_seconds = chance.choice((-3_600.0, 0.0, 3_600.0))
    world.story(f"the clock of {host.name} is off by {host.clock.skew_seconds:.0f} s")


#: Turns and their weights.
TURNS: dict[Callable[[SiteWorld, random.Random], None], float] = {
    harvester: 34,
    batch: 14,
    pilots: 16,
    culm: 10,
    time_passes: 8,
    jobs_come: 5,
    job_is_killed: 0.7,
    worker_is_cancelled: 0.7,
    standby_changes: 0.8,
    queue_turns: 0.5,
    harvester_dies_at_a_point: 2.5,
    harvester_is_killed: 1,
    harvester_stalls: 2,
    journal_is_lost: 0.3,
    network_goes: 1,
    calls_are_lost: 3,
    submission_fails: 4,
    listing_fails: 4,
    controller_restarts: 1,
    cold_start: 0.6,
    meet: 6,
    clock_is_set: 0.5,
}
BY_NAME = {turn.__name__: turn for turn in TURNS}


def schedule(seed: int, turns: int) -> list[Turn]:
    """The turns of a seed."""
    chance = random.Random(seed)
    found = chance.choices(list(BY_NAME), list(TURNS.values()), k=turns)
    return [Turn(name, chance.getrandbits(48)) for name in found]


def take(world: SiteWorld, turn: Turn) -> None:
    """Take one turn, at its moment."""
    chance = random.Random(turn.seed)
    world.time.pass_(chance.uniform(0.1, 1.5))
    BY_NAME[turn.who](world, chance)
