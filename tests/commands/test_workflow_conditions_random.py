"""Random works, jobs and conditions between works, through the compiler and the aggregate, against the interpreter."""

import random

import pytest

from commands.workflow import slices
from commands.workflow.transitions import FINAL, WorkflowStatus
from schemas.types import ConditionBranch, WorkEnd
from schemas.workflow import AbortWorkflow, ConditionEvaluated, RecordWorkEnd, ResumeWorkflow, RetryWorkflow, SuspendWorkflow
from streams.idds.model import ConditionMethod, Operator, Predicate, WorkCondition, WorkMethod
from tests.commands.conditions_reference import ENDS, FlowInterpreter
from tests.commands.workflow_scenes import Alone, Jobs, a_workflow, compiled, conditions_of, task_of
from tests.doses import dose

FLOWS = dose(900, fast=90)
TASK_ENDS = {"finished": WorkEnd.FINISHED, "failed": WorkEnd.FAILED, "cancelled": WorkEnd.CANCELLED}


class Flow:
    """A drawn workflow: works that start at once wait for each other's jobs, those behind conditions for their own only."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        names = [f"w{number}" for number in range(draw.randint(2, 7))]
        self.first = tuple(draw.sample(names, draw.randint(1, 3 if len(names) > 3 else 1)))
        self.behind = [name for name in names if name not in self.first]
        self.jobs: Jobs = {name: {} for name in names}
        known: list[tuple[str, str]] = []
        for name in (*self.first, *self.behind):
            for number in range(draw.choice((0, 1, 2, 4))):
                own = [one for one in known if one[0] == name or (name in self.first and one[0] in self.first)]
                self.jobs[name][f"j{number}"] = draw.sample(own, min(len(own), draw.choice((0, 0, 1, 2))))
                known.append((name, f"j{number}"))
        if not known:
            self.jobs[self.first[0]]["j0"] = []
        self.serial = 0
        self.conditions = tuple(self.condition(0) for _ in range(draw.randint(1, 5)))
        targets = set(self.targets(self.conditions))
        self.jobs = {name: found for name, found in self.jobs.items() if name in self.first or name in targets}
        self.behind = [name for name in self.behind if name in targets]
        self.conditions = tuple(self.without_unknown(one) for one in self.conditions)

    def condition(self, nested: int) -> WorkCondition:
        draw = self.draw
        self.serial += 1
        predicates = tuple(self.predicate(nested) for _ in range(draw.choice((0, 1, 1, 2, 3))))
        return WorkCondition(
            f"c{self.serial}",
            draw.choice(tuple(Operator)),
            predicates,
            self.branch(nested, draw.choice((1, 1, 2))),
            self.branch(nested, draw.choice((0, 1))),
        )

    def predicate(self, nested: int) -> Predicate:
        kind = self.draw.random()
        if kind < 0.05:
            return self.draw.random() < 0.5
        if kind < 0.2 and nested < 2:
            method = self.draw.choice(("is_condition_true", "is_condition_false", "get_condition_status"))
            return ConditionMethod(method, self.condition(nested + 1))
        return WorkMethod(self.draw.choice((*ENDS, "is_started")), self.draw.choice(list(self.jobs)))

    def branch(self, nested: int, count: int) -> "tuple[str | WorkCondition, ...]":
        if nested < 2 and self.draw.random() < 0.2:
            return (self.condition(nested + 1),)
        return tuple(self.draw.sample(self.behind, min(count, len(self.behind))))

    def targets(self, conditions: "tuple[str | WorkCondition, ...]") -> list[str]:
        found: list[str] = []
        for one in conditions:
            if isinstance(one, str):
                found.append(one)
            else:
                inner = [each.condition for each in one.predicates if isinstance(each, ConditionMethod)]
                found += self.targets((*one.true_targets, *one.false_targets, *inner))
        return found

    def without_unknown(self, condition: WorkCondition) -> WorkCondition:
        """The condition without predicates of works that were left out, as nothing names them."""
        kept: list[Predicate] = []
        for one in condition.predicates:
            if isinstance(one, ConditionMethod):
                kept.append(ConditionMethod(one.method, self.without_unknown(one.condition)))
            elif isinstance(one, bool) or one.work_id in self.jobs:
                kept.append(one)
        true, false = (
            tuple(one if isinstance(one, str) else self.without_unknown(one) for one in targets)
            for targets in (condition.true_targets, condition.false_targets)
        )
        return WorkCondition(condition.condition_id, condition.operator, tuple(kept), true, false)

    def alone(self) -> Alone:
        return a_workflow(self.jobs, conditions=conditions_of(self.jobs, self.conditions, self.first))

    def interpreter(self) -> FlowInterpreter:
        graph = compiled(self.jobs)
        parents: dict[int, list[int]] = {node: [] for node in range(graph.nodes)}
        for parent, child in graph.edges():
            parents[child].append(parent)
        of_work = (range(one.first_node, one.first_node + len(one.names)) for one in graph.works)
        works = {node: number for number, nodes in enumerate(of_work) for node in nodes}
        return FlowInterpreter(parents, works, list(self.jobs), self.conditions, self.first)


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
            opened += len(flow.opened) - len(drawn.first)
            if alone.workflow.status is WorkflowStatus.FINISHED:
                break
            since = len(alone.events)
            alone.send(RetryWorkflow())
            flow.retry()
            alone.go_on()
    assert min(opened, evaluated) > FLOWS // 3
