"""Attempts and failures that input may have, and the numbers of the jobs that take them; without Kafka."""

import pytest

from schemas.task import (
    IncreaseAttempts,
    JobsGenerated,
    KillTask,
    PauseTask,
    RefineTask,
    ResumeTask,
    RetryTask,
    TaskFinalized,
)
from schemas.types import OutcomeKind, TaskVerdict
from tests.commands.builders import (
    TASK,
    a_definition,
    a_running_task,
    account,
    end,
    generate_all,
    job,
    lease,
    run_all,
    spec_of,
    the_task,
)
from tests.commands.in_memory import Culm
from tests.commands.test_files_of_one_name import plan


def attempts_of(culm: Culm, unit: int) -> list[int]:
    """Attempt numbers of the jobs that had the unit, in the order in which they were made."""
    made = (job for event, _ in culm.events if isinstance(event, JobsGenerated) for job in event.jobs)
    return [one.attempt for one in made if unit in one.unit_ids]


def one_unit(**changes: int) -> Culm:
    return a_running_task(a_definition(events_total=1, **changes))


def fail(culm: Culm) -> None:
    """The job at work fails, and what follows is planned."""
    job_id = lease(culm) or 0
    end(culm, job_id, succeeded=False, attempt=spec_of(culm, job_id).attempt)
    account(culm, job_id, OutcomeKind.FAILED)
    generate_all(culm)


def test_a_retry_raises_the_failures_that_input_may_have() -> None:
    culm = one_unit(failures_max=1, attempts_max=10)
    fail(culm)
    assert the_task(culm).status == "failed"

    culm.send(RetryTask(), str(TASK))
    generate_all(culm)
    for _ in range(4):
        fail(culm)
        assert the_task(culm).status == "running"
    fail(culm)

    assert the_task(culm).status == "failed"


def test_more_attempts_are_more_failures_too() -> None:
    culm = one_unit(failures_max=1, attempts_max=1)
    culm.send(IncreaseAttempts(increase=2), str(TASK), role="production")

    fail(culm)
    fail(culm)
    assert the_task(culm).status == "running"
    fail(culm)

    assert the_task(culm).status == "failed"


def test_the_number_of_a_job_that_was_closed_is_not_given_again_and_counts_no_attempt() -> None:
    culm = one_unit(attempts_max=2)
    account(culm, job(1), OutcomeKind.CLOSED)
    generate_all(culm)
    account(culm, job(2), OutcomeKind.CLOSED)
    generate_all(culm)

    assert attempts_of(culm, 1) == [1, 2, 3]
    account(culm, job(3), OutcomeKind.FAILED)
    generate_all(culm)
    assert the_task(culm).status == "running"
    account(culm, job(4), OutcomeKind.FAILED)

    assert attempts_of(culm, 1) == [1, 2, 3, 4]
    assert the_task(culm).status == "failed"


def test_a_job_of_input_with_different_pasts_has_a_number_that_is_new_to_all_of_it() -> None:
    culm = a_running_task(a_definition(events_total=2, attempts_max=4))
    account(culm, job(1), OutcomeKind.FAILED)
    generate_all(culm)
    culm.send(PauseTask(), str(TASK), role="production")
    account(culm, job(3), OutcomeKind.FAILED)
    account(culm, job(2), OutcomeKind.FAILED)
    culm.send(ResumeTask(), str(TASK), role="production")
    plan(culm, (1, 2))

    account(culm, job(4), OutcomeKind.FAILED)
    generate_all(culm)
    assert (attempts_of(culm, 1), attempts_of(culm, 2)) == ([1, 2, 3, 4], [1, 3, 4])
    account(culm, job(5), OutcomeKind.FAILED)
    account(culm, job(6), OutcomeKind.FAILED)
    generate_all(culm)

    assert the_task(culm).units[1].status == "failed"
    assert attempts_of(culm, 2) == [1, 3, 4, 5]


@pytest.mark.parametrize("succeed", [True, False])
def test_a_retry_with_new_parameters_executes_a_done_or_failed_task_again(*, succeed: bool) -> None:
    culm = a_running_task()
    run_all(culm, succeed=succeed)

    answer = culm.send(RetryTask(parameters_json='{"nFilesPerJob": 2}'), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=1), str(TASK), role="system")
    run_all(culm)

    assert answer.accepted
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_retry_with_new_parameters_of_a_running_task_is_refused_as_the_incexec_that_it_is() -> None:
    culm = a_running_task()

    answer = culm.send(RetryTask(parameters_json='{"nFilesPerJob": 2}'), str(TASK))

    assert answer.reason == "WRONG_STATUS"
    assert answer.message == "the incexec command is not accepted if the task is in running status"


def test_a_retry_with_new_parameters_executes_a_killed_task_again() -> None:
    culm = a_running_task()
    culm.send(KillTask(), str(TASK))
    for number in (1, 2, 3):
        account(culm, job(number), OutcomeKind.CANCELLED)
    assert the_task(culm).status == "aborted"

    plain = culm.send(RetryTask(), str(TASK))
    answer = culm.send(RetryTask(parameters_json="{}"), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=1), str(TASK), role="system")
    run_all(culm)

    assert (plain.reason, answer.accepted) == ("WRONG_STATUS", True)
    assert the_task(culm).status == "done"
