"""What events that change a task at work change in its state: its requirements, its split rules, its site. Pure."""

import json

from commands.task.model import Task
from schemas import records
from schemas.task import SplitRuleChanged, TaskAttributeChanged, TaskReassigned


def changed_by(task: Task, event: TaskAttributeChanged | SplitRuleChanged) -> None:
    """The definition from now on, and the parameters from which a reload makes another one."""
    assert task.definition is not None
    asked = event.requirements if isinstance(event, TaskAttributeChanged) else task.definition.requirements
    task.definition = records.replace(task.definition, requirements=asked, rules=event.rules)
    parameters = {**json.loads(task.parameters_json), event.parameter: event.value}
    task.parameters_json = json.dumps(parameters, separators=(",", ":"), ensure_ascii=False)


def reassigned_by(task: Task, event: TaskReassigned) -> None:
    """The site and the cloud from now on; queues are chosen as for a new task."""
    if task.definition is not None:
        requirements = records.replace(
            task.definition.requirements,
            site=event.site or task.definition.requirements.site,
            cloud=event.cloud or task.definition.requirements.cloud,
        )
        task.definition = records.replace(task.definition, requirements=requirements)
    task.queues_used, task.blocked_at = (), 0
