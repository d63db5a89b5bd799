"""The jobs of a workflow as one graph of integers. Pure.

In: a plan of the grammar. Out: CompiledGraph, or a RequestFault with the place of a duplicate name, an unknown parent, a job that
waits for itself, a circle, or what is beyond a limit. A node is a job, numbered work by work in the order of the request.
Source: docs/reference/idds.md, "Graphs of jobs"; docs/decisions/0090.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from streams.idds.faults import NotInGrammar, Position, RequestFault
from streams.idds.job_maps import jobs_of
from streams.idds.model import WorkflowPlan, WorkPlan
from streams.idds.zipped import UnpackingAllowance
from streams.jedi.shown import shown

NODES_MAX = 2_000_000
EDGES_MAX = 10_000_000
#: Jobs of a circle that a message shows.
SHOWN_OF_CIRCLE = 10
MAP = "_dependency_map"


@dataclass(frozen=True, slots=True)
class CompiledWork:
    """The jobs of one work: nodes from `first_node` on, in the order of `names`. has_parents: one of them waits for others."""

    plan: WorkPlan
    first_node: int
    names: Sequence[str]
    has_parents: bool


@dataclass(frozen=True, slots=True)
class CompiledGraph:
    """Nodes and edges. The children of node n are `children[first_child[n]:first_child[n + 1]]`, in ascending order.

    parents: how many jobs a node waits for. depths: 0 without parents, else one more than the deepest of them.
    """

    works: tuple[CompiledWork, ...]
    first_child: "array[int]"
    children: "array[int]"
    parents: "array[int]"
    depths: "array[int]"

    @property
    def nodes(self) -> int:
        """How many jobs the graph has."""
        return len(self.parents)

    def edges(self) -> Iterator[tuple[int, int]]:
        """(parent, child), sorted by parent."""
        for parent in range(self.nodes):
            for at in range(self.first_child[parent], self.first_child[parent + 1]):
                yield parent, self.children[at]

    def name_of(self, node: int) -> str:
        """`work/job` of a node, for messages."""
        return _name_of(self.works, node)


def compile_graph(plan: WorkflowPlan, allowance: UnpackingAllowance) -> CompiledGraph | RequestFault:
    """The graph of all works in `plan`, also of workflows within it."""
    try:
        reading = _Reading(allowance)
        for work in plan.all_works:
            reading.read(work)
        reading.resolve_late()
        return _sorted(tuple(reading.works), reading.counts, reading.sources, reading.targets)
    except NotInGrammar as refused:
        return refused.fault


class _Reading:
    """Names to numbers: edges (sources[i] -> targets[i]) in the order in which they were read, and how many each node begins."""

    def __init__(self, allowance: UnpackingAllowance) -> None:
        self._allowance = allowance
        self._tables: dict[str, dict[str, int]] = {}
        #: Edges to works that come later: (child, task, job).
        self._late: list[tuple[int, str, str]] = []
        self.works: list[CompiledWork] = []
        self.counts, self.sources, self.targets = array("I"), array("I"), array("I")

    def read(self, work: WorkPlan) -> None:
        """Number the jobs of `work`."""
        if work.task_name in self._tables or not work.task_name:
            fault = f"{shown(work.task_name)} names two works" if work.task_name else "a work without a name"
            raise NotInGrammar((*work.place, "task_name"), fault)
        place, first = (*work.place, MAP), len(self.counts)
        # A job may wait for another one of its own work, also for a later one.
        table: dict[str, int] = {}
        has_parents = False
        for name, parents in jobs_of(work.job_map, place, self._allowance):
            node = first + len(table)
            if name in table:
                raise NotInGrammar((*place, node - first, "name"), f"{shown(name)} names two jobs of {shown(work.task_name)}")
            if node >= NODES_MAX:
                raise NotInGrammar(place, f"more than {NODES_MAX} jobs in a request: submit parts as workflows of their own")
            table[name] = node
            self.counts.append(0)
            has_parents = has_parents or bool(parents)
            self._wait(node, parents, (*place, node - first, "dependencies"))
        self._tables[work.task_name] = table
        self.works.append(CompiledWork(work, first, tuple(table), has_parents))

    def _wait(self, node: int, parents: list[tuple[str, str]], place: Position) -> None:
        if len(self.sources) + len(self._late) + len(parents) > EDGES_MAX:
            raise NotInGrammar(place, f"more than {EDGES_MAX} dependencies in a request: submit parts as workflows of their own")
        if len(parents) > 1 and len(set(parents)) < len(parents):
            twice = next(one for number, one in enumerate(parents) if one in parents[:number])
            raise NotInGrammar((*place, parents.index(twice)), f"{shown(twice[1])} of {shown(twice[0])} is named twice")
        for task, job in parents:
            parent = self._tables.get(task, {}).get(job)
            if parent is None:
                self._late.append((node, task, job))
            else:
                self._edge(parent, node)

    def _edge(self, parent: int, child: int) -> None:
        self.sources.append(parent)
        self.targets.append(child)
        self.counts[parent] += 1

    def resolve_late(self) -> None:
        """Number the parents that were read after their children. Refuses those that are not there."""
        for child, task, job in self._late:
            parent = self._tables.get(task, {}).get(job)
            if parent is None:
                work = _work_of(self.works, child)
                missing = f"the job {shown(job)} of {shown(task)}" if task in self._tables else f"the work {shown(task)}"
                place = (*work.plan.place, MAP, child - work.first_node, "dependencies")
                raise NotInGrammar(place, f"waits for {missing}, which is not there")
            if parent == child:
                work = _work_of(self.works, child)
                place = (*work.plan.place, MAP, child - work.first_node, "dependencies")
                raise NotInGrammar(place, f"{shown(job)} waits for itself")
            self._edge(parent, child)
        self._late.clear()


def _sorted(
    works: tuple[CompiledWork, ...], counts: "array[int]", sources: "array[int]", targets: "array[int]"
) -> CompiledGraph:
    """Edges sorted by parent, then by child: counted, then put in their places."""
    nodes = len(counts)
    first_child = array("I", accumulate(counts, initial=0))
    free, children = first_child[:], array("I", bytes(4 * len(sources)))
    parents = array("I", bytes(4 * nodes))
    for parent, child in zip(sources, targets, strict=True):
        children[free[parent]] = child
        free[parent] += 1
        parents[child] += 1
    for parent in range(nodes):
        first, end = first_child[parent], first_child[parent + 1]
        if end - first > 1:
            children[first:end] = array("I", sorted(children[first:end]))
    depths = _depths(works, first_child, children, parents)
    return CompiledGraph(works, first_child, children, parents, depths)


def _depths(
    works: tuple[CompiledWork, ...], first_child: "array[int]", children: "array[int]", parents: "array[int]"
) -> "array[int]":
    """The depth of each node, parents before children. Refuses a circle, with its jobs."""
    awaited, depths = parents[:], array("I", bytes(4 * len(parents)))
    ready = array("I", (node for node, count in enumerate(parents) if not count))
    at = 0
    while at < len(ready):
        node = ready[at]
        at += 1
        below = depths[node] + 1
        for child in children[first_child[node] : first_child[node + 1]]:
            depths[child] = max(depths[child], below)
            awaited[child] -= 1
            if not awaited[child]:
                ready.append(child)
    if len(ready) < len(parents):
        _refuse_circle(works, first_child, children, awaited)
    return depths


def _refuse_circle(
    works: tuple[CompiledWork, ...], first_child: "array[int]", children: "array[int]", awaited: "array[int]"
) -> None:
    """Every node that still waits has a parent that does; going from parent to parent one comes to a node for the second time."""
    parent_of: dict[int, int] = {}
    for parent, count in enumerate(awaited):
        if count:
            parent_of.update(dict.fromkeys(children[first_child[parent] : first_child[parent + 1]], parent))
    node = next(iter(parent_of))
    seen: dict[int, int] = {}
    while node not in seen:
        seen[node] = len(seen)
        node = parent_of[node]
    circle = list(seen)[seen[node] :][::-1]
    lowest = circle.index(min(circle))
    circle = circle[lowest:] + circle[:lowest]
    work = _work_of(works, circle[0])
    place = (*work.plan.place, MAP, circle[0] - work.first_node, "dependencies")
    names = [shown(_name_of(works, one)) for one in circle[:SHOWN_OF_CIRCLE]]
    left = [f"({len(circle) - SHOWN_OF_CIRCLE} more)"] if len(circle) > SHOWN_OF_CIRCLE else []
    raise NotInGrammar(place, f"jobs wait for each other in a circle: {' -> '.join([*names, *left, names[0]])}")


def _work_of(works: Sequence[CompiledWork], node: int) -> CompiledWork:
    return next(one for one in works if one.first_node <= node < one.first_node + len(one.names))


def _name_of(works: Sequence[CompiledWork], node: int) -> str:
    work = _work_of(works, node)
    return f"{work.plan.task_name}/{work.names[node - work.first_node]}"
