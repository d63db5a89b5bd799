"""A workflow arrives in parts: what is announced, then works and depths, then edges, then the seal. Pure.

Guards: parts come in order, each once; an edge leads to a greater depth, so no circle can be said; children of a node come in
ascending order, so no edge comes twice. Source: docs/decisions/0094, 0090.
"""

from commands.decision import Decision, FollowUp, accept, refuse
from commands.workflow.conditions import new_condition, problem_of
from commands.workflow.links import problem_of_links
from commands.workflow.model import CONDITIONS_MAX, EDGES_MAX, NODES_MAX, WORKS_MAX, Workflow
from commands.workflow.transitions import WorkflowStatus
from schemas.records import names_of
from schemas.types import CommandEnvelope
from schemas.workflow import (
    AddEdges,
    AddWorks,
    AdvanceWorkflow,
    EdgesAdded,
    SealWorkflow,
    SubmitWorkflow,
    WorkflowSealed,
    WorkflowSubmitted,
    WorksAdded,
)

WAY_OUT = "submit parts as workflows of their own"


def submit(workflow: Workflow, command: SubmitWorkflow, by: CommandEnvelope) -> Decision:
    """Take the workflow on. The same request of the same caller again is accepted without an event."""
    if workflow.status is not WorkflowStatus.UNKNOWN:
        is_same = bool(command.digest) and command.digest == workflow.digest and by.actor == workflow.owner
        return accept() if is_same else refuse("ALREADY_EXISTS", f"workflow {by.aggregate_id} was submitted before")
    for found, most, what in (
        (command.works, WORKS_MAX, "works"),
        (command.nodes, NODES_MAX, "jobs"),
        (command.edges, EDGES_MAX, "dependencies"),
        (command.conditions, CONDITIONS_MAX, "conditions"),
    ):
        if found > most:
            return refuse("TOO_LARGE", f"{found:,} {what} in a request, expected at most {most:,}: {WAY_OUT}")
    return accept(WorkflowSubmitted(**{name: getattr(command, name) for name in names_of(SubmitWorkflow)}))


def add_works(workflow: Workflow, command: AddWorks) -> Decision:
    """The next works, and the depths of the next nodes."""
    if (refused := _out_of_turn(workflow, command.chunk)) is not None:
        return refused
    works, nodes, _ = workflow.announced
    first_work, first_node = len(workflow.works), len(workflow.graph)
    if first_work + len(command.works) > works:
        return refuse("NOT_ANNOUNCED", f"works: found {first_work + len(command.works):,}, {works:,} were announced")
    come = workflow.nodes_of_works + sum(one.nodes for one in command.works)
    if come > nodes:
        return refuse("NOT_ANNOUNCED", f"works: found {come:,} jobs in them, {nodes:,} were announced")
    if first_node + len(command.depths) > come:
        return refuse("BAD_GRAPH", f"depths: found {first_node + len(command.depths):,}, the works have {come:,} jobs")
    if command.works:
        names = {one.name for one in workflow.works.values()}
        for one in command.works:
            if one.name in names:
                return refuse("BAD_GRAPH", f"works: {one.name[:100]!r} names two works")
            names.add(one.name)
    problem = _problem_of_links(workflow, command) or _problem_of_conditions(workflow, command)
    if problem:
        return refuse("BAD_GRAPH", problem)
    return accept(
        WorksAdded(
            chunk=command.chunk,
            first_work=first_work,
            works=command.works,
            first_node=first_node,
            depths=command.depths,
            conditions=command.conditions,
            links=command.links,
        )
    )


def _problem_of_links(workflow: Workflow, command: AddWorks) -> str:
    """All works came before: links name them by number."""
    if not command.links:
        return ""
    if command.works or len(workflow.works) < workflow.announced[0]:
        return f"links: found after {len(workflow.works):,} works, {workflow.announced[0]:,} were announced"
    return problem_of_links(command.links, workflow.works, len(workflow.links))


def _problem_of_conditions(workflow: Workflow, command: AddWorks) -> str:
    """All works came before: conditions name them by number."""
    if not command.conditions:
        return ""
    come = len(workflow.conditions) + len(command.conditions)
    if come > workflow.announced_conditions:
        return f"conditions: found {come:,}, {workflow.announced_conditions:,} were announced"
    if command.works or len(workflow.works) < workflow.announced[0]:
        return f"conditions: found after {len(workflow.works):,} works, {workflow.announced[0]:,} were announced"
    known = dict(workflow.conditions)
    for definition in command.conditions:
        number = len(known)
        problem = problem_of(definition, number, workflow.works, known)
        if problem:
            return f"conditions: condition {number}: {problem}"
        known[number] = new_condition(definition, known)
    return ""


