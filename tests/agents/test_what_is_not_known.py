"""What a harvester does not know of it leaves alone: it removes no files and cancels nothing because something is absent."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.errors import Unreachable
from agents.harvester import batch, served
from agents.harvester.culm_calls import QueueInTheLog
from agents.harvester.demand import Demand, WantedClass
from agents.harvester.systems.contract import (
    NativeState,
)
from tests.agents.one_queue import ELSEWHERE, TAG, DrivenClock, Harvested


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for time to pass."""
    monkeypatch.setattr(served, "STAND_BY_SECONDS", 0.0)
    monkeypatch.setattr(batch, "STRAY_SECONDS", 0.0)


def test_a_harvester_that_starts_while_culm_is_away_keeps_the_files_of_all_workers(tmp_path: Path) -> None:
    one = Harvested(tmp_path, TAG)
    folder = one.system.begin(TAG)
    one.calls.away = {"claim"}

    one.turn()

    assert (folder / "token").read_text() == "s3cret"


def test_a_harvester_that_could_not_read_the_log_after_its_claim_keeps_the_files_of_all_workers(tmp_path: Path) -> None:
    one = Harvested(tmp_path, TAG)
    folder = one.system.begin(TAG)
    one.calls.away = {"living"}

    one.turn()

    assert (one.service.epoch, (folder / "token").read_text()) == (1, "s3cret")


def test_files_of_a_worker_that_ended_are_removed_once_the_log_has_its_end(tmp_path: Path) -> None:
    one = Harvested(tmp_path)
    folder = one.system.begin(TAG)
    one.system.alive.clear()

    one.turn()

    assert not folder.exists()


def test_files_of_workers_of_queues_that_another_harvester_serves_are_kept(tmp_path: Path) -> None:
    one = Harvested(tmp_path)
    folder = one.system.begin(ELSEWHERE)
    one.system.alive.clear()

    one.turn()

    assert folder.exists()


def test_files_are_kept_while_no_whole_listing_is_to_be_had(tmp_path: Path) -> None:
    one = Harvested(tmp_path)
    folder = one.system.begin(TAG)
    one.system.complete = False

    one.turn()

    assert folder.exists()


def test_files_of_a_worker_that_the_log_has_ended_and_that_still_lives_are_kept(tmp_path: Path) -> None:
    one = Harvested(tmp_path)
    folder = one.system.begin(TAG)

    one.turn()

    assert folder.exists()


def test_files_of_a_worker_are_kept_until_culm_knows_of_its_end(tmp_path: Path) -> None:
    one = Harvested(tmp_path, TAG)
    folder = one.system.begin(TAG)
    one.turn()
    one.service.over(one.service.known[TAG])
    one.system.alive.clear()

    one.turn()
    before = folder.exists()
    one.calls.log.clear()
    one.service.look_again()
    one.turn()

    assert (before, folder.exists()) == (True, False)


def test_workers_are_not_cancelled_as_strays_while_the_log_was_not_read(tmp_path: Path) -> None:
    one = Harvested(tmp_path, TAG)
    one.system.begin(TAG)
    one.calls.away = {"living"}

    for _ in range(3):
        one.turn()

    assert (one.service.epoch, one.system.cancelled) == (1, [])


def test_a_stray_is_cancelled_once_the_log_was_read_after_it_was_seen(tmp_path: Path) -> None:
    one = Harvested(tmp_path)
    one.turn()
    one.system.begin(TAG)

    one.turn()
    one.turn()
    before = list(one.system.cancelled)
    one.service.look_again()
    one.turn()

    assert (before, one.system.cancelled) == ([], [TAG])


@pytest.mark.parametrize(
    ("demand", "retired"),
    [(Demand(), []), (Demand((), 3), [TAG]), (Demand((WantedClass("", 1),), 3), [])],
    ids=["nothing was heard", "none is wanted", "one is wanted"],
)
def test_workers_retire_when_none_is_wanted_and_not_when_no_number_was_received(
    tmp_path: Path, demand: Demand, retired: list[str]
) -> None:
    one = Harvested(tmp_path, TAG, demand=demand)
    one.system.begin(TAG)
    one.turn()

    one.served.retire_excess(one.service)
    one.served.retire_excess(one.service)

    assert one.system.retired == retired


