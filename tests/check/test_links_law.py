"""The law about links of parameters on a good history, and on the same with one thing broken: each break is found."""

from collections.abc import Callable
from typing import Any

import pytest

from check.laws import Seen
from check.links import LinksCarried
from check.report import judge_log, laws_of_the_log
from schemas.records import replace
from schemas.workflow import LinkApplied, WorkEnded
from tests.check.test_conditions_law import seen_of
from tests.commands.test_workflow_conditions import A, C, end_of
from tests.commands.test_workflow_links import BOTH, a_flow, a_link

Broken = Callable[[list[Seen]], list[Seen]]


def a_history() -> list[Seen]:
    """Work 2 gets a value of work 0, which has ended."""
    alone = a_flow(a_link(A, C, taskPriority=700), conditions=(BOTH,))
    end_of(alone, 0, A)
    return seen_of(alone)


def found_in(history: list[Seen]) -> str:
    results = judge_log(history, [LinksCarried()])
    return "; ".join(one.first.found for one in results if one.first)


def changed(history: list[Seen], **changes: Any) -> list[Seen]:
    found = []
    for one in history:
        message = replace(one.message, **changes) if isinstance(one.message, LinkApplied) else one.message
        found.append(Seen(one.place, one.role, one.aggregate, one.name, one.envelope, message))
    return found


def without(history: list[Seen], kind: type) -> list[Seen]:
    return [one for one in history if not isinstance(one.message, kind)]


def twice(history: list[Seen]) -> list[Seen]:
    return [one for one in history for _ in range(1 + isinstance(one.message, LinkApplied))]


def test_a_good_history_breaks_no_law_and_this_one_is_among_those_that_are_judged() -> None:
    assert found_in(a_history()) == ""
    assert any(isinstance(law, LinksCarried) for law in laws_of_the_log({}))


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (lambda one: without(one, LinkApplied), "link 0 is forgotten: work 0 has ended"),
        (lambda one: without(one, WorkEnded), "link 0 has values of work 0, which has not ended"),
        (twice, "link 0 has its values twice"),
        (lambda one: changed(one, parameters_json='{"taskPriority":900}'), "link 0 has other values"),
        (lambda one: changed(one, target=3), "is between other works, than were submitted"),
        (lambda one: changed(one, link=7), "link 7 has values, there are 1 links"),
    ],
)
def test_a_break_is_found(broken: Broken, found: str) -> None:
    assert found in found_in(broken(a_history()))
