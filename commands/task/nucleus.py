"""The nucleus of a task: the site that takes its output. Assigned before the first jobs, or by a person who reassigns. Pure.

Guards: an order that is open is answered once, also by a nucleus; a task has one nucleus, and only a person gives it another.
Source: docs/reference/jedi.md, "Nuclei"; docs/decisions/0102.
"""

from commands.decision import Decision, accept, refuse
from commands.task.model import Task
from commands.task.transitions import TaskStatus
from schemas.records import replace
from schemas.task import AssignNucleus, NucleusAssigned, ReassignTask
from schemas.types import TaskDefinition

#: Wall time of a job that says none (seconds), as PanDA counts it in the work of a nucleus.
WALLTIME_SECONDS = 300
SECONDS_A_DAY = 86_400
#: Statuses in which a task with another nucleus is ready again, where it is not to keep its status.
BEGUN = frozenset({TaskStatus.RUNNING, TaskStatus.SCOUTING, TaskStatus.PENDING})


def assign_nucleus(task: Task, command: AssignNucleus) -> Decision:
    """The nucleus that was chosen for an open order; the orders of the task are made again with it."""
    order = task.orders.get(command.order)
    if order is None or order.parked or task.definition is None:
        return refuse("UNKNOWN_ORDER", f"order {command.order} is not open")
    if (found := task.definition.requirements.nucleus) is not None:
        return refuse("HAS_NUCLEUS", f"the nucleus of the task is {found}; reassign the task to change it")
    assigned = NucleusAssigned(
        nucleus=command.nucleus,
        order=command.order,
        verdicts=command.verdicts,
        seed=command.seed,
        facts_position=command.facts_position,
        work=work_of(task, task.definition),
    )
    return accept(assigned)


def nucleus_by_person(task: Task, command: ReassignTask) -> tuple[NucleusAssigned, ...]:
    """The nucleus that a person names; nothing where none is named or the task has it already."""
    definition = task.definition
    if command.nucleus is None or definition is None or definition.requirements.nucleus == command.nucleus:
        return ()
    return (NucleusAssigned(nucleus=command.nucleus, work=work_of(task, definition), reason=command.reason),)


def status_with_nucleus(task: Task, command: ReassignTask) -> str:
    """The status that a reassigned task goes to; empty where it keeps its own."""
    if command.nucleus is None or command.back_to_old_status or task.status not in BEGUN:
        return ""
    return TaskStatus.READY.value if task.contents_complete or task.grows else ""


def nucleus_assigned(task: Task, nucleus: str) -> None:
    """The task after the event."""
    if task.definition is not None:
        requirements = replace(task.definition.requirements, nucleus=nucleus)
        task.definition = replace(task.definition, requirements=requirements)


def with_nucleus_kept(task: Task, definition: TaskDefinition) -> TaskDefinition:
    """A new definition of the task: its nucleus stays where the definition names none and wants one."""
    before = task.definition.requirements.nucleus if task.definition is not None else None
    if before is None or not definition.nucleus_wanted or definition.requirements.nucleus is not None:
        return definition
    return replace(definition, requirements=replace(definition.requirements, nucleus=before))


def work_of(task: Task, definition: TaskDefinition) -> float:
    """Days of a core that the jobs of the known input take, as far as the task says how long a job runs."""
    required = definition.requirements
    jobs = -(-len(task.units) // (definition.rules.files_per_job or 1))
    seconds = required.walltime_seconds or WALLTIME_SECONDS
    return jobs * seconds * max(1, required.core_count) / SECONDS_A_DAY
