"""Random works, jobs and conditions between works, through the compiler and the aggregate, against the interpreter."""

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import pytest

from commands import undo
from commands.workflow import slices
from commands.workflow.transitions import FINAL, WorkflowStatus
from schemas.types import ConditionBranch, WorkEnd
from schemas.workflow import AbortWorkflow, ConditionEvaluated, RecordWorkEnd, ResumeWorkflow, RetryWorkflow, SuspendWorkflow
from streams.idds.compile_conditions import starting_works
from streams.idds.model import ConditionMethod, Operator, Predicate, WorkCondition, WorkflowPlan, WorkMethod
from tests.commands.conditions_reference import ENDS, FlowInterpreter
from tests.commands.workflow_scenes import Alone, Jobs, a_workflow, compiled, conditions_of, plan_of, task_of, within
from tests.doses import dose

FLOWS = dose(900, fast=90)
TASK_ENDS = {"finished": WorkEnd.FINISHED, "failed": WorkEnd.FAILED, "cancelled": WorkEnd.CANCELLED}


class Flow:
    """A drawn workflow, partly in workflows within; works that start at once wait for each other's jobs, others for their own."""

    def __init__(self, draw: random.Random) -> None:
        self.draw, self.serial, self.works = draw, 0, 0
        drawn = self.flow("wf", 0)
        names = [work.work_id for work in drawn.all_works]
        at_once = set(starting_works(drawn))
        self.jobs: Jobs = {name: {} for name in names}
        known: list[tuple[str, str]] = []
        for name in sorted(names, key=lambda _: draw.random()):
            for number in range(draw.choice((0, 1, 2, 4))):
                own = [one for one in known if one[0] == name or {name, one[0]} <= at_once]
                self.jobs[name][f"j{number}"] = draw.sample(own, min(len(own), draw.choice((0, 0, 1, 2))))
                known.append((name, f"j{number}"))
        if not known:
            self.jobs[names[0]]["j0"] = []
        self.plan = self.with_jobs(drawn)

    def flow(self, name: str, nested: int) -> WorkflowPlan:
        """A workflow of works, of workflows, and of conditions between them, which start what does not start at once."""
        draw = self.draw
        nodes: list[str] = []
        inner: list[WorkflowPlan] = []
        for _ in range(draw.randint(2, 6) if not nested else draw.randint(1, 3)):
            self.works += 1
            if nested < 2 and draw.random() < 0.2:
                inner.append(self.flow(f"f{self.works}", nested + 1))
                nodes.append(inner[-1].workflow_id)
            else:
                nodes.append(f"w{self.works}")
        first = tuple(draw.sample(nodes, draw.randint(1, max(1, len(nodes) // 2))))
        behind = [one for one in nodes if one not in first]
        conditions = [self.condition(nodes, behind, 0) for _ in range(draw.randint(0, 3))]
        for one in set(behind) - set(self.targets(conditions)):
            self.serial += 1
            asked = WorkMethod(draw.choice(("is_terminated", "is_processed")), draw.choice(nodes))
            conditions.append(WorkCondition(f"c{self.serial}", Operator.AND, (asked,), (one,), ()))
        works = tuple(one for one in nodes if one.startswith("w"))
        plan = within(name, {one: {} for one in works}, works, tuple(draw.sample(conditions, len(conditions))), first)
        return replace(plan, nodes=(*plan.nodes, *inner))

    def with_jobs(self, plan: WorkflowPlan) -> WorkflowPlan:
        """The plan with the jobs of its works."""
        named = {one.work_id: one for one in plan_of(self.jobs).all_works}
        nodes = (self.with_jobs(one) if isinstance(one, WorkflowPlan) else named[one.work_id] for one in plan.nodes)
        return replace(plan, nodes=tuple(nodes))

    def condition(self, nodes: list[str], behind: list[str], nested: int) -> WorkCondition:
        draw = self.draw
        self.serial += 1
        return WorkCondition(
            f"c{self.serial}",
            draw.choice(tuple(Operator)),
            tuple(self.predicate(nodes, nested) for _ in range(draw.choice((0, 1, 1, 2, 3)))),
            self.branch(nodes, behind, nested, draw.choice((1, 1, 2))),
            self.branch(nodes, behind, nested, draw.choice((0, 1))),
        )

    def predicate(self, nodes: list[str], nested: int) -> Predicate:
        kind = self.draw.random()
        if kind < 0.05:
            return self.draw.random() < 0.5
        if kind < 0.2 and nested < 2:
            method = self.draw.choice(("is_condition_true", "is_condition_false", "get_condition_status"))
            return ConditionMethod(method, self.condition(nodes, [], nested + 1))
        return WorkMethod(self.draw.choice((*ENDS, "is_started")), self.draw.choice(nodes))

    def branch(self, nodes: list[str], behind: list[str], nested: int, count: int) -> "tuple[str | WorkCondition, ...]":
        if nested < 2 and self.draw.random() < 0.2:
            return (self.condition(nodes, behind, nested + 1),)
        return tuple(self.draw.sample(behind, min(count, len(behind))))

    def targets(self, conditions: "Sequence[str | WorkCondition]") -> list[str]:
        found: list[str] = []
        for one in conditions:
            found += [one] if isinstance(one, str) else self.targets((*one.true_targets, *one.false_targets))
        return found

    def alone(self) -> Alone:
        return a_workflow(self.plan, conditions=conditions_of(self.plan))

    def interpreter(self) -> FlowInterpreter:
        graph = compiled(self.plan)
        parents: dict[int, list[int]] = {node: [] for node in range(graph.nodes)}
        for parent, child in graph.edges():
            parents[child].append(parent)
        of_work = (range(one.first_node, one.first_node + len(one.names)) for one in graph.works)
        works = {node: number for number, nodes in enumerate(of_work) for node in nodes}
        return FlowInterpreter(parents, works, [one.plan.work_id for one in graph.works], self.plan)


def one_step(draw: random.Random, alone: Alone, flow: FlowInterpreter) -> None:
    """Jobs end, or a task does, or the workflow is suspended, resumed or aborted; then all slices go on."""
    kind = draw.random()
    works = [number for number, name in enumerate(flow.names) if name in flow.opened and name not in flow.task_ends]
    if kind < 0.04 and alone.workflow.status is WorkflowStatus.TRANSFORMING:
        alone.send(SuspendWorkflow())
        flow.suspend(yes=True)
    elif alone.workflow.status is WorkflowStatus.SUSPENDED and (kind < 0.4 or not works):
        alone.send(ResumeWorkflow())
        flow.suspend(yes=False)
    elif kind < 0.06 and alone.workflow.status is WorkflowStatus.TRANSFORMING:
        alone.send(AbortWorkflow())
        flow.stop()
    elif kind < 0.6 and flow.at_work:
        work = flow.works[draw.choice(flow.at_work)]
        mine = [node for node in flow.at_work if flow.works[node] == work]
        nodes, well = draw.sample(mine, draw.randint(1, len(mine))), draw.random() < 0.7
        for _ in range(draw.choice((1, 1, 2))):
            alone.end(*nodes, well=well)
        for node in nodes:
            flow.end(node, well=well)
    elif works:
        work, end = draw.choice(works), draw.choice(tuple(TASK_ENDS))
        for _ in range(draw.choice((1, 1, 2))):
            alone.send(RecordWorkEnd(task_id=task_of(work), end=TASK_ENDS[end]))
        flow.end_task_so(work, end)
    alone.go_on()


def compare(alone: Alone, flow: FlowInterpreter, since: int) -> None:
    works = alone.workflow.works.values()
    assert alone.states() == list(flow.state.values())
    assert dict(alone.releases) == {node: count for node, count in flow.runs.items() if count}
    assert {one.name for one in works if one.is_open} == flow.opened
    assert {one.name: one.end.lower() for one in works if one.end is not None} == flow.ends
    taken = [one for one in alone.events[since:] if isinstance(one, ConditionEvaluated)]
    assert sorted((one.condition_id, one.branch is ConditionBranch.TRUE) for one in taken) == sorted(flow.taken)


@pytest.mark.parametrize("steps", [3, 11, 20_000])
def test_random_flows_start_the_works_that_the_interpreter_starts(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_STEPS", steps)
    opened = evaluated = 0
    for seed in range(FLOWS // 3 + 1):
        draw = random.Random(1_000_000 * steps + seed)
        drawn = Flow(draw)
        alone, flow = drawn.alone(), drawn.interpreter()
        since = 0
        for _ in range(3):
            for _ in range(400):
                compare(alone, flow, since)
                if alone.workflow.status in FINAL:
                    break
                one_step(draw, alone, flow)
            assert alone.workflow.status in FINAL, (steps, seed)
            assert flow.at_end, (steps, seed)
            assert alone.restored() == alone.workflow, (steps, seed)
            evaluated += len(flow.taken)
            opened += len(flow.opened) - len(set(starting_works(drawn.plan)))
            if alone.workflow.status is WorkflowStatus.FINISHED:
                break
            since = len(alone.events)
            alone.send(RetryWorkflow())
            flow.retry()
            alone.go_on()
    assert min(opened, evaluated) > FLOWS // 3


def test_what_is_put_back_is_as_it_was() -> None:
    for seed in range(dose(100, fast=20)):
        draw = random.Random(seed)
        drawn = Flow(draw)
        alone, flow = drawn.alone(), drawn.interpreter()
        before = deepcopy(alone.workflow)
        mark = undo.mark()

        for _ in range(40):
            if alone.workflow.status in FINAL:
                alone.send(RetryWorkflow())
                flow.retry()
                alone.go_on()
            one_step(draw, alone, flow)
        undo.put_back(mark)
        undo.forget()

        assert alone.workflow == before, seed
