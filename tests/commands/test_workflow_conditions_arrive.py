"""Conditions arrive behind the works: what cannot be asked, or would hold up others for ever, is refused."""

from typing import Any

import pytest

from schemas.types import ConditionDefinition, ConditionPredicate, PredicateMethod, WorkDefinition
from schemas.workflow import AddEdges, AddWorks, SealWorkflow, SubmitWorkflow
from tests.commands.workflow_scenes import REQUEST, Alone

M = PredicateMethod


def asks(method: PredicateMethod, **what: Any) -> ConditionPredicate:
    return ConditionPredicate(method=method, **what)


def defined(**fields: Any) -> ConditionDefinition:
    return ConditionDefinition(condition_id="c", **fields)


WORKS = tuple(WorkDefinition(internal_id=name, name=name, nodes=1, waits=name != "a") for name in "abc")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (defined(predicates=(asks(M.UNKNOWN),)), "found UNKNOWN"),
        (defined(predicates=(asks(M.FINISHED, work=3),)), "no work 3, there are 3"),
        (defined(predicates=(asks(M.FINISHED, condition=0),)), "FINISHED does not fit what it asks"),
        (defined(predicates=(asks(M.HOLDS, condition=1),)), "condition 1 is not before condition 1"),
        (defined(predicates=(asks(M.ALWAYS, work=0),)), "ALWAYS does not fit what it asks"),
        (defined(predicates=(asks(M.FINISHED, works=(0,)),)), "0 of 1 works start their workflow"),
        (defined(predicates=(asks(M.FINISHED, works=(0,), starting=1, asked=(1,)),)), "condition 1 is not before condition 1"),
        (defined(predicates=(asks(M.FINISHED, work=0, works=(0,), starting=1),)), "FINISHED does not fit what it asks"),
        (defined(true_works=(0,)), "work 0 is none that waits for a condition"),
        (defined(false_conditions=(0,)), "condition 0 is none before condition 1 that waits for another"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused(condition: ConditionDefinition, message: str) -> None:
    alone = Alone()
    alone.send(SubmitWorkflow(request_id=int(REQUEST), works=3, nodes=3, conditions=2))
    alone.send(AddWorks(chunk=0, works=WORKS))
    alone.send(AddWorks(chunk=1, conditions=(defined(true_works=(1,)),)))

    refusal = alone.send(AddWorks(chunk=2, conditions=(condition,))).refusal

    assert refusal is not None
    assert (refusal.reason, message in refusal.message) == ("BAD_GRAPH", True), refusal.message


def test_conditions_that_were_announced_must_come_and_no_others() -> None:
    alone = Alone()
    alone.send(SubmitWorkflow(request_id=int(REQUEST), works=3, nodes=3, conditions=1))
    early = alone.send(AddWorks(chunk=0, works=WORKS, conditions=(defined(true_works=(1,)),))).refusal
    alone.send(AddWorks(chunk=0, works=WORKS))
    alone.send(AddWorks(chunk=1, depths=(0, 0, 0)))
    missing = alone.send(SealWorkflow(works=3, nodes=3, edges=0)).refusal
    more = alone.send(AddWorks(chunk=2, conditions=(defined(true_works=(1,)),) * 2)).refusal

    assert [one.reason for one in (early, missing, more) if one] == ["BAD_GRAPH", "INCOMPLETE", "BAD_GRAPH"]


def test_no_job_waits_for_one_of_a_work_that_may_never_start() -> None:
    alone = Alone()
    alone.send(SubmitWorkflow(request_id=int(REQUEST), works=3, nodes=3, edges=1))
    alone.send(AddWorks(chunk=0, works=WORKS, depths=(1, 0, 0)))

    refusal = alone.send(AddEdges(chunk=1, first_parent=1, counts=(1,), children=(0,))).refusal

    assert refusal is not None
    assert "1 -> 0 out of or into a work that waits for a condition" in refusal.message


def test_a_workflow_in_which_nothing_starts_is_refused() -> None:
    alone = Alone()
    works = tuple(WorkDefinition(internal_id=name, name=name, waits=True) for name in "ab")
    alone.send(SubmitWorkflow(request_id=int(REQUEST), works=2))
    alone.send(AddWorks(chunk=0, works=works))

    refusal = alone.send(SealWorkflow(works=2, nodes=0, edges=0)).refusal

    assert refusal is not None
    assert (refusal.reason, refusal.message) == ("NO_WORKS", "all works wait for a condition")
