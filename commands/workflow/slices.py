"""What follows from ends of nodes, as far as one decision goes: which nodes are released, pruned, counted. Pure.

The graph is not changed: what it would be stands beside it. A step is a node or an edge; when `SLICE_STEPS` are used up, the rest
waits in the states of the graph for the next slice. Source: docs/reference/idds.md, "Releases and pruning".
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from commands.workflow.graph import (
    DEFERRED,
    DOOMED,
    FAILED,
    FINISHED,
    IS_LOST,
    IS_READY,
    LATER,
    LOST,
    NOT_ENDED,
    NOT_RELEASED,
    PRUNED,
    READY,
    RELEASED,
    WAITING,
    JobGraph,
    after_parent,
)
from commands.workflow.model import Workflow, intervals_from, node_ranges
from commands.workflow.transitions import RELEASING, STOPPING
from commands.workflow.works import Work
from schemas.workflow import NodesAdvanced

#: Nodes and edges of one decision; others have their turn before the next.
SLICE_STEPS = 20_000


@dataclass(slots=True)
class GraphSlice:
    """One decision about the graph. states, outstanding: of the nodes that it changes. steps_left: of `steps_max`; below 1 when
    it is used up.

    is_kept: of a node, whether it stays as it is when it is ready; else it is released, unless its work is_given_up. is_cut:
    something is left for a next slice.
    """

    graph: JobGraph
    is_kept: Callable[[int], bool]
    is_given_up: Callable[[int], bool] = bool
    partial_node: int | None = None
    partial_children: int = 0
    steps_max: int = SLICE_STEPS
    steps_left: int = SLICE_STEPS
    is_cut: bool = False
    states: dict[int, int] = field(default_factory=dict)
    outstanding: dict[int, int] = field(default_factory=dict)
    #: Nodes whose children are to count them: node, and whether it ended in an earlier event.
    ended: deque[tuple[int, bool]] = field(default_factory=deque)
    finished: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    recovered: list[int] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    pruned: list[int] = field(default_factory=list)
    deferred: list[int] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    now_partial: tuple[int, int] | None = None

    def state_of(self, node: int) -> int:
        """The state of a node after what was decided so far."""
        return self.states.get(node, self.graph.states[node])

    def end(self, node: int, state: int) -> None:
        """The job of a node ended; what is known already is nothing, but a good end after a bad one."""
        found = self.state_of(node)
        if found < FINISHED:
            self._ended(node, state, self.finished if state == FINISHED else self.failed)
        elif state == FINISHED and found & ~DEFERRED != FINISHED:
            self.states[node] = FINISHED | found & DEFERRED
            self.recovered.append(node)

    def prune(self, node: int) -> None:
        """A node will not run."""
        self._ended(node, PRUNED, self.pruned)

    def release(self, node: int) -> None:
        """A node may run."""
        self.states[node] = RELEASED
        self.released.append(node)
        self.steps_left -= 1

    def _ended(self, node: int, state: int, among: list[int]) -> None:
        self.states[node] = state
        among.append(node)
        self.ended.append((node, False))
        self.steps_left -= 1

    def give_up(self, first: int, beyond: int, *, has_task: bool) -> None:
        """The task of a work ended: none of its nodes will run."""
        for node in self.graph.nodes_in(NOT_ENDED, first, beyond):
            if self.steps_left < 1:
                self.is_cut = True
                return
            found = self.state_of(node)
            if found == RELEASED and has_task:
                self.end(node, FAILED)
            elif found < FINISHED:
                self.prune(node)

    def prune_waiting(self, spans: Iterable[tuple[int, int]]) -> None:
        """The workflow is stopped: what was not released in these spans will not be."""
        for first, beyond in spans:
            for node in self.graph.nodes_in(NOT_RELEASED, first, beyond):
                if self.steps_left < 1:
                    self.is_cut = True
                    return
                if self.state_of(node) < RELEASED:
                    self.prune(node)

    def go_on(self, spans: Iterable[tuple[int, int]]) -> None:
        """What earlier slices left: nodes to be counted, then those to be pruned, and those of `spans` to be released."""
        if self.partial_node is not None:
            self._count_later(self.partial_node)
        for node in self.graph.nodes_in(LATER):
            if self.is_cut:
                return
            if self.state_of(node) >= DEFERRED and node != self.partial_node:
                self._count_later(node)
        for node in self.graph.nodes_in(IS_LOST):
            self._go_on_with(node, LOST)
            if self.is_cut:
                return
        for first, beyond in spans:
            for node in self.graph.nodes_in(IS_READY, first, beyond):
                self._go_on_with(node, READY)
                if self.is_cut:
                    return

    def _count_later(self, node: int) -> None:
        self.ended.append((node, True))
        self.spread()

    def _go_on_with(self, node: int, state: int) -> None:
        """A node that was left in this state; unless this slice has met it already."""
        if self.state_of(node) == state:
            self._due(node, state)
            self.spread()

    def spread(self) -> None:
        """Children count their parents, and are released or pruned with their last one, as long as steps are left."""
        while self.ended:
            node, was_deferred = self.ended.popleft()
            first, beyond = self.graph.bounds_of(node)
            start = self.partial_children if node == self.partial_node else 0
            count = beyond - first - start
            if count > max(self.steps_left, 0):
                self._defer(node, start, count, was_deferred=was_deferred)
                continue
            if was_deferred:
                self.states[node] = self.state_of(node) & ~DEFERRED
                self.counted.append(node)
            if node == self.partial_node:
                self.partial_node, self.partial_children = None, 0
            self._count(node, self.graph.children_of(node, start))

    def _defer(self, node: int, start: int, count: int, *, was_deferred: bool) -> None:
        """A node with more children than what is left of the slice. Of one with more than a whole slice, some count it."""
        self.is_cut = True
        if not was_deferred:
            self.deferred.append(node)
        is_next = self.partial_node in (None, node) and self.now_partial is None
        if is_next and (count > self.steps_max or node == self.partial_node) and self.steps_left > 0:
            until = start + self.steps_left
            self.now_partial = (node, until)
            self._count(node, self.graph.children_of(node, start, until))

    def _count(self, node: int, children: Iterable[int]) -> None:
        well = self.state_of(node) & ~DEFERRED == FINISHED
        for child in children:
            self.steps_left -= 1
            left = self.outstanding.get(child, self.graph.outstanding[child]) - 1
            self.outstanding[child] = left
            after = after_parent(self.state_of(child), left, well=well)
            if after in (READY, LOST) and self.state_of(child) in (WAITING, DOOMED):
                self._due(child, after)
            elif after == DOOMED:
                self.states[child] = after

    def _due(self, node: int, state: int) -> None:
        """The last parent of a node ended."""
        self.states[node] = state
        if state == READY and self.is_kept(node):
            return
        if self.steps_left < 1:
            self.is_cut = True
        elif state == READY and not self.is_given_up(node):
            self.release(node)
        else:
            self.prune(node)

    def event(self, *, more: bool) -> NodesAdvanced | None:
        """What was decided; None for nothing."""
        names = ("finished", "failed", "recovered", "released", "pruned", "deferred", "counted")
        if self.now_partial is None and not any(getattr(self, name) for name in names):
            return None
        node, children = self.now_partial or (None, 0)
        return NodesAdvanced(
            **{name: node_ranges(intervals_from(getattr(self, name))) for name in names},
            partial_node=node,
            partial_children=children,
            finished_total=len(self.finished),
            failed_total=len(self.failed),
            released_total=len(self.released),
            pruned_total=len(self.pruned),
            more=more,
        )


def slice_of(workflow: Workflow) -> GraphSlice:
    """A slice of a workflow as it stands."""

    def is_given_up(node: int) -> bool:
        return bool(workflow.given_up) and workflow.work_of(node) in workflow.given_up

    def is_kept(node: int) -> bool:
        if not workflow.waiting_works:
            return not releases
        return not _releases(workflow, workflow.works[workflow.work_of(node)])

    releases = workflow.status in RELEASING
    node, children = workflow.partial_node, workflow.partial_children
    return GraphSlice(workflow.graph, is_kept, is_given_up, node, children, SLICE_STEPS, SLICE_STEPS)


def _releases(workflow: Workflow, work: Work) -> bool:
    """Whether nodes of a work are released: one that waits for a condition has none; after a stop only those that it opened."""
    return work.is_open and (workflow.status in RELEASING or (work.after_stop and workflow.status in STOPPING))


def _spans(workflow: Workflow, wanted: Callable[[Work], bool]) -> Iterable[tuple[int, int]]:
    """First node, and the one beyond the last, of the works that are wanted; neighbours together."""
    found: list[tuple[int, int]] = []
    for number in workflow.work_of_first.values():
        work = workflow.works[number]
        if wanted(work):
            first = found.pop()[0] if found and found[-1][1] == work.first_node else work.first_node
            found.append((first, work.beyond))
    return found


def _released_spans(workflow: Workflow) -> Iterable[tuple[int, int]]:
    if workflow.waiting_works:
        return _spans(workflow, lambda work: _releases(workflow, work))
    return [(0, len(workflow.graph))] if workflow.status in RELEASING else []


def _stopped_spans(workflow: Workflow) -> Iterable[tuple[int, int]]:
    if workflow.waiting_works:
        return _spans(workflow, lambda work: work.is_open and not work.after_stop)
    return [(0, len(workflow.graph))]


def next_slice(workflow: Workflow) -> GraphSlice:
    """The slice that goes on with what is left."""
    found = slice_of(workflow)
    for number in workflow.given_up:
        if found.steps_left > 0:
            work = workflow.works[number]
            found.give_up(work.first_node, work.beyond, has_task=work.task_id is not None)
        else:
            found.is_cut = True
    if workflow.status in STOPPING:
        found.prune_waiting(_stopped_spans(workflow))
    found.spread()
    if not found.is_cut:
        found.go_on(_released_spans(workflow))
    return found
