"""A task whose input fails again and again rests, longer each time, and goes on by itself (T32, T33). Without Kafka."""

import pytest

from commands.aggregates import AGGREGATES
from commands.snapshot import MAIN
from commands.task.transitions import TaskStatus
from schemas.task import CarryOutScheduled, PauseTask, ResumeTask, ScheduledCommandEnded, TaskPaused
from schemas.types import OutcomeKind, RetryAction
from tests.commands.builders import TASK, a_definition, a_running_task, account, generate_all, job, lease, the_task
from tests.commands.in_memory import MINUTE, Culm

FAILED = OutcomeKind.FAILED


def failing(times: int, units: int = 1, attempts_max: int = 99) -> Culm:
    """A task of whose input each unit failed so often."""
    culm = a_running_task(a_definition(events_total=units, attempts_max=attempts_max))
    fail(culm, 1, times * units)
    return culm


def fail(culm: Culm, first: int, count: int) -> None:
    for number in range(first, first + count):
        account(culm, job(number), FAILED, action=RetryAction.RETRY)
        generate_all(culm)


def carried_out(culm: Culm) -> str:
    """What becomes of the first command that waits for its time."""
    number = next(iter(the_task(culm).scheduled))
    culm.send(CarryOutScheduled(schedule_id=number), str(TASK), role="system")
    return str(culm.last(ScheduledCommandEnded).outcome)


@pytest.mark.parametrize(
    ("times", "units", "status"),
    [(9, 1, TaskStatus.RUNNING), (10, 1, TaskStatus.PAUSED), (9, 3, TaskStatus.RUNNING), (10, 3, TaskStatus.PAUSED)],
)
def test_a_task_whose_input_failed_ten_times_in_the_mean_rests(times: int, units: int, status: TaskStatus) -> None:
    assert the_task(failing(times, units)).status is status


def test_a_throttle_says_why_and_until_when_and_holds_the_jobs() -> None:
    culm = failing(10)

    (scheduled,) = the_task(culm).scheduled.values()

    found = culm.last(TaskPaused)
    assert found.reason == (
        "throttle 1: the input that is left failed 10.0 times in the mean, expected less than 10; "
        "it goes on at 2027-01-15T10:00:00.000Z"
    )
    assert (found.throttle, scheduled.at - culm.now, scheduled.command) == (1, 120 * MINUTE, "ResumeTask")
    assert lease(culm) is None


def test_a_throttle_ends_at_its_time_and_not_before() -> None:
    culm = failing(10)
    culm.now += 120 * MINUTE - 1
    number = next(iter(the_task(culm).scheduled))
    assert culm.send(CarryOutScheduled(schedule_id=number), str(TASK), role="system").reason == "NOT_DUE"

    culm.now += 1

    assert carried_out(culm) == "carried out"
    assert (the_task(culm).status, dict(the_task(culm).scheduled)) == (TaskStatus.RUNNING, {})
    generate_all(culm)
    assert lease(culm) is not None


def test_the_second_throttle_comes_after_five_more_failures_and_lasts_four_times_as_long() -> None:
    culm = failing(10)
    culm.now += 120 * MINUTE
    carried_out(culm)
    generate_all(culm)

    fail(culm, 11, 4)
    before = the_task(culm).status
    fail(culm, 15, 1)

    (scheduled,) = the_task(culm).scheduled.values()
    assert (before, the_task(culm).status, scheduled.at - culm.now) == (TaskStatus.RUNNING, TaskStatus.PAUSED, 480 * MINUTE)


def test_a_person_ends_a_throttle_and_its_own_end_leaves_a_later_pause_alone() -> None:
    culm = failing(10)
    culm.send(ResumeTask(), str(TASK))
    assert the_task(culm).status is TaskStatus.RUNNING
    culm.send(PauseTask(), str(TASK))

    culm.now += 120 * MINUTE

    assert carried_out(culm) == "MOVED_ON: throttle 1 is over, the task is paused for another reason"
    assert the_task(culm).status is TaskStatus.PAUSED


def test_input_that_was_given_up_or_is_done_does_not_count() -> None:
    culm = a_running_task(a_definition(events_total=2, attempts_max=5))
    for number in (1, 3, 4, 5):
        account(culm, job(number), FAILED, action=RetryAction.RETRY)
        generate_all(culm)
    assert the_task(culm).units.open_failures[0] == 4

    account(culm, job(6), FAILED, action=RetryAction.RETRY)

    assert (the_task(culm).units.open_failures[0], the_task(culm).status) == (0, TaskStatus.RUNNING)


def test_the_counts_come_back_from_the_rows_of_the_task() -> None:
    form, task = AGGREGATES["task"].snapshot, the_task(failing(10, 2))

    assert (task.throttles, task.throttle, task.units.open_failures[0]) == (1, 1, 20)
    assert form.restored(dict(form.rows(task, {MAIN, *form.names(task)}))) == task