def add_edges(workflow: Workflow, command: AddEdges) -> Decision:
    """The next edges."""
    if (refused := _out_of_turn(workflow, command.chunk)) is not None:
        return refused
    graph = workflow.graph
    come = len(graph.children) + len(command.children)
    if come > workflow.announced[2]:
        return refuse("NOT_ANNOUNCED", f"children: found {come:,} dependencies, {workflow.announced[2]:,} were announced")
    problem = _problem_of_edges(workflow, command)
    if problem:
        return refuse("BAD_GRAPH", problem)
    return accept(
        EdgesAdded(
            chunk=command.chunk, first_parent=command.first_parent, counts=command.counts, children=command.children
        )
    )


def _problem_of_edges(workflow: Workflow, command: AddEdges) -> str:
    graph = workflow.graph
    if sum(command.counts) != len(command.children):
        return f"counts: found {sum(command.counts):,} in all, expected {len(command.children):,}, the length of children"
    if command.first_parent < graph.last_parent:
        return f"first_parent: found {command.first_parent}, expected {graph.last_parent} or more, as edges come by parent"
    if command.counts and command.first_parent + len(command.counts) > len(graph):
        return f"first_parent: found parents up to {command.first_parent + len(command.counts) - 1}, {len(graph)} nodes have come"
    at = 0
    for parent, count in enumerate(command.counts, start=command.first_parent):
        is_going_on = parent == graph.last_parent and graph.bounds_of(parent)[0] < len(graph.children)
        before = graph.children[-1] if is_going_on else -1
        for child in command.children[at : at + count]:
            if child >= len(graph):
                return f"children: found {child}, {len(graph)} nodes have come"
            if child <= before:
                return f"children: found {child} after {before} of parent {parent}, expected ascending order"
            if graph.depths[child] <= graph.depths[parent]:
                found = f"found the edge {parent} -> {child} from depth {graph.depths[parent]} to {graph.depths[child]}"
                return f"children: {found}, expected a greater depth"
            if workflow.waiting_works and _leaves_waiting_work(workflow, parent, child):
                return f"children: found the edge {parent} -> {child} out of or into a work that waits for a condition"
            before = child
        at += count
    return ""


def _leaves_waiting_work(workflow: Workflow, parent: int, child: int) -> bool:
    """A work that may never start would hold up what waits for it."""
    one, other = workflow.work_of(parent), workflow.work_of(child)
    return one != other and (workflow.works[one].waits or workflow.works[other].waits)


def seal(workflow: Workflow, command: SealWorkflow, by: CommandEnvelope) -> Decision:
    """Everything has come: the first slice follows."""
    found = (len(workflow.works), len(workflow.graph), len(workflow.graph.children))
    expected = (command.works, command.nodes, command.edges)
    if workflow.sealed:
        return accept() if found == expected else refuse("WRONG_STATUS", f"workflow {by.aggregate_id} is sealed")
    if workflow.status is not WorkflowStatus.SUBMITTING:
        return not_accepted(workflow, "seal")
    if not found == expected == workflow.announced:
        said = " and ".join(_counts(one) for one in dict.fromkeys((expected, workflow.announced)))
        return refuse("INCOMPLETE", f"{_counts(found)} have come, expected {said}")
    if len(workflow.conditions) != workflow.announced_conditions:
        found_conditions = f"{len(workflow.conditions):,} conditions have come"
        return refuse("INCOMPLETE", f"{found_conditions}, {workflow.announced_conditions:,} were announced")
    if not workflow.works:
        return refuse("NO_WORKS", "a workflow without works")
    if workflow.waiting_works == len(workflow.works):
        return refuse("NO_WORKS", "all works wait for a condition")
    sealed = WorkflowSealed(works=command.works, nodes=command.nodes, edges=command.edges)
    return accept(sealed, follow_ups=(FollowUp(by.aggregate_id, AdvanceWorkflow()),))


def not_accepted(workflow: Workflow, command: str) -> Decision:
    """The refusal of a command that does not fit the status."""
    if workflow.status is WorkflowStatus.UNKNOWN:
        return refuse("UNKNOWN_WORKFLOW", "no such workflow was submitted")
    return refuse("WRONG_STATUS", f"the {command} command is not accepted if the workflow is in {workflow.status} status")


def _out_of_turn(workflow: Workflow, chunk: int) -> Decision | None:
    """The answer to a chunk that came before, or too early."""
    if workflow.status is not WorkflowStatus.UNKNOWN and chunk < workflow.chunks:
        return accept()
    if workflow.status is not WorkflowStatus.SUBMITTING:
        return not_accepted(workflow, "add")
    if chunk > workflow.chunks:
        return refuse("MISSING_CHUNK", f"chunk: found {chunk}, expected {workflow.chunks}")
    return None


def _counts(found: tuple[int, int, int]) -> str:
    return f"{found[0]:,} works, {found[1]:,} jobs, {found[2]:,} dependencies"
