"""Seeds and what they break, one by one or on all cores."""

import logging
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import structlog

from check.laws import Violation
from tests.sim.planted import planted
from tests.sim.schedule import schedule
from tests.sim.world import run


def quiet() -> None:
    """The simulated processes log nothing; the story tells what happens to them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def outcome(seed: int, steps: int, plant: str | None) -> tuple[int, list[Violation]]:
    """The seed and what it breaks."""
    with planted(plant):
        return seed, run(schedule(seed, steps))


def outcomes(seeds: Iterable[int], steps: int, plant: str | None = None) -> Iterator[tuple[int, list[Violation]]]:
    """Every seed with what it breaks, on all cores."""
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), initializer=quiet) as pool:
        yield from pool.map(partial(outcome, steps=steps, plant=plant), seeds, chunksize=4)
