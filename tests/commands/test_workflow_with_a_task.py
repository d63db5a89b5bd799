"""A workflow and the real task of its work: which jobs there are, and when, also in a second attempt."""

from typing import Any

from schemas.task import InputDropped, RefineTask, TaskFinalized
from schemas.types import TaskVerdict, UnitRange, WorkEnd, WorkflowOutcome
from schemas.workflow import RecordUnitEnds, RecordWorkEnd, RetryWorkflow, StartWork, WorkflowFinalized
from tests.commands.builders import TASK, a_definition, run_all, the_task
from tests.commands.in_memory import Culm
from tests.commands.test_orders_do_not_show import jobs
from tests.commands.test_released_input import a_held_task
from tests.commands.workflow_scenes import REQUEST, Jobs, compiled, submission

CHAIN: Jobs = {"w": {"a": [], "b": [("w", "a")], "c": [("w", "b")]}}


def a_workflow_with_its_task() -> Culm:
    """Three jobs in a row; all input of the task was held before."""
    culm = a_held_task(attempts_max=1)
    for command in submission(compiled(CHAIN)):
        assert culm.send(command, REQUEST).accepted
    assert culm.send(StartWork(work=0, task_id=TASK), REQUEST, role="system").accepted
    return culm


def ended(culm: Culm, unit: int, **ends: Any) -> None:
    units = (UnitRange(first=unit, last=unit),)
    command = RecordUnitEnds(task_id=TASK, **dict.fromkeys(ends, units))
    assert culm.send(command, REQUEST, role="system").accepted


def test_each_job_of_a_chain_runs_when_the_one_before_has_ended_well() -> None:
    culm = a_workflow_with_its_task()

    run_all(culm)
    first = jobs(culm)
    ended(culm, 1, finished=True)
    run_all(culm)
    second = jobs(culm)
    ended(culm, 2, finished=True)
    run_all(culm)

    assert (first, second, jobs(culm)) == ([(1,)], [(1,), (2,)], [(1,), (2,), (3,)])
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE
    assert culm.letters == []


def test_a_retry_runs_in_the_task_what_failed_and_then_what_waited_for_it() -> None:
    culm = a_workflow_with_its_task()
    run_all(culm)
    ended(culm, 1, finished=True)
    run_all(culm, succeed=False)
    ended(culm, 2, failed=True)
    assert [(one.first, one.last) for one in culm.last(InputDropped).units] == [(3, 3)]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FINISHED
    culm.send(RecordWorkEnd(task_id=TASK, end=WorkEnd.SUBFINISHED), REQUEST, role="system")
    assert culm.last(WorkflowFinalized).outcome is WorkflowOutcome.SUBFINISHED

    assert culm.send(RetryWorkflow(), REQUEST).accepted
    refine = RefineTask(definition=a_definition(attempts_max=1), parameters_revision=the_task(culm).parameters_revision)
    assert culm.send(refine, str(TASK), role="system").accepted
    run_all(culm)
    again = jobs(culm)
    ended(culm, 2, finished=True)
    run_all(culm)

    assert (again, jobs(culm)) == ([(1,), (2,), (2,)], [(1,), (2,), (2,), (3,)])
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE
    ended(culm, 3, finished=True)
    culm.send(RecordWorkEnd(task_id=TASK, end=WorkEnd.FINISHED), REQUEST, role="system")
    assert culm.last(WorkflowFinalized).outcome is WorkflowOutcome.FINISHED
