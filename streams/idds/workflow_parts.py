"""A compiled workflow as the commands that bring it into the log, part by part. Pure.

In: the graph, and what each work needs of its task. Out: the announcement's counts, then `AddWorks` and `AddEdges` with their
numbers: all works, links and conditions between them, then the depths of all nodes, then edges by parent. Guards: each part fits
a record; numbers and order follow from the request alone, so that one that is sent again makes the same parts.
Source: docs/decisions/0094, 0095.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.types import ConditionDefinition, LinkDefinition, WorkDefinition
from schemas.workflow import AddEdges, AddWorks
from streams.idds.compile import CompiledGraph, CompiledWork
from streams.idds.compile_tasks import TaskOrigin, task_parameters
from streams.idds.faults import NotInGrammar, RequestFault

WORKS_PER_PART, WORK_CHARACTERS_PER_PART = 500, 300_000
DEPTHS_PER_PART = PARENTS_PER_PART = 5_000
CHILDREN_PER_PART = 80_000
#: Conditions, and what they name: works, conditions, predicates.
CONDITIONS_PER_PART, MEMBERS_PER_PART = 500, 20_000
LINKS_PER_PART = 40
#: Names of jobs are in the kept request: they would not fit the parameters of a work.
LEFT_OUT = "pfnList"
PARAMETERS_CHARACTERS_MAX = 290_000


def definitions_of(
    graph: CompiledGraph, request_id: int, user_name: str, waiting: frozenset[str] = frozenset()
) -> tuple[WorkDefinition, ...] | RequestFault:
    """The works of `graph` in the order of their numbers, with the parameters of their tasks. waiting: ids of those that wait."""
    found = []
    for number, work in enumerate(graph.works, start=1):
        parameters = task_parameters(work, TaskOrigin(request_id, number, user_name))
        waits = work.plan.work_id in waiting
        one = parameters if isinstance(parameters, RequestFault) else _definition(work, parameters, waits=waits)
        if isinstance(one, RequestFault):
            return one
        found.append(one)
    return tuple(found)


def _definition(work: CompiledWork, parameters: Mapping[str, Any], *, waits: bool) -> WorkDefinition | RequestFault:
    kept = {name: value for name, value in parameters.items() if name != LEFT_OUT}
    text = json.dumps(kept, separators=(",", ":"))
    if len(text) > PARAMETERS_CHARACTERS_MAX:
        found = f"parameters of {len(text):,} characters, at most {PARAMETERS_CHARACTERS_MAX:,}"
        return NotInGrammar(work.plan.place, found).fault
    return WorkDefinition(
        internal_id=work.plan.work_id,
        name=work.plan.task_name,
        nodes=len(work.names),
        parameters_json=text,
        waits=waits,
    )


def parts_of(
    graph: CompiledGraph,
    definitions: Sequence[WorkDefinition],
    conditions: Sequence[ConditionDefinition] = (),
    links: Sequence[LinkDefinition] = (),
) -> Iterator[AddWorks | AddEdges]:
    """The commands after the announcement, in order."""
    chunk = 0
    for works in _by_size(definitions):
        yield AddWorks(chunk=chunk, works=works)
        chunk += 1
    for first in range(0, len(links), LINKS_PER_PART):
        yield AddWorks(chunk=chunk, links=tuple(links[first : first + LINKS_PER_PART]))
        chunk += 1
    for some in _by_members(conditions):
        yield AddWorks(chunk=chunk, conditions=some)
        chunk += 1
    depths = graph.depths
    for first in range(0, len(depths), DEPTHS_PER_PART):
        yield AddWorks(chunk=chunk, depths=tuple(depths[first : first + DEPTHS_PER_PART]))
        chunk += 1
    for first_parent, counts, children in _edges(graph):
        yield AddEdges(chunk=chunk, first_parent=first_parent, counts=counts, children=children)
        chunk += 1


def _by_size(definitions: Sequence[WorkDefinition]) -> Iterator[tuple[WorkDefinition, ...]]:
    part: list[WorkDefinition] = []
    characters = 0
    for one in definitions:
        size = len(one.parameters_json) + len(one.name) + 100
        if part and (len(part) >= WORKS_PER_PART or characters + size > WORK_CHARACTERS_PER_PART):
            yield tuple(part)
            part, characters = [], 0
        part.append(one)
        characters += size
    if part:
        yield tuple(part)


def _by_members(conditions: Sequence[ConditionDefinition]) -> Iterator[tuple[ConditionDefinition, ...]]:
    part: list[ConditionDefinition] = []
    members = 0
    for one in conditions:
        named = (one.predicates, one.true_works, one.false_works, one.true_conditions, one.false_conditions)
        count = sum(map(len, named))
        if part and (len(part) >= CONDITIONS_PER_PART or members + count > MEMBERS_PER_PART):
            yield tuple(part)
            part, members = [], 0
        part.append(one)
        members += count
    if part:
        yield tuple(part)


def _edges(graph: CompiledGraph) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """(first parent, children of it and of the next ones, these children); a parent with many may go on in the next part."""
    counts: list[int] = []
    children: list[int] = []
    first = 0
    for parent in range(graph.nodes):
        at, end = graph.first_child[parent], graph.first_child[parent + 1]
        if at == end and not counts:
            continue
        if not counts:
            first = parent
        while True:
            taken = min(end - at, CHILDREN_PER_PART - len(children))
            counts.append(taken)
            children.extend(graph.children[at : at + taken])
            at += taken
            if len(children) >= CHILDREN_PER_PART or len(counts) >= PARENTS_PER_PART:
                yield first, tuple(counts), tuple(children)
                counts, children, first = [], [], parent
            if at == end:
                break
    if children:
        yield first, tuple(counts), tuple(children)
