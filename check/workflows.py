"""The law about graphs of workflows: what is released has all its parents, what is pruned lacks one, nothing is forgotten. Pure.

Written from docs/reference/idds.md, "Releases and pruning", node by node, from the parents of each and without counters: a node
is waiting, released, or ended (finished, failed, pruned).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from check.of_workflows import LawOfWorkflows
from schemas.types import WorkEnd, WorkflowEnding

WAITING, RELEASED, FINISHED, FAILED, PRUNED = "waiting", "released", "finished", "failed", "pruned"
ENDED = frozenset({FINISHED, FAILED, PRUNED})
#: After which a slice is under way, and nothing may be said to be forgotten.
GOES_ON = frozenset({"WorkflowSealed", "WorkEndReported", "WorkflowResumed", "WorkflowEndOrdered", "WorkflowRetried"})


@dataclass(slots=True)
class NodeLedger:
    """Of one workflow. works: first node and first node beyond of each. over: works that are given up. ending: as ordered.

    closed: works that wait for a condition. late: those that one opened after the end was ordered. ended_well: works that did.
    """

    states: list[str] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    parents: dict[int, list[int]] = field(default_factory=dict)
    works: list[tuple[int, int]] = field(default_factory=list)
    started: set[int] = field(default_factory=set)
    over: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    ended_well: set[int] = field(default_factory=set)
    ending: WorkflowEnding | None = None
    sealed: bool = False
    suspended: bool = False
    restarting: bool = False
    goes_on: bool = False
    final: bool = False


@dataclass
class NodesReleasedOnce(LawOfWorkflows[NodeLedger]):
    """A node is released once an attempt, when all its parents ended well; pruned when they ended and not all well."""

    name: str = "a node of a workflow is released when its parents ended well, is pruned when one did not, and is not forgotten"

    def opened(self) -> NodeLedger:
        """Of no nodes."""
        return NodeLedger()

    def entered(self, ledger: NodeLedger, name: str, event: Any) -> Iterator[str]:
        """A release, a pruning or an end that the graph does not give."""
        yield from _entered(ledger, name, event)

    def left(self, ledger: NodeLedger) -> Iterator[str]:
        """Nodes that wait for nothing."""
        if ledger.goes_on or ledger.final or ledger.suspended or not ledger.sealed:
            return
        for node, state in enumerate(ledger.states):
            is_open = state == WAITING and _work_of(ledger, node) not in ledger.closed
            if is_open and all(ledger.states[one] in ENDED for one in ledger.parents.get(node, ())):
                yield f"node {node} waits, all its parents have ended"


def _entered(ledger: NodeLedger, name: str, event: Any) -> Iterator[str]:  # noqa: C901 - one case an event
    ledger.goes_on = ledger.goes_on or name in GOES_ON
    match name:
        case "WorksAdded":
            for one in event.works:
                first = ledger.works[-1][1] if ledger.works else 0
                if one.waits:
                    ledger.waiting.add(len(ledger.works))
                    ledger.closed.add(len(ledger.works))
                ledger.works.append((first, first + one.nodes))
            ledger.states += [WAITING] * len(event.depths)
            ledger.depths += event.depths
        case "EdgesAdded":
            yield from _edges(ledger, event)
        case "WorkflowSealed":
            ledger.sealed = True
        case "WorkStarted":
            ledger.started.add(event.work)
        case "WorkEndReported":
            ledger.over.add(event.work)
        case "WorkEnded":
            if event.end is WorkEnd.FINISHED:
                ledger.ended_well.add(event.work)
        case "ConditionEvaluated":
            ledger.goes_on = ledger.goes_on or event.more
            ledger.closed -= set(event.works)
            ledger.late |= set(event.works) if ledger.ending is not None else set()
        case "WorkflowSuspended" | "WorkflowResumed":
            ledger.suspended = name == "WorkflowSuspended"
        case "WorkflowEndOrdered":
            ledger.ending, ledger.suspended, ledger.restarting = event.ending, False, False
            ledger.late.clear()
        case "WorkflowRetried":
            ledger.ending, ledger.final, ledger.restarting = None, False, True
            ledger.over.clear()
            ledger.late.clear()
            ledger.closed = ledger.waiting - ledger.ended_well
        case "NodesRestarted":
            yield from _restarted(ledger, event)
        case "NodesAdvanced":
            yield from _advanced(ledger, event)
        case "WorkflowFinalized":
            left = sum(
                state not in ENDED and _work_of(ledger, node) not in ledger.closed for node, state in enumerate(ledger.states)
            )
            if ledger.sealed and left:
                yield f"it ended, {left} of its nodes have not"
            ledger.final, ledger.goes_on, ledger.suspended = True, False, False
        case _:
            pass


def _edges(ledger: NodeLedger, event: Any) -> Iterator[str]:
    if sum(event.counts) != len(event.children):
        yield f"{sum(event.counts)} edges are announced, {len(event.children)} are named"
        return
    children = iter(event.children)
    for parent, count in enumerate(event.counts, start=event.first_parent):
        for child in islice(children, count):
            is_there = max(parent, child) < len(ledger.states) and min(parent, child) >= 0
            if not is_there or ledger.depths[parent] >= ledger.depths[child]:
                yield f"the edge {parent} -> {child} does not go deeper in the graph"
                continue
            if parent in ledger.parents.setdefault(child, []):
                yield f"the edge {parent} -> {child} comes twice"
            ledger.parents[child].append(parent)


def _advanced(ledger: NodeLedger, event: Any) -> Iterator[str]:
    ledger.goes_on = event.more
    for nodes, state, said in (
        (event.finished, FINISHED, event.finished_total),
        (event.failed, FAILED, event.failed_total),
        (event.pruned, PRUNED, event.pruned_total),
    ):
        yield from _counted(ledger, nodes, said, state)
        for node in _numbers(ledger, nodes):
            if ledger.states[node] in ENDED:
                yield f"node {node} is said to be {state}, it is {ledger.states[node]}"
            ledger.states[node] = state
    for node in _numbers(ledger, event.recovered):
        if ledger.states[node] not in (FAILED, PRUNED):
            yield f"node {node} is said to end well after all, it is {ledger.states[node]}"
        ledger.states[node] = FINISHED
    for node in _numbers(ledger, event.pruned):
        parents = [ledger.states[one] for one in ledger.parents.get(node, ())]
        is_lost = all(one in ENDED for one in parents) and any(one != FINISHED for one in parents)
        if not is_lost and not _is_given_up(ledger, node):
            yield f"node {node} is pruned, its parents are {', '.join(parents) or 'none'}"
    yield from _counted(ledger, event.released, event.released_total, RELEASED)
    for node in _numbers(ledger, event.released):
        yield from _released(ledger, node)
        ledger.states[node] = RELEASED


def _released(ledger: NodeLedger, node: int) -> Iterator[str]:
    if ledger.states[node] != WAITING:
        yield f"node {node} is released, it is {ledger.states[node]}"
    for parent in ledger.parents.get(node, ()):
        if ledger.states[parent] != FINISHED:
            yield f"node {node} is released, its parent {parent} is {ledger.states[parent]}"
    work = _work_of(ledger, node)
    if work in ledger.closed:
        yield f"node {node} is released, no condition has opened its work {work}"
    is_stopped = ledger.ending not in (None, WorkflowEnding.CLOSE) and work not in ledger.late
    if ledger.suspended or ledger.restarting or is_stopped:
        yield f"node {node} is released in a workflow that releases nothing"


def _is_given_up(ledger: NodeLedger, node: int) -> bool:
    """Whether the workflow is stopped, or the work of the node has no task any more."""
    if ledger.ending not in (None, WorkflowEnding.CLOSE):
        return True
    work = _work_of(ledger, node)
    return work in ledger.over or (ledger.ending is not None and work not in ledger.started)


def _work_of(ledger: NodeLedger, node: int) -> int:
    """The number of the work that has the node; -1 for none."""
    place = bisect_right(ledger.works, node, key=lambda one: one[1])
    return place if place < len(ledger.works) else -1


def _restarted(ledger: NodeLedger, event: Any) -> Iterator[str]:
    yield from _counted(ledger, event.nodes, event.total, "waiting again")
    for node in _numbers(ledger, event.nodes):
        if ledger.states[node] not in (FAILED, PRUNED):
            yield f"node {node} is to wait again, it is {ledger.states[node]}"
        ledger.states[node] = WAITING
    if not event.more:
        left = [node for node, state in enumerate(ledger.states) if state in (FAILED, PRUNED)]
        if left:
            yield f"the retry is through, node {left[0]} is {ledger.states[left[0]]}"
        ledger.restarting = False


def _counted(ledger: NodeLedger, nodes: Iterable[Any], said: int, what: str) -> Iterator[str]:
    named = sum(max(0, one.last + 1 - one.first) for one in nodes)
    if named != said:
        yield f"{said} nodes are said to be {what}, {named} are named"
    if any(one.last >= len(ledger.states) for one in nodes):
        yield f"nodes are said to be {what} beyond the {len(ledger.states)} of the graph"


def _numbers(ledger: NodeLedger, nodes: Iterable[Any]) -> Iterator[int]:
    """Those that the graph has."""
    for one in nodes:
        yield from range(one.first, min(one.last + 1, len(ledger.states)))
