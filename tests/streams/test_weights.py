"""The formulas of the brokers at their boundaries, with the figures of PanDA's defaults."""

from typing import Any

import pytest

from schemas.brokers import FIGURES
from schemas.types import BrokerKind, ComputingSite, DatasetReplicas, ReplicaCopy
from streams.facts.outside import OutsideFacts
from streams.jedi.candidates import Surroundings, UserLoad
from streams.jedi.weights import (
    IN_FORCE,
    is_stabilized,
    network_weight,
    queued_max,
    shares_by_class,
    throughput_weight,
    user_class,
    user_queued_max,
    weight_by,
)
from tests.streams.builders import a_queue, asked


def a_load(**changes: int) -> UserLoad:
    return UserLoad(**{"queued": 0, "running": 0, "users": 1, "user_queued": 0, "user_running": 0, **changes})


@pytest.mark.parametrize(
    ("mb_per_second", "closeness", "weight"),
    [
        (200, 0, 2.0), (199.9, 0, 1.9), (100, 0, 1.9), (99.9, 0, 1.8), (75, 0, 1.8), (74.9, 0, 1.6), (50, 0, 1.6),
        (49.9, 0, 1.5), (20, 0, 1.5), (19.9, 0, 1.3), (10, 0, 1.3), (9.9, 0, 1.2), (2, 0, 1.2), (1.9, 0, 1.1), (1, 0, 1.1),
        (0.9, 0, 1.0), (None, 0, 2.0), (None, 11, 1.0),
    ],
)  # fmt: skip
def test_throughput_has_a_weight_by_steps_and_closeness_where_it_was_not_measured(
    mb_per_second: float | None, closeness: int, weight: float
) -> None:
    assert throughput_weight(mb_per_second, closeness) == weight


def test_the_network_weight_is_half_queue_and_half_throughput() -> None:
    assert network_weight(0, 150, 200, 0) == 2.0
    assert network_weight(150, 150, 200, 0) == 1.5
    assert network_weight(75, 150, None, 11) == 1.25


@pytest.mark.parametrize(
    ("queued", "starts_per_hour", "holds"), [(99, 0.0, False), (100, 0.0, True), (100, 12.5, True), (100, 12.6, False)]
)
def test_the_stabilizer_acts_from_a_hundred_jobs_and_eight_hours_on(queued: int, starts_per_hour: float, holds: bool) -> None:
    assert is_stabilized(a_load(queued=queued), starts_per_hour, FIGURES) is holds


@pytest.mark.parametrize(
    ("running", "starts_per_hour", "limit"), [(50, 0.0, 100), (51, 0.0, 102), (0, 8.0, 100), (0, 9.0, 108), (60, 11.0, 132)]
)
def test_the_jobs_of_a_queue_are_the_largest_of_three(running: int, starts_per_hour: float, limit: float) -> None:
    assert queued_max(a_load(running=running), starts_per_hour, FIGURES) == limit


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"users": 100}, 5),
        ({"users": 10}, 10),
        ({"users": 100, "running": 200}, 10),
        ({"users": 100, "running": 200, "user_running": 50}, 100),
        ({"users": 0}, 100),
    ],
)
def test_the_jobs_of_a_user_are_their_part_of_the_queue(changes: dict[str, int], limit: float) -> None:
    assert user_queued_max(a_load(**changes), 0.0, FIGURES) == limit


@pytest.mark.parametrize(
    ("fast", "mid", "found"), [(1000, 99_999, "A"), (1001, 8_999, "B"), (1001, 9_000, "C"), (10_001, 0, "C")]
)
def test_a_user_s_class_follows_from_the_slots_on_fast_and_mid_queues(fast: int, mid: int, found: str) -> None:
    assert user_class(fast, mid, FIGURES) == found


def test_jobs_are_shared_out_by_the_class_of_the_task() -> None:
    rest: dict[int, float] = {1: 10.0, 0: 20.0, -1: 30.0}

    assert shares_by_class("C", 15, rest) == {1: 0.001, 0: 0.001, -1: 15}
    assert shares_by_class("B", 25, rest) == {1: 0.001, 0: pytest.approx(19.9), -1: pytest.approx(5.1)}
    assert shares_by_class("B", 25, {**rest, 0: 0.0}) == {1: 0.001, 0: 0.0, -1: 25.0}
    assert shares_by_class("A", 35, rest) == {1: pytest.approx(9.948), 0: pytest.approx(20.05), -1: pytest.approx(5.002)}
    assert shares_by_class("S", 100, {1: 0.0, 0: 5.0, -1: 1.0}) == {1: 0.0, 0: 5.0, -1: 1.0}


def production(queue: Any, files: int = 0, here: int = 0, **site: Any) -> float:
    copies = (ReplicaCopy(storage="LOCAL_DISK", files=here),) if here else ()
    replicas = {"d": DatasetReplicas(dataset="d", files=files, copies=copies)} if files else {}
    sites = {"SITE": ComputingSite(name="SITE", **site)} if site else {}
    around = Surroundings(outside=OutsideFacts(replicas=replicas, sites=sites))
    given = asked(datasets=frozenset({"d"}))
    return weight_by(BrokerKind.PRODUCTION, given, queue, around, IN_FORCE)


def test_production_weighs_running_against_waiting_local_input_and_the_site() -> None:
    assert production(a_queue(leased=9, waiting=0)) == 1.0
    assert production(a_queue(leased=9, waiting=10)) == 0.5
    assert production(a_queue(leased=9), files=100, here=100) == 2.0
    assert production(a_queue(leased=9), files=100) == 0.5
    assert production(a_queue(leased=9), t1_weight=3.0) == 3.0
    assert production(a_queue(leased=9), t1_weight=0.0) == 1.0


def test_analysis_weighs_as_earlier_releases_of_panda_did() -> None:
    assert weight_by(BrokerKind.ANALYSIS, asked(), a_queue(leased=3, waiting=1), Surroundings(), IN_FORCE) == 2.0
