"""Which units of input that still grows may become jobs: those that fill one. The rest waits for further files, or for the end.

Pure. How many units a job has is the rule of splitting; queues may give it less, and a job that is planned is never taken back.
Source: docs/reference/jedi.md, "Growing input".
"""

from collections.abc import Sequence
from itertools import groupby

from commands.task.model import Task
from schemas.splitting import files_of_a_job, may_mix
from schemas.types import InputUnit, SplitRules, TaskDefinition

GIGABYTE = 1024**3


def fills_jobs(task: Task, definition: TaskDefinition, units: Sequence[InputUnit]) -> list[InputUnit]:
    """Of released units those that need not wait: of each dataset that grows, all that belong to a full job.

    Without a rule of files, gigabytes or events a job is what is there. Units that had an attempt wait for no others, so that a
    retry does not depend on new files.
    """
    rules, mixed = definition.rules, may_mix(definition)
    if rules.boundary_whole:
        return _of_whole_datasets(task, units)
    if rules.files_per_job is None and not rules.gigabytes_per_job and rules.events_per_job is None:
        return list(units)
    filling: list[InputUnit] = []
    bounded = bool(rules.boundary)
    of_a_kind = groupby(units, lambda unit: ("" if mixed else unit.dataset, unit.boundary if bounded else None))
    for (dataset, _), run in of_a_kind:
        found = list(run)
        whole = not mixed and dataset in task.fed_whole
        if whole or any(task.units.attempt_of(unit.unit_id) for unit in found):
            filling += found
        else:
            filling += found[: _end_of_last_full(rules, found)]
    return filling


def _of_whole_datasets(task: Task, units: Sequence[InputUnit]) -> list[InputUnit]:
    """Units to whose group no further file can come: those of datasets that are read whole."""
    return [unit for unit in units if unit.dataset in task.fed_whole or task.units.attempt_of(unit.unit_id)]


def _end_of_last_full(rules: SplitRules, units: Sequence[InputUnit]) -> int:
    """Where the last full job ends, when `units` are cut by their number, their size and their events."""
    end = files = size_bytes = events = 0
    for place, unit in enumerate(units):
        if files and _is_over(rules, size_bytes + unit.size_bytes, events + (unit.events or 0)):
            end, files, size_bytes, events = place, 0, 0, 0
        files, size_bytes, events = files + 1, size_bytes + unit.size_bytes, events + (unit.events or 0)
        if _is_full(rules, files, events, unit):
            end, files, size_bytes, events = place + 1, 0, 0, 0
    return end


def _is_over(rules: SplitRules, size_bytes: int, events: int) -> bool:
    by_events = rules.files_per_job is None and rules.events_per_job is not None
    return bool(rules.gigabytes_per_job and size_bytes > rules.gigabytes_per_job * GIGABYTE) or (
        by_events and events > (rules.events_per_job or 0)
    )


def _is_full(rules: SplitRules, files: int, events: int, last: InputUnit) -> bool:
    if files >= files_of_a_job(rules):
        return True
    if rules.files_per_job is not None or rules.events_per_job is None:
        return False
    return last.events is None or last.start_event is not None or events >= rules.events_per_job
