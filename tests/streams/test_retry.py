"""What the retry rules say about a failed job's input."""

import pytest

from schemas.types import JobError, RetryAction, RetryRule
from streams.jedi.retry import DEFAULT_RULES, Advice, RulesScope, advise, memory_of, next_memory


def an_error(source: str, code: int, diagnostic: str = "") -> JobError:
    return JobError(source=source, code=code, diagnostic=diagnostic)


@pytest.mark.parametrize(
    ("error", "action", "ram_mb"),
    [
        (an_error("pilot", 1212), RetryAction.MORE_MEMORY, 3000),
        (an_error("pilot", 1223), RetryAction.MORE_MEMORY, 3000),
        (an_error("pilot", 1235), RetryAction.MORE_MEMORY, 3000),
        (an_error("pilot", 1103), RetryAction.NO_RETRY, None),
        (an_error("pilot", 1165), RetryAction.NO_RETRY, None),
        (an_error("pilot", 1191), RetryAction.NO_RETRY, None),
        (an_error("pilot", 1350), RetryAction.NO_RETRY, None),
        (an_error("pilot", -1350), RetryAction.NO_RETRY, None),
        (an_error("pilot", 1360), RetryAction.NO_RETRY, None),
        (an_error("pilot", 1201), RetryAction.SYSTEM, None),
        (an_error("pilot", -1137), RetryAction.SYSTEM, None),
        (an_error("jobdispatcher", 100), RetryAction.SYSTEM, None),
        (an_error("taskbuffer", 300), RetryAction.SYSTEM, None),
        (an_error("pilot", 1305), RetryAction.RETRY, None),
        (an_error("trans", 65), RetryAction.RETRY, None),
    ],
)
def test_the_built_in_rules_know_the_common_errors(error: JobError, action: RetryAction, ram_mb: int | None) -> None:
    assert advise([error], DEFAULT_RULES, 2000) == Advice(action, error, ram_mb)


def test_memory_climbs_the_ladder_to_its_top_and_stays_there() -> None:
    steps = [2000]
    while (step := next_memory(steps[-1])) is not None:
        steps.append(step)

    assert steps == [2000, 3000, 4000, 6000, 8000]
    assert next_memory(0) == 1000
    assert next_memory(2500) == 3000


def test_at_the_top_of_the_ladder_the_input_is_tried_again_as_it_is() -> None:
    error = an_error("pilot", 1212)

    assert advise([error], DEFAULT_RULES, 8000) == Advice(RetryAction.RETRY, error)


def test_errors_are_looked_at_in_the_order_of_their_families() -> None:
    lost, memory = an_error("jobdispatcher", 100), an_error("pilot", 1212)

    assert advise([lost, memory], DEFAULT_RULES, 2000).error == memory


def test_the_first_error_for_which_a_rule_acts_decides() -> None:
    unknown, lost = an_error("pilot", 9999), an_error("jobdispatcher", 100)

    assert advise([unknown, lost], DEFAULT_RULES, 2000) == Advice(RetryAction.SYSTEM, lost)


def test_without_a_rule_the_first_error_is_reported_and_the_input_tried_again() -> None:
    exe, pilot = an_error("exe", 1), an_error("pilot", 1305)

    assert advise([exe, pilot], (), 2000) == Advice(RetryAction.RETRY, pilot)
    assert advise([], (), 2000) == Advice(RetryAction.RETRY)


def test_a_rule_with_a_pattern_matches_from_the_start_and_over_lines() -> None:
    rule = RetryRule(source="exe", code=1, pattern="segfault.*core", action=RetryAction.NO_RETRY)

    assert advise([an_error("exe", 1, "segfault\nin core")], [rule], 0).action is RetryAction.NO_RETRY
    assert advise([an_error("exe", 1, "a segfault, core")], [rule], 0).action is RetryAction.RETRY


def test_an_inactive_rule_does_not_act() -> None:
    rule = RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY, active=False)

    assert advise([an_error("exe", 1)], [rule], 0).action is RetryAction.RETRY


def test_memory_of_a_job_is_counted_per_core_and_without_compensation() -> None:
    assert (memory_of(1800, 1), memory_of(14_400, 8), memory_of(0, 0)) == (2000, 2000, 0)


