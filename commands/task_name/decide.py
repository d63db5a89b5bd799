"""What a task name says to a command. Guards: a unique name belongs to one task for ever, but for one that never came to be."""

from commands.decision import Decision, accept, refuse
from commands.task_name.model import TaskName
from schemas.task_name import ClaimTaskName, TaskNameClaimed
from schemas.types import CommandEnvelope

OFFICIAL = frozenset({"production", "operator", "system"})


def decide(name: TaskName, command: ClaimTaskName, by: CommandEnvelope) -> Decision:
    """Answer `command` against `name`; the refusal's message is the id of the task that has it."""
    if name.task_id == command.task_id:
        return accept()
    if name.task_id is not None and (name.task_id != command.replaces_task_id or not _is_own(by)):
        return refuse("NAME_IN_USE", str(name.task_id))
    return accept(TaskNameClaimed(name=command.name, task_id=command.task_id))


def _is_own(by: CommandEnvelope) -> bool:
    """True for the owner of the name, and for a production role about a name that has none (`schemas.ids.task_name_key`)."""
    vo, _, rest = by.aggregate_id.partition("/")
    _, _, owned = rest.partition("/")
    return vo == by.vo and (owned.startswith(f"{by.actor}/") or (owned.startswith("/") and by.role in OFFICIAL))
