"""The law about throttled orders: one for cause breaks nothing, and each figure that does not say so is found."""

from typing import Any

import pytest

from check.laws import Seen
from check.report import judge_log
from check.throttles import ThrottledForCause
from schemas.records import replace
from schemas.task import TaskThrottled
from tests.check.test_workers_law import seen_of
from tests.commands.test_throttled_tasks import a_throttled_task


def found_in(records: list[Seen]) -> str:
    (result,) = judge_log(records, [ThrottledForCause()])
    return result.first.found if result.first else ""


def broken(**figures: Any) -> str:
    """What is found when the throttled order says these figures."""
    return found_in(
        [
            Seen(one.place, one.role, one.aggregate, one.name, one.envelope, _changed(one.message, figures))
            if one.name == TaskThrottled.__name__
            else one
            for one in seen_of(a_throttled_task(), "task")
        ]
    )


def _changed(event: TaskThrottled, figures: dict[str, Any]) -> TaskThrottled:
    return replace(event, throttle=replace(event.throttle, **figures))


def test_an_order_that_is_throttled_for_cause_breaks_no_law() -> None:
    assert broken() == ""


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        ({"value": 10, "waiting": 10}, "IDLE of task 10000001: 10, limit 10, released at 9"),
        ({"released_at": 11}, "IDLE of task 10000001: 11, limit 10, released at 11"),
        ({"waiting": 12}, "IDLE of task 10000001 judges 11, 12 are waiting"),
        ({"leased": 1}, "IDLE of task 10000001 while 1 jobs run"),
    ],
)
def test_figures_that_give_no_cause_are_found(figures: dict[str, Any], found: str) -> None:
    assert broken(**figures) == found
