"""A workflow alone, without a log: its decisions are folded at once, and what it tells itself waits until it is let go on."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from commands import undo
from commands.decision import Decision
from commands.snapshot import MAIN
from commands.workflow.decide import decide
from commands.workflow.evolve import evolve
from commands.workflow.follows import follows
from commands.workflow.graph import DEFERRED
from commands.workflow.model import Workflow, initial
from commands.workflow.settle import settle
from commands.workflow.snapshot import SNAPSHOT
from commands.workflow.transitions import WorkflowStatus
from schemas.bounds import problems_of
from schemas.types import CommandEnvelope, EventEnvelope, NodeRange, UnitRange, WorkDefinition
from schemas.workflow import (
    AddEdges,
    AddWorks,
    AdvanceWorkflow,
    NodesAdvanced,
    RecordUnitEnds,
    SealWorkflow,
    StartWork,
    SubmitWorkflow,
)
from streams.idds.compile import CompiledGraph, compile_graph
from streams.idds.compile_conditions import CompiledConditions, compile_conditions
from streams.idds.model import WorkCondition, WorkflowPlan, WorkPlan
from streams.idds.zipped import UnpackingAllowance

REQUEST = "10000001"
START = 1_800_000_000_000_000
STATES = ("waiting", "waiting", "waiting", "waiting", "released", "finished", "failed", "pruned")
#: Name of a work -> name of a job -> the (work, job) that it waits for.
Jobs = dict[str, dict[str, list[tuple[str, str]]]]
NO_CONDITIONS = CompiledConditions()


def plan_of(jobs: Jobs, conditions: tuple[WorkCondition, ...] = (), first: tuple[str, ...] = ()) -> WorkflowPlan:
    """The plan of a request: works by their names. first: those that start at once."""
    works = tuple(_work(name, found) for name, found in jobs.items())
    return WorkflowPlan("wf", "wf", works, conditions, (), (), first, {}, {}, None, False, None, None, None, {})


def within(
    name: str, jobs: Jobs, nodes: tuple[str, ...], conditions: tuple[WorkCondition, ...] = (), first: tuple[str, ...] = ()
) -> WorkflowPlan:
    """A workflow within another one: those works of `jobs` that `nodes` names."""
    works = tuple(_work(one, jobs[one]) for one in nodes)
    return WorkflowPlan(name, name, works, conditions, (), (), first, {}, {}, None, False, None, None, None, {})


def around(plan: WorkflowPlan, *inner: WorkflowPlan) -> WorkflowPlan:
    """The plan with workflows within it in place of their works."""
    own = {work.work_id for one in inner for work in one.all_works}
    works = (one for one in plan.nodes if isinstance(one, WorkPlan) and one.work_id not in own)
    return replace(plan, nodes=(*works, *inner))


def compiled(jobs: Jobs | WorkflowPlan) -> CompiledGraph:
    """The graph as the compiler of requests numbers it."""
    plan = jobs if isinstance(jobs, WorkflowPlan) else plan_of(jobs)
    found = compile_graph(plan, UnpackingAllowance())
    assert isinstance(found, CompiledGraph), found
    return found


def _work(name: str, jobs: dict[str, list[tuple[str, str]]]) -> WorkPlan:
    job_map = tuple(
        {"name": job, "dependencies": [{"task": task, "inputname": parent} for task, parent in parents]}
        for job, parents in jobs.items()
    )
    return WorkPlan(name, "DomaPanDAWork", name, name, job_map, {}, {}, {}, {}, {}, (), ())


def submission(
    graph: CompiledGraph, *, nodes_max: int = 5_000, conditions: CompiledConditions = NO_CONDITIONS, **more: Any
) -> list[Any]:
    """The commands that bring a compiled graph, in chunks of so many nodes."""
    works = tuple(
        WorkDefinition(
            internal_id=one.plan.work_id,
            name=one.plan.task_name,
            nodes=len(one.names),
            waits=one.plan.work_id in conditions.waiting,
        )
        for one in graph.works
    )
    chunks: list[Any] = [AddWorks(chunk=0, works=works)]
    for one in conditions.definitions:
        chunks.append(AddWorks(chunk=len(chunks), conditions=(one,)))
    for first in range(0, graph.nodes, nodes_max):
        chunks.append(AddWorks(chunk=len(chunks), works=(), depths=tuple(graph.depths[first : first + nodes_max])))
    for first in range(0, graph.nodes, nodes_max):
        parents = range(first, min(first + nodes_max, graph.nodes))
        counts = tuple(graph.first_child[one + 1] - graph.first_child[one] for one in parents)
        children = graph.children[graph.first_child[first] : graph.first_child[parents[-1] + 1]]
        chunks.append(AddEdges(chunk=len(chunks), first_parent=first, counts=counts, children=tuple(children)))
    totals: dict[str, Any] = {"works": len(works), "nodes": graph.nodes, "edges": len(graph.children)}
    announced = {**totals, "conditions": len(conditions.definitions), **more}
    return [SubmitWorkflow(request_id=int(REQUEST), digest="d1", **announced), *chunks, SealWorkflow(**totals)]


@dataclass(slots=True)
class Alone:
    """One workflow. slices: commands to itself that wait. told: (task, command) to others. rows: kept by what changed.

    statuses: after each event. releases: how often each node was released. is_kept: events and rows are, as a test needs them.
    """

    workflow: Workflow = field(default_factory=initial)
    events: list[Any] = field(default_factory=list)
    told: list[tuple[str, Any]] = field(default_factory=list)
    slices: int = 0
    now: int = START
    sent: int = 0
    rows: dict[str, Any] = field(default_factory=dict)
    statuses: list[WorkflowStatus] = field(default_factory=list)
    releases: Counter[int] = field(default_factory=Counter)
    is_kept: bool = True

    def send(self, command: Any, actor: str = "jdoe") -> Decision:
        """The decision, folded with what settles after it."""
        assert not problems_of(command), problems_of(command)
        self.sent += 1
        number = str(UUID(int=self.sent))
        by = CommandEnvelope(
            command_id=number, aggregate_id=REQUEST, correlation_id=number, issued_at=self.now, actor=actor, role="system",
            vo="wlcg",
        )  # fmt: skip
        decision = decide(self.workflow, command, by)
        for event in decision.events:
            self._fold(event, number, actor)
        settled = []
        if decision.events:
            while (following := settle(self.workflow)) is not None:
                self._fold(following, number, actor)
                settled.append(following)
        for one in (*decision.follow_ups, *(one for event in settled for one in follows(self.workflow, event))):
            if isinstance(one.command, AdvanceWorkflow):
                assert one.aggregate_id == REQUEST
                self.slices += 1
            else:
                assert not problems_of(one.command), problems_of(one.command)
                if self.is_kept:
                    self.told.append((one.aggregate_id, one.command))
        return decision

    def _fold(self, event: Any, number: str, actor: str) -> None:
        assert not problems_of(event), problems_of(event)
        envelope = EventEnvelope(
            event_id=number, aggregate_id=REQUEST, sequence=len(self.statuses) + 1, decision_index=0, decision_size=1,
            command_id=number, correlation_id=number, occurred_at=self.now, actor=actor, vo="wlcg", role="system",
            writer_epoch=1, causation_id=None, command_type="X",
        )  # fmt: skip
        parts = set(SNAPSHOT.changed(self.workflow, event))
        undo.keep(self.workflow)
        self.workflow = evolve(self.workflow, event, envelope)
        self.statuses.append(self.workflow.status)
        if not self.is_kept:
            return
        self.events.append(event)
        self.rows.update(dict(SNAPSHOT.rows(self.workflow, {*parts, MAIN})))
        if isinstance(event, NodesAdvanced):
            self.releases.update(numbers(event.released))

    def go_on(self) -> None:
        """All slices that wait, one after the other."""
        while self.slices:
            self.slices -= 1
            self.send(AdvanceWorkflow())

    def start(self) -> None:
        """Every work gets the task of its number."""
        for number in self.workflow.works:
            self.send(StartWork(work=number, task_id=task_of(number)))

    def end(self, *nodes: int, well: bool = True) -> Decision:
        """Jobs of nodes of one work ended."""
        number = self.workflow.work_of(nodes[0])
        ids = [node - self.workflow.works[number].first_node + 1 for node in nodes]
        units = tuple(UnitRange(first=one, last=one) for one in ids)
        ends = {"finished": units} if well else {"failed": units}
        return self.send(RecordUnitEnds(task_id=task_of(number), **ends))

    def states(self) -> list[str]:
        """Where each node stands."""
        return [STATES[state & ~DEFERRED] for state in self.workflow.graph.states]

    def restored(self) -> Workflow:
        """The state that the rows make."""
        found: Workflow = SNAPSHOT.restored(self.rows)
        return found


def task_of(work: int) -> int:
    """The task that a work gets in these scenes."""
    return 20_000_000 + work


def numbers(ranges: tuple[NodeRange, ...]) -> list[int]:
    """Every number of the ranges."""
    return [node for one in ranges for node in range(one.first, one.last + 1)]


def conditions_of(
    jobs: Jobs | WorkflowPlan, conditions: tuple[WorkCondition, ...] = (), first: tuple[str, ...] = ()
) -> CompiledConditions:
    """Conditions as the compiler of requests numbers them."""
    found = compile_conditions(jobs if isinstance(jobs, WorkflowPlan) else plan_of(jobs, conditions, first))
    assert isinstance(found, CompiledConditions), found
    return found


def a_workflow(jobs: Jobs | WorkflowPlan, *, nodes_max: int = 5_000, **more: Any) -> Alone:
    """One that is sealed and has its tasks, and of which everything was released that waits for nothing."""
    found = Alone()
    for command in submission(compiled(jobs), nodes_max=nodes_max, **more):
        decision = found.send(command)
        assert decision.refusal is None, decision.refusal
    found.start()
    found.go_on()
    return found
