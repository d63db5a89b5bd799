"""Conditions of workflows by tables: predicates, branches that wait, nesting, custom values, ends of runs and loops."""

from typing import Any

import pytest

from streams.idds.conditions import (
    ENDED,
    Branch,
    ConditionOutcome,
    WorkSeen,
    WorkState,
    another_run,
    custom,
    end_of_run,
    judge,
    of_work,
)
from streams.idds.model import ConditionMethod, Operator, WorkAttribute, WorkCondition, WorkflowPlan, WorkMethod
from streams.idds.vocabulary import OF_WORKS
from tests.streams.idds_requests import golden_plan

S = WorkState


def a_condition(*predicates: Any, true: tuple[Any, ...] = ("t",), or_: bool = False) -> WorkCondition:
    return WorkCondition("c", Operator.OR if or_ else Operator.AND, predicates, true, ("f",))


def finished(work_id: str) -> WorkMethod:
    return WorkMethod("is_finished", work_id)


@pytest.mark.parametrize(
    ("method", "states"),
    [
        ("is_finished", {S.FINISHED}), ("my_condition", {S.FINISHED}), ("is_subfinished", {S.SUB_FINISHED}),
        ("is_failed", {S.FAILED}), ("is_cancelled", {S.CANCELLED}), ("is_suspended", {S.SUSPENDED}), ("is_expired", {S.EXPIRED}),
        ("is_processed", {S.FINISHED, S.SUB_FINISHED}), ("is_starting", {S.STARTING}), ("is_running", {S.RUNNING}),
        ("is_terminated", {S.FINISHED, S.SUB_FINISHED, S.FAILED, S.CANCELLED, S.SUSPENDED, S.EXPIRED}),
        ("is_started", {S.RUNNING, S.FINISHED, S.SUB_FINISHED, S.FAILED, S.CANCELLED, S.SUSPENDED, S.EXPIRED}),
        ("get_custom_condition_status", set()), ("get_not_custom_condition_status", set(S)),
    ],
)  # fmt: skip
def test_a_predicate_of_a_work_holds_in_these_states(method: str, states: set[WorkState]) -> None:
    assert {state for state in S if of_work(method, WorkSeen(state))} == states


@pytest.mark.parametrize("method", sorted(OF_WORKS))
def test_every_method_of_the_grammar_has_a_value_for_every_state(method: str) -> None:
    assert {type(of_work(method, WorkSeen(state, leaving))) for state in S for leaving in (True, False)} == {bool}


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_end_does_not_count_while_a_cancel_or_a_resume_is_under_way(state: WorkState) -> None:
    assert not of_work("is_terminated", WorkSeen(state, leaving=True))


@pytest.mark.parametrize(
    ("a", "b", "branch", "or_branch"),
    [
        (S.NEW, S.NEW, Branch.WAITING, Branch.WAITING),
        (S.RUNNING, S.FINISHED, Branch.WAITING, Branch.TRUE),
        (S.FAILED, S.RUNNING, Branch.WAITING, Branch.WAITING),
        (S.FAILED, S.FINISHED, Branch.FALSE, Branch.TRUE),
        (S.FAILED, S.CANCELLED, Branch.FALSE, Branch.FALSE),
        (S.FINISHED, S.FINISHED, Branch.TRUE, Branch.TRUE),
    ],
)
def test_a_false_branch_waits_until_all_that_is_asked_has_ended(
    a: WorkState, b: WorkState, branch: Branch, or_branch: Branch
) -> None:
    works = {"a": WorkSeen(a), "b": WorkSeen(b)}

    both, one = (judge(a_condition(finished("a"), finished("b"), or_=or_), works) for or_ in (False, True))

    targets = {Branch.TRUE: ("t",), Branch.FALSE: ("f",), Branch.WAITING: ()}
    assert (both.branch, both.targets) == (branch, targets[branch])
    assert (one.branch, one.targets) == (or_branch, targets[or_branch])


def test_a_verdict_holds_the_values_that_led_to_it() -> None:
    works = {"a": WorkSeen(S.FINISHED, attributes={"user_x": 3}), "b": WorkSeen(S.FAILED)}

    verdict = judge(a_condition(finished("a"), WorkAttribute("user_x", "a"), finished("b"), True), works)

    assert verdict == ConditionOutcome(
        Branch.FALSE, ("f",), (("a.is_finished", True), ("a.user_x", True), ("b.is_finished", False), ("constant", True))
    )


