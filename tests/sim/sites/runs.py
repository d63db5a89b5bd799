"""What one run of a schedule breaks at a site, and many of them on all cores."""

import multiprocessing
import os
import random
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

from agents.harvester import kill_points
from check.laws import Violation
from tests.sim.schedule import Turn
from tests.sim.seeds import quiet
from tests.sim.sites.planted import planted
from tests.sim.sites.turns import last_stall, schedule, take
from tests.sim.sites.world import SiteWorld


@contextmanager
def repeatable() -> Iterator[None]:
    """Ids follow from nothing but their number, and no disk is waited for: a killed process loses nothing that it wrote."""
    chance = random.Random(1)
    with ExitStack() as both:
        both.enter_context(patch.object(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128))))
        both.enter_context(patch.object(os, "fsync", lambda descriptor: None))
        yield


def run(turns: Sequence[Turn], story: Callable[[str], None] = lambda _: None) -> list[Violation]:
    """What one run of a schedule breaks; exceptions of Culm's code are violations too."""
    with tempfile.TemporaryDirectory(prefix="culm-sites-") as home, repeatable():
        world, turn = SiteWorld(Path(home), story), Turn("none", 0)
        try:
            for turn in turns:
                take(world, turn)
            last_stall(world, random.Random(len(turns)))
            stuck = world.settle()
            return [*([stuck] if stuck else []), *world.laws.at_the_end()]
        except Exception as problem:  # noqa: BLE001 - any exception is a finding
            return [*world.laws.broken, Violation("nothing in Culm raises", f"turn {turn.who}", repr(problem)[:600])]
        finally:
            kill_points.aim("")
            world.close()


def outcome(seed: int, steps: int, plant: str | None = None) -> tuple[int, list[Violation]]:
    """The seed and what it breaks."""
    with planted(plant):
        return seed, run(schedule(seed, steps))


def outcomes(seeds: Iterable[int], steps: int, plant: str | None = None) -> Iterator[tuple[int, list[Violation]]]:
    """Every seed with what it breaks, on all cores."""
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), initializer=quiet) as pool:
        yield from pool.map(partial(outcome, steps=steps, plant=plant), seeds, chunksize=4)
