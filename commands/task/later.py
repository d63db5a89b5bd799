"""Commands on a task that are ordered for later, and what becomes of them when their time has come. Pure.

Who orders one must have the right to send it, now and then: it is decided in the name and role of its sender, against the task as
it is by then, and a refusal is kept with the status that it met. The timers send `CarryOutScheduled` (docs/flow.md, "Deadlines").
"""

import json
from collections.abc import Callable
from dataclasses import replace

from commands.decision import Decision, accept, refuse
from commands.task.model import Scheduled, Task, belongs
from identity.rights import rule_on_command
from schemas import records
from schemas.bounds import problems_of, sentence
from schemas.instants import DAY
from schemas.task import (
    CancelScheduled,
    CarryOutScheduled,
    ChangeSplitRule,
    ChangeTaskAttribute,
    ChangeTaskPriority,
    FinishTask,
    IncreaseAttempts,
    KillTask,
    PauseTask,
    ReassignTask,
    ReloadTask,
    ResumeTask,
    RetryTask,
    ScheduledCommandEnded,
    ScheduleTaskCommand,
    TaskCommand,
    TaskCommandScheduled,
    WakeTask,
)
from schemas.times import utc
from schemas.types import CommandEnvelope

SCHEDULED_MAX = 20
AHEAD_MAX = 366 * DAY
OUTCOME_LENGTH_MAX = 4_000
SCHEDULABLE: dict[str, type[TaskCommand]] = {
    kind.__name__: kind
    for kind in (
        KillTask, FinishTask, RetryTask, ReloadTask, PauseTask, ResumeTask, ReassignTask, IncreaseAttempts, ChangeTaskPriority,
        ChangeTaskAttribute, ChangeSplitRule, WakeTask,
    )
}  # fmt: skip
Decide = Callable[[Task, TaskCommand, CommandEnvelope], Decision]


class BadSchedule(ValueError):
    """What was ordered for later is no command that can be; the message is the refusal's."""


def schedule(task: Task, command: ScheduleTaskCommand, by: CommandEnvelope) -> Decision:
    """Keep the command until its time comes."""
    if not by.issued_at < command.at <= by.issued_at + AHEAD_MAX:
        return refuse("BAD_TIME", f"at is {utc(command.at)}, expected a time within a year from now")
    if len(task.scheduled) >= SCHEDULED_MAX:
        return refuse("TOO_MANY", f"{SCHEDULED_MAX} commands wait for their time already")
    try:
        ordered = _command(command.command, command.fields_json)
    except BadSchedule as problem:
        return refuse("BAD_COMMAND", str(problem))
    ruling = rule_on_command(command.command, by, belongs(task, ordered, by))
    if not ruling.allowed:
        return refuse(ruling.reason, ruling.sentence)
    scheduled = TaskCommandScheduled(
        schedule_id=by.command_id,
        at=command.at,
        at_text=utc(command.at),
        command=command.command,
        fields_json=command.fields_json,
        role=by.role,
        rights=by.rights,
        linked_actors=by.linked_actors,
        reason=command.reason,
    )
    return accept(scheduled)


def cancel_scheduled(task: Task, command: CancelScheduled) -> Decision:
    """Forget the command."""
    found = task.scheduled.get(command.schedule_id)
    if found is None:
        return _not_scheduled(command.schedule_id)
    why = f": {command.reason}" if command.reason else ""
    return accept(_ended(command.schedule_id, found, f"taken back{why}"))


def carry_out(task: Task, command: CarryOutScheduled, by: CommandEnvelope, decide: Decide) -> Decision:
    """Decide the command now, by `decide`; a refusal is what becomes of it, and is kept."""
    found = task.scheduled.get(command.schedule_id)
    if found is None:
        return _not_scheduled(command.schedule_id)
    if by.issued_at < found.at:
        return refuse("NOT_DUE", f"it is ordered for {utc(found.at)}")
    on_behalf = records.replace(by, actor=found.actor, role=found.role, rights=found.rights, linked_actors=found.linked)
    ordered = _command(found.command, found.fields_json)
    ruling = rule_on_command(found.command, on_behalf, belongs(task, ordered, on_behalf))
    decision = decide(task, ordered, on_behalf) if ruling.allowed else refuse(ruling.reason, ruling.sentence)
    if decision.refusal is not None:
        outcome = f"{decision.refusal.reason}: {decision.refusal.message}"
        return accept(_ended(command.schedule_id, found, outcome))
    ended = _ended(command.schedule_id, found, "carried out")
    return replace(decision, events=(ended, *decision.events))


def _command(name: str, fields_json: str) -> TaskCommand:
    """The command of that name with these fields; raises BadSchedule for one that is none or out of bounds."""
    kind = SCHEDULABLE.get(name)
    if kind is None:
        raise BadSchedule(f"command is {name!r}, expected one of {', '.join(SCHEDULABLE)}")
    try:
        fields = json.loads(fields_json or "{}")
    except (ValueError, RecursionError) as problem:
        raise BadSchedule("fields_json is no JSON") from problem
    if not isinstance(fields, dict):
        raise BadSchedule(f"fields_json is a JSON {type(fields).__name__}, expected an object")
    try:
        found: TaskCommand = records.record_from(kind, fields)
    except ValueError as problem:
        raise BadSchedule(str(problem)[:1_000]) from problem
    problems = problems_of(found)
    if problems:
        raise BadSchedule(f"{name}: {sentence(problems)}")
    return found


def _ended(number: str, found: Scheduled, outcome: str) -> ScheduledCommandEnded:
    return ScheduledCommandEnded(
        schedule_id=number, command=found.command, actor=found.actor, outcome=outcome[:OUTCOME_LENGTH_MAX]
    )


def _not_scheduled(number: str) -> Decision:
    return refuse("NOT_SCHEDULED", f"no command {number} waits for its time")
