"""What advice of the retry rules does to attempts and failures of input, as a table; and retries of PanDA's server."""

from dataclasses import dataclass
from typing import Any

import pytest

from schemas.policy import SetRetryRules
from schemas.task import RetryTask
from schemas.types import OutcomeKind, RetryAction, RetryRule
from tests.commands.builders import TASK, a_definition, a_queue, a_running_task, account, end, generate_all, lease, the_task
from tests.commands.in_memory import Culm, a_culm


def fail_once(culm: Culm, source: str = "exe", code: int = 1, **advice: Any) -> int:
    """Id of the job that was run and failed; its successor is ordered and made."""
    job_id = lease(culm)
    assert job_id is not None
    attempt = culm.state("job", job_id).attempt
    end(culm, job_id, succeeded=False, attempt=attempt)
    account(culm, job_id, OutcomeKind.FAILED, error_source=source, error_code=code, **advice)
    generate_all(culm)
    return job_id


def jobs_until_given_up(culm: Culm, *args: Any, **advice: Any) -> int:
    """How many jobs a unit got that always fails so."""
    made = 0
    while not the_task(culm).failed:
        fail_once(culm, *args, **advice)
        made += 1
        assert made < 30
    return made


@dataclass(frozen=True)
class Case:
    """A failure that repeats, and how many jobs the input gets. failures_max: of the task."""

    named: str
    jobs: int
    source: str = "exe"
    code: int = 1
    action: RetryAction = RetryAction.RETRY
    limit: int | None = None
    attempts_max: int = 5
    failures_max: int | None = None


CASES = [
    Case("an error without a rule uses all attempts", 5),
    Case("true failures end at the limit of failures", 2, failures_max=2),
    Case("a failure of the system costs no failure", 5, action=RetryAction.SYSTEM, failures_max=2),
    Case("no retry ends at once", 1, action=RetryAction.NO_RETRY),
    Case("a limit is narrower than the task's", 3, action=RetryAction.LIMIT_RETRY, limit=3),
    Case("a limit that is wider changes nothing", 5, action=RetryAction.LIMIT_RETRY, limit=9),
    Case("a limit of one is no retry", 1, action=RetryAction.LIMIT_RETRY, limit=1),
    Case("a negative code of the pilot gets two jobs more", 7, "pilot", -1137, RetryAction.SYSTEM),
    Case("a negative code of the pilot that is never to be tried again is not", 1, "pilot", -1350, RetryAction.NO_RETRY),
    Case("a negative code of a task with one attempt is not tried again", 1, "pilot", -1137, attempts_max=1),
    Case("a kill signal gets one job more", 6, "pilot", 1200, RetryAction.SYSTEM),
    Case("SIGTERM gets one job more", 6, "pilot", 1201, RetryAction.SYSTEM),
    Case("the time limit of the batch system gets one job more", 6, "pilot", 1213),
    Case("another code of the pilot gets none", 5, "pilot", 1214),
    Case("a negative code of the payload gets none", 5, "exe", -9),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.named)
def test_input_gets_as_many_jobs_as_the_table_says(case: Case) -> None:
    culm = a_running_task(a_definition(events_total=1, attempts_max=case.attempts_max, failures_max=case.failures_max))

    made = jobs_until_given_up(culm, case.source, case.code, action=case.action, attempts_max=case.limit)

    assert made == case.jobs


def test_a_limit_that_was_said_once_holds_for_later_errors() -> None:
    culm = a_running_task(a_definition(events_total=1, attempts_max=5))

    fail_once(culm, action=RetryAction.LIMIT_RETRY, attempts_max=2)
    fail_once(culm)

    assert the_task(culm).failed == 1


def test_a_limit_below_what_was_used_gives_the_input_up_and_a_retry_revives_it() -> None:
    culm = a_running_task(a_definition(events_total=1, attempts_max=5))
    fail_once(culm)
    fail_once(culm)
    fail_once(culm, action=RetryAction.LIMIT_RETRY, attempts_max=1)
    assert (the_task(culm).failed, the_task(culm).status) == (1, "failed")

    assert culm.send(RetryTask(), str(TASK)).accepted
    generate_all(culm)

    assert lease(culm) is not None


def test_a_limit_without_its_number_and_a_number_without_a_limit_are_refused() -> None:
    culm = a_culm()
    a_queue(culm)
    rules = [
        RetryRule(source="exe", code=1, action=RetryAction.LIMIT_RETRY),
        RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY, attempts_max=2),
    ]

    refused = [culm.send(SetRetryRules(rules=(rule,)), "retry_rules", actor="ops", role="operator") for rule in rules]

    expected = "expected a number with LIMIT_RETRY and none with other actions"
    assert [answer.message for answer in refused] == [
        f"rule 0: attempts_max is None with LIMIT_RETRY, {expected}", f"rule 0: attempts_max is 2 with NO_RETRY, {expected}",
    ]  # fmt: skip
