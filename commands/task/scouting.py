"""Scouts: the first ten jobs of a task go alone, and what comes of them decides on the rest. Pure.

Guards: a task whose input is no more than its scouts has none; scouts are judged once, by their input units, so that attempts of
a unit count once. Source: docs/reference/jedi.md, "Scouts"; docs/decisions/0072.
"""

from commands.task.clocks import exhausted
from commands.task.limits import UNITS_MAX
from commands.task.model import Scouts, Task, accounts_of
from commands.task.scout_checks import memory_leak, short_jobs, too_much
from commands.task.transitions import WORKING
from schemas.intervals import intersection
from schemas.records import replace
from schemas.splitting import files_of_a_job, is_made_up
from schemas.task import InputHeld, InputReleased, ScoutsJudged, TaskFinalized, TaskShareAssigned
from schemas.types import ScoutsVerdict, TaskDefinition, TaskVerdict

SCOUT_JOBS = 10
GIGABYTE = 1024**3
JOBS_OF_NO_MATTER = 20
#: The least priority of a scout's job.
PRIORITY_MIN = 901
#: Of the last jobs of a production task: when so much of its input is done, and so many units are left.
PRIORITY_LAST, LAST_PERCENT, LAST_UNITS_MAX = 900, 95, 100
PRODUCTION = frozenset({"managed", "test"})


def scouts_step(task: Task) -> InputHeld | InputReleased | ScoutsJudged | TaskFinalized | None:
    """The next thing that must happen because of scouts: they are sent, judged, and their verdict is carried out."""
    match task.scouts:
        case Scouts.NONE:
            return _sent(task)
        case Scouts.OUT:
            return _judged(task)
        case Scouts.FORCED:
            units, finished, failed = _counts(task)
            return ScoutsJudged(verdict=ScoutsVerdict.GOOD, units=units, finished=finished, failed=failed, forced=True)
        case Scouts.PASSED:
            behind = task.units.gate.number_max < UNITS_MAX
            return InputReleased(number_max=UNITS_MAX, reason="the scouts passed") if behind else None
        case Scouts.EXHAUSTED:
            return exhausted(task, task.message)
        case Scouts.BROKEN:
            return TaskFinalized(verdict=TaskVerdict.BROKEN, message=task.message, accounts=accounts_of(task))


def definition_in_force(task: Task) -> TaskDefinition:
    """The definition by which jobs are made now: scouts for which neither files nor events are given have one file each."""
    assert task.definition is not None, f"task {task.task_id} orders jobs before it is refined"
    return _of_scouts(task.definition) if task.scouts is Scouts.OUT else task.definition


def priority_in_force(task: Task) -> int:
    """The priority of the jobs that are made now: scouts, and the last jobs of a production task, are not kept waiting."""
    if task.scouts is Scouts.OUT:
        return max(PRIORITY_MIN, task.priority + 1)
    return max(PRIORITY_LAST, task.priority) if _is_almost_done(task, task.finished, task.failed) else task.priority


def share_of_last_jobs(task: Task, finished: int, failed: int) -> TaskShareAssigned | None:
    """The share that a task goes over to with `finished` and `failed` units, once; None where it stays in its own."""
    definition = task.definition
    if definition is None or definition.last_share in ("", definition.share) or task.status not in WORKING:
        return None
    if not _is_almost_done(task, finished, failed):
        return None
    return TaskShareAssigned(share=definition.last_share, reason=f"{finished:,} of {len(task.units):,} input units are done")


def _is_almost_done(task: Task, finished: int, failed: int) -> bool:
    """True for a production task of whose input nearly all is done, and little is left (docs/reference/jedi.md, "Priorities")."""
    total = len(task.units) - task.units.dropped
    left = total - finished - failed
    of_production = task.label in PRODUCTION and task.contents_complete
    return of_production and 0 < left <= LAST_UNITS_MAX and 100 * finished >= LAST_PERCENT * total


def _of_scouts(definition: TaskDefinition) -> TaskDefinition:
    rules = definition.rules
    if _keeps_size(definition) or is_made_up(definition) or rules.files_per_job is not None or rules.events_per_job is not None:
        return definition
    return replace(definition, rules=replace(rules, files_per_job=1))


def _keeps_size(definition: TaskDefinition) -> bool:
    """True when scouts have as many gigabytes as other jobs. A most of files alone makes no scout larger."""
    kept = definition.scouts is not None and definition.scouts.split_rules_kept
    return kept and definition.rules.gigabytes_per_job is not None


def _sent(task: Task) -> InputHeld | None:
    """All input but that of the scouts waits, from before the first order on."""
    definition = task.definition
    if definition is None or definition.scouts is None or task.last_order:
        return None
    number = _units_of_scouts(task, definition)
    if len(task.units) <= number and not task.grows:
        return None
    return InputHeld(number_max=number, scouts=True, reason="scouts go first")


