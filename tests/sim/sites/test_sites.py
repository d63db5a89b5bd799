"""A site under faults by seed: no law is broken; and every bug that is planted in the harvester is found."""

from typing import Any
from unittest.mock import patch

import pytest

from check.laws import Violation
from schemas.worker import WorkerEnded, WorkerIntended
from tests.sim.shrink import shrunk, told
from tests.sim.sites.planted import PLANTS, planted
from tests.sim.sites.runs import run
from tests.sim.sites.turns import schedule
from tests.sim.sites.world import SiteWorld

STEPS = 300
SEEDS_OF_CI = 20
#: The rarest (copies_not_told_apart) shows in one seed of ten.
SEEDS_FOR_A_BUG = 60

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_logs")]


@pytest.fixture(scope="module")
def dose(no_logs: None) -> tuple[dict[int, list[Violation]], list[Any]]:
    """What the seeds of the dose break, and all events of their logs."""
    events: list[Any] = []
    close = SiteWorld.close

    def kept(world: SiteWorld) -> None:
        events.extend(event for event, _ in world.culm.culm.events)
        close(world)

    with patch.object(SiteWorld, "close", kept):
        return {seed: run(schedule(seed, STEPS)) for seed in range(1, SEEDS_OF_CI + 1)}, events


def test_no_law_is_broken_under_any_fault_of_a_batch_system(dose: tuple[dict[int, list[Violation]], list[Any]]) -> None:
    found, _ = dose

    assert {f"python -m tests.sim.sites --seed {seed}": broken[0] for seed, broken in found.items() if broken} == {}


def test_the_dose_has_workers_of_both_kinds_with_ends_of_every_kind(dose: tuple[dict[int, list[Violation]], list[Any]]) -> None:
    """What does not happen cannot break a law."""
    _, events = dose

    intents = [event for event in events if isinstance(event, WorkerIntended)]
    assert {event.mode.value for event in intents} == {"PULL", "PUSH"}
    assert {event.harvester_id for event in intents} == {"local-h1", "local-h2"}
    assert {event.state.value for event in events if isinstance(event, WorkerEnded)} == {
        "CANCELLED", "FAILED", "FINISHED", "LOST", "MISSED", "NODE_FAILED", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT",
    }  # fmt: skip


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_bug_that_is_planted_in_the_harvester_is_found(plant: str) -> None:
    with planted(plant):
        found = any(run(schedule(seed, STEPS)) for seed in range(1, SEEDS_FOR_A_BUG + 1))

    assert found, f"{plant} was not found in {SEEDS_FOR_A_BUG} seeds"


def test_the_same_seed_is_the_same_site() -> None:
    with planted("submit_before_intent"):
        assert run(schedule(1, 100)) == run(schedule(1, 100)) != []


def test_a_failing_site_shrinks_to_a_story() -> None:
    with planted("incomplete_listings_believed"):
        turns = next(turns for seed in range(1, SEEDS_FOR_A_BUG) if run(turns := schedule(seed, 40)))
        law = run(turns)[0].law
        small = shrunk(turns, law, run)
        story = told(small, run)

    assert len(small) < 20
    assert any(law in line for line in story)
