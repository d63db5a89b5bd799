"""Other retry rules over recorded failures: which jobs would not have been made, and what they did in fact."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit.rules_trial import RecordedJobs, RulesTally, try_rules
from cli.replay import rules_in
from deploy.errors import StepFailed
from schemas.reading import Place, Recorded
from schemas.types import OutcomeKind, ReportedState, RetryAction, RetryRule
from streams.jedi.retry import DEFAULT_RULES
from tests.commands.builders import TASK, a_definition, a_running_task, account, end, generate_all, lease, report
from tests.commands.in_memory import Culm

HOUR = 3_600_000_000


def recorded(culm: Culm) -> tuple[list[Recorded], RecordedJobs]:
    """Events of the task, and what those of its jobs say."""
    jobs, tasks = RecordedJobs(), []
    for number, (message, envelope) in enumerate(culm.events):
        aggregate = "task" if envelope.aggregate_id == str(TASK) else "job"
        record = Recorded(Place(f"culm.{aggregate}.events.v1", 0, number), message, envelope)
        if aggregate == "task":
            tasks.append(record)
        elif envelope.aggregate_id.isdecimal():
            jobs.see(record)
    return tasks, jobs


def a_history(*ends: bool, units: int = 1) -> Culm:
    """One unit after another gets a job of one hour; `ends`: whether each finished."""
    culm = a_running_task(a_definition(events_total=units, attempts_max=len(ends) + 1))
    for succeeded in ends:
        job_id = lease(culm)
        assert job_id is not None
        report(culm, job_id, ReportedState.RUNNING, culm.state("job", job_id).attempt)
        culm.now += HOUR
        end(culm, job_id, succeeded=succeeded, attempt=culm.state("job", job_id).attempt)
        kind = OutcomeKind.FINISHED if succeeded else OutcomeKind.FAILED
        account(culm, job_id, kind, action=RetryAction.RETRY)
        generate_all(culm)
    return culm


def tried(culm: Culm, *rules: RetryRule) -> RulesTally:
    tasks, jobs = recorded(culm)
    return try_rules(tasks, jobs, rules)


def test_rules_that_say_the_same_save_nothing() -> None:
    tally = tried(a_history(False, False, True), *DEFAULT_RULES)

    assert (tally.failures, tally.saved, dict(tally.advice)) == (2, 0, {})


def test_a_rule_that_forbids_a_retry_saves_the_jobs_after_the_first_and_names_what_they_did() -> None:
    rule = RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY)

    tally = tried(a_history(False, False, True), rule)

    assert (tally.failures, tally.saved, tally.finished, tally.unknown) == (1, 2, 1, 0)
    assert dict(tally.advice) == {("exe", 1, "RETRY", "NO_RETRY"): 1}
    assert tally.sentence() == (
        "would save 2 jobs (2.0 h), of which 1 finished; 1 failures judged, 1 advised otherwise, 0 without their errors"
    )


def test_a_limit_saves_the_jobs_beyond_it() -> None:
    limit = RetryRule(source="exe", code=1, action=RetryAction.LIMIT_RETRY, attempts_max=2)

    tally = tried(a_history(False, False, False, False), limit)

    assert (tally.failures, tally.saved, tally.finished) == (2, 2, 0)


def test_a_rule_on_trial_saves_nothing() -> None:
    rule = RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY, active=False)

    assert tried(a_history(False, True), rule).saved == 0


def test_failures_whose_errors_are_not_in_the_recorded_time_are_counted_and_not_guessed() -> None:
    tasks, _ = recorded(a_history(False, True))

    tally = try_rules(tasks, RecordedJobs(), DEFAULT_RULES)

    assert (tally.failures, tally.unknown, tally.saved) == (0, 1, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected an object with rules"),
        ("[]", "expected an object with rules"),
        ('{"rule": []}', "SetRetryRules has no field 'rule', expected rules"),
        ('{"rules": [{"source": "exe", "code": "x", "action": "NO_RETRY"}]}', "Expected `int`, got `str` - at `$.rules[0].code`"),
        ('{"rules": [{"source": "exe", "code": 1, "action": "STOP"}]}', "Invalid enum value 'STOP'"),
        ('{"rules": [{"source": "", "code": 1, "action": "NO_RETRY"}]}', "rules[0].source"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused_by_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rules.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(StepFailed) as found:
        rules_in(file)

    assert said in str(found.value)


def test_a_file_has_rules_as_the_command_takes_them(tmp_path: Path) -> None:
    rule: dict[str, Any] = {"source": "pilot", "code": 1305, "action": "LIMIT_RETRY", "attempts_max": 2}
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"rules": [rule]}), encoding="utf-8")

    assert rules_in(file) == (RetryRule(source="pilot", code=1305, action=RetryAction.LIMIT_RETRY, attempts_max=2),)


def test_a_rule_for_jobs_of_another_queue_changes_nothing_and_one_for_their_own_does() -> None:
    culm = a_history(False, True)
    other = RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY, work_queue="Elsewhere")
    own = RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY, work_queue="Undefined")

    assert (tried(culm, other).saved, tried(culm, own).saved) == (0, 1)
