"""A site under faults by seed: no law is broken; and every bug that is planted in the harvester is found."""

from collections.abc import Iterator

import pytest
import structlog

from schemas.worker import WorkerEnded, WorkerIntended
from tests.sim.seeds import quiet
from tests.sim.shrink import shrunk, told
from tests.sim.sites.planted import PLANTS, planted
from tests.sim.sites.runs import run
from tests.sim.sites.turns import schedule
from tests.sim.sites.world import SiteWorld

STEPS = 300
SEEDS_OF_CI = 30
#: The rarest (copies_not_told_apart) shows in one seed of ten.
SEEDS_FOR_A_BUG = 60

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def no_logs() -> Iterator[None]:
    before = structlog.get_config()
    quiet()
    yield
    structlog.configure(**before)


def test_no_law_is_broken_under_any_fault_of_a_batch_system() -> None:
    broken = {
        f"python -m tests.sim.sites --seed {seed}": violations[0]
        for seed in range(1, SEEDS_OF_CI + 1)
        if (violations := run(schedule(seed, STEPS)))
    }

    assert broken == {}


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_bug_that_is_planted_in_the_harvester_is_found(plant: str) -> None:
    with planted(plant):
        found = any(run(schedule(seed, STEPS)) for seed in range(1, SEEDS_FOR_A_BUG + 1))

    assert found, f"{plant} was not found in {SEEDS_FOR_A_BUG} seeds"


def test_a_run_has_workers_of_both_kinds_with_ends_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not happen cannot break a law."""
    worlds: list[SiteWorld] = []
    close = SiteWorld.close

    def kept(world: SiteWorld) -> None:
        worlds.append(world)
        close(world)

    monkeypatch.setattr(SiteWorld, "close", kept)

    for seed in range(1, 9):
        run(schedule(seed, STEPS))

    events = [event for world in worlds for event, _ in world.culm.culm.events]
    intents = [event for event in events if isinstance(event, WorkerIntended)]
    assert {event.mode.value for event in intents} == {"PULL", "PUSH"}
    assert {event.harvester_id for event in intents} == {"local-h1", "local-h2"}
    assert {event.state.value for event in events if isinstance(event, WorkerEnded)} == {
        "CANCELLED", "FAILED", "FINISHED", "LOST", "MISSED", "NODE_FAILED", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT",
    }  # fmt: skip


def test_the_same_seed_is_the_same_site() -> None:
    with planted("submit_before_intent"):
        assert run(schedule(1, STEPS)) == run(schedule(1, STEPS)) != []


def test_a_failing_site_shrinks_to_a_story() -> None:
    with planted("incomplete_listings_believed"):
        turns = next(turns for seed in range(1, SEEDS_FOR_A_BUG) if run(turns := schedule(seed, 100)))
        law = run(turns)[0].law
        small = shrunk(turns, law, run)
        story = told(small, run)

    assert len(small) < 20
    assert any(law in line for line in story)
