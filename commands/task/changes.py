"""What an operator changes of a task at work: its priority, one of its requirements, one of its split rules. Pure.

Jobs that exist keep what they have; input that no job has yet follows the new value, also input that waits for a queue. Guards: a
value is within the bounds of its field; a rule that is not followed is refused by name. The event also names the key of the
task's parameters, where the value is kept for a reload.
Source: docs/reference/jedi.md, "Split-rule codes".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commands.decision import Decision, FollowUp, accept, refuse
from commands.task.model import Task
from commands.task.transitions import ACTIVE, TaskStatus
from schemas.records import replace
from schemas.split_rule_codes import KEPT, VALUE_MAX, with_rule
from schemas.task import (
    ChangeSplitRule,
    ChangeTaskAttribute,
    ChangeTaskPriority,
    SplitRuleChanged,
    TaskAttributeChanged,
    TaskPriorityChanged,
    WakeTask,
)

CHANGEABLE = ACTIVE | {TaskStatus.PAUSED, TaskStatus.EXHAUSTED}
SECONDS_AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Changeable:
    """One value that may be changed. field: of `Requirements` or `SplitRules`. parameter: its key in the parameters of tasks.
    factor: units of the field in one of the command."""

    field: str
    parameter: str
    lowest: int
    highest: int
    factor: int = 1
    of_rules: bool = True


ATTRIBUTES: Mapping[str, Changeable] = {
    "ramCount": Changeable("ram_mb", "ramCount", 1, 100_000_000, of_rules=False),
    "wallTime": Changeable("walltime_seconds", "walltime", 0, 1_000_000_000, of_rules=False),
    "coreCount": Changeable("core_count", "coreCount", 1, 100_000, of_rules=False),
    "cpuTime": Changeable("hs06_seconds_per_event", "cpuTime", 1, 1_000_000_000_000),
}
SPLIT_RULES: Mapping[str, Changeable] = {
    "NF": Changeable("files_per_job", "nFilesPerJob", 1, 1_000_000),
    "MF": Changeable("files_per_job_max", "nMaxFilesPerJob", 1, 1_000_000),
    "NE": Changeable("events_per_job", "nEventsPerJob", 1, 1_000_000_000_000),
    "NG": Changeable("gigabytes_per_job", "nGBPerJob", 1, 1_000_000_000),
    "MN": Changeable("jobs_max", "maxNumJobs", 1, 1_000_000_000),
    "TJ": Changeable("jobs_max", "totNumJobs", 1, 1_000_000_000),
    "MW": Changeable("walltime_seconds_target", "maxWalltime", 1, 720, SECONDS_AN_HOUR),
    "ZF": Changeable("files_per_merge_job", "nFilesPerMergeJob", 1, 1_000_000),
    "ZG": Changeable("gigabytes_per_merge_job", "nGBPerMergeJob", 1, 1_000_000_000),
}
#: Codes that JEDI knows beside those that can be changed here, and those that are only kept (schemas/split_rule_codes.py).
OTHER_SPLIT_RULES = frozenset(
    {
        "MX", "TN", "EI", "DY", "FT", "RR", "GB", "RL", "RP", "OL", "OI", "IF", "PL", "RS", "AN", "UF", "WF",
        "LX", "SW", "AE", "IM", "WI", "NW", "IS", "FC", "RC", "IL", "LI", "MO",
        "OM", "ZE", "ZM", "ME", "US", "SS", "FG", "AP", "DF", "DR", "NP", "WH", "UP", "UB", "IN", "FU", "RM",
        "RX", "RY", "RZ", "MC", "LC", "ES", "EC", "XA", "XJ", "XF", "SE", "SC", "ND", "NJ", "MJ", "NS", "UC", "FP",
        "HO", "RE", "OS", "UZ", "UT", "LS", "IP", "IK", "SO", "IT", "IA", "DE", "AT",
        "PO", "OT", "PJ", "MS", "EJ", "NC", "ST", "DM",
    }
)  # fmt: skip


def change_priority(task: Task, command: ChangeTaskPriority) -> Decision:
    """Another priority for the jobs made from now on."""
    if task.status not in CHANGEABLE:
        return _wrong_status(task, "change_priority")
    if command.priority == task.priority:
        return accept()
    return accept(TaskPriorityChanged(priority=command.priority, reason=command.reason))


def change_attribute(task: Task, command: ChangeTaskAttribute) -> Decision:
    """Another requirement for the jobs made from now on."""
    found = ATTRIBUTES.get(command.attribute)
    if found is None:
        return refuse("UNKNOWN_ATTRIBUTE", f"attribute is {command.attribute!r}, expected {', '.join(ATTRIBUTES)}")
    refused = _refusal(task, "change_attribute", command.attribute, found, command.value)
    if refused is not None:
        return refused
    assert task.definition is not None
    requirements, rules = task.definition.requirements, task.definition.rules
    if found.of_rules:
        rules = replace(rules, **_field(found, command.value))
    else:
        requirements = replace(requirements, **_field(found, command.value))
    if (requirements, rules) == (task.definition.requirements, task.definition.rules):
        return accept()
    changed = TaskAttributeChanged(
        attribute=command.attribute,
        value=command.value,
        requirements=requirements,
        rules=rules,
        parameter=found.parameter,
        reason=command.reason,
    )
    return accept(changed, follow_ups=_woken(task))


def change_split_rule(task: Task, command: ChangeSplitRule) -> Decision:
    """Another rule for input that is cut from now on."""
    if command.code in KEPT:
        return _keep_rule(task, command)
    found = SPLIT_RULES.get(command.code)
    if found is None and command.code in OTHER_SPLIT_RULES:
        expected = f"expected one of {', '.join(SPLIT_RULES)}"
        return refuse("UNCHANGEABLE_SPLIT_RULE", f"split rule {command.code} of a task at work cannot be changed, {expected}")
    if found is None:
        return refuse("UNKNOWN_SPLIT_RULE", f"{command.code!r} is no split rule, expected one of {', '.join(SPLIT_RULES)}")
    refused = _refusal(task, "change_split_rule", command.code, found, command.value)
    if refused is not None:
        return refused
    assert task.definition is not None
    rules = replace(task.definition.rules, **_field(found, command.value))
    if rules == task.definition.rules:
        return accept()
    changed = SplitRuleChanged(
        code=command.code, value=command.value, rules=rules, parameter=found.parameter, reason=command.reason
    )
    return accept(changed, follow_ups=_woken(task))


def _keep_rule(task: Task, command: ChangeSplitRule) -> Decision:
    """A rule that changes nothing here stands beside the others from now on."""
    bounds = Changeable("kept", KEPT[command.code], 0, VALUE_MAX)
    refused = _refusal(task, "change_split_rule", command.code, bounds, command.value)
    if refused is not None:
        return refused
    assert task.definition is not None
    before = task.definition.rules
    rules = replace(before, kept=with_rule(before.kept, command.code, command.value))
    if rules == before:
        return accept()
    return accept(
        SplitRuleChanged(
            code=command.code, value=command.value, rules=rules, parameter=bounds.parameter, reason=command.reason
        )
    )


def _field(found: Changeable, value: int) -> dict[str, Any]:
    return {found.field: value * found.factor}


def _refusal(task: Task, command: str, name: str, found: Changeable, value: int) -> Decision | None:
    if task.status not in CHANGEABLE or task.definition is None:
        return _wrong_status(task, command)
    if not found.lowest <= value <= found.highest:
        return refuse("BAD_NUMBER", f"{name} is {value}, expected {found.lowest} to {found.highest}")
    if not _is_object(task.parameters_json):
        return refuse("BAD_PARAMETERS", "the parameters of the task are no JSON object in which the value could be kept")
    return None


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than any reader follows
        return False


def _woken(task: Task) -> tuple[FollowUp, ...]:
    """Input that waits for a queue is brokered again with the new value."""
    if not any(order.parked for order in task.orders.values()):
        return ()
    return (FollowUp(str(task.task_id), WakeTask(cause="CHANGED")),)


def _wrong_status(task: Task, command: str) -> Decision:
    return refuse("WRONG_STATUS", f"the {command} command is not accepted if the task is in {task.status} status")
