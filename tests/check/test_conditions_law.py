"""The law about conditions on good histories, and on the same with one thing broken: each break is found."""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from check.conditions import ConditionsTaken
from check.laws import Seen
from check.report import judge_log, laws_of_the_log
from check.workflows import NodesReleasedOnce
from commands.workflow.transitions import FINAL
from schemas.records import replace
from schemas.types import ConditionBranch, WorkEnd
from schemas.workflow import AbortWorkflow, ConditionEvaluated, NodesAdvanced, RecordWorkEnd, RetryWorkflow, WorkEnded
from tests.commands.test_workflow_conditions import A, B, a_flow, end_of, finished, when
from tests.commands.test_workflow_conditions_random import Flow, one_step
from tests.commands.test_workflow_within import AFTER, BEFORE, S1, S2, P
from tests.commands.test_workflow_within import a_flow as a_flow_with_one_within
from tests.commands.workflow_scenes import REQUEST, Alone, task_of
from tests.doses import dose

Change = Callable[[Any], Any]


def seen_of(alone: Alone) -> list[Seen]:
    envelope: Any = SimpleNamespace(aggregate_id=REQUEST)
    return [
        Seen(f"t/0/{number}", "events", "workflow", type(one).__name__, envelope, one)  # type: ignore[arg-type]
        for number, one in enumerate(alone.events)
    ]


def a_history() -> Alone:
    """`c` runs as both before ended well; `d` would run if they had not, and is never started; node 2 waits for no other."""
    alone = a_flow(when("one", finished("a"), finished("b"), true=("c",), false=("d",)))
    end_of(alone, 0, A)
    end_of(alone, 1, B)
    alone.end(2)
    return alone


def found_in(alone: Alone) -> str:
    results = judge_log(seen_of(alone), [ConditionsTaken(), NodesReleasedOnce()])
    return "; ".join(one.first.found for one in results if one.first)


def changed(kind: type, which: int, change: Change) -> Alone:
    alone = a_history()
    place = [number for number, one in enumerate(alone.events) if isinstance(one, kind)][which]
    alone.events[place] = change(alone.events[place])
    return alone


def test_a_good_history_breaks_no_law_and_is_looked_at() -> None:
    alone = a_history()
    law = ConditionsTaken()

    (result,) = judge_log(seen_of(alone), [law])

    assert (result.violations, result.checked, found_in(alone)) == (0, len(alone.events), "")
    assert sum(isinstance(one, ConditionEvaluated) for one in alone.events) == 1
    assert law.name in [one.name for one in laws_of_the_log({})]


def test_random_flows_break_no_law() -> None:
    evaluated = 0
    for seed in range(dose(300, fast=40)):
        draw = random.Random(seed)
        drawn = Flow(draw)
        alone, flow = drawn.alone(), drawn.interpreter()
        for _ in range(60):
            if alone.workflow.status in FINAL:
                alone.send(RetryWorkflow())
                flow.retry()
                alone.go_on()
            one_step(draw, alone, flow)
        evaluated += sum(isinstance(one, ConditionEvaluated) for one in alone.events)
        assert found_in(alone) == "", seed
    assert evaluated > 40


@pytest.mark.parametrize(
    ("kind", "which", "change", "found"),
    [
        (
            ConditionEvaluated, 0, lambda one: replace(one, branch=ConditionBranch.FALSE),
            "takes the branch FALSE, its works give TRUE",
        ),
        (ConditionEvaluated, 0, lambda one: replace(one, works=(3,)), "opens works [3], its branch has [2]"),
        (ConditionEvaluated, 0, lambda one: replace(one, works=()), "opens works [], its branch has [2]"),
        (
            ConditionEvaluated, 0, lambda one: replace(one, values=(replace(one.values[0], value=False),)),
            "read False for FINISHED of work 0, which does not stand so",
        ),
        (ConditionEvaluated, 0, lambda one: replace(one, condition=1), "condition 1 takes a branch, it is not asked"),
        (NodesAdvanced, 0, lambda one: replace(one, released=(replace(one.released[0], last=2),), released_total=3),
         "node 2 is released, no condition has opened its work 2"),
    ],
)  # fmt: skip
def test_what_is_broken_is_found(kind: type, which: int, change: Change, found: str) -> None:
    assert found in found_in(changed(kind, which, change))


def test_an_end_of_a_workflow_within_that_its_works_do_not_give_is_found() -> None:
    alone = a_flow_with_one_within(BEFORE, AFTER)
    for work in (P, S1, S2):
        end_of(alone, work, work)
    good = found_in(alone)
    place = max(number for number, one in enumerate(alone.events) if isinstance(one, ConditionEvaluated))
    taken = alone.events[place]

    alone.events[place] = replace(taken, values=(replace(taken.values[0], end=WorkEnd.FAILED),))

    assert good == ""
    assert "read True for FINISHED of works [2, 3], which does not stand so" in found_in(alone)


def test_a_lost_condition_is_found() -> None:
    alone = a_history()
    alone.events = [one for one in alone.events if not isinstance(one, ConditionEvaluated)]

    assert "condition 0 is lost: its works give TRUE, and it took no branch" in found_in(alone)


def test_a_branch_that_is_taken_twice_is_found() -> None:
    alone = a_history()
    taken = next(one for one in alone.events if isinstance(one, ConditionEvaluated))
    alone.events.append(taken)

    assert "condition 0 takes a branch, it is not asked" in found_in(alone)


def test_an_end_that_leaves_a_condition_behind_is_found() -> None:
    alone = a_flow(when("one", finished("a"), true=("c",)))
    alone.send(AbortWorkflow())
    alone.go_on()
    for work in (A, B):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.CANCELLED))
        alone.go_on()
    assert (found_in(alone), alone.workflow.status in FINAL) == ("", True)
    place = next(number for number, one in enumerate(alone.events) if isinstance(one, WorkEnded))

    alone.events[place] = replace(alone.events[place], end=WorkEnd.FINISHED)

    assert found_in(alone) == "workflow 10000001: condition 0 is lost: its works give TRUE, and it took no branch"
