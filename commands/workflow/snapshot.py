"""A workflow as rows: a main row, its works, and the columns of its graph in pages of bytes.

Pages of edges, offsets and depths change only while the workflow arrives.
"""

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from commands.snapshot import MAIN, Row, SnapshotForm
from commands.undo import UndoArray, UndoBytes
from commands.workflow.conditions import WorkflowCondition
from commands.workflow.graph import DEFERRED, FAILED, FINISHED, PRUNED, JobGraph
from commands.workflow.links import LINKS_MAX, WorkflowLink
from commands.workflow.model import Workflow
from commands.workflow.transitions import WorkflowStatus
from commands.workflow.works import Work
from schemas.intervals import Intervals, difference, intervals_of
from schemas.types import ConditionAccounts, LinkAccounts, WorkAccounts
from schemas.workflow import (
    ChildPageSnapshot,
    ConditionEvaluated,
    ConditionPageSnapshot,
    DepthPageSnapshot,
    EdgesAdded,
    LinkApplied,
    LinkPageSnapshot,
    NodePageSnapshot,
    NodesAdvanced,
    NodesRestarted,
    OffsetPageSnapshot,
    WorkEnded,
    WorkEndReported,
    WorkflowEndOrdered,
    WorkflowEvent,
    WorkflowRetried,
    WorkflowSnapshot,
    WorkPageSnapshot,
    WorksAdded,
    WorkStarted,
)

WORKS, NODES, DEPTHS, OFFSETS, CHILDREN = "works", "nodes", "depths", "offsets", "children"
CONDITIONS, LINKS = "conditions", "links"
#: Items of a page.
PAGE = {WORKS: 250, NODES: 4_096, DEPTHS: 16_384, OFFSETS: 16_384, CHILDREN: 65_536, CONDITIONS: 20, LINKS: LINKS_MAX}


def changed(workflow: Workflow, event: WorkflowEvent) -> Iterable[str]:
    """The rows that the event is about to change, beside the main one."""
    graph = workflow.graph
    match event:
        case WorksAdded():
            works = _pages(WORKS, len(workflow.works), len(event.works))
            nodes = len(graph), len(event.depths)
            conditions = _pages(CONDITIONS, len(workflow.conditions), len(event.conditions))
            links = _pages(LINKS, len(workflow.links), len(event.links))
            return {*works, *_pages(NODES, *nodes), *_pages(DEPTHS, *nodes), *conditions, *links}
        case EdgesAdded():
            first = len(graph.offsets)
            offsets = _pages(OFFSETS, first, max(event.first_parent + len(event.counts) - first, 0))
            edges = _pages(CHILDREN, len(graph.children), len(event.children))
            return {*offsets, *edges, *_pages_of(NODES, event.children)}
        case NodesAdvanced():
            return _advanced(workflow, event)
        case NodesRestarted():
            nodes_again = intervals_of(event.nodes)
            return {*_touched(workflow, nodes_again), *_children(graph, nodes_again)}
        case WorkStarted() | WorkEndReported() | WorkEnded():
            return (_name(WORKS, event.work),)
        case ConditionEvaluated():
            conditions = _pages_of(CONDITIONS, (event.condition, *event.conditions))
            return {*conditions, *_pages_of(WORKS, event.works)}
        case LinkApplied():
            return (_name(LINKS, event.link),)
        case WorkflowEndOrdered():
            return _pages(WORKS, 0, len(workflow.works))
        case WorkflowRetried():
            return {*_pages(WORKS, 0, len(workflow.works)), *_pages(CONDITIONS, 0, len(workflow.conditions))}
        case _:
            return ()


def _advanced(workflow: Workflow, event: NodesAdvanced) -> set[str]:
    graph = workflow.graph
    moved: Intervals = ()
    for ranges in (event.finished, event.failed, event.recovered, event.pruned, event.released, event.deferred, event.counted):
        moved = (*moved, *intervals_of(ranges))
    deferred = intervals_of(event.deferred)
    counting = (difference(intervals_of(one), deferred) for one in (event.finished, event.failed, event.pruned))
    found = _touched(workflow, moved)
    for nodes in (*counting, intervals_of(event.counted)):
        found |= _children(graph, nodes)
    if event.partial_node is not None:
        found |= _children(graph, ((event.partial_node, event.partial_node),))
    return found