@pytest.mark.parametrize(
    ("state", "half", "cancelled"),
    [(NativeState.PENDING, {TAG}, [TAG]), (NativeState.PENDING, set(), []), (NativeState.RUNNING, {TAG}, [])],
    ids=["it lacks a part", "it is whole", "it runs"],
)
def test_a_worker_that_an_earlier_harvester_submitted_in_part_is_withdrawn_and_cancelled(
    tmp_path: Path, state: NativeState, half: set[str], cancelled: list[str]
) -> None:
    one = Harvested(tmp_path, TAG)
    one.system.begin(TAG)
    one.system.state, one.system.half = state, half

    one.turn()
    one.served.cancel_ordered()

    assert (one.system.cancelled, one.calls.withdrawn) == (cancelled, [tag.removeprefix("kit-") for tag in cancelled])


def test_a_half_submitted_worker_is_withdrawn_once_culm_answers_and_not_looked_at_again(tmp_path: Path) -> None:
    one = Harvested(tmp_path, TAG)
    one.system.begin(TAG)
    one.system.state, one.system.half, one.calls.away = NativeState.PENDING, {TAG}, {"withdraw"}

    with pytest.raises(Unreachable):
        one.turn()
    one.served.cancel_ordered()
    before, one.calls.away = list(one.system.cancelled), set()
    one.turn()
    one.turn()
    one.served.cancel_ordered()

    assert (before, one.system.cancelled, one.system.looked_at) == ([], [TAG], [TAG, TAG])


@pytest.mark.parametrize(("keeps", "cancelled"), [("WORKER_RUNS", []), ("WORKER_ENDED", []), ("", [TAG])])
def test_a_worker_too_many_that_began_after_the_listing_is_not_cancelled(
    tmp_path: Path, keeps: str, cancelled: list[str]
) -> None:
    one = Harvested(tmp_path, TAG, demand=Demand((), 3))
    one.system.begin(TAG)
    one.system.state, one.calls.keeps = NativeState.PENDING, keeps
    one.turn()

    one.served.retire_excess(one.service)
    one.served.retire_excess(one.service)
    one.served.cancel_ordered()

    assert one.system.cancelled == cancelled


def test_a_plugin_whose_sweep_breaks_stops_no_harvester(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Harvested(tmp_path)

    def breaks(is_over: Callable[[str], bool]) -> int:
        raise RuntimeError("it breaks")

    monkeypatch.setattr(one.system, "sweep", breaks)
    one.turn()

    assert one.service.epoch == 1


def test_a_log_that_answers_slowly_is_left_alone_for_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = DrivenClock()
    one, now = Harvested(tmp_path, TAG, demand=Demand((), 7), clock=clock), clock.now
    asked: list[float] = []
    read = one.calls.living

    def slowly(queue: str, sequence: int) -> QueueInTheLog:
        asked.append(now[0])
        now[0] += 0.2
        return replace(read(queue, 1), sequence=1)

    monkeypatch.setattr(one.calls, "living", slowly)
    for _ in range(100):
        one.service.keep()
        now[0] += 0.1

    # Two as it takes up the queue and one a second later; each took 0.2 s, so that the others are 4 s apart.
    assert [round(at - 1_000.0, 1) for at in asked] == [0.0, 0.2, 1.4, 5.6, 9.8]


@pytest.mark.parametrize("answer_seconds", [0.01, 2.0])
def test_the_order_to_end_a_worker_reaches_the_batch_system_within_ten_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer_seconds: float
) -> None:
    clock = DrivenClock()
    one, now = Harvested(tmp_path, TAG, demand=Demand((WantedClass("", 1),), 1), clock=clock), clock.now
    one.system.begin(TAG)
    read = one.calls.living

    def slowly(queue: str, sequence: int) -> QueueInTheLog:
        now[0] += answer_seconds
        return replace(read(queue, 1), sequence=sequence)

    monkeypatch.setattr(one.calls, "living", slowly)
    one.turn()
    now[0] += 2.0
    one.demand.demand = Demand((WantedClass("", 1),), 2)
    one.service.keep()
    ordered_at = now[0]
    one.calls.cancelled.add(TAG)
    one.demand.demand = Demand((WantedClass("", 1),), 3)

    while not one.system.cancelled and now[0] < ordered_at + 60:
        now[0] += max(0.1, one.service.seconds_to_next())
        one.service.keep()
        one.served.cancel_ordered()

    assert one.system.cancelled == [TAG]
    assert now[0] - ordered_at < 10
