"""What failures correct in a task for the jobs to come: memory of its input and of the task, input of a job, CPU time. Pure.

In: the outcomes of a decision and what they did to the input. Out: memory of units, and changes of the definition as events.
Guards: what is fixed stays; nothing becomes less but the input of a job. Source: docs/reference/jedi.md, "Retry rules".
"""

import json
import math
from collections.abc import Mapping, Sequence

from commands.task.learned_values import BASE_WALLTIME_SECONDS, CORE_POWER, CPU_EFFICIENCY
from commands.task.learning import relearned
from commands.task.model import Task
from commands.task.transitions import WORKING, TaskStatus
from schemas.records import replace
from schemas.resource_types import MEMORY_LADDER_MB
from schemas.splitting import INPUT_DIVISOR_MAX, files_of_a_job, is_made_up
from schemas.task import RequirementsLearned, SplitRuleChanged, TaskAttributeChanged
from schemas.types import JobOutcome, OutcomeKind, RetryAction, TaskDefinition, UnitChange

#: The task asks for more memory when more than so many per cent of its input need it.
RAISED_PERCENT = 30
MEMORY_ACTIONS = frozenset({RetryAction.MORE_MEMORY, RetryAction.MEMORY_BY_FACTOR})
#: From which attempt on the limits of a job are divided by what.
DIVISORS = ((7, INPUT_DIVISOR_MAX), (4, 4), (2, 2))
CPU_TIME_FACTOR = 1.1 * 1.5
Correction = TaskAttributeChanged | SplitRuleChanged | RequirementsLearned


def memory_after(task: Task, unit_id: int, outcome: JobOutcome) -> int | None:
    """MB that a unit needs after a failure for memory, in the task's own unit; None where nothing changes."""
    definition = task.definition
    if definition is None or outcome.action not in MEMORY_ACTIONS:
        return None
    required = definition.requirements
    cores = 1 if required.ram_per_core else max(1, required.core_count)
    if definition.retry_ram_step_mb is None:
        return None if outcome.ram_mb is None else outcome.ram_mb * cores
    asked = dict(task.learning.asked or ()).get("ram_mb") or required.ram_mb
    had = max(required.ram_mb, task.units.ram_mb.get(unit_id, 0))
    most = definition.retry_ram_max_mb or math.inf
    new = max(had * definition.retry_ram_step_mb / max(1, asked), definition.retry_ram_offset_mb or 0)
    found = math.ceil(min(new, most))
    return found if found > had else None


def corrections(task: Task, outcomes: Sequence[JobOutcome], changes: Mapping[int, UnitChange]) -> tuple[Correction, ...]:
    """Events that follow in the same decision; none for a task that makes no more jobs."""
    definition = task.definition
    failed = [one for one in outcomes if one.kind is OutcomeKind.FAILED]
    if definition is None or not failed or task.status not in WORKING | {TaskStatus.PAUSED}:
        return ()
    if not _keeps_values(task.parameters_json):
        return ()
    found: list[Correction] = []
    if (more := _memory_raised(task, definition, changes)) is not None:
        found.append(more)
        definition = replace(definition, requirements=more.requirements)
    if any(one.action is RetryAction.LESS_INPUT for one in failed):
        highest = max((change.attempt for change in changes.values() if not change.finished), default=0)
        if (less := _less_input(definition, highest)) is not None:
            found.append(less)
            definition = replace(definition, rules=less.rules)
    slow = [one for one in failed if one.action is RetryAction.MORE_CPU_TIME]
    if slow and task.learning.finished_jobs:
        # What a paused task learned waits for its resumption, and what is known already is not learned twice.
        new = task.status is not TaskStatus.PAUSED and task.learning.finished_jobs > task.learning.learned_at
        again = relearned(task) if new else None
        found += () if again is None else (again,)
    elif slow and (time := _cpu_time(definition, slow)) is not None:
        found.append(time)
    return tuple(found)


def _memory_raised(task: Task, definition: TaskDefinition, changes: Mapping[int, UnitChange]) -> TaskAttributeChanged | None:
    """The step of the ladder that holds what the input needs, when much of it needs more than the task asks for."""
    required, total = definition.requirements, len(task.units)
    now = {unit_id: change.ram_mb for unit_id, change in changes.items() if change.ram_mb is not None}
    if required.ram_fixed or not now or 100 * (len(task.units.ram_mb) + len(now)) <= RAISED_PERCENT * total:
        return None
    needs = [mb for mb in ({**task.units.ram_mb, **now}).values() if mb > required.ram_mb]
    if 100 * len(needs) <= RAISED_PERCENT * total:
        return None
    cores = 1 if required.ram_per_core else max(1, required.core_count)
    largest = max(needs)
    ram_mb = next((step * cores for step in MEMORY_LADDER_MB if step * cores >= largest), largest)
    return TaskAttributeChanged(
        attribute="ramCount",
        value=ram_mb,
        requirements=replace(required, ram_mb=ram_mb),
        rules=definition.rules,
        parameter="ramCount",
        reason=f"{len(needs)} of {total} input units need more than {required.ram_mb} MB",
    )


def _less_input(definition: TaskDefinition, attempt: int) -> SplitRuleChanged | None:
    """Half, a quarter, one file of what a job may have, by the attempt; not where files or events of a job are given."""
    rules = definition.rules
    divisor = next((by for least, by in DIVISORS if attempt >= least), 1)
    given = (rules.files_per_job, rules.events_per_job) != (None, None)
    if given or is_made_up(definition) or divisor <= rules.input_divisor:
        return None
    changed = replace(rules, input_divisor=divisor)
    return SplitRuleChanged(
        code="MF",
        value=files_of_a_job(changed),
        rules=changed,
        parameter="nMaxFilesPerJob",
        reason=f"input failed in attempt {attempt}",
    )


def _cpu_time(definition: TaskDefinition, outcomes: Sequence[JobOutcome]) -> TaskAttributeChanged | None:
    """CPU time for each event by the longest of the jobs that failed for it, while none succeeded."""
    power = CORE_POWER * max(1, definition.requirements.core_count) / CPU_EFFICIENCY
    found = max(
        (
            max(0, one.walltime_seconds - BASE_WALLTIME_SECONDS) * power * CPU_TIME_FACTOR / one.events
            for one in outcomes
            if one.walltime_seconds is not None and one.events
        ),
        default=0.0,
    )
    fixed = definition.scouts is not None and definition.scouts.cpu_time_fixed
    value = math.ceil(found)
    if fixed or not value or value <= (definition.rules.hs06_seconds_per_event or 0):
        return None
    return TaskAttributeChanged(
        attribute="cpuTime",
        value=value,
        requirements=definition.requirements,
        rules=replace(definition.rules, hs06_seconds_per_event=float(value)),
        parameter="cpuTime",
        reason="jobs ran out of time before one succeeded",
    )


def _keeps_values(parameters_json: str) -> bool:
    """True when the parameters are an object, in which a reload finds what was changed."""
    try:
        return isinstance(json.loads(parameters_json), dict)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than any reader follows
        return False
