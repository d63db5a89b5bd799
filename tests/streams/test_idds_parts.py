"""A graph in parts is the same graph again: numbers, order, sizes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.bounds import problems_of
from schemas.workflow import AddEdges, AddWorks
from streams.idds import workflow_parts
from streams.idds.compile import CompiledGraph, compile_graph
from streams.idds.faults import RequestFault
from streams.idds.workflow_parts import definitions_of, parts_of
from streams.idds.zipped import UnpackingAllowance
from tests.streams.idds_requests import a_job, a_request, a_work, workflow_of


def graph_of(*works: dict[str, Any]) -> CompiledGraph:
    found = compile_graph(workflow_of(a_request(*works)), UnpackingAllowance())
    assert isinstance(found, CompiledGraph), found
    return found


def parts(graph: CompiledGraph) -> list[AddWorks | AddEdges]:
    definitions = definitions_of(graph, 7, "Jane Doe")
    assert not isinstance(definitions, RequestFault)
    return list(parts_of(graph, definitions))


def put_together(found: list[AddWorks | AddEdges]) -> tuple[list[str], list[int], list[tuple[int, int]]]:
    """Names of works, depths, and edges, as a reader of the parts has them."""
    names: list[str] = []
    depths: list[int] = []
    edges: list[tuple[int, int]] = []
    for part in found:
        if isinstance(part, AddWorks):
            names += [one.name for one in part.works]
            depths += part.depths
            continue
        at = 0
        for parent, count in enumerate(part.counts, start=part.first_parent):
            edges += [(parent, child) for child in part.children[at : at + count]]
            at += count
    return names, depths, edges


@given(
    shape=st.lists(st.lists(st.integers(0, 40), max_size=4), min_size=1, max_size=40),
    children=st.integers(1, 5),
    parents=st.integers(1, 5),
    depths=st.integers(1, 7),
)
def test_parts_of_any_size_put_together_are_the_graph(
    shape: list[list[int]], children: int, parents: int, depths: int
) -> None:
    jobs = [
        a_job(f"j{number}", *(("a", f"j{parent}") for parent in sorted({one for one in waits if one < number})))
        for number, waits in enumerate(shape)
    ]
    graph = graph_of(a_work("a", jobs), a_work("b", [a_job("x", ("a", "j0"))]), a_work("c"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow_parts, "CHILDREN_PER_PART", children)
        patch.setattr(workflow_parts, "PARENTS_PER_PART", parents)
        patch.setattr(workflow_parts, "DEPTHS_PER_PART", depths)
        found = parts(graph)

    assert put_together(found) == (["a", "b", "c"], list(graph.depths), list(graph.edges()))
    assert [one.chunk for one in found] == list(range(len(found)))
    assert all(len(one.children) <= children and len(one.counts) <= parents for one in found if isinstance(one, AddEdges))


def test_large_works_travel_apart_and_every_part_is_within_its_bounds() -> None:
    works = [a_work(f"w{number}", [a_job("x")], executable="e" * 90_000) for number in range(5)]

    found = parts(graph_of(*works))

    assert [len(one.works) for one in found if isinstance(one, AddWorks)] == [3, 2, 0]
    assert [problem for one in found for problem in problems_of(one)] == []


def test_a_work_has_the_parameters_of_its_task_without_the_names_of_its_jobs() -> None:
    (first, *_) = parts(graph_of(a_work("a", [a_job("x"), a_job("y")])))

    assert isinstance(first, AddWorks)
    (work,) = first.works
    assert (work.name, work.nodes) == ("a", 2)
    assert '"taskName":"a_7_1"' in work.parameters_json
    assert '"nFiles":2' in work.parameters_json
    assert "pfnList" not in work.parameters_json
