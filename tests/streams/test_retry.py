"""What the retry rules say about a failed job's input."""

import pytest

from schemas.types import JobError, RetryAction, RetryRule
from streams.jedi.retry import DEFAULT_RULES, Advice, advise, memory_of, next_memory


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