def _touched(workflow: Workflow, nodes: Intervals) -> set[str]:
    """Pages of nodes; what works count of them is counted again from the states."""
    size = PAGE[NODES]
    return {f"{NODES}-{page}" for first, last in nodes for page in range(first // size, last // size + 1)}


def _children(graph: JobGraph, nodes: Intervals) -> set[str]:
    parents = (node for first, last in nodes for node in range(first, last + 1))
    return _pages_of(NODES, (child for node in parents for child in graph.children_of(node)))


def _pages_of(kind: str, places: Iterable[int]) -> set[str]:
    size = PAGE[kind]
    return {f"{kind}-{page}" for page in {place // size for place in places}}


def _pages(kind: str, first: int, count: int) -> set[str]:
    size = PAGE[kind]
    return {f"{kind}-{page}" for page in range(first // size, (first + count - 1) // size + 1)} if count else set()


def _name(kind: str, place: int) -> str:
    return f"{kind}-{place // PAGE[kind]}"


def names(workflow: Workflow) -> Iterable[str]:
    """All rows beside the main one."""
    graph = workflow.graph
    lengths = {
        WORKS: len(workflow.works), NODES: len(graph), DEPTHS: len(graph.depths), OFFSETS: len(graph.offsets),
        CHILDREN: len(graph.children), CONDITIONS: len(workflow.conditions), LINKS: len(workflow.links),
    }  # fmt: skip
    for kind, length in lengths.items():
        yield from sorted(_pages(kind, 0, length))


def rows(workflow: Workflow, wanted: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    if MAIN in wanted:
        yield MAIN, _main_row(workflow)
    for name in wanted:
        if name != MAIN:
            kind, _, page = name.partition("-")
            yield name, _page_row(workflow, kind, int(page) * PAGE[kind])


def _main_row(workflow: Workflow) -> WorkflowSnapshot:
    works, nodes, edges = workflow.announced
    return WorkflowSnapshot(
        status=workflow.status.value,
        owner=workflow.owner,
        vo=workflow.vo,
        digest=workflow.digest,
        lifetime_seconds=workflow.lifetime_seconds,
        pending_seconds=workflow.pending_seconds,
        submitted_at=workflow.submitted_at,
        changed_at=workflow.changed_at,
        announced_works=works,
        announced_nodes=nodes,
        announced_edges=edges,
        announced_conditions=workflow.announced_conditions,
        request_id=workflow.request_id,
        chunks=workflow.chunks,
        attempt=workflow.attempt,
        ending=workflow.ending,
        message=workflow.message,
        works=len(workflow.works),
        sealed=workflow.sealed,
        slicing=workflow.slicing,
        deferred=workflow.deferred,
        partial_node=workflow.partial_node,
        partial_children=workflow.partial_children,
    )


def _page_row(workflow: Workflow, kind: str, first: int) -> Any:
    graph, beyond = workflow.graph, first + PAGE[kind]
    match kind:
        case "works":
            numbers = range(first, min(beyond, len(workflow.works)))
            return WorkPageSnapshot(works=tuple(_accounts(workflow.works[number]) for number in numbers))
        case "conditions":
            numbers = range(first, min(beyond, len(workflow.conditions)))
            return ConditionPageSnapshot(conditions=tuple(_condition(workflow.conditions[number]) for number in numbers))
        case "links":
            links = (workflow.links[number] for number in range(first, min(beyond, len(workflow.links))))
            return LinkPageSnapshot(
                links=tuple(LinkAccounts(definition=one.definition, applied=one.applied) for one in links)
            )
        case "nodes":
            states, outstanding = bytes(graph.states[first:beyond]), packed(graph.outstanding[first:beyond])
            return NodePageSnapshot(first=first, states=states, outstanding=outstanding)
        case "depths":
            return DepthPageSnapshot(first=first, depths=packed(graph.depths[first:beyond]))
        case "offsets":
            return OffsetPageSnapshot(first=first, offsets=packed(graph.offsets[first:beyond]))
        case _:
            return ChildPageSnapshot(first=first, children=packed(graph.children[first:beyond]))


def _accounts(work: Work) -> WorkAccounts:
    return WorkAccounts(
        internal_id=work.internal_id,
        name=work.name,
        nodes=work.nodes,
        first_node=work.first_node,
        task_id=work.task_id,
        end=work.end,
        task_end=work.task_end,
        waits=work.waits,
        is_open=work.is_open,
        after_stop=work.after_stop,
    )


def _condition(condition: WorkflowCondition) -> ConditionAccounts:
    return ConditionAccounts(definition=condition.definition, is_asked=condition.is_asked, branch=condition.branch)


def packed(numbers: "array[int]") -> bytes:
    """Numbers of four bytes, least byte first."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def unpacked(parts: Iterable[bytes]) -> UndoArray:
    """The numbers of pages, in order."""
    found = array("I", b"".join(parts))
    if sys.byteorder == "big":
        found.byteswap()
    return UndoArray("I", found)


def restored(found: Mapping[str, Any]) -> Workflow:
    """The workflow of its rows."""
    main: WorkflowSnapshot = found[MAIN]
    nodes = list(_ordered(found, NODES))
    graph = JobGraph(
        UndoBytes(b"".join(row.states for row in nodes)),
        unpacked(row.outstanding for row in nodes),
        unpacked(row.depths for row in _ordered(found, DEPTHS)),
        unpacked(row.offsets for row in _ordered(found, OFFSETS)),
        unpacked(row.children for row in _ordered(found, CHILDREN)),
    )
    workflow = Workflow(
        status=WorkflowStatus(main.status),
        owner=main.owner,
        vo=main.vo,
        digest=main.digest,
        submitted_at=main.submitted_at,
        changed_at=main.changed_at,
        lifetime_seconds=main.lifetime_seconds,
        pending_seconds=main.pending_seconds,
        request_id=main.request_id,
        announced=(main.announced_works, main.announced_nodes, main.announced_edges),
        announced_conditions=main.announced_conditions,
        chunks=main.chunks,
        sealed=main.sealed,
        attempt=main.attempt,
        ending=main.ending,
        message=main.message,
        graph=graph,
        deferred=main.deferred,
        partial_node=main.partial_node,
        partial_children=main.partial_children,
        slicing=main.slicing,
    )
    for row in (one for page in _ordered(found, WORKS) for one in page.works):
        _add(workflow, row)
    for number, link in enumerate(one for page in _ordered(found, LINKS) for one in page.links):
        workflow.links[number] = WorkflowLink(link.definition, link.applied)
        workflow.ask_links(link.definition.source)
    for one in (one for page in _ordered(found, CONDITIONS) for one in page.conditions):
        number = len(workflow.conditions)
        workflow.add_condition(one.definition)
        workflow.conditions[number] = replace(workflow.conditions[number], is_asked=one.is_asked, branch=one.branch)
    workflow.ask_all()
    return workflow


def _add(workflow: Workflow, row: WorkAccounts) -> None:
    """A work of its row; how its nodes ended is counted in the graph."""
    number, states = len(workflow.works), workflow.graph.states
    finished, failed, pruned = (
        sum(states.count(one, row.first_node, row.first_node + row.nodes) for one in (state, state | DEFERRED))
        for state in (FINISHED, FAILED, PRUNED)
    )
    work = Work(
        row.internal_id,
        row.name,
        row.nodes,
        row.first_node,
        row.task_id,
        row.task_end,
        None,
        finished,
        failed,
        pruned,
        row.waits,
        row.is_open,
        row.after_stop,
    )
    workflow.add_work(work)
    workflow.change_work(number, replace(work, end=row.end))
    if row.task_id is not None:
        workflow.work_of_task[row.task_id] = number


def _ordered(found: Mapping[str, Any], kind: str) -> Iterator[Any]:
    numbers = sorted(int(name.partition("-")[2]) for name in found if name.startswith(f"{kind}-"))
    return (found[f"{kind}-{number}"] for number in numbers)


PAGE_WORK = {WORKS: 10, NODES: 2, DEPTHS: 2, OFFSETS: 2, CHILDREN: 4, CONDITIONS: 10, LINKS: 10}
SNAPSHOT = SnapshotForm(rows, restored, changed, names, work=PAGE_WORK)
