"""A decider is stopped after it took commands and before it writes of them; its shards go to another; it wakes and writes."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from check.laws import Violation
from commands.config import GROUP
from commands.engine.log_port import ShardChange
from tests.doses import dose
from tests.sim.memory_log import MemoryDeciderLog
from tests.sim.planted import generations_not_looked_at
from tests.sim.schedule import schedule
from tests.sim.world import World

SEEDS = range(1, 9)
SEEDS_WITHOUT_A_BUG = range(1, dose(9, fast=4))
BEFORE, AFTER = 400, 200


@contextlib.contextmanager
def taken_over_while_deciding(world: World, name: str) -> Iterator[list[int]]:
    """Once `name` has taken commands, its session runs out and the others go on; the list holds how many it had taken."""
    happened, take, change = list[int](), MemoryDeciderLog.take, MemoryDeciderLog.change
    in_hand: list[Any] = []

    def taken(decider_log: MemoryDeciderLog, records_max: int, **how: Any) -> Sequence[Any]:
        found = take(decider_log, records_max, **how)
        if decider_log._config.name == f"{GROUP}-{name}":
            in_hand[:] = found
        return found

    def looked_at(decider_log: MemoryDeciderLog) -> ShardChange | None:
        found = change(decider_log)
        if found is None and in_hand and not happened and decider_log._config.name == f"{GROUP}-{name}":
            happened.append(len(in_hand))
            world.log.group.leave(f"{GROUP}-{name}")
            for other in sorted(world.deciders.keys() - {name}):
                for _ in range(12):
                    world.deciders[other].step()
        return found

    with patch.object(MemoryDeciderLog, "take", taken), patch.object(MemoryDeciderLog, "change", looked_at):
        yield happened


def broken_by_a_takeover(seed: int, home: Path) -> tuple[int, list[Violation]]:
    """Commands that were taken before the takeover, and what is broken afterwards."""
    world = World(home)
    turns = schedule(seed, BEFORE + AFTER)
    for turn in turns[:BEFORE]:
        world.turn(turn)
    if len(world.deciders) < 2 or not all(one.alive for one in world.deciders.values()):
        return 0, []
    with taken_over_while_deciding(world, min(world.deciders)) as happened:
        for turn in turns[BEFORE:]:
            world.turn(turn)
    world.settle()
    return sum(happened), world.violations()


@pytest.mark.parametrize("seed", SEEDS_WITHOUT_A_BUG)
def test_a_decider_that_wakes_with_commands_of_lost_shards_writes_nothing(seed: int, tmp_path: Path) -> None:
    assert broken_by_a_takeover(seed, tmp_path)[1] == []


def test_one_that_does_not_look_at_the_generation_decides_twice_and_is_found(tmp_path: Path) -> None:
    with generations_not_looked_at():
        found = (broken_by_a_takeover(seed, tmp_path / str(seed)) for seed in SEEDS)

        assert any(taken and violations for taken, violations in found)  # the first that does is enough
