"""A workflow arrives in parts, each checked; one that does not come whole expires."""

from typing import Any

import pytest

from schemas.types import UnitRange, WorkDefinition, WorkflowClock, WorkflowOutcome
from schemas.workflow import (
    AddEdges,
    AddWorks,
    ExpireWorkflow,
    RecordUnitEnds,
    RetryWorkflow,
    SealWorkflow,
    SubmitWorkflow,
)
from tests.commands.test_workflow import DIAMOND
from tests.commands.workflow_scenes import REQUEST, START, Alone, a_workflow, task_of


def arriving(works: int = 1, nodes: int = 4, edges: int = 9) -> Alone:
    """A workflow of which four nodes of the depths 0, 0, 1, 2 have come."""
    alone = Alone()
    alone.send(SubmitWorkflow(request_id=int(REQUEST), works=works, nodes=nodes, edges=edges))
    work = WorkDefinition(internal_id="w", name="w", nodes=4)
    alone.send(AddWorks(chunk=0, works=(work,), depths=(0, 0, 1, 2)))
    return alone


@pytest.mark.parametrize(
    ("first", "counts", "children", "found"),
    [
        (2, (1,), (1,), "2 -> 1 from depth 1 to 0"),
        (0, (1,), (1,), "0 -> 1 from depth 0 to 0"),
        (2, (1,), (2,), "2 -> 2 from depth 1 to 1"),
        (0, (2,), (2, 2), "2 after 2 of parent 0"),
        (0, (2,), (3, 2), "2 after 3 of parent 0"),
        (0, (1,), (4,), "found 4, 4 nodes have come"),
        (3, (0, 0), (), "parents up to 4, 4 nodes have come"),
        (0, (1,), (2, 3), "1 in all, expected 2"),
    ],
)
def test_an_edge_that_cannot_be_is_refused_with_its_nodes(
    first: int, counts: tuple[int, ...], children: tuple[int, ...], found: str
) -> None:
    refusal = arriving().send(AddEdges(chunk=1, first_parent=first, counts=counts, children=children)).refusal

    assert refusal is not None
    assert refusal.reason == "BAD_GRAPH"
    assert found in refusal.message


def test_children_of_a_parent_may_come_in_two_chunks_but_no_edge_twice_and_no_parent_again() -> None:
    alone = arriving()
    alone.send(AddEdges(chunk=1, first_parent=1, counts=(1,), children=(2,)))

    twice = alone.send(AddEdges(chunk=2, first_parent=1, counts=(1,), children=(2,))).refusal
    back = alone.send(AddEdges(chunk=2, first_parent=0, counts=(1,), children=(2,))).refusal
    goes_on = alone.send(AddEdges(chunk=2, first_parent=1, counts=(1, 1), children=(3, 3)))

    assert twice is not None
    assert "2 after 2 of parent 1" in twice.message
    assert back is not None
    assert "found 0, expected 1 or more" in back.message
    assert goes_on.refusal is None
    graph = alone.workflow.graph
    assert [list(graph.children_of(node)) for node in range(4)] == [[], [2, 3], [3], []]
    assert list(graph.outstanding) == [0, 0, 1, 2]


def test_a_chunk_that_came_is_accepted_again_and_one_too_early_is_refused() -> None:
    alone = arriving()

    again = alone.send(AddWorks(chunk=0, works=(), depths=()))
    early = alone.send(AddEdges(chunk=2, first_parent=0, counts=(1,), children=(2,))).refusal

    assert (again.events, again.refusal) == ((), None)
    assert early is not None
    assert (early.reason, early.message) == ("MISSING_CHUNK", "chunk: found 2, expected 1")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"nodes": 100_000_000}, "100,000,000 jobs in a request, expected at most 2,000,000: submit parts as workflows"),
        ({"edges": 100_000_000}, "100,000,000 dependencies in a request, expected at most 10,000,000"),
    ],
)
def test_a_graph_that_is_too_large_is_refused_with_the_limit_before_it_comes(more: dict[str, Any], found: str) -> None:
    refusal = Alone().send(SubmitWorkflow(request_id=1, works=1, **more)).refusal

    assert refusal is not None
    assert refusal.reason == "TOO_LARGE"
    assert found in refusal.message


def test_what_was_not_announced_or_has_not_come_is_refused() -> None:
    alone = arriving(nodes=5)
    more = WorkDefinition(internal_id="v", name="v", nodes=1)

    works = alone.send(AddWorks(chunk=1, works=(more,))).refusal
    sealed = alone.send(SealWorkflow(works=1, nodes=5, edges=9)).refusal

    assert works is not None
    assert (works.reason, works.message) == ("NOT_ANNOUNCED", "works: found 2, 1 were announced")
    assert sealed is not None
    assert sealed.reason == "INCOMPLETE"
    assert "1 works, 4 jobs, 0 dependencies have come, expected 1 works, 5 jobs, 9 dependencies" in sealed.message


def test_units_that_a_work_does_not_have_and_reports_of_other_tasks_are_refused() -> None:
    alone = a_workflow(DIAMOND)

    beyond = alone.send(RecordUnitEnds(task_id=task_of(0), finished=(UnitRange(first=1, last=3),))).refusal
    foreign = alone.send(RecordUnitEnds(task_id=7, finished=(UnitRange(first=1, last=1),))).refusal

    assert beyond is not None
    assert foreign is not None
    assert (beyond.reason, foreign.reason) == ("BAD_RANGE", "UNKNOWN_TASK")


def test_a_submission_that_is_never_completed_expires_and_is_not_retried() -> None:
    alone = arriving()
    early = alone.send(ExpireWorkflow(clock=WorkflowClock.SUBMISSION)).refusal
    alone.now = START + 3600 * 1_000_000

    alone.send(ExpireWorkflow(clock=WorkflowClock.SUBMISSION))
    again = alone.send(RetryWorkflow()).refusal

    assert early is not None
    assert early.reason == "TOO_EARLY"
    assert alone.events[-1].outcome is WorkflowOutcome.EXPIRED
    assert again is not None
    assert again.reason == "WRONG_STATUS"


def test_the_clock_of_a_workflow_in_which_nothing_happens_begins_again_with_each_event() -> None:
    alone = a_workflow(DIAMOND, pending_seconds=100)
    alone.now = START + 99 * 1_000_000
    alone.end(0)

    alone.now = START + 198 * 1_000_000
    early = alone.send(ExpireWorkflow(clock=WorkflowClock.PENDING)).refusal
    alone.now += 1_000_000
    due = alone.send(ExpireWorkflow(clock=WorkflowClock.PENDING)).refusal

    assert early is not None
    assert (early.reason, due) == ("TOO_EARLY", None)
