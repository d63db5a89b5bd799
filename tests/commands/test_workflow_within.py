"""Workflows within a workflow: they start as a work does, go on by their own conditions, and end with those works that ran."""

import pytest

from schemas.types import ConditionBranch, WorkEnd, WorkflowOutcome
from schemas.workflow import AbortWorkflow, ConditionEvaluated, RetryWorkflow, WorkflowFinalized
from streams.idds.compile_conditions import compile_conditions
from streams.idds.model import WorkCondition, WorkflowPlan, WorkMethod
from tests.commands.test_workflow_conditions import end_of, opened, outcome, when
from tests.commands.workflow_scenes import Alone, Jobs, a_workflow, around, conditions_of, plan_of, within

#: Works 0 to 3 with the nodes 0 to 3: p, then a workflow of s1 and s2, then q. Inner works have the last numbers.
JOBS: Jobs = {"p": {"j": []}, "q": {"j": []}, "s1": {"j": []}, "s2": {"j": []}}
P, Q, S1, S2 = range(4)
BEFORE = when("into", WorkMethod("is_finished", "p"), true=("sub",))
BETWEEN = when("between", WorkMethod("is_finished", "s1"), true=("s2",))
AFTER = when("behind", WorkMethod("is_finished", "sub"), true=("q",))


def a_plan(*outer: WorkCondition, first: tuple[str, ...] = ("p",)) -> WorkflowPlan:
    inner = within("sub", JOBS, ("s1", "s2"), (BETWEEN,), ("s1",))
    return around(plan_of(JOBS, outer, first), inner)


def a_flow(*outer: WorkCondition, first: tuple[str, ...] = ("p",)) -> Alone:
    plan = a_plan(*outer, first=first)
    return a_workflow(plan, conditions=conditions_of(plan))


@pytest.mark.parametrize("outer", [(BEFORE, AFTER), (AFTER, BEFORE)])
def test_a_workflow_within_runs_between_two_works(outer: tuple[WorkCondition, ...]) -> None:
    alone = a_flow(*outer)
    seen = [opened(alone)]
    for work in (P, S1, S2, Q):
        end_of(alone, work, work)
        seen.append(opened(alone))

    assert seen == [["p"], ["p", "s1"], ["p", "s1", "s2"], ["p", "q", "s1", "s2"], ["p", "q", "s1", "s2"]]
    assert outcome(alone) is WorkflowOutcome.FINISHED


def test_its_end_is_read_from_its_works() -> None:
    alone = a_flow(BEFORE, when("behind", WorkMethod("is_subfinished", "sub"), true=("q",)))
    end_of(alone, P, P)
    end_of(alone, S1, S1)
    end_of(alone, S2, S2, well=False)

    taken = next(one for one in alone.events if isinstance(one, ConditionEvaluated) and one.condition_id == "behind")
    (value,) = taken.values
    assert (taken.branch, value.works, value.end, value.value) == (ConditionBranch.TRUE, (2, 3), WorkEnd.SUBFINISHED, True)


def test_its_conditions_are_not_asked_before_it_starts() -> None:
    at_once = when("always", True, true=("s2",))
    inner = within("sub", JOBS, ("s1", "s2"), (at_once,), ("s1",))
    plan = around(plan_of(JOBS, (BEFORE, AFTER), ("p",)), inner)
    alone = a_workflow(plan, conditions=conditions_of(plan))
    before = opened(alone)

    end_of(alone, P, P)

    assert (before, opened(alone)) == (["p"], ["p", "s1", "s2"])


def test_one_that_starts_at_once_is_asked_from_the_beginning() -> None:
    alone = a_flow(AFTER, first=("p", "sub"))
    before = opened(alone)

    end_of(alone, S1, S1)
    end_of(alone, S2, S2)

    assert (before, opened(alone)) == (["p", "s1"], ["p", "q", "s1", "s2"])


def test_works_of_it_that_never_started_do_not_count() -> None:
    alone = a_flow(BEFORE, when("behind", WorkMethod("is_failed", "sub"), true=("q",)))
    end_of(alone, P, P)

    end_of(alone, S1, S1, well=False)

    assert opened(alone) == ["p", "q", "s1"]


@pytest.mark.parametrize("outer", [(BEFORE, AFTER), (AFTER, BEFORE)])
def test_in_a_retry_it_has_not_ended_before_it_was_started_again(outer: tuple[WorkCondition, ...]) -> None:
    alone = a_flow(*outer)
    end_of(alone, P, P)
    end_of(alone, S1, S1)
    end_of(alone, S2, S2, well=False)
    assert outcome(alone) is WorkflowOutcome.SUBFINISHED

    alone.send(RetryWorkflow())
    alone.go_on()
    again = opened(alone)
    end_of(alone, S2, S2)

    assert (again, opened(alone)) == (["p", "s1", "s2"], ["p", "q", "s1", "s2"])


def test_after_an_abort_what_is_behind_its_termination_runs() -> None:
    alone = a_flow(BEFORE, when("final", WorkMethod("is_terminated", "sub"), true=("q",)))
    end_of(alone, P, P)
    alone.send(AbortWorkflow())

    end_of(alone, S1, S1, well=False)

    assert opened(alone) == ["p", "q", "s1"]
    assert not any(isinstance(one, WorkflowFinalized) for one in alone.events)


@pytest.mark.parametrize("work", ["s1", "wf", "nothing"])
def test_a_condition_names_what_is_in_its_own_workflow(work: str) -> None:
    found = compile_conditions(a_plan(BEFORE, AFTER, when("across", WorkMethod("is_finished", work), true=("q",))))

    assert found == f"conditions on works of another workflow, or on the own one ({work}),"
