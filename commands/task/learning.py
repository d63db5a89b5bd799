"""When a task learns from its jobs what the others need, and how that is taken back. Pure.

Guards: jobs are counted once, and not beyond the hundredth; what a task asked for is kept, so that it can come back.
Source: docs/reference/jedi.md, "Learned requirements"; docs/decisions/0072.
"""

from dataclasses import replace

from commands.decision import Decision, accept, refuse
from commands.task.learned_values import requirements_learned, value_in, with_values
from commands.task.measured import SAMPLE_JOBS_MAX, measure_of, sample_of
from commands.task.model import Scouts, Task
from commands.task.scouting import jobs_shall_grow
from commands.task.transitions import ACTIVE, TaskStatus
from commands.undo import UndoDict
from schemas.splitting import is_made_up
from schemas.task import JobOutcomesRecorded, RequirementsLearned, RequirementsReverted, RevertRequirements
from schemas.types import JobKind, OutcomeKind

#: Requirements are worked out at the verdict on the scouts, and when so many jobs succeeded.
MILESTONES = (5, 100)
SUCCESSES = (OutcomeKind.FINISHED, OutcomeKind.MERGING)


def learning_step(task: Task) -> RequirementsLearned | None:
    """What the jobs that succeeded say of the requirements, when it is time."""
    learning, definition = task.learning, task.definition
    if definition is None or definition.scouts is None or learning.reverted or not learning.measures:
        return None
    due = any(learning.learned_at < milestone <= learning.finished_jobs for milestone in MILESTONES)
    first = task.scouts is Scouts.PASSED and not learning.learned_at
    return relearned(task) if due or first else None


def relearned(task: Task) -> RequirementsLearned | None:
    """What the jobs that succeeded say of the requirements now; None where nothing is to be learned."""
    learning, definition = task.learning, task.definition
    if definition is None or definition.scouts is None or learning.reverted or not learning.measures:
        return None
    measures = tuple(learning.measures.values())
    seed = f"{task.task_id}:{learning.finished_jobs}" if len(measures) > SAMPLE_JOBS_MAX else ""
    learned = requirements_learned(
        definition,
        sample_of(measures, seed),
        made_up=is_made_up(definition),
        library_bytes=task.library.size_bytes if task.library is not None else 0,
        grow=not learning.learned_at and jobs_shall_grow(task),
    )
    return RequirementsLearned(
        finished_jobs=learning.finished_jobs, learned=learned, seed=seed, measured_jobs=len(measures)
    )


def is_measured(task: Task) -> bool:
    """True while what its jobs use may teach something."""
    if task.definition is None or task.definition.scouts is None or task.learning.reverted:
        return False
    return task.learning.learned_at < MILESTONES[-1]


def jobs_measured(task: Task, event: JobOutcomesRecorded) -> None:
    """Keep what jobs used that succeed in `event`; before they leave the task."""
    _efficiency_counted(task, event)
    if not is_measured(task):
        return
    for outcome in event.outcomes:
        job = task.job(outcome.job_id)
        if job is None or job.kind is not JobKind.NORMAL:
            continue
        if outcome.kind in SUCCESSES:
            task.learning = replace(task.learning, finished_jobs=task.learning.finished_jobs + 1)
            units = task.units.specs(job.units)
            events = sum(unit.events or 0 for unit in units) or None
            input_bytes = sum(unit.size_bytes for unit in units) or None
            if (measure := measure_of(outcome, events, input_bytes)) is not None:
                task.learning.measures[job.serial] = measure


def _efficiency_counted(task: Task, event: JobOutcomesRecorded) -> None:
    """Count the CPU efficiency of jobs that succeed, where retries of the task are limited by it."""
    if task.definition is None or task.definition.retry_cpu_efficiency_percent_min is None:
        return
    for outcome in event.outcomes:
        job = task.job(outcome.job_id)
        measure = measure_of(outcome, None)
        if job is None or job.kind is not JobKind.NORMAL or outcome.kind not in SUCCESSES or measure is None:
            continue
        percent = measure.efficiency_percent(max(1, task.definition.requirements.core_count))
        if percent is not None:
            found = task.learning
            jobs, percents = found.efficiency_jobs + 1, found.efficiency_percents + percent
            task.learning = replace(found, efficiency_jobs=jobs, efficiency_percents=percents)


def learned(task: Task, event: RequirementsLearned) -> None:
    """Values that are in force from now on; after the last milestone measures are not needed any more."""
    assert task.definition is not None
    values = {one.parameter: one.new for one in event.learned if one.applied}
    asked = {name: value_in(task.definition, name) for name in values} | dict(task.learning.asked or ())
    task.definition = with_values(task.definition, values)
    task.learning = replace(task.learning, learned_at=event.finished_jobs, asked=tuple(sorted(asked.items())) or None)
    if event.finished_jobs >= MILESTONES[-1]:
        task.learning = replace(task.learning, measures=UndoDict())


def revert(task: Task, command: RevertRequirements) -> Decision:
    """The requirements that were asked for, from the next order on."""
    if task.status not in ACTIVE | {TaskStatus.PAUSED, TaskStatus.EXHAUSTED}:
        return refuse("WRONG_STATUS", f"the revert command is not accepted if the task is in {task.status} status")
    if task.learning.asked is None:
        return refuse("NOTHING_LEARNED", "no requirement of the task differs from what it asked for")
    return accept(RequirementsReverted(reason=command.reason))


def reverted(task: Task) -> None:
    """As it was asked for, and so it stays."""
    assert task.definition is not None
    assert task.learning.asked is not None
    task.definition = with_values(task.definition, dict(task.learning.asked))
    task.learning = replace(task.learning, asked=None, reverted=True, measures=UndoDict())
