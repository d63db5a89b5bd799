"""What people do with a task: kill, finish, retry, reload, pause; through every aggregate, without Kafka."""

from schemas.job import KillJob
from schemas.task import (
    ContentsFed,
    DropInput,
    FinishTask,
    HoldInput,
    IncreaseAttempts,
    KillTask,
    PauseTask,
    RefineTask,
    ReleaseInput,
    ReloadTask,
    ResumeTask,
    RetryTask,
    TaskFinalized,
)
from schemas.types import (
    OutcomeKind,
    ReportedState,
    RetryAction,
    TaskVerdict,
    UnitRange,
)
from tests.commands.builders import (
    QUEUE,
    TASK,
    a_definition,
    a_merging_definition,
    a_queue,
    a_running_task,
    a_submission,
    account,
    end,
    generate_all,
    job,
    lease,
    report,
    run_all,
    the_order,
    the_task,
)
from tests.commands.in_memory import a_culm


def test_killing_a_task_withdraws_waiting_jobs_and_orders_held_ones_stopped() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    report(culm, held, ReportedState.RUNNING)

    culm.send(KillTask(), str(TASK))

    assert culm.state("queue", QUEUE).waiting == {}
    assert report(culm, held, ReportedState.RUNNING).pilot_command == "tobekilled"
    end(culm, held, succeeded=False)
    for number in (1, 2, 3):
        account(culm, job(number), OutcomeKind.CANCELLED)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.ABORTED


def test_a_task_killed_before_it_is_refined_is_aborted_at_once() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK))

    culm.send(KillTask(), str(TASK))

    assert culm.last(TaskFinalized).verdict is TaskVerdict.ABORTED


def test_a_task_finished_before_it_is_refined_fails_without_a_crash() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK))

    culm.send(FinishTask(), str(TASK))

    assert culm.last(TaskFinalized).verdict is TaskVerdict.FAILED


def test_a_stranger_cannot_kill_a_task() -> None:
    culm = a_running_task()

    answer = culm.send(KillTask(), str(TASK), actor="mallory")

    assert (answer.accepted, answer.reason) == (False, "NOT_PERMITTED")
    assert answer.message == "not the task owner or no production role"


def test_a_soft_finish_waits_for_the_jobs_that_pilots_hold() -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    culm.send(FinishTask(soft=True), str(TASK))
    account(culm, job(2), OutcomeKind.CLOSED)
    account(culm, job(3), OutcomeKind.CLOSED)

    assert the_task(culm).status == "finishing"
    end(culm, held)
    account(culm, held, OutcomeKind.FINISHED)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FINISHED


def test_retrying_a_failed_task_gives_its_input_new_attempts() -> None:
    culm = a_running_task()
    run_all(culm, succeed=False)

    answer = culm.send(RetryTask(), str(TASK))
    run_all(culm)

    assert answer.accepted
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_retrying_a_running_task_is_refused_with_its_status() -> None:
    culm = a_running_task()

    answer = culm.send(RetryTask(), str(TASK))

    assert answer.reason == "WRONG_STATUS"
    assert answer.message == "the retry command is not accepted if the task is in running status"


def test_a_reloaded_task_keeps_finished_input_and_takes_what_is_new() -> None:
    culm = a_running_task()
    run_all(culm)

    culm.send(ReloadTask(parameters_json='{"nEvents": 5}'), str(TASK))
    culm.send(
        RefineTask(definition=a_definition(events_total=5), parameters_revision=1), str(TASK), role="system"
    )
    done = run_all(culm)

    assert len(done) == 2
    assert culm.last(TaskFinalized).accounts.finished == 5


def test_a_reload_without_new_input_ends_at_once() -> None:
    culm = a_running_task()
    run_all(culm)

    culm.send(ReloadTask(), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=1), str(TASK), role="system")

    assert the_task(culm).status == "done"


def test_a_definition_made_from_old_parameters_is_refused() -> None:
    culm = a_running_task()
    run_all(culm)
    culm.send(ReloadTask(), str(TASK))

    answer = culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")

    assert answer.reason == "STALE"


def test_input_is_held_in_part_dropped_and_released_and_the_task_is_done_with_the_rest() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK))
    culm.send(HoldInput(units=(UnitRange(first=2, last=1_000_000),)), str(TASK))
    a_queue(culm)
    culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")
    first = run_all(culm)

    culm.send(DropInput(units=(UnitRange(first=2, last=2),)), str(TASK))
    culm.send(ReleaseInput(units=(UnitRange(first=2, last=3),)), str(TASK))
    rest = run_all(culm)

    assert (len(first), len(rest)) == (1, 1)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_paused_task_gives_no_job_to_a_pilot_until_resumed() -> None:
    culm = a_running_task()

    culm.send(PauseTask(), str(TASK))
    while_paused = lease(culm)
    culm.send(ResumeTask(), str(TASK))

    assert while_paused is None
    assert lease(culm) == job(1)


def test_finishing_a_paused_task_lets_pilots_have_its_merge_job() -> None:
    culm = a_running_task(a_merging_definition())
    for _ in range(2):
        first = lease(culm) or 0
        end(culm, first)
        account(culm, first, OutcomeKind.MERGING)
    culm.send(PauseTask(), str(TASK))

    culm.send(FinishTask(soft=False), str(TASK))
    account(culm, job(3), OutcomeKind.CANCELLED)
    generate_all(culm)

    assert lease(culm) == job(4)


def test_retrying_a_task_whose_reload_was_cut_short_refines_it_again() -> None:
    culm = a_running_task()
    run_all(culm, succeed=False)
    culm.send(ReloadTask(parameters_json="{}"), str(TASK))
    culm.send(FinishTask(soft=False), str(TASK))

    answer = culm.send(RetryTask(), str(TASK))

    assert answer.event_types == ("TaskReloaded",)
    assert the_task(culm).status == "rerefine"


def test_a_reload_counts_revived_input_as_ready() -> None:
    culm = a_running_task()
    run_all(culm, succeed=False)

    culm.send(ReloadTask(parameters_json="{}"), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=1), str(TASK), role="system")

    fed = culm.last(ContentsFed).accounts
    assert (fed.total, fed.used, fed.failed) == (3, 0, 0)


def test_a_job_that_was_killed_by_hand_returns_its_input() -> None:
    culm = a_running_task()

    culm.send(KillJob(code=3), str(job(1)))
    account(culm, job(1), OutcomeKind.CANCELLED)

    assert the_order(culm).units[0].unit_id == 1


def test_more_attempts_revive_input_that_was_given_up() -> None:
    culm = a_running_task()
    first = lease(culm) or 0
    end(culm, first, succeeded=False)
    account(culm, first, OutcomeKind.FAILED, action=RetryAction.NO_RETRY)

    culm.send(IncreaseAttempts(increase=5), str(TASK))

    assert the_task(culm).failed == 0
