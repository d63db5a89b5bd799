"""Rows of workflows: what deciders decide, node by node; statuses, tasks, ends and counters of works."""

import random
from collections import Counter

import pytest

from commands.workflow import slices
from commands.workflow.transitions import FINAL, WorkflowStatus
from projections.workflows import nodes
from schemas.types import WorkDefinition, WorkEnd
from schemas.workflow import (
    AbortWorkflow,
    RecordWorkEnd,
    ResumeWorkflow,
    RetryWorkflow,
    SuspendWorkflow,
    WorkflowSubmitted,
    WorksAdded,
)
from tests.commands.test_workflow_conditions import a_flow, end_of, finished, when
from tests.commands.test_workflow_random import interpreter_of, random_jobs, run_to_the_end
from tests.commands.workflow_scenes import REQUEST, Alone, Jobs, a_workflow, task_of
from tests.doses import dose
from tests.projections.event_writer import START
from tests.projections.tables_in_memory import Tables, after, the

LETTERS = {"waiting": "w", "released": "r", "finished": "f", "failed": "x", "pruned": "p"}
COUNTERS = ("released", "finished", "failed", "pruned")
#: One work whose two jobs wait for those of another.
PAIRS: Jobs = {"isr": {"i0": [], "i1": []}, "coadd": {"c0": [("isr", "i0")], "c1": [("isr", "i1")]}}


def rows_of(alone: Alone, batch: int = 1_000) -> Tables:
    """The rows after everything that was decided."""
    return after([(event, REQUEST) for event in alone.events], batch=batch)


def states_of(tables: Tables) -> str:
    """A letter for each node."""
    return "".join(row["states"] for row in tables.all("workflow_nodes"))


def counted(alone: Alone, work: int) -> tuple[int, ...]:
    """How many nodes of a work are in which state, by the aggregate."""
    one = alone.workflow.works[work]
    found = Counter(alone.states()[one.first_node : one.beyond])
    return tuple(found[name] for name in COUNTERS)


def test_a_submission_is_a_row_with_what_its_client_said() -> None:
    alone = a_workflow(PAIRS, name="u_jdoe_night1", scope="workflow", user_name="Jane Doe", priority=7)

    row = rows_of(alone).one("workflow")

    assert the(row, "request_id", "name", "scope", "vo", "owner", "user_name", "priority", "digest") == (
        10_000_001, "u_jdoe_night1", "workflow", "wlcg", "jdoe", "Jane Doe", 7, "d1",
    )  # fmt: skip
    assert the(row, "status", "attempt", "works", "nodes", "edges") == ("transforming", 1, 2, 4, 2)
    assert the(row, "created_at", "ended_at") == (START + 1_000_000, None)
    assert row["modified_at"] > row["created_at"]


def test_a_work_has_its_task_and_counts_its_jobs() -> None:
    alone = a_workflow(PAIRS)
    alone.end(0)
    alone.end(1, well=False)

    isr, coadd = rows_of(alone).all("workflow_work")

    assert the(isr, "work", "name", "nodes", "task_id", *COUNTERS) == (0, "isr", 2, task_of(0), 0, 1, 1, 0)
    assert the(coadd, "work", "name", "nodes", "task_id", *COUNTERS) == (1, "coadd", 2, task_of(1), 1, 0, 0, 1)
    assert states_of(rows_of(alone)) == "fxrp"


def test_a_work_ends_in_an_attempt_of_its_workflow_and_a_retry_begins_the_next() -> None:
    alone = a_workflow(PAIRS)
    for node, well in ((0, True), (1, False), (2, True)):
        alone.end(node, well=well)
    for work in (0, 1):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.SUBFINISHED))
    alone.go_on()

    tables = rows_of(alone)

    ends = [the(row, "ended", "ended_attempt") for row in tables.all("workflow_work")]
    assert (tables.one("workflow")["status"], ends) == ("subfinished", [("subfinished", 1), ("subfinished", 1)])
    assert tables.one("workflow")["ended_at"] is not None

    alone.send(RetryWorkflow())
    tables = rows_of(alone)

    assert the(tables.one("workflow"), "status", "attempt", "ended_at") == ("resuming", 2, None)

    alone.go_on()
    tables = rows_of(alone)

    assert the(tables.one("workflow"), "status", "attempt") == ("transforming", 2)
    assert [the(row, *COUNTERS) for row in tables.all("workflow_work")] == [(1, 1, 0, 0), (0, 1, 0, 0)]


