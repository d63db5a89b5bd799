"""The whole of Culm under faults by seed: no law is broken; and every bug that is planted in it is found."""

import subprocess
import sys

import pytest

from check.datasets import OutputsCloseWithTasks
from check.laws import Violation
from deploy.config import CHECKOUT
from tests.sim.planted import PLANTS, planted, raising
from tests.sim.schedule import schedule
from tests.sim.seeds import outcomes
from tests.sim.shrink import shrunk, told
from tests.sim.world import run

STEPS = 1500
STEPS_OF_CI = 2000
SEEDS_OF_CI = 150
#: Most show in the first few seeds.
SEEDS_FOR_A_BUG = 240

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_logs")]


def test_no_law_is_broken_under_any_fault() -> None:
    broken = {
        f"python -m tests.sim --seed {seed} --steps {STEPS_OF_CI}": violations[0]
        for seed, violations in outcomes(range(1, SEEDS_OF_CI + 1), STEPS_OF_CI)
        if violations
    }

    assert broken == {}


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_planted_bug_is_found(plant: str) -> None:
    with planted(plant):
        found = any(run(schedule(seed, STEPS)) for seed in range(1, SEEDS_FOR_A_BUG + 1))

    assert found, f"{plant} was not found in {SEEDS_FOR_A_BUG} seeds"


def beyond_the_record(violations: list[Violation]) -> list[Violation]:
    """What is wrong beside the dead letters themselves and what cannot go on without their commands."""
    without = {"everything comes to its end", "accepted jobs are terminal or live, and live ones have their place"}
    beyond = [one for one in violations if one.law not in without and one.found != "RuntimeError: planted"]
    # The command that ends the writing of a task may be the record of the bug.
    return [one for one in beyond if one.law != OutputsCloseWithTasks.name or "waits for task" not in one.found]


def test_a_bug_costs_its_own_record_only() -> None:
    with raising():
        violations = [one for seed in range(1, 4) for one in run(schedule(seed, 600))]

    assert any(one.found == "RuntimeError: planted" for one in violations)
    assert beyond_the_record(violations) == []


def test_states_that_a_bug_left_half_changed_are_found() -> None:
    with planted("changes_stay_after_a_bug"):
        violations = [one for seed in range(1, 4) for one in run(schedule(seed, 600))]

    assert beyond_the_record(violations) != []


def test_the_same_seed_is_the_same_run() -> None:
    with planted("torn_decisions"):
        seed = next(seed for seed in range(1, SEEDS_FOR_A_BUG) if run(schedule(seed, STEPS)))

        assert run(schedule(seed, STEPS)) == run(schedule(seed, STEPS)) != []


def test_a_failing_seed_shrinks_to_a_story() -> None:
    with planted("lease_without_a_check"):
        turns = next(turns for seed in range(1, SEEDS_FOR_A_BUG) if run(turns := schedule(seed, 1000)))
        law = run(turns)[0].law
        small = shrunk(turns, law)
        story = told(small)

    assert len(small) < 40
    assert story[0] == f"{len(small)} turns are enough. What was done to it:"
    assert any(law in line for line in story)


def test_the_command_tells_how_many_seeds_broke_a_law() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.sim", "--seeds", "2", "--steps", "50", "--plant", "leases_end_early"]

    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" s: 0 broke a law\n")


def test_work_that_goes_on_slice_by_slice_breaks_no_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks, slices and orders of one or two, and a limit of jobs at work that every task reaches."""
    monkeypatch.setattr("commands.dataset.decide.FILES_PER_CHUNK", 2)
    monkeypatch.setattr("commands.dataset.subscriptions.FILES_PER_CHUNK", 2)
    monkeypatch.setattr("commands.task.feeding.UNITS_PER_SLICE", 2)
    monkeypatch.setattr("commands.task.feeding.UNITS_PER_EVENT", 1)
    monkeypatch.setattr("commands.task.kills.JOBS_PER_KILL", 1)
    monkeypatch.setattr("commands.task.retries.UNITS_PER_RETRY", 1)
    for name, limit in (("UNITS_PER_ORDER", 2), ("JOBS_LIVE_MAX", 5), ("ORDERS_OPEN_MAX", 2)):
        monkeypatch.setattr(f"commands.task.settle.{name}", limit)

    violations = [one for seed in range(1, 9) for one in run(schedule(seed, 1000))]

    assert violations == []
