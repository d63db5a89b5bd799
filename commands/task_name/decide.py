"""What a task name says to a command. Guards: a unique name belongs to one task for ever."""

from commands.decision import Decision, accept, refuse
from commands.task_name.model import TaskName
from schemas.task_name import ClaimTaskName, TaskNameClaimed
from schemas.types import CommandEnvelope


def decide(name: TaskName, command: ClaimTaskName, by: CommandEnvelope) -> Decision:
    """Answer `command` against `name`; the refusal's message is the id of the task that has it."""
    if name.task_id == command.task_id:
        return accept()
    if name.task_id is not None:
        return refuse("NAME_IN_USE", str(name.task_id))
    return accept(TaskNameClaimed(name=command.name, task_id=command.task_id))
