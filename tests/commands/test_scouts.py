"""Scouts: the first ten jobs of a task go alone, and what comes of them decides on the rest. Without Kafka."""

from typing import Any

import pytest

from commands.task.model import Scouts
from commands.task.transitions import TaskStatus
from schemas.dataset import RegisterFiles
from schemas.queue import JobQueued
from schemas.records import replace
from schemas.task import (
    DropInput,
    FinishTask,
    ForceAvalanche,
    InputReleased,
    JobsGenerated,
    KillTask,
    PauseTask,
    RefineTask,
    ReloadTask,
    ResumeTask,
    RetryTask,
    ScoutsJudged,
    TaskFinalized,
)
from schemas.types import DatasetRole, OutcomeKind, RetryAction, ScoutRules, ScoutsVerdict, SplitRules, TaskVerdict, UnitRange
from tests.commands.builders import (
    QUEUE,
    TASK,
    a_definition,
    a_merging_definition,
    a_queue,
    a_submission,
    account,
    generate_all,
    job,
    lease,
    run_all,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_orders_do_not_show import files, jobs, plan_all

HALF = ScoutRules(success_tenths=5)
KEPT = ScoutRules(success_tenths=5, split_rules_kept=True)
GIGABYTE = 1024**3
BOOM = {"error_source": "exe", "error_code": 1, "error_diagnostic": "boom", "action": RetryAction.NO_RETRY}


def send(culm: Culm, command: Any, **more: Any) -> Any:
    return culm.send(command, str(TASK), **more)


def a_scouting_task(events: int = 30, **changes: Any) -> Culm:
    """A task of thirty units without input, whose scouts wait for pilots."""
    culm = a_culm()
    a_queue(culm)
    send(culm, a_submission())
    definition = a_definition(events_total=events, **{"scouts": HALF, **changes})
    send(culm, RefineTask(definition=definition, parameters_revision=0), role="system")
    generate_all(culm)
    return culm


def ended(culm: Culm, *, finished: int = 0, failed: int = 0) -> None:
    """So many scouts succeed, the next ones fail for good."""
    for number in range(1, finished + 1):
        account(culm, job(number), OutcomeKind.FINISHED)
    for number in range(finished + 1, finished + failed + 1):
        account(culm, job(number), OutcomeKind.FAILED, **BOOM)


def a_task_of_files(count: int, *, scouts: ScoutRules | None = HALF, **rules: Any) -> Culm:
    culm = a_culm()
    a_queue(culm)
    given = files(count, size_bytes=GIGABYTE if "gigabytes_per_job" in rules else 5)
    culm.send(RegisterFiles(files=tuple(given), role=DatasetRole.INPUT), "in.put")
    send(culm, a_submission())
    inputs: dict[str, Any] = {"events_total": None, "sequence_offset": None, "parameters": "", "input_datasets": ("in.put",)}
    definition = a_definition(rules=SplitRules(**rules), scouts=scouts, **inputs)
    send(culm, RefineTask(definition=definition, parameters_revision=0), role="system")
    plan_all(culm)
    return culm


def test_the_first_ten_jobs_go_alone_and_the_task_is_scouting() -> None:
    culm = a_scouting_task()

    assert jobs(culm) == [(number,) for number in range(1, 11)]
    assert (the_task(culm).status, the_task(culm).scouts) == (TaskStatus.SCOUTING, Scouts.OUT)
    assert {event.spec.priority for event, _ in culm.events if isinstance(event, JobQueued)} == {1001}


def test_four_successes_are_not_enough_and_the_fifth_releases_the_rest() -> None:
    culm = a_scouting_task()

    ended(culm, finished=4)
    before = (the_task(culm).status, len(jobs(culm)))
    account(culm, job(5), OutcomeKind.FINISHED)
    generate_all(culm)

    assert before == (TaskStatus.SCOUTING, 10)
    verdict = culm.last(ScoutsJudged)
    assert (verdict.verdict, verdict.units, verdict.finished, verdict.failed) == (ScoutsVerdict.GOOD, 10, 5, 0)
    assert culm.last(InputReleased).number_max == 1_000_000
    assert (the_task(culm).status, len(jobs(culm))) == (TaskStatus.RUNNING, 30)
    run_all(culm)
    for number in range(6, 11):
        account(culm, job(number), OutcomeKind.FINISHED)


def test_a_task_with_scouts_ends_done() -> None:
    culm = a_scouting_task()

    done = run_all(culm)

    assert (len(done), culm.last(TaskFinalized).verdict) == (30, TaskVerdict.DONE)
    assert sum(isinstance(event, ScoutsJudged) for event, _ in culm.events) == 1


def test_scouts_that_all_failed_break_the_task_and_say_why() -> None:
    culm = a_scouting_task()

    ended(culm, failed=10)

    assert culm.last(ScoutsJudged).verdict is ScoutsVerdict.BROKEN
    final = culm.last(TaskFinalized)
    assert final.verdict is TaskVerdict.BROKEN
    assert final.message == "no scout jobs succeeded: all 10 input units of the scouts failed; last error: exe 1: boom"


def test_one_success_short_of_the_goal_exhausts_the_task_and_a_retry_revives_it() -> None:
    culm = a_scouting_task()

    ended(culm, finished=4, failed=6)
    exhausted = culm.last(TaskFinalized)
    send(culm, RetryTask())
    generate_all(culm)
    again = (the_task(culm).status, jobs(culm)[10:])
    account(culm, job(11), OutcomeKind.FINISHED)

    assert exhausted.verdict is TaskVerdict.EXHAUSTED
    assert exhausted.message == (
        "4 of 10 input units of the scouts succeeded, expected 5 tenths of them; last error: exe 1: boom"
    )
    assert again == (TaskStatus.SCOUTING, [(5,), (6,), (7,), (8,), (9,), (10,)])
    assert culm.last(ScoutsJudged).verdict is ScoutsVerdict.GOOD
    assert the_task(culm).status is TaskStatus.RUNNING


def test_an_exhausted_task_of_production_is_retried_by_production() -> None:
    culm = a_culm()
    a_queue(culm)
    send(culm, a_submission(label="managed"))
    send(culm, RefineTask(definition=a_definition(events_total=30, scouts=HALF), parameters_revision=0), role="system")
    generate_all(culm)
    ended(culm, finished=4, failed=6)

    owner = send(culm, RetryTask())
    production = send(culm, RetryTask(), role="production", actor="ops")

    assert (owner.reason, owner.message) == (
        "NOT_PERMITTED", "an exhausted task of label managed is retried by a production role",
    )  # fmt: skip
    assert production.accepted


def test_an_exhausted_task_is_finished_with_what_it_has() -> None:
    culm = a_scouting_task()
    ended(culm, finished=4, failed=6)

    send(culm, FinishTask(soft=False))

    final = culm.last(TaskFinalized)
    assert (final.verdict, final.accounts.finished) == (TaskVerdict.FINISHED, 4)


def test_an_exhausted_task_that_is_executed_again_scouts_again() -> None:
    culm = a_scouting_task()
    ended(culm, finished=4, failed=6)

    send(culm, ReloadTask())
    definition = a_definition(events_total=30, scouts=HALF)
    send(culm, RefineTask(definition=definition, parameters_revision=1), role="system")
    generate_all(culm)

    assert (the_task(culm).status, len(jobs(culm))) == (TaskStatus.SCOUTING, 16)


@pytest.mark.parametrize(("tenths", "needed"), [(1, 1), (3, 3), (5, 5), (10, 10)])
def test_the_task_says_how_many_must_succeed(tenths: int, needed: int) -> None:
    culm = a_scouting_task(scouts=ScoutRules(success_tenths=tenths))

    ended(culm, finished=needed - 1)
    before = the_task(culm).status
    account(culm, job(needed), OutcomeKind.FINISHED)

    assert (before, the_task(culm).status) == (TaskStatus.SCOUTING, TaskStatus.RUNNING)


def test_a_failed_scout_that_is_tried_again_is_not_judged_yet() -> None:
    culm = a_scouting_task()

    for number in range(1, 11):
        account(culm, job(number), OutcomeKind.FAILED, error_source="exe", error_code=1, error_diagnostic="boom")
    generate_all(culm)

    assert (the_task(culm).status, len(jobs(culm))) == (TaskStatus.SCOUTING, 20)


@pytest.mark.parametrize("events", [1, 9, 10])
def test_a_task_with_no_more_input_than_its_scouts_has_none(events: int) -> None:
    culm = a_scouting_task(events)
    running = the_task(culm).status

    ended(culm, failed=events)

    assert (running, the_task(culm).scouts) == (TaskStatus.RUNNING, Scouts.NONE)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FAILED


def test_a_task_of_before_scouts_and_one_that_leaves_them_out_makes_all_jobs_at_once() -> None:
    culm = a_scouting_task(scouts=None)

    assert (the_task(culm).status, len(jobs(culm))) == (TaskStatus.RUNNING, 30)


def test_an_avalanche_by_command_releases_the_rest() -> None:
    culm = a_scouting_task()

    answer = send(culm, ForceAvalanche(reason="known to work"))
    generate_all(culm)

    assert answer.event_types == ("AvalancheForced", "ScoutsJudged", "InputReleased", "JobsOrdered")
    assert culm.last(ScoutsJudged).forced
    assert (the_task(culm).status, len(jobs(culm))) == (TaskStatus.RUNNING, 30)


def test_an_avalanche_is_refused_when_the_task_is_not_scouting_and_of_a_stranger() -> None:
    running, scouting = a_scouting_task(3), a_scouting_task()

    late = send(running, ForceAvalanche())
    stranger = send(scouting, ForceAvalanche(), actor="mallory")

    assert (late.reason, late.message) == (
        "WRONG_STATUS", "the avalanche command is not accepted if the task is in running status",
    )  # fmt: skip
    assert stranger.reason == "NOT_PERMITTED"


def test_a_paused_task_is_judged_when_it_goes_on() -> None:
    culm = a_scouting_task()
    ended(culm, finished=4)

    send(culm, PauseTask())
    account(culm, job(5), OutcomeKind.FINISHED)
    paused = (the_task(culm).status, the_task(culm).scouts)
    send(culm, ResumeTask())

    assert paused == (TaskStatus.PAUSED, Scouts.OUT)
    assert (the_task(culm).status, the_task(culm).scouts) == (TaskStatus.RUNNING, Scouts.PASSED)


def test_a_scouting_task_is_killed() -> None:
    culm = a_scouting_task()

    send(culm, KillTask())
    for number in range(1, 11):
        account(culm, job(number), OutcomeKind.CANCELLED)

    assert culm.last(TaskFinalized).verdict is TaskVerdict.ABORTED


def test_dropped_scouts_do_not_count() -> None:
    culm = a_scouting_task()
    send(culm, DropInput(units=(UnitRange(first=3, last=10),)))

    for number in range(3, 11):
        account(culm, job(number), OutcomeKind.CLOSED)
    account(culm, job(1), OutcomeKind.FINISHED)

    verdict = culm.last(ScoutsJudged)
    assert (verdict.verdict, verdict.units, verdict.finished) == (ScoutsVerdict.GOOD, 2, 1)


def test_scouts_whose_outputs_wait_for_a_merge_have_succeeded() -> None:
    culm = a_culm()
    a_queue(culm)
    send(culm, a_submission())
    definition = replace(a_merging_definition(), events_total=30, scouts=HALF)
    send(culm, RefineTask(definition=definition, parameters_revision=0), role="system")

    run_all(culm)

    assert culm.last(ScoutsJudged).finished == 5
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


@pytest.mark.parametrize(
    ("count", "rules", "scouts", "expected"),
    [
        (200, {}, HALF, [1] * 10),
        (200, {"gigabytes_per_job": 10.0}, HALF, [1] * 10),
        (200, {"files_per_job": 3}, HALF, [3] * 10),
        (200, {"files_per_job": 20}, HALF, [20] * 10),
        (200, {"jobs_max": 20}, HALF, [10] * 10),
        (200, {"jobs_max": 10}, HALF, [200]),
        (200, {"files_per_job_max": 4}, KEPT, [1] * 10),
        (200, {"gigabytes_per_job": 3.0}, KEPT, [3] * 10),
        (200, {"gigabytes_per_job": 0.5}, KEPT, [1] * 10),
        (11, {"files_per_job": 2}, HALF, [2, 2, 2, 2, 2, 1]),
        (200, {}, None, [200]),
    ],
)
def test_scouts_are_ten_jobs_of_one_file_or_of_as_much_input_as_the_task_says(
    count: int, rules: dict[str, Any], scouts: ScoutRules | None, expected: list[int]
) -> None:
    culm = a_task_of_files(count, scouts=scouts, **rules)

    assert [len(units) for units in jobs(culm)] == expected


def test_after_the_verdict_jobs_are_as_large_as_the_rules_say() -> None:
    culm = a_task_of_files(200)

    for number in range(1, 6):
        account(culm, job(number), OutcomeKind.FINISHED)
    plan_all(culm)

    assert [len(units) for units in jobs(culm)] == [1] * 10 + [190]
    generated = [event for event, _ in culm.events if isinstance(event, JobsGenerated)]
    assert [event.scouts for event in generated] == [True, False]


def test_jobs_after_the_verdict_have_the_priority_of_the_task() -> None:
    culm = a_scouting_task()
    ended(culm, finished=5)
    generate_all(culm)

    priorities = [event.spec.priority for event, _ in culm.events if isinstance(event, JobQueued)]

    assert priorities == [1001] * 10 + [1000] * 20
    assert lease(culm) is not None
    assert culm.state("queue", QUEUE) is not None
