"""Random graphs, through the compiler and the aggregate, against the interpreter: the same nodes run the same number of times."""

import random
from copy import deepcopy

import pytest

from commands import undo
from commands.workflow import slices
from commands.workflow.transitions import FINAL, WorkflowStatus
from schemas.types import WorkEnd
from schemas.workflow import AbortWorkflow, AdvanceWorkflow, RecordWorkEnd, ResumeWorkflow, RetryWorkflow, SuspendWorkflow
from tests.commands.workflow_reference import Interpreter
from tests.commands.workflow_scenes import Alone, Jobs, a_workflow, compiled, task_of
from tests.doses import dose

GRAPHS = dose(1000, fast=100)


def random_jobs(draw: random.Random) -> Jobs:
    """Up to 4 works and 30 jobs; a job waits for up to 5 earlier ones, of any work, so that numbers and depths disagree."""
    names = [(f"w{draw.randrange(4)}", f"j{number}") for number in range(draw.randint(1, 30))]
    jobs: Jobs = {}
    for work in sorted({work for work, _ in names}, key=lambda _: draw.random()):
        jobs[work] = {}
    for place, (work, job) in enumerate(names):
        few = draw.choice((0, 1, 2, 5))
        jobs[work][job] = draw.sample(names[:place], min(few, place))
    return {work: dict(draw.sample(list(found.items()), len(found))) for work, found in jobs.items()}


def interpreter_of(jobs: Jobs) -> Interpreter:
    graph = compiled(jobs)
    parents: dict[int, list[int]] = {node: [] for node in range(graph.nodes)}
    for parent, child in graph.edges():
        parents[child].append(parent)
    of_work = (range(one.first_node, one.first_node + len(one.names)) for one in graph.works)
    works = {node: number for number, nodes in enumerate(of_work) for node in nodes}
    return Interpreter(parents, works)


def one_step(draw: random.Random, alone: Alone, by_names: Interpreter) -> None:
    """Some jobs end, perhaps said twice; or a slice goes on; or the workflow is suspended, resumed, or a task ends early."""
    if alone.slices and draw.random() < 0.5:
        alone.slices -= 1
        alone.send(AdvanceWorkflow())
        return
    kind = draw.random()
    if kind < 0.05 and alone.workflow.status is WorkflowStatus.TRANSFORMING:
        alone.send(SuspendWorkflow())
        by_names.suspend(yes=True)
    elif alone.workflow.status is WorkflowStatus.SUSPENDED and (kind < 0.3 or not by_names.at_work):
        alone.send(ResumeWorkflow())
        by_names.suspend(yes=False)
    elif kind < 0.09:
        work = draw.choice(list(alone.workflow.works))
        alone.go_on()
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FAILED))
        alone.go_on()
        by_names.end_task(work)
    elif by_names.at_work:
        # What the aggregate has not released yet, as its slice waits, has no job that could end.
        work = by_names.works[draw.choice(by_names.at_work)]
        mine = [node for node in by_names.at_work if by_names.works[node] == work and alone.states()[node] == "released"]
        nodes, well = draw.sample(mine, draw.randint(min(1, len(mine)), len(mine))), draw.random() < 0.8
        if not nodes:
            return
        for _ in range(draw.choice((1, 1, 2))):
            alone.end(*nodes, well=well)
        for node in nodes:
            by_names.end(node, well=well)


def run_to_the_end(draw: random.Random, alone: Alone, by_names: Interpreter) -> None:
    for _ in range(500):
        if by_names.all_ended or (draw.random() < 0.01 and alone.workflow.status is WorkflowStatus.TRANSFORMING):
            break
        one_step(draw, alone, by_names)
    alone.go_on()
    if not by_names.all_ended:
        alone.send(AbortWorkflow())
        by_names.stop()
        alone.go_on()
    for work in alone.workflow.works:
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FINISHED))
        by_names.end_task(work)
        alone.go_on()


@pytest.mark.parametrize("steps", [3, 11, 20_000])
def test_random_graphs_run_as_the_interpreter_says(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_STEPS", steps)
    ended = 0
    for seed in range(GRAPHS // 3 + 1):
        draw = random.Random(1000 * steps + seed)
        jobs = random_jobs(draw)
        alone, by_names = a_workflow(jobs, nodes_max=draw.choice((1, 4, 5_000))), interpreter_of(jobs)
        for _ in range(3):
            run_to_the_end(draw, alone, by_names)

            assert alone.states() == list(by_names.state.values()), (steps, seed)
            assert dict(alone.releases) == {node: count for node, count in by_names.runs.items() if count}, (steps, seed)
            assert alone.workflow.status in FINAL, (steps, seed)
            assert set(alone.workflow.graph.outstanding) <= {0}, (steps, seed)
            if alone.workflow.status is WorkflowStatus.FINISHED:
                break
            alone.send(RetryWorkflow())
            by_names.retry()
            alone.go_on()
        ended += 1
        assert alone.restored() == alone.workflow, (steps, seed)
    assert ended == GRAPHS // 3 + 1


def test_what_is_put_back_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_STEPS", 7)
    for seed in range(dose(100, fast=20)):
        draw = random.Random(seed)
        jobs = random_jobs(draw)
        alone, by_names = a_workflow(jobs), interpreter_of(jobs)
        before = deepcopy(alone.workflow)
        mark = undo.mark()

        run_to_the_end(draw, alone, by_names)
        alone.send(RetryWorkflow())
        alone.go_on()
        undo.put_back(mark)
        undo.forget()

        assert alone.workflow == before, seed
