"""What operators change of a task at work: later jobs have it, input that waits is brokered again, a reload keeps it."""

import json

import pytest

from commands.task.changes import ATTRIBUTES, OTHER_SPLIT_RULES, SPLIT_RULES
from schemas.records import replace
from schemas.split_rule_codes import KEPT
from schemas.task import (
    ChangeSplitRule,
    ChangeTaskAttribute,
    FinishTask,
    JobsOrdered,
    KillTask,
    ParkTask,
    RefineTask,
    ReloadTask,
    SplitRuleChanged,
    TaskAttributeChanged,
    TaskReloaded,
    TaskWoken,
    WakeTask,
)
from schemas.types import BrokerageEvidence, KeptRule, OutcomeKind
from streams.jedi.known_keys import TASK as TASK_KEYS
from tests.commands.builders import (
    TASK,
    a_definition,
    a_queue,
    a_running_task,
    a_submission,
    account,
    generate_all,
    run_all,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm


def a_parked_task() -> Culm:
    """A task whose only order found no queue."""
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")
    (order,) = the_task(culm).orders
    park = ParkTask(order=order, message="no queue", brokerage=BrokerageEvidence(seed="s"))
    assert culm.send(park, str(TASK), role="system").accepted
    return culm


@pytest.mark.parametrize(
    ("attribute", "value", "field"),
    [("ramCount", 6000, "ram_mb"), ("wallTime", 7200, "walltime_seconds"), ("coreCount", 8, "core_count")],
)
def test_a_changed_requirement_holds_and_is_kept_with_its_reason(attribute: str, value: int, field: str) -> None:
    culm = a_running_task()

    answer = culm.send(
        ChangeTaskAttribute(attribute=attribute, value=value, reason="ticket 7"), str(TASK), actor="ops", role="operator"
    )

    definition = the_task(culm).definition
    assert answer.accepted, answer
    assert definition is not None
    assert getattr(definition.requirements, field) == value
    changed = culm.last(TaskAttributeChanged)
    assert (changed.attribute, changed.value, changed.reason) == (attribute, value, "ticket 7")


def test_the_cost_of_an_event_is_a_rule_of_splitting() -> None:
    culm = a_running_task()

    culm.send(ChangeTaskAttribute(attribute="cpuTime", value=25), str(TASK), actor="ops", role="operator")

    definition = the_task(culm).definition
    assert definition is not None
    assert definition.rules.hs06_seconds_per_event == 25


def test_input_that_waits_for_a_queue_is_brokered_again_with_the_new_requirement() -> None:
    culm = a_parked_task()
    before = len(culm.events)

    culm.send(ChangeTaskAttribute(attribute="ramCount", value=1000), str(TASK), actor="ops", role="operator")

    assert culm.names(before) == ["TaskAttributeChanged", "TaskWoken", "JobsOrdered"]
    assert culm.last(JobsOrdered).definition.requirements.ram_mb == 1000


def test_a_split_rule_in_hours_becomes_seconds() -> None:
    culm = a_running_task()

    culm.send(ChangeSplitRule(code="MW", value=6), str(TASK), actor="ops", role="operator")

    definition = the_task(culm).definition
    assert definition is not None
    assert definition.rules.walltime_seconds_target == 21_600
    assert (culm.last(SplitRuleChanged).code, culm.last(SplitRuleChanged).parameter) == ("MW", "maxWalltime")


def test_a_reload_keeps_what_was_changed_unless_it_says_otherwise() -> None:
    culm = a_running_task()
    culm.send(ChangeTaskAttribute(attribute="ramCount", value=6000), str(TASK), actor="ops", role="operator")
    culm.send(ChangeSplitRule(code="NF", value=5), str(TASK), actor="ops", role="operator")
    for job_id in run_all(culm, succeed=False):
        account(culm, job_id, OutcomeKind.FAILED)

    culm.send(ReloadTask(parameters_json='{"nFilesPerJob": 2}'), str(TASK))

    assert json.loads(culm.last(TaskReloaded).parameters_json) == {"ramCount": 6000, "nFilesPerJob": 2}


@pytest.mark.parametrize(
    ("command", "reason", "message"),
    [
        (ChangeSplitRule(code="QQ", value=1), "UNKNOWN_SPLIT_RULE", "'QQ' is no split rule, expected one of NF, MF, NE"),
        (ChangeSplitRule(code="RL", value=1), "UNCHANGEABLE_SPLIT_RULE", "split rule RL of a task at work cannot be changed"),
        (ChangeSplitRule(code="NF", value=0), "BAD_NUMBER", "NF is 0, expected 1 to 1000000"),
        (ChangeSplitRule(code="MW", value=721), "BAD_NUMBER", "MW is 721, expected 1 to 720"),
        (ChangeTaskAttribute(attribute="speed", value=1), "UNKNOWN_ATTRIBUTE", "attribute is 'speed', expected ramCount"),
        (ChangeTaskAttribute(attribute="coreCount", value=100_001), "BAD_NUMBER", "coreCount is 100001, expected 1 to 100000"),
    ],
)
def test_what_cannot_be_changed_is_refused_by_name(command: object, reason: str, message: str) -> None:
    culm = a_running_task()
    before = len(culm.events)

    answer = culm.send(command, str(TASK), actor="ops", role="operator")

    assert (answer.accepted, answer.reason) == (False, reason)
    assert message in (answer.message or "")
    assert culm.names(before) == []


@pytest.mark.parametrize("command", [ChangeSplitRule(code="NF", value=2), ChangeTaskAttribute(attribute="ramCount", value=9)])
def test_a_task_that_ended_and_one_that_is_not_refined_refuse_with_their_status(command: object) -> None:
    ended, young = a_running_task(), a_culm()
    ended.send(KillTask(), str(TASK))
    young.send(a_submission(), str(TASK))

    late = ended.send(command, str(TASK), actor="ops", role="operator")
    early = young.send(command, str(TASK), actor="ops", role="operator")

    assert (late.reason, early.reason) == ("WRONG_STATUS", "WRONG_STATUS")
    assert "in aborting status" in (late.message or "")
    assert "in registered status" in (early.message or "")


def test_the_owner_without_a_role_changes_no_rule() -> None:
    culm = a_running_task()

    answer = culm.send(ChangeSplitRule(code="NF", value=2), str(TASK))

    assert (answer.accepted, answer.reason) == (False, "NOT_PERMITTED")


def test_the_same_value_again_changes_nothing() -> None:
    culm = a_running_task()
    culm.send(ChangeSplitRule(code="NF", value=2), str(TASK), actor="ops", role="operator")
    before = len(culm.events)

    again = culm.send(ChangeSplitRule(code="NF", value=2), str(TASK), actor="ops", role="operator")

    assert (again.accepted, culm.names(before)) == (True, [])


def test_an_operator_has_a_parked_task_tried_again_at_once() -> None:
    culm = a_parked_task()

    answer = culm.send(WakeTask(cause="OPERATOR"), str(TASK), actor="ops", role="operator")

    assert answer.accepted, answer
    assert culm.last(TaskWoken) is not None
    generate_all(culm)
    assert culm.send(FinishTask(soft=False), str(TASK)).accepted


def test_every_code_is_in_one_of_the_two_tables() -> None:
    assert len(ATTRIBUTES) == 4
    assert OTHER_SPLIT_RULES.isdisjoint(SPLIT_RULES)
    assert all(len(code) == 2 and code.isupper() for code in OTHER_SPLIT_RULES | set(SPLIT_RULES))


def test_a_rule_of_jedi_that_changes_nothing_is_kept_with_its_value_and_for_a_reload() -> None:
    culm = a_running_task()

    for code, value in (("MD", 1), ("AV", 1), ("AV", 0)):
        assert culm.send(ChangeSplitRule(code=code, value=value), str(TASK), actor="ops", role="operator").accepted

    changed = culm.last(SplitRuleChanged)
    assert (changed.code, changed.value, changed.parameter) == ("AV", 0, "avoidVP")
    assert changed.rules == replace(a_definition().rules, kept=(KeptRule(code="AV", value=0), KeptRule(code="MD", value=1)))
    assert json.loads(the_task(culm).parameters_json) == {"messageDriven": 1, "avoidVP": 0}


def test_each_rule_that_is_kept_is_one_that_refinement_takes_and_that_cannot_be_changed_otherwise() -> None:
    assert set(KEPT.values()) <= set(TASK_KEYS.harmless) | TASK_KEYS.followed
    assert not set(KEPT) & (set(SPLIT_RULES) | OTHER_SPLIT_RULES)