@pytest.mark.parametrize(
    ("first", "second", "targets"),
    [
        (WorkSeen(S.FINISHED), WorkSeen(S.SUB_FINISHED), ("16161616",)),
        (WorkSeen(S.FAILED), WorkSeen(S.FAILED), ("19191919",)),
        (WorkSeen(S.FAILED, output_data={"sources": 12}, or_conditions={"sources": 12}), WorkSeen(S.FINISHED), ("19191919",)),
        (WorkSeen(S.FAILED), WorkSeen(S.FINISHED), ()),
        (WorkSeen(S.FINISHED), WorkSeen(S.RUNNING), ()),
    ],
)
def test_the_nested_condition_of_a_released_client_starts_what_was_meant(
    first: WorkSeen, second: WorkSeen, targets: tuple[str, ...]
) -> None:
    plan = golden_plan("conditions")
    assert isinstance(plan, WorkflowPlan)

    assert judge(plan.conditions[0], {"10101010": first, "13131313": second}).targets == targets


@pytest.mark.parametrize(
    ("method", "state", "branch"),
    [
        ("is_condition_true", S.FINISHED, Branch.TRUE), ("is_condition_false", S.FINISHED, Branch.FALSE),
        ("get_condition_status", S.FAILED, Branch.FALSE), ("is_condition_false", S.FAILED, Branch.TRUE),
        ("is_condition_true", S.RUNNING, Branch.WAITING),
    ],
)  # fmt: skip
def test_a_condition_can_ask_another(method: str, state: WorkState, branch: Branch) -> None:
    asking = a_condition(ConditionMethod(method, a_condition(finished("a"))))

    assert judge(asking, {"a": WorkSeen(state)}).branch == branch


def test_a_target_that_is_reached_twice_is_started_once() -> None:
    inner = a_condition(finished("a"))

    assert judge(a_condition(finished("a"), true=("t", inner, "u")), {"a": WorkSeen(S.FINISHED)}).targets == ("t", "u")


@pytest.mark.parametrize(
    ("seen", "value"),
    [
        ({}, False),
        ({"and_conditions": {"x": 1}}, False),
        ({"and_conditions": {"x": 1}, "output_data": {"x": 1}}, True),
        ({"and_conditions": {"x": 1}, "output_data": {"x": 1.0}}, True),
        ({"and_conditions": {"x": 1}, "output_data": {"x": True}}, False),
        ({"and_conditions": {"x": True}, "output_data": {"x": 1}}, False),
        ({"and_conditions": {"x": [1]}, "output_data": {"x": [True]}}, False),
        ({"and_conditions": {"x": {"a": [1]}}, "output_data": {"x": {"a": [1]}}}, True),
        ({"and_conditions": {"x": "1"}, "output_data": {"x": 1}}, False),
        ({"and_conditions": {"x": 1, "y": 2}, "output_data": {"x": 1}}, False),
        ({"and_conditions": {"x": 1}, "attributes": {"user_x": 1, "x": 2}}, True),
        ({"and_conditions": {"x": 1}, "output_data": {"x": 2}, "attributes": {"user_x": 1}}, False),
        ({"and_conditions": {"x": None}, "attributes": {"user_x": 0}}, True),
        ({"and_conditions": {"x": 1}, "or_conditions": {"y": 2}, "output_data": {"y": 2}}, True),
        ({"and_conditions": {"x": 1}, "or_conditions": {"y": 2}, "output_data": {"x": 1}}, True),
        ({"or_conditions": {"y": 2}, "output_data": {"y": 3}}, False),
    ],
)
def test_custom_conditions_compare_json(seen: dict[str, Any], value: bool) -> None:
    assert custom(WorkSeen(S.FINISHED, **seen)) is value


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ([], None), ([S.NEW], None), ([S.FINISHED, S.RUNNING], None), ([S.FINISHED, S.NEW], S.FINISHED),
        ([S.FINISHED, S.FAILED], S.SUB_FINISHED), ([S.SUB_FINISHED], S.SUB_FINISHED), ([S.FAILED, S.FAILED], S.FAILED),
        ([S.FAILED, S.CANCELLED], S.CANCELLED), ([S.FAILED, S.CANCELLED, S.EXPIRED], S.EXPIRED),
        ([S.CANCELLED, S.SUSPENDED], S.CANCELLED), ([S.SUSPENDED, S.FAILED], S.SUSPENDED),
    ],
)  # fmt: skip
def test_a_run_ends_as_its_started_works_did(states: list[WorkState], end: WorkState | None) -> None:
    assert end_of_run({str(number): state for number, state in enumerate(states)}) == end


def test_a_loop_goes_on_while_its_condition_holds_up_to_the_limit() -> None:
    loop, works = a_condition(finished("a")), {"a": WorkSeen(S.FINISHED)}

    assert another_run(loop, works, 1, 3, ending=False)
    assert not another_run(loop, works, 3, 3, ending=False)
    assert not another_run(loop, works, 1, 3, ending=True)
    assert not another_run(loop, {"a": WorkSeen(S.FAILED)}, 1, 3, ending=False)
    assert not another_run(None, works, 1, 3, ending=False)
