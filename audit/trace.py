"""One request and everything that followed from it, as a tree. Pure.

In: timeline rows of one correlation id. Out: commands with their events; below an event the commands it caused. Guards: a row
whose cause is not among the rows (of another request, or cut off by a limit) becomes a root, never disappears. What was caused
by an event that the timeline leaves out (`JobQueued`) stands below the decision that led there: ids follow from ids.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.ids import caused_command_id, event_id

Row = Mapping[str, Any]


@dataclass(slots=True)
class TraceNode:
    """A command that was decided, its events in order, and the commands that these caused."""

    command_id: str
    command_type: str
    aggregate: str
    aggregate_id: str
    actor: str
    role: str
    at: int
    causation_id: str | None
    events: list[Row] = field(default_factory=list)
    children: list["TraceNode"] = field(default_factory=list)


def tree_of(rows: Iterable[Row]) -> list[TraceNode]:
    """The roots, oldest first."""
    nodes: dict[str, TraceNode] = {}
    owner_of_event: dict[str, TraceNode] = {}
    for row in sorted(rows, key=lambda row: (row["at"], row["aggregate"], row["aggregate_id"], row["sequence"])):
        node = nodes.get(row["command_id"])
        if node is None:
            node = nodes[row["command_id"]] = TraceNode(
                row["command_id"],
                row["command_type"],
                row["aggregate"],
                row["aggregate_id"],
                row["actor"],
                row["role"],
                row["at"],
                row["causation_id"],
            )
        node.events.append(row)
        owner_of_event[row["event_id"]] = node
    owner_of_event |= {unfiled: node for node in nodes.values() for unfiled in _unfiled_events(node)}
    roots = []
    for node in nodes.values():
        cause = node.causation_id
        parent = None if cause is None else owner_of_event.get(cause) or nodes.get(cause)
        if parent is None or parent is node:
            roots.append(node)
        else:
            parent.children.append(node)
    return roots


def _unfiled_events(node: TraceNode) -> Iterator[str]:
    """Ids of the events that followed from the decision and are not in the timeline: that the job it made was queued."""
    if node.command_type == "DefineJob":
        yield event_id(caused_command_id(node.command_id, 0, "EnqueueJob"), 0)


def walk(roots: Iterable[TraceNode], depth: int = 0) -> Iterator[tuple[int, TraceNode]]:
    """Every node with its depth, parents before children."""
    stack = [(depth, node) for node in reversed(list(roots))]
    while stack:
        level, node = stack.pop()
        yield level, node
        stack += [(level + 1, child) for child in reversed(node.children)]
