"""A task that was submitted as a work: it holds its input, and its workflow learns by itself what ends in it. Without Kafka."""

from typing import Any

from commands.task.transitions import TaskStatus
from commands.workflow.transitions import WorkflowStatus
from schemas.task import BreakTask, InputHeld, KillTask, RefineTask, SubmitTask
from schemas.types import UnitRange, WorkEnd, WorkflowOutcome
from schemas.workflow import (
    AbortWorkflow,
    RetryWorkflow,
    WorkEndReported,
    WorkflowFinalized,
    WorkStarted,
)
from tests.commands.builders import (
    TASK,
    a_definition,
    a_queue,
    a_running_task,
    a_submission,
    run_all,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_orders_do_not_show import jobs
from tests.commands.test_workflow_with_a_task import CHAIN
from tests.commands.workflow_scenes import REQUEST, compiled, submission

ALL = (UnitRange(first=1, last=1_000_000),)


def a_work() -> SubmitTask:
    return a_submission(request_id=int(REQUEST), work=0, input_held=True)


def a_chain(*, sealed: bool = True, attempts_max: int = 1) -> Culm:
    """A workflow of three jobs in a row, whose task was submitted before the seal."""
    culm = a_culm()
    a_queue(culm)
    *parts, seal = submission(compiled(CHAIN))
    for command in parts:
        assert culm.send(command, REQUEST).accepted
    assert culm.send(a_work(), str(TASK)).accepted
    refine(culm, attempts_max)
    if sealed:
        assert culm.send(seal, REQUEST).accepted
    return culm


def refine(culm: Culm, attempts_max: int = 1) -> None:
    definition = a_definition(attempts_max=attempts_max)
    command = RefineTask(definition=definition, parameters_revision=the_task(culm).parameters_revision)
    assert culm.send(command, str(TASK), role="system").accepted


def found(culm: Culm, kind: type) -> list[Any]:
    return [event for event, _ in culm.events if isinstance(event, kind)]


def test_a_work_is_known_to_its_workflow_and_holds_its_input_from_the_beginning() -> None:
    culm = a_chain(sealed=False)
    run_all(culm)

    assert found(culm, WorkStarted) == [WorkStarted(work=0, name="w", task_id=TASK)]
    assert [event.units for event in found(culm, InputHeld)] == [ALL]
    assert (jobs(culm), the_task(culm).status) == ([], TaskStatus.DEFINED)


def test_the_jobs_of_a_chain_run_one_after_the_other_without_a_word_from_outside() -> None:
    culm = a_chain()

    run_all(culm)

    assert jobs(culm) == [(1,), (2,), (3,)]
    end = culm.last(WorkflowFinalized)
    assert (end.outcome, end.finished, end.failed, end.pruned) == (WorkflowOutcome.FINISHED, 3, 0, 0)
    assert culm.letters == []


def test_a_job_that_gets_another_attempt_has_not_ended() -> None:
    culm = a_chain(attempts_max=3)

    run_all(culm, succeed=False)

    assert jobs(culm) == [(1,), (1,), (1,)]
    end = culm.last(WorkflowFinalized)
    assert (end.outcome, end.finished, end.failed, end.pruned) == (WorkflowOutcome.FAILED, 0, 1, 2)


def test_a_retry_of_the_workflow_runs_what_failed_and_what_was_pruned_behind_it() -> None:
    culm = a_chain()
    run_all(culm, succeed=False)
    assert culm.last(WorkflowFinalized).outcome is WorkflowOutcome.FAILED

    assert culm.send(RetryWorkflow(), REQUEST).accepted
    refine(culm)
    run_all(culm)

    assert jobs(culm) == [(1,), (1,), (2,), (3,)]
    assert culm.last(WorkflowFinalized).outcome is WorkflowOutcome.FINISHED


def test_a_task_that_breaks_before_the_last_part_came_ends_its_work_after_the_seal() -> None:
    culm = a_chain(sealed=False)
    *_, seal = submission(compiled(CHAIN))

    culm.send(BreakTask(reason="BAD_PARAMETERS", message="no such site"), str(TASK), role="system")
    assert (culm.last(WorkEndReported).end, culm.last(WorkEndReported).message) == (WorkEnd.FAILED, "no such site")
    assert culm.state("workflow", REQUEST).status is WorkflowStatus.SUBMITTING
    culm.send(seal, REQUEST)

    end = culm.last(WorkflowFinalized)
    assert (end.outcome, end.finished, end.failed, end.pruned) == (WorkflowOutcome.FAILED, 0, 0, 3)


def test_a_workflow_that_is_aborted_before_the_seal_takes_its_tasks_with_it() -> None:
    culm = a_chain(sealed=False)

    assert culm.send(AbortWorkflow(), REQUEST).accepted

    assert the_task(culm).status is TaskStatus.ABORTED
    assert culm.state("workflow", REQUEST).status is WorkflowStatus.CANCELLED


def test_a_task_that_comes_after_the_end_of_its_workflow_is_killed() -> None:
    culm = a_culm()
    *parts, _ = submission(compiled(CHAIN))
    for command in parts:
        culm.send(command, REQUEST)
    culm.send(AbortWorkflow(), REQUEST)

    culm.send(a_work(), str(TASK))

    assert the_task(culm).status is TaskStatus.ABORTED


def test_a_work_of_which_the_task_is_killed_is_cancelled() -> None:
    culm = a_chain()

    culm.send(KillTask(), str(TASK))

    assert culm.last(WorkEndReported).end is WorkEnd.CANCELLED
    assert culm.state("workflow", REQUEST).status is WorkflowStatus.FAILED


def test_a_task_of_its_own_says_nothing_to_any_workflow() -> None:
    culm = a_running_task()

    run_all(culm)

    assert not [answer for answer in culm.answers if answer.aggregate == "workflow"]


def test_a_work_of_which_another_person_owns_the_workflow_is_not_taken() -> None:
    culm = a_culm()
    *parts, _ = submission(compiled(CHAIN))
    for command in parts:
        culm.send(command, REQUEST, actor="another")

    culm.send(a_work(), str(TASK))

    assert found(culm, WorkStarted) == []
    (refused,) = [answer for answer in culm.answers if answer.command_type == "StartWork"]
    assert refused.reason == "NOT_PERMITTED"
