"""What a harvester believes of an answer about demand."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.harvester.demand import Demand, DemandPoller, WantedClass, demand_of
from agents.session import AgentSession
from agents.stop_event import StopEvent
from api.native import queues
from api.services import Services
from schemas.types import ClassDemand


def test_a_queue_without_classes_is_one_class_of_its_own_limits() -> None:
    assert demand_of({"wanted": 3, "sequence": 7}) == Demand((WantedClass("", 3),), 7)


def test_classes_come_with_what_is_asked_for_each() -> None:
    classes = [
        {"name": "medium", "wanted": 2, "memory_mb": 8000, "cores": 1, "walltime_seconds": 3600},
        {"name": "large", "wanted": 0, "memory_mb": 12000, "cores": 1, "walltime_seconds": None},
    ]

    found = demand_of({"wanted": 2, "sequence": 7, "classes": classes})

    assert found.classes == (WantedClass("medium", 2, 8000, 1, 3600),)


def test_workers_that_are_only_not_removed_at_once_are_not_replaced() -> None:
    classes = [{"name": "large", "wanted": 17, "kept_for_now": 15}]

    (large,) = demand_of({"wanted": 17, "sequence": 7, "classes": classes}).classes

    assert (large.wanted, large.to_have) == (17, 2)


def test_what_the_api_says_of_a_class_is_all_that_a_harvester_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    large = ClassDemand(name="large", wanted=17, memory_mb=12000, cores=2, walltime_seconds=3600, kept_for_now=15, waiting=2)

    async def row(*_: Any) -> dict[str, Any]:
        return {"wanted": 17, "live": 17, "sequence": 7, "mode": "PULL", "classes": [large.to_avro()]}

    monkeypatch.setattr("api.native.queues.questions.demand", row)

    answer = asyncio.run(queues.wanted_workers(cast(Services, SimpleNamespace(read_models=None)), "Q", None, 0.0))

    assert demand_of(answer) == Demand((WantedClass("large", 17, 12000, 2, 3600, 15),), 7)


@pytest.mark.parametrize(
    "odd",
    [
        {"wanted": -1, "sequence": 1},
        {"wanted": 10**9, "sequence": 1},
        {"wanted": 1},
        {"wanted": None, "sequence": 1},
        {"wanted": 1, "sequence": 1, "classes": [{"name": "x"}]},
        {"wanted": 1, "sequence": 1, "classes": [{"name": "x", "wanted": 1, "memory_mb": -5}]},
        {"wanted": 1, "sequence": 1, "classes": [{"name": "x", "wanted": 1}] * 101},
    ],
)
def test_an_answer_that_cannot_be_is_not_believed(odd: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        demand_of(odd)


class Answers:
    """A Culm whose demand moves with each question. at: when each was asked, by a clock that only pauses move."""

    def __init__(self, stop: StopEvent, questions: int) -> None:
        self.stop, self.questions, self.now, self.at = stop, questions, 0.0, list[float]()

    def get(self, path: str, query: dict[str, Any], seconds: float) -> dict[str, Any]:
        self.at.append(self.now)
        if len(self.at) == self.questions:
            self.stop.close()
        return {"wanted": len(self.at), "sequence": len(self.at)}

    def pause(self, seconds: float, *_: StopEvent) -> None:
        self.now += max(0.0, seconds)


def test_a_demand_that_moves_without_end_is_asked_for_five_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, changes = StopEvent(), list[int]()
    culm = Answers(stop, questions=11)
    monkeypatch.setattr("agents.harvester.demand.pause", culm.pause)
    monkeypatch.setattr("agents.harvester.demand.time.monotonic", lambda: culm.now)
    poller = DemandPoller(cast(AgentSession, culm), "Q", stop, lambda: changes.append(poller.demand.wanted))

    poller._listen()

    assert changes == list(range(1, 12))
    assert culm.at[-1] == pytest.approx(2.0)
