"""How much input one order takes: whole jobs, as far as the rules of splitting say what is one. Pure.

Guards: how input is cut into jobs does not depend on the size of orders. An order takes one dataset after the other; where the
last one goes on beyond it, its plan leaves a last partial job to the next order (streams/jedi/split.py).
Source: docs/reference/jedi.md, "Splitting"; docs/decisions/0052.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from commands.limits import PART_BYTES_MAX
from commands.sizes import first_part
from commands.task.for_orders import texts_bytes
from commands.task.growing import fills_jobs
from commands.task.limits import JOBS_PER_ORDER
from commands.task.model import Task
from commands.task.scouting import definition_in_force
from commands.task.secondary_supply import served
from schemas.boundaries import looked_at
from schemas.splitting import (
    FILES_OF_A_JOB_MAX,
    INPUT_RECORDS_BYTES_MAX,
    files_of_a_job,
    input_bytes,
    is_made_up,
    may_mix,
)
from schemas.types import InputUnit, TaskDefinition

#: Input of a job that every queue has room for.
INPUT_OF_ANY_QUEUE_BYTES = 1_000_000_000
#: What the texts of an order's jobs may come to before names are put in.
TEXTS_OF_AN_ORDER_BYTES_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Portion:
    """Units of an order. continues: the dataset of the last one has more that are ready. units_per_job: so many a job has at
    least where its input goes on; None without a limit of jobs."""

    units: tuple[InputUnit, ...]
    continues: bool
    units_per_job: int | None


def next_portion(task: Task, units_max: int) -> Portion:
    """Of the released units those of the next order, about `units_max`; none when none is released, or when they are too few for
    a job and the rest of it is still held."""
    definition = definition_in_force(task)
    least, mixed = units_per_job(task), may_mix(definition)
    number = _units_of_an_order(definition, least, units_max)
    ready = _in_order(task, definition, mixed=mixed, number=number + 1)
    filling = fills_jobs(task, definition, ready) if task.grows else ready
    if not filling or _waits_for_rest(task, definition, ready):
        return Portion((), continues=False, units_per_job=least)
    chosen = first_part(filling, number, PART_BYTES_MAX)
    after = filling[len(chosen)] if len(filling) > len(chosen) else None
    goes_on = after is not None and (mixed or after.dataset == chosen[-1].dataset)
    return Portion(chosen, goes_on and not _fills_its_jobs(definition, least, chosen), least)


def _in_order(task: Task, definition: TaskDefinition, *, mixed: bool, number: int) -> list[InputUnit]:
    """So many ready units as jobs take them; all of them where their order is one of blocks and files came in another."""
    units = task.units.first_ready() if mixed else task.units.ready_by_dataset()
    if not looked_at(definition.rules) or task.units.are_in_order():
        return list(islice(served(task, units), number))
    by_dataset = groupby(units, lambda unit: "" if mixed else unit.dataset)
    ordered = (unit for _, run in by_dataset for unit in sorted(run, key=_place_of))
    found = served(task, ordered)
    return list(found) if task.grows else list(islice(found, number))


def _place_of(unit: InputUnit) -> tuple[int, str, int]:
    """By block or group, those without one first; then by name, as a dataset sends them."""
    return -1 if unit.boundary is None else unit.boundary, unit.lfn, unit.start_event or 0


def _waits_for_rest(task: Task, definition: TaskDefinition, units: Sequence[InputUnit]) -> bool:
    """True while what is released of new input is less than one job and more of it is held: files that arrive one by one make
    whole jobs."""
    rules = definition.rules
    if is_made_up(definition) or rules.files_per_job is None or len(units) >= files_of_a_job(rules) or not task.units.held:
        return False
    return not any(task.units.attempt_of(unit.unit_id) for unit in units)


def waits_for_plan(task: Task) -> bool:
    """True while it is not known which unit the next order begins with: the last ones of an open one may come back, or may be
    given the last files of a secondary input."""
    return bool(task.orders) and (bool(task.secondaries) or any(order.continues for order in task.orders.values()))


def _fills_its_jobs(definition: TaskDefinition, least: int | None, units: Sequence[InputUnit]) -> bool:
    """True when the units are whole jobs by their number alone, so that none of them comes back and further orders need not wait
    for their plan."""
    if is_made_up(definition):
        return least is None
    rules, last = definition.rules, units[-1].dataset
    if definition.name_fields_of_files or definition.secondaries or rules.boundary:
        return False
    if rules.files_per_job is None or rules.gigabytes_per_job or rules.walltime_seconds_target or least is not None:
        return False
    per_job = files_of_a_job(rules)
    number = len(units) if may_mix(definition) else sum(unit.dataset == last for unit in units)
    if number % per_job or any(unit.ram_mb or unit.start_event is not None for unit in units):
        return False
    size = per_job * max(unit.size_bytes for unit in units)
    return size <= INPUT_OF_ANY_QUEUE_BYTES and per_job * max(input_bytes(unit) for unit in units) <= INPUT_RECORDS_BYTES_MAX


def units_per_job(task: Task) -> int | None:
    """The fewest units a job may have, that all input of the task becomes no more jobs than its limit; None without one."""
    limit = definition_in_force(task).rules.jobs_max
    if not limit:
        return None
    counts = _counts(task)
    low, high = 1, max(counts)
    while low < high:
        middle = (low + high) // 2
        if sum(-(-count // middle) for count in counts) <= limit:
            high = middle
        else:
            low = middle + 1
    return low


def problem_of_limit(task: Task) -> str:
    """Why the input cannot be cut into so few jobs as the task asks for; empty when it can, or asks for no limit."""
    least, limit = units_per_job(task), definition_in_force(task).rules.jobs_max
    if least is None:
        return ""
    if least > FILES_OF_A_JOB_MAX:
        found = f"{len(task.units):,} input units in {limit:,} jobs are {least:,} a job"
        return f"{found}, expected at most {FILES_OF_A_JOB_MAX:,}"
    if limit is not None and limit < len(_counts(task)):
        return f"{len(_counts(task)):,} input datasets, which share no jobs, in {limit:,} jobs; expected a job for each"
    return ""


def _counts(task: Task) -> list[int]:
    """Number of the units that may share jobs, for each dataset or for all of them."""
    return [len(task.units)] if may_mix(definition_in_force(task)) else list(task.units.count_by_dataset().values())


def _units_of_an_order(definition: TaskDefinition, least: int | None, units_max: int) -> int:
    """Units that become at most JOBS_PER_ORDER jobs, as far as the rules say how many a job has, and so many whole jobs.

    Each job has texts of its own: an order is never more than its jobs may weigh together.
    """
    texts_max = max(1, TEXTS_OF_AN_ORDER_BYTES_MAX // texts_bytes(definition))
    rules, made_up = definition.rules, is_made_up(definition)
    per_job = max(1 if made_up else files_of_a_job(rules), least or 0)
    if not made_up and rules.files_per_job is None:
        return min(max(units_max, per_job), max(texts_max, least or 0))
    number = min(units_max, JOBS_PER_ORDER * per_job, texts_max * per_job)
    return max(per_job, number - number % per_job)
