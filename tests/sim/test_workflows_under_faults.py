"""Workflows under every fault: random graphs of jobs, conditions, workflows within; each ends, and no law is broken."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from commands.workflow import model
from commands.workflow.conditions import branch_of
from schemas.types import ConditionBranch
from tests.sim.schedule import schedule
from tests.sim.world import World, run

SEEDS, STEPS = 15, 1200

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_logs")]


def test_no_law_is_broken_by_workflows() -> None:
    broken = {seed: found[0] for seed in range(1, SEEDS + 1) if (found := run(schedule(seed, STEPS), workflows=True))}

    assert broken == {}


def test_a_decider_that_forgets_false_branches_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(*asked: Any, **more: Any) -> ConditionBranch | None:
        branch = branch_of(*asked, **more)
        return None if branch is ConditionBranch.FALSE else branch

    monkeypatch.setattr(model, "branch_of", forgetful)

    found = (one.found for seed in range(1, 6) for one in run(schedule(seed, STEPS), workflows=True))

    assert any("is lost: its works give FALSE, and it took no branch" in one for one in found)


def test_works_are_opened_released_and_tried_again_in_such_runs(tmp_path: Path) -> None:
    names: Counter[str] = Counter()
    for seed in range(1, 7):
        world = World(tmp_path / str(seed), workflows=True)
        for turn in schedule(seed, STEPS):
            world.turn(turn)
        assert world.settle() is None
        names.update(seen.name for seen in world.records())
        assert {row["status"] for row in world.database.tables.rows["workflow"].values()} <= {
            "finished", "subfinished", "failed", "cancelled", "expired",
        }  # fmt: skip

    wanted = ("ConditionEvaluated", "NodesAdvanced", "InputReleased", "WorkflowRetried", "WorkflowFinalized")
    assert min(names[one] for one in wanted) > 0, names
