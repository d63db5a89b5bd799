"""A task of whose jobs too many fail is paused, so that a person looks at it before the rest of its input is tried. Pure.

Guards: jobs are counted from the refinement, and again from each resumption, so that a task that a person resumed is not paused
for what failed before. Source: docs/reference/jedi.md, "Attempts".
"""

from collections.abc import Iterable

from commands.task.model import Task
from commands.task.transitions import WORKING
from schemas.task import TaskPaused
from schemas.types import JobOutcome, OutcomeKind

SUCCESSES = frozenset({OutcomeKind.FINISHED, OutcomeKind.MERGING})


def counted(task: Task, outcomes: Iterable[JobOutcome]) -> tuple[int, int]:
    """Jobs that succeeded and that failed, those of `outcomes` included; jobs that were stopped are neither."""
    finished, failed = task.jobs_finished, task.jobs_failed
    for outcome in outcomes:
        finished += outcome.kind in SUCCESSES
        failed += outcome.kind is OutcomeKind.FAILED
    return finished, failed


def paused_for_failures(task: Task, outcomes: Iterable[JobOutcome], units_done: int) -> TaskPaused | None:
    """The pause that follows from `outcomes`, by the figures of the definition; units_done: input done or given up after them."""
    definition = task.definition
    if definition is None or definition.pause_failed_percent is None or task.status not in WORKING:
        return None
    finished, failed = counted(task, outcomes)
    jobs, left = finished + failed, len(task.units) - units_done
    if not jobs or jobs < definition.pause_jobs_min or left < definition.pause_units_min:
        return None
    if 100 * failed < definition.pause_failed_percent * jobs:
        return None
    found = f"{failed:,} of {jobs:,} jobs failed, expected less than {definition.pause_failed_percent:g} %"
    return TaskPaused(reason=f"{found}; {left:,} input units are left")
