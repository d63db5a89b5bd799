"""What failures correct: memory of input and of the task, input of a job, CPU time (docs/reference/jedi.md, "Retry rules")."""

from typing import Any

import pytest

from schemas.queue import JobQueued
from schemas.records import replace
from schemas.splitting import INPUT_DIVISOR_MAX, files_of_a_job
from schemas.task import (
    ChangeTaskAttribute,
    IncreaseAttempts,
    PauseTask,
    RequirementsLearned,
    ResumeTask,
    SplitRuleChanged,
    TaskAttributeChanged,
)
from schemas.types import JobUsage, OutcomeKind, Requirements, RetryAction, ScoutRules, SplitRules, TaskDefinition
from tests.commands.builders import TASK, a_definition, a_running_task, account, generate_all, job, lease, the_task
from tests.commands.in_memory import Culm
from tests.commands.test_scouts import a_scouting_task, a_task_of_files

BY_LADDER = {1000: 2000, 2000: 3000, 3000: 4000, 4000: 6000, 6000: 8000}


def definition_of(culm: Culm) -> TaskDefinition:
    found = the_task(culm).definition
    assert found is not None
    return found


def fails(culm: Culm, number: int, action: RetryAction, **changes: Any) -> None:
    """Job `number` of the task fails for what the rules take so."""
    account(culm, job(number), OutcomeKind.FAILED, error_source="pilot", error_code=1212, action=action, **changes)
    generate_all(culm)


def memory_of_attempts(culm: Culm, attempts: int, action: RetryAction = RetryAction.MEMORY_BY_FACTOR) -> list[int]:
    """What the jobs of the only unit ask for that fails so often."""
    for number in range(1, attempts + 1):
        asked = the_task(culm).units.ram_mb.get(1, definition_of(culm).requirements.ram_mb)
        fails(culm, number, action, ram_mb=BY_LADDER.get(asked))
    return [event.spec.memory_mb_asked or 0 for event, _ in culm.events if isinstance(event, JobQueued)]


def one_unit(**changes: Any) -> Culm:
    required = changes.pop("requirements", Requirements(ram_mb=2000, ram_fixed=True))
    return a_running_task(a_definition(events_total=1, attempts_max=9, requirements=required, **changes))


def test_memory_rises_by_the_ladder_and_stays_at_its_top() -> None:
    assert memory_of_attempts(one_unit(), 5, RetryAction.MORE_MEMORY) == [2000, 3000, 4000, 6000, 8000, 8000]


@pytest.mark.parametrize("action", [RetryAction.MEMORY_BY_FACTOR, RetryAction.MORE_MEMORY])
def test_memory_rises_by_the_factor_of_the_task_up_to_its_limit(action: RetryAction) -> None:
    culm = one_unit(retry_ram_step_mb=3000, retry_ram_max_mb=4000)

    assert memory_of_attempts(culm, 3, action) == [2000, 3000, 4000, 4000]


def test_memory_is_not_below_the_offset_after_a_failure() -> None:
    assert memory_of_attempts(one_unit(retry_ram_step_mb=3000, retry_ram_offset_mb=5000), 2) == [2000, 5000, 7500]


def test_a_task_without_a_factor_rises_by_the_ladder_whichever_the_rule_says() -> None:
    assert memory_of_attempts(one_unit(), 2) == [2000, 3000, 4000]


def test_the_factor_is_that_of_what_was_asked_for_and_not_of_what_was_learned() -> None:
    culm = one_unit(retry_ram_step_mb=3000)
    culm.send(ChangeTaskAttribute(attribute="ramCount", value=2000), str(TASK), role="production", actor="ops")

    assert memory_of_attempts(culm, 2) == [2000, 3000, 4500]


@pytest.mark.parametrize(
    ("failures", "fixed", "expected"), [(3, False, 2000), (4, False, 3000), (4, True, 2000)], ids=["30 %", "40 %", "fixed"]
)
def test_the_task_asks_for_more_when_more_than_three_tenths_of_its_input_do(failures: int, fixed: bool, expected: int) -> None:
    required = Requirements(ram_mb=2000, ram_fixed=fixed)
    culm = a_running_task(a_definition(events_total=10, attempts_max=9, requirements=required))

    for number in range(1, failures + 1):
        fails(culm, number, RetryAction.MORE_MEMORY, ram_mb=3000)

    assert definition_of(culm).requirements.ram_mb == expected
    raised = [event for event, _ in culm.events if isinstance(event, TaskAttributeChanged)]
    assert [one.reason for one in raised] == ([] if expected == 2000 else ["4 of 10 input units need more than 2000 MB"])


def test_memory_beyond_the_ladder_is_asked_for_as_it_is() -> None:
    culm = a_running_task(a_definition(events_total=1, attempts_max=9))

    fails(culm, 1, RetryAction.MORE_MEMORY, ram_mb=12_000)

    assert definition_of(culm).requirements.ram_mb == 12_000


def a_files_task(**rules: Any) -> Culm:
    culm = a_task_of_files(40, scouts=None, **rules)
    culm.send(IncreaseAttempts(increase=9), str(TASK), role="production", actor="ops")
    return culm