def a_limit(attempts_max: int, **changes: object) -> RetryRule:
    facts: dict[str, object] = {"source": "exe", "code": 1, "action": RetryAction.LIMIT_RETRY, "attempts_max": attempts_max}
    return RetryRule(**(facts | changes))  # type: ignore[arg-type]  # facts of a rule


def test_of_several_limits_for_one_error_the_narrowest_holds_in_any_order() -> None:
    error = an_error("exe", 1, "segfault")
    rules = [a_limit(5), a_limit(2, pattern="seg"), a_limit(4), a_limit(1, pattern="other"), a_limit(1, active=False)]

    advice = [advise([error], order, 2000) for order in (rules, rules[::-1])]

    assert [(one.action, one.attempts_max) for one in advice] == [(RetryAction.LIMIT_RETRY, 2)] * 2


@pytest.mark.parametrize(
    ("limits", "acts"),
    [
        ({}, True),
        ({"architecture": "el9"}, True),
        ({"architecture": "el8"}, False),
        ({"release": "25"}, True),
        ({"release": "24"}, False),
        ({"work_queue": "Simulation"}, True),
        ({"work_queue": "Analysis"}, False),
        ({"architecture": "el9", "work_queue": "Analysis"}, False),
    ],
)
def test_a_rule_acts_on_the_jobs_that_it_is_limited_to(limits: dict[str, str], acts: bool) -> None:
    scope = RulesScope(architecture="el9", release="25", work_queue="Simulation")
    rule = RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY, **limits)  # type: ignore[arg-type]  # limits of a rule

    known, unknown = advise([an_error("exe", 1)], [rule], 0, scope=scope), advise([an_error("exe", 1)], [rule], 0)

    assert (known.action is RetryAction.NO_RETRY, unknown.action is RetryAction.NO_RETRY) == (acts, not limits)


def test_a_task_that_names_a_set_of_rules_has_no_others() -> None:
    error, scope = an_error("exe", 1), RulesScope(rule_set="mc")
    usual = RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY)
    own = RetryRule(source="exe", code=1, action=RetryAction.SYSTEM, rule_set="mc")

    assert advise([error], [usual, own], 0, scope=scope).action is RetryAction.SYSTEM
    assert advise([error], [own, usual], 0).action is RetryAction.NO_RETRY
    assert advise([error], [usual], 0, scope=scope).action is RetryAction.RETRY


@pytest.mark.parametrize("action", [RetryAction.LESS_INPUT, RetryAction.MORE_CPU_TIME])
def test_corrections_of_the_task_are_passed_on(action: RetryAction) -> None:
    assert advise([an_error("exe", 1)], [RetryRule(source="exe", code=1, action=action)], 2000).action is action


def test_memory_by_factor_carries_the_step_of_the_ladder_for_tasks_without_one() -> None:
    rule = RetryRule(source="pilot", code=1212, action=RetryAction.MEMORY_BY_FACTOR)

    found = [advise([an_error("pilot", 1212)], [rule], ram_mb) for ram_mb in (2000, 8000)]

    assert [one.action for one in found] == [RetryAction.MEMORY_BY_FACTOR] * 2
    assert [one.ram_mb for one in found] == [3000, None]


def test_a_limit_after_another_action_does_not_act() -> None:
    error = an_error("exe", 1)
    rules = [RetryRule(source="exe", code=1, action=RetryAction.SYSTEM), a_limit(2)]

    assert advise([error], rules, 2000) == Advice(RetryAction.SYSTEM, error)


@pytest.mark.parametrize("action", [RetryAction.NO_RETRY, RetryAction.MORE_MEMORY, RetryAction.LIMIT_RETRY])
def test_a_rule_on_trial_is_recorded_beside_what_was_done(action: RetryAction) -> None:
    limit = 2 if action is RetryAction.LIMIT_RETRY else None
    trial = RetryRule(source="exe", code=1, action=action, active=False, attempts_max=limit)
    error, other = an_error("exe", 1), an_error("jobdispatcher", 100)

    alone, beside = advise([error], [trial], 2000), advise([error, other], [trial, *DEFAULT_RULES], 2000)

    assert alone == Advice(RetryAction.RETRY, error, on_trial=action)
    assert beside == Advice(RetryAction.SYSTEM, other, on_trial=action)
