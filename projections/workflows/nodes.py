"""The state of each node of a workflow, and how many of each work are in which. Pure.

Invariant: the counters of a work are the numbers of its nodes with that state, because they change by what a node was before.
Events say of a node that it ended well after all, or waits again, and not what it was.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from projections.engine.changes import RowChanges
from schemas.types import NodeRange
from schemas.workflow import NodesAdvanced, NodesRestarted, WorksAdded

#: Of one row: an event with 200 ends anywhere in a large graph writes 200 rows of this size at most.
PAGE_NODES = 1_000
WAITING, RELEASED, FINISHED, FAILED, PRUNED = "w", "r", "f", "x", "p"
#: Columns of a work that count a state; what waits is the rest.
COUNTED = {RELEASED: "released", FINISHED: "finished", FAILED: "failed", PRUNED: "pruned"}
Moved = Counter[tuple[int, str]]


def pages_touched(event: object) -> Iterator[int]:
    """Pages of states that an event changes."""
    match event:
        case WorksAdded():
            yield from _pages(event.first_node, event.first_node + len(event.depths) - 1)
        case NodesAdvanced() | NodesRestarted():
            found = {page for ranges, _ in moves(event) for one in ranges for page in _pages(one.first, one.last)}
            yield from sorted(found)
        case _:
            pass


def moves(event: NodesAdvanced | NodesRestarted) -> tuple[tuple[Sequence[NodeRange], str], ...]:
    """Nodes and the state that they have after the event, in the order in which the decider sets them."""
    if isinstance(event, NodesRestarted):
        return ((event.nodes, WAITING),)
    return (
        (event.recovered, FINISHED), (event.finished, FINISHED), (event.failed, FAILED), (event.pruned, PRUNED),
        (event.released, RELEASED),
    )  # fmt: skip


def add_nodes(request_id: int, event: WorksAdded, changes: RowChanges) -> None:
    """The next nodes wait."""
    beyond = event.first_node + len(event.depths)
    for page in _pages(event.first_node, beyond - 1):
        row = changes.known("workflow_nodes", (request_id, page))
        states = "" if row is None else row["states"]
        upto = min(beyond - page * PAGE_NODES, PAGE_NODES)
        changes.insert(
            "workflow_nodes", {"request_id": request_id, "page": page, "states": states.ljust(upto, WAITING)}
        )


def move_nodes(
    request_id: int, event: NodesAdvanced | NodesRestarted, bounds: Sequence[int], changes: RowChanges
) -> Iterable[int]:
    """Nodes have other states; the works that they are of."""
    moved: Moved = Counter()
    for page, parts in _by_page(event).items():
        row = changes.known("workflow_nodes", (request_id, page))
        if row is None:
            continue
        states = list(row["states"])
        for first, last, state in parts:
            for at in range(first, min(last + 1, len(states))):
                if states[at] != state:
                    work = bisect_right(bounds, page * PAGE_NODES + at) - 1
                    moved[work, states[at]] -= 1
                    moved[work, state] += 1
                    states[at] = state
        changes.update("workflow_nodes", (request_id, page), {"states": "".join(states)})
    for (work, state), delta in moved.items():
        if state in COUNTED and delta:
            changes.add("workflow_work", (request_id, work), COUNTED[state], delta)
    return sorted({work for work, _ in moved})


def _by_page(event: NodesAdvanced | NodesRestarted) -> dict[int, list[tuple[int, int, str]]]:
    """First and last place in the page and the state, of each page."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for ranges, state in moves(event):
        for one in ranges:
            for page in _pages(one.first, one.last):
                start = page * PAGE_NODES
                part = (max(one.first - start, 0), min(one.last - start, PAGE_NODES - 1), state)
                found.setdefault(page, []).append(part)
    return found


def _pages(first: int, last: int) -> range:
    return range(first // PAGE_NODES, last // PAGE_NODES + 1) if last >= first else range(0)
