"""Jobs that take ranges of events under every fault: they die, hang, lie and are killed, and each range is counted once."""

from collections import Counter
from pathlib import Path

import pytest

from tests.sim.schedule import schedule
from tests.sim.world import World, run

SEEDS, STEPS = 30, 1200

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_logs")]


def test_no_law_is_broken_by_jobs_that_take_ranges() -> None:
    broken = {seed: found[0] for seed in range(1, SEEDS + 1) if (found := run(schedule(seed, STEPS), event_service=True))}

    assert broken == {}


def test_ranges_are_done_given_back_and_merged_in_such_a_run(tmp_path: Path) -> None:
    world = World(tmp_path, event_service=True)
    for turn in schedule(1, STEPS):
        world.turn(turn)

    assert world.settle() is None

    names = Counter(seen.name for seen in world.records())
    assert min(names[one] for one in ("ConsumersAdmitted", "RangesAcquired", "RangesReported", "RangesReturned")) > 0
    merged = [seen for seen in world.records() if seen.name == "JobDefined" and seen.message.spec.kind.value == "MERGE"]
    assert any(seen.message.spec.task_id in world.user.tasks[:2] for seen in merged)