def test_the_status_is_that_of_the_aggregate_after_each_order() -> None:
    alone = a_workflow(PAIRS)
    seen = []
    for command in (SuspendWorkflow(), ResumeWorkflow(), AbortWorkflow(reason="wrong data")):
        alone.send(command)
        seen.append(the(rows_of(alone).one("workflow"), "status", "message"))
    assert seen == [("suspended", ""), ("transforming", ""), ("cancelling", "wrong data")]


def test_a_work_that_waits_for_a_condition_says_when_one_started_it() -> None:
    alone = a_flow(when("one", finished("a"), true=("c",), false=("d",)))
    seen = []
    for node, work, well in ((0, 0, False), (1, 1, True)):
        end_of(alone, node, work, well=well)
        seen.append([the(row, "waits", "opened_attempt") for row in rows_of(alone).all("workflow_work")])
    alone.send(RecordWorkEnd(task_id=task_of(3), end=WorkEnd.FINISHED))
    alone.send(RetryWorkflow())
    alone.go_on()
    end_of(alone, 0, 0)

    (before, after_both) = seen
    assert before == [(False, None), (False, None), (True, None), (True, 1)]
    assert after_both == before
    assert [the(row, "waits", "opened_attempt") for row in rows_of(alone).all("workflow_work")][2:] == [(True, 2), (True, 1)]


@pytest.mark.parametrize("steps", [3, 20_000])
def test_rows_of_random_graphs_are_the_states_of_the_aggregate(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_STEPS", steps)
    monkeypatch.setattr(nodes, "PAGE_NODES", 3)
    for seed in range(dose(100, fast=25)):
        draw = random.Random(seed)
        jobs = random_jobs(draw)
        alone, by_names = a_workflow(jobs, nodes_max=draw.choice((1, 4, 5_000))), interpreter_of(jobs)
        for _ in range(2):
            run_to_the_end(draw, alone, by_names)
            tables = rows_of(alone, batch=draw.choice((1, 7, 1_000)))

            assert states_of(tables) == "".join(LETTERS[state] for state in alone.states()), seed
            for work, row in enumerate(tables.all("workflow_work")):
                assert the(row, *COUNTERS) == counted(alone, work), (seed, work)
                assert row["first_node"] == alone.workflow.works[work].first_node
            assert tables.one("workflow")["status"] == alone.workflow.status, seed
            if alone.workflow.status is WorkflowStatus.FINISHED:
                break
            assert alone.workflow.status in FINAL
            alone.send(RetryWorkflow())
            by_names.retry()
            alone.go_on()


def test_works_without_jobs_take_no_nodes_from_their_neighbours() -> None:
    works = tuple(WorkDefinition(internal_id=f"w{n}", name=f"w{n}", nodes=count) for n, count in enumerate((0, 2, 0, 0, 1, 0)))
    added = WorksAdded(chunk=0, first_work=0, works=works, first_node=0, depths=(0, 0, 0))

    tables = after([(WorkflowSubmitted(request_id=7, works=6, nodes=3), 7), (added, 7)])

    assert tables.one("workflow")["bounds"] == [0, 0, 2, 2, 2, 3, 3]
    assert [the(row, "first_node", "nodes") for row in tables.all("workflow_work")] == [
        (0, 0), (0, 2), (2, 0), (2, 0), (2, 1), (3, 0),
    ]  # fmt: skip
    assert states_of(tables) == "www"
