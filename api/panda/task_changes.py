"""Calls below `task/` by which operators change a task at work: priority, requirements, split rules.

Values and states are judged by the Task decider, rights by its class; the answer's message says what holds from now on.
"""

from api.panda.arguments import BadArgument
from api.panda.calls import Call
from api.panda.envelope import Reply, done
from api.panda.sending import send
from api.panda.task_commands import refused
from schemas.split_rule_codes import KEPT
from schemas.task import ChangeSplitRule, ChangeTaskAttribute, ChangeTaskPriority, TaskCommand, WakeTask

NAME_LENGTH_MAX = 16


async def change_priority(call: Call) -> Reply:
    """Another priority for jobs made from now on."""
    command = ChangeTaskPriority(priority=call["priority"])
    return await _changed(call, "change_priority", command, f"priority of task {call['task_id']} is {call['priority']}")


async def change_attribute(call: Call) -> Reply:
    """Another requirement: ramCount (MB), wallTime (s), cpuTime (HS06 s per event) or coreCount."""
    command = ChangeTaskAttribute(attribute=_name(call), value=call["value"])
    return await _changed(call, "change_attribute", command, f"{_name(call)} of task {call['task_id']} is {call['value']}")


async def change_split_rule(call: Call) -> Reply:
    """Another split rule, by its code of two letters; one that changes nothing here is kept and shown."""
    command = ChangeSplitRule(code=_name(call), value=call["value"])
    what = f"{_name(call)} of task {call['task_id']} is {call['value']}"
    kept = f"; {KEPT[_name(call)]} is kept and shown, and changes nothing here" if _name(call) in KEPT else ""
    return await _changed(call, "change_split_rule", command, what + kept)


async def change_modification_time(call: Call) -> Reply:
    """What operators of PanDA use it for: a time in the past makes a task that waits be tried at once.

    Nothing here waits for the age of a task, so a time in the future has no meaning and is refused.
    """
    if call["hour_offset"] > 0:
        expected = "expected 0 or less: no step waits for the age of a task"
        raise BadArgument(f"Argument error: hour_offset is {call['hour_offset']}, {expected}")
    message = f"task {call['task_id']} is tried again at once"
    return await _changed(call, "change_modification_time", WakeTask(cause="OPERATOR"), message)


async def _changed(call: Call, name: str, command: TaskCommand, message: str) -> Reply:
    answer = await send(call, command, "task", call["task_id"])
    if answer is not None and answer.accepted:
        return done(0, message)
    return await refused(call, answer, name)


def _name(call: Call) -> str:
    name: str = call["attribute_name"]
    if not 0 < len(name) <= NAME_LENGTH_MAX or not name.isalnum():
        expected = f"expected a word of up to {NAME_LENGTH_MAX} letters and digits"
        raise BadArgument(f"Argument error: attribute_name is {name[:60]!r}, {expected}")
    return name
