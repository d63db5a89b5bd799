"""The works of a workflow as a graph: which wait for which, in layers, and the states of their jobs as intervals. Pure.

In: rows of works, edges between jobs, states by page. Out: boxes and arrows with places in a drawing, and runs of equal states.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

#: Letters of states (`projections/workflows/nodes.py`) in words.
STATES: Mapping[str, str] = {"w": "waiting", "r": "released", "f": "finished", "x": "failed", "p": "pruned"}
WIDTH, HEIGHT, RIGHT, DOWN = 190, 62, 60, 16
#: More boxes cannot be read; the table has all works.
WORKS_DRAWN_MAX = 120
Edges = Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Box:
    """A work with its place in the drawing."""

    work: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the right side of a box to the left side of another; jobs: how many edges between jobs it stands for."""

    before: int
    after: int
    jobs: int
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class Run:
    """Jobs `first` to `last` of the workflow, all of one work and in one state."""

    first: int
    last: int
    work: int
    state: str


def edges_of_works(edges: Iterable[tuple[int, Sequence[int], Sequence[int]]], firsts: Sequence[int]) -> Edges:
    """How many edges lead from the jobs of a work to those of another, by both.

    edges: number of a parent, how many children it and each following parent have, and all children in that order.
    firsts: number of the first job of each work, in order.
    """
    found: Counter[tuple[int, int]] = Counter()
    for first_parent, counts, children in edges:
        at = 0
        for parent, count in enumerate(counts, first_parent):
            before = bisect_right(firsts, parent) - 1
            for child in children[at : at + count]:
                after = bisect_right(firsts, child) - 1
                if after != before:
                    found[before, after] += 1
            at += count
    return dict(found)


def layers_of(works: Iterable[int], edges: Edges) -> dict[int, int]:
    """By work how many works stand one after another before it; those that wait for each other in a circle share the last one."""
    known = list(works)
    waits = {work: {before for before, after in edges if after == work} for work in known}
    found: dict[int, int] = {}
    while len(found) < len(known):
        free = [work for work in known if work not in found and waits[work] <= found.keys()]
        if not free:
            last = max(found.values(), default=-1) + 1
            return found | {work: last for work in known if work not in found}
        found |= {work: max((found[before] for before in waits[work]), default=-1) + 1 for work in free}
    return found


def drawn(works: Sequence[Mapping[str, Any]], edges: Edges) -> dict[str, Any]:
    """`boxes`, `arrows`, `width` and `height`; none for more works than can be drawn."""
    numbers = [work["work"] for work in works]
    if not numbers or len(numbers) > WORKS_DRAWN_MAX:
        return {"boxes": [], "arrows": [], "width": 0, "height": 0}
    layers, filled = layers_of(numbers, edges), Counter[int]()
    boxes: dict[int, Box] = {}
    for number in numbers:
        layer = layers[number]
        boxes[number] = Box(number, layer * (WIDTH + RIGHT), filled[layer] * (HEIGHT + DOWN))
        filled[layer] += 1
    arrows = [_arrow(boxes[before], boxes[after], jobs) for (before, after), jobs in sorted(edges.items())
              if before in boxes and after in boxes]  # fmt: skip
    width, height = max(box.x for box in boxes.values()) + WIDTH, max(box.y for box in boxes.values()) + HEIGHT
    return {"boxes": list(boxes.values()), "arrows": arrows, "width": width, "height": height}


def _arrow(before: Box, after: Box, jobs: int) -> Arrow:
    return Arrow(before.work, after.work, jobs, before.x + WIDTH, before.y + HEIGHT // 2, after.x, after.y + HEIGHT // 2)


def runs_of(states: str, first: int, firsts: Sequence[int]) -> list[Run]:
    """The jobs of a page, of which the first has that number, as runs of equal work and state."""
    named = ((number, bisect_right(firsts, number) - 1, letter) for number, letter in enumerate(states, first))
    found = []
    for (work, letter), group in groupby(named, key=lambda one: (one[1], one[2])):
        numbers = [number for number, _, _ in group]
        found.append(Run(numbers[0], numbers[-1], work, STATES.get(letter, letter)))
    return found