def _units_of_scouts(task: Task, definition: TaskDefinition) -> int:
    """As many as ten jobs have by the rules, and by a limit of jobs."""
    rules = _of_scouts(definition).rules
    own = 1 if is_made_up(definition) or (rules.events_per_job and not rules.files_per_job) else files_of_a_job(rules)
    number = SCOUT_JOBS * max(own, -(-len(task.units) // rules.jobs_max) if rules.jobs_max else 1)
    return _within_size(task, definition, number) if _keeps_size(definition) else number


def _within_size(task: Task, definition: TaskDefinition, number: int) -> int:
    """Of the first `number` units so many as ten jobs hold in gigabytes; one for each job at least."""
    if task.grows:
        return SCOUT_JOBS
    left = SCOUT_JOBS * (definition.rules.gigabytes_per_job or 0) * GIGABYTE
    for count, unit in enumerate(task.units.specs(range(1, min(number, len(task.units)) + 1))):
        left -= unit.size_bytes
        if left < 0:
            return max(SCOUT_JOBS, count)
    return number


def _judged(task: Task) -> ScoutsJudged | None:
    """The verdict, once enough of them succeeded or all of them ended."""
    assert task.definition is not None
    assert task.definition.scouts is not None
    units, finished, failed = _counts(task)
    tenths = task.definition.scouts.success_tenths
    if _enough(task):
        problem = _problem_of_use(task, units)
        verdict = ScoutsVerdict.EXHAUSTED if problem else ScoutsVerdict.GOOD
        message = problem or memory_leak(task.definition, tuple(task.learning.measures.values()))
        return ScoutsJudged(verdict=verdict, units=units, finished=finished, failed=failed, message=message)
    if (not units and not task.grows) or _are_all(task):  # all of them were dropped, or nothing waits for their verdict
        return ScoutsJudged(verdict=ScoutsVerdict.GOOD, units=units, finished=finished, failed=failed)
    if finished + failed < units:
        return None
    if not finished:
        message = f"no scout jobs succeeded: all {units} input units of the scouts failed{_cause(task)}"
        return ScoutsJudged(verdict=ScoutsVerdict.BROKEN, units=units, finished=0, failed=failed, message=message)
    message = f"{finished} of {units} input units of the scouts succeeded, expected {tenths} tenths of them{_cause(task)}"
    return ScoutsJudged(verdict=ScoutsVerdict.EXHAUSTED, units=units, finished=finished, failed=failed, message=message)


def _are_all(task: Task) -> bool:
    """True when input that grew has ended with no more units than its scouts have."""
    return not task.grows and len(task.units) <= task.units.gate.number_max


def scouts_revived(task: Task) -> Scouts:
    """Where scouts stand when an exhausted task is tried again: they go on, unless enough of them had succeeded."""
    if task.scouts is not Scouts.EXHAUSTED:
        return task.scouts
    return Scouts.PASSED if _enough(task) else Scouts.OUT


def _enough(task: Task) -> bool:
    rules = task.definition.scouts if task.definition is not None else None
    units, finished, _ = _counts(task)
    return rules is not None and finished > 0 and finished * SCOUT_JOBS >= units * rules.success_tenths


def _problem_of_use(task: Task, units: int) -> str:
    """What the scouts used that their task did not ask for, where more than JOBS_OF_NO_MATTER jobs are to follow."""
    assert task.definition is not None
    per_job = max(1, task.units.gate.number_max // SCOUT_JOBS)
    left = len(task.units) - units
    if left <= JOBS_OF_NO_MATTER * per_job:
        return ""
    measures = tuple(task.learning.measures.values())
    return too_much(task.definition, measures, -(-left // per_job), made_up=is_made_up(task.definition))


def jobs_shall_grow(task: Task) -> bool:
    """True when its jobs are too short and the rules say that others shall have more input for it."""
    rules = task.definition.scouts if task.definition is not None else None
    if rules is None or not rules.short_jobs_grow or task.definition is None or is_made_up(task.definition):
        return False
    per_job = files_of_a_job(_of_scouts(task.definition).rules)
    jobs_to_come = -(-max(0, len(task.units) - SCOUT_JOBS * per_job) // per_job)
    return bool(short_jobs(rules, tuple(task.learning.measures.values()), jobs_to_come))


def _cause(task: Task) -> str:
    return f"; last error: {task.last_error}" if task.last_error else ""


def _counts(task: Task) -> tuple[int, int, int]:
    """Input units of the scouts but those that were dropped, those done or waiting for a merge, and those given up."""
    # Scouts of input that grows are as many as they will be.
    number = task.units.gate.number_max if task.grows else min(task.units.gate.number_max, len(task.units))
    dropped = task.units.ready_in(intersection(task.units.gate.dropped, ((1, number),)))
    merging = sum(len(row.units) for row in task.unmerged.values())
    return number - dropped, task.finished + merging, task.failed