def test_jobs_get_half_a_quarter_and_one_file_at_the_second_fourth_and_seventh_attempt() -> None:
    culm = a_files_task(files_per_job_max=40)
    limits = []

    for number in range(1, 8):
        account(culm, job(number), OutcomeKind.FAILED, action=RetryAction.LESS_INPUT)
        limits.append(files_of_a_job(definition_of(culm).rules))
        generate_all(culm, per_job=40)  # as one job, so that all attempts are of one number

    assert limits == [40, 20, 20, 10, 10, 10, 1]
    changed = [event for event, _ in culm.events if isinstance(event, SplitRuleChanged)]
    assert [(one.code, one.value, one.rules.input_divisor) for one in changed] == [
        ("MF", 20, 2), ("MF", 10, 4), ("MF", 1, INPUT_DIVISOR_MAX),
    ]  # fmt: skip


def test_jobs_whose_files_are_given_keep_them() -> None:
    culm = a_files_task(files_per_job=20)
    for number in (1, 3):
        account(culm, job(number), OutcomeKind.FAILED, action=RetryAction.LESS_INPUT)
        generate_all(culm, per_job=20)

    assert definition_of(culm).rules == SplitRules(files_per_job=20)


def test_cpu_time_is_corrected_by_a_failure_until_a_job_succeeded() -> None:
    culm = one_unit()

    fails(culm, 1, RetryAction.MORE_CPU_TIME, walltime_seconds=4200, events=100)
    fails(culm, 2, RetryAction.MORE_CPU_TIME, walltime_seconds=2400, events=100)

    # 3,600 s, 10 HS06, an efficiency of 0.9, a tenth and half more, 100 events
    assert definition_of(culm).rules.hs06_seconds_per_event == 660.0


def test_after_a_success_requirements_are_learned_again_instead() -> None:
    culm = a_scouting_task()
    account(culm, job(1), OutcomeKind.FINISHED, usage=JobUsage(pss_kb_max=3000 * 1024), walltime_seconds=100)

    fails(culm, 2, RetryAction.MORE_CPU_TIME, walltime_seconds=4200, events=100)

    assert culm.last(RequirementsLearned).finished_jobs == 1
    assert definition_of(culm).requirements.ram_mb == 3300


def test_requirements_are_learned_once_for_several_such_failures_and_not_while_the_task_is_paused() -> None:
    culm = a_scouting_task()
    account(culm, job(1), OutcomeKind.FINISHED, usage=JobUsage(pss_kb_max=3000 * 1024), walltime_seconds=100)

    culm.send(PauseTask(), str(TASK))
    fails(culm, 2, RetryAction.MORE_CPU_TIME, walltime_seconds=4200, events=100)
    before = sum(isinstance(event, RequirementsLearned) for event, _ in culm.events)
    culm.send(ResumeTask(), str(TASK))
    fails(culm, 3, RetryAction.MORE_CPU_TIME, walltime_seconds=4200, events=100)
    fails(culm, 4, RetryAction.MORE_CPU_TIME, walltime_seconds=4200, events=100)

    assert (before, sum(isinstance(event, RequirementsLearned) for event, _ in culm.events)) == (0, 1)


@pytest.mark.parametrize("status", [PauseTask(), None])
def test_memory_and_input_are_corrected_while_the_task_is_paused_too(status: PauseTask | None) -> None:
    culm = a_running_task(a_definition(events_total=2, attempts_max=9, requirements=Requirements(ram_mb=2000)))
    if status is not None:
        culm.send(status, str(TASK))

    fails(culm, 1, RetryAction.MORE_MEMORY, ram_mb=3000)

    assert definition_of(culm).requirements.ram_mb == 3000


def test_a_fixed_cpu_time_stays() -> None:
    rules = ScoutRules(success_tenths=5, cpu_time_fixed=True)
    culm = a_scouting_task(scouts=rules)

    fails(culm, 1, RetryAction.MORE_CPU_TIME, walltime_seconds=4200, events=100)

    assert definition_of(culm).rules.hs06_seconds_per_event is None


def test_a_task_whose_parameters_are_no_object_is_left_as_it_is() -> None:
    culm = one_unit(requirements=Requirements(ram_mb=2000))
    the_task(culm).parameters_json = "[1]"

    fails(culm, 1, RetryAction.MORE_MEMORY, ram_mb=3000)

    assert (definition_of(culm).requirements.ram_mb, the_task(culm).units.ram_mb[1]) == (2000, 3000)


def test_a_job_says_what_rules_may_be_limited_to() -> None:
    required = replace(Requirements(), architecture="x86_64-el9-gcc13-opt")
    culm = a_running_task(a_definition(events_total=1, requirements=required, release="Atlas-25.0.1", retry_rule_set="mc"))
    assert lease(culm) is not None

    (spec,) = [event.spec for event, _ in culm.events if isinstance(event, JobQueued)]

    assert (spec.architecture, spec.release, spec.retry_rule_set) == ("x86_64-el9-gcc13-opt", "Atlas-25.0.1", "mc")
