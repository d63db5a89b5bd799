"""The graph of a workflow's jobs as arrays: a state, a counter of parents and a depth a node, children behind each other.

A node is a job, numbered through the works. Every change notes its undo (`commands/undo.py`); the arrays grow and are never
replaced. Source: docs/decisions/0094; docs/reference/idds.md, "Graphs of jobs".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from commands.undo import UndoArray, UndoBytes
from schemas.intervals import Intervals

#: States of a node. WAITING: for parents. READY: all of them ended well. DOOMED: waits, and one parent did not end well. LOST:
#: all ended, one of them not well. Then RELEASED, until its job ended: FINISHED or FAILED; or PRUNED, which never runs.
WAITING, READY, DOOMED, LOST, RELEASED, FINISHED, FAILED, PRUNED = range(8)
#: Added to the state of a node that ended and whose children do not count it as ended yet.
DEFERRED = 8
#: What is looked for among all states, as runs of bytes.
NOT_RELEASED = re.compile(rb"[\x00-\x03]+")
NOT_ENDED = re.compile(rb"[\x00-\x04]+")
NOT_WELL = re.compile(rb"[\x06\x07]+")
LATER = re.compile(rb"[\x0d-\x0f]+")
IS_READY = re.compile(rb"\x01+")
IS_LOST = re.compile(rb"\x03+")
IS_RELEASED = re.compile(rb"\x04+")
IS_PRUNED = re.compile(rb"[\x07\x0f]+")


def _numbers() -> UndoArray:
    return UndoArray("I")


@dataclass(slots=True)
class JobGraph:
    """Columns with a place for each node; `children` with one for each edge, where those of node n begin at `offsets[n]`.

    offsets ends with the last node of which children came.
    """

    states: UndoBytes = field(default_factory=UndoBytes)
    outstanding: UndoArray = field(default_factory=_numbers)
    depths: UndoArray = field(default_factory=_numbers)
    offsets: UndoArray = field(default_factory=_numbers)
    children: UndoArray = field(default_factory=_numbers)

    def __len__(self) -> int:
        return len(self.states)

    @property
    def last_parent(self) -> int:
        """The last node of which children came; -1 before the first."""
        return len(self.offsets) - 1

    def bounds_of(self, node: int) -> tuple[int, int]:
        """Where the children of a node begin and end."""
        last = len(self.offsets) - 1
        if node > last:
            return 0, 0
        return self.offsets[node], self.offsets[node + 1] if node < last else len(self.children)

    def children_of(self, node: int, start: int = 0, end: int | None = None) -> Iterable[int]:
        """The children of a node, in ascending order; those from place `start` to `end` among them."""
        first, beyond = self.bounds_of(node)
        return self.children[first + start : beyond if end is None else first + end]

    def runs(self, wanted: re.Pattern[bytes], first: int = 0, beyond: int | None = None) -> Iterator[tuple[int, int]]:
        """Nodes in the wanted states, as intervals in order."""
        for found in wanted.finditer(self.states, first, len(self) if beyond is None else beyond):
            yield found.start(), found.end() - 1

    def nodes_in(self, wanted: re.Pattern[bytes], first: int = 0, beyond: int | None = None) -> Iterator[int]:
        """Nodes in the wanted states, in order."""
        for start, last in self.runs(wanted, first, beyond):
            yield from range(start, last + 1)

    def has(self, *states: int) -> bool:
        """Whether a node is in one of the states; costs a look at each byte."""
        return any(self.states.find(state) >= 0 for state in states)

    def add_nodes(self, depths: Iterable[int]) -> None:
        """The next nodes, without parents so far."""
        before = len(self.depths)
        self.depths.extend(depths)
        count = len(self.depths) - before
        self.states.extend(bytes([READY]) * count)
        self.outstanding.extend([0] * count)

    def add_edges(self, first_parent: int, counts: Iterable[int], children: Iterable[int]) -> None:
        """The next edges, sorted by parent: `counts` of the first parent, of the node after it, and so on."""
        start, last = len(self.children), self.last_parent
        starts = list(accumulate(counts, initial=start))[:-1]
        self.offsets.extend(starts[1:] if first_parent == last else [start] * (first_parent - last - 1) + starts)
        self.children.extend(children)
        for child in self.children[start:]:
            self.outstanding[child] += 1
            if self.states[child] != WAITING:
                self.states[child] = WAITING

    def set_states(self, nodes: Intervals, state: int) -> None:
        """These nodes are in this state."""
        for first, last in nodes:
            for node in range(first, last + 1):
                self.states[node] = state

    def count_down(self, children: Iterable[int], *, well: bool) -> None:
        """One parent of each of these ended."""
        states, outstanding = self.states, self.outstanding
        for child in children:
            left = outstanding[child] - 1
            outstanding[child] = left
            after = after_parent(states[child], left, well=well)
            if after != states[child]:
                states[child] = after

    def wait_again(self, node: int) -> None:
        """A node that ended runs again: it waits for those of its parents that did not end well, and its children for it."""
        for child in self.children_of(node):
            self.outstanding[child] += 1
            if self.states[child] == READY:
                self.states[child] = WAITING
        self.states[node] = WAITING if self.outstanding[node] else READY


def after_parent(state: int, outstanding: int, *, well: bool) -> int:
    """The state of a node after one of its parents ended and so many have not."""
    if state not in (WAITING, DOOMED):
        return state
    doomed = state == DOOMED or not well
    if outstanding:
        return DOOMED if doomed else WAITING
    return LOST if doomed else READY
