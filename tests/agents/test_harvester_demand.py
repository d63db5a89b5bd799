"""What a harvester believes of an answer about demand."""

from typing import Any

import pytest

from agents.harvester.demand import Demand, WantedClass, demand_of


def test_a_queue_without_classes_is_one_class_of_its_own_limits() -> None:
    assert demand_of({"wanted": 3, "sequence": 7}) == Demand((WantedClass("", 3),), 7)


def test_classes_come_with_what_is_asked_for_each() -> None:
    classes = [
        {"name": "medium", "wanted": 2, "memory_mb": 8000, "cores": 1, "walltime_seconds": 3600},
        {"name": "large", "wanted": 0, "memory_mb": 12000, "cores": 1, "walltime_seconds": None},
    ]

    found = demand_of({"wanted": 2, "sequence": 7, "classes": classes})

    assert found.classes == (WantedClass("medium", 2, 8000, 1, 3600),)


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
