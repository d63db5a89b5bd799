"""The requirements that follow from what jobs used, each with the sample that it rests on. Pure.

In: a sample of measures and the definition. Out: values, old and new, and which of them are in force. Invariant: equal samples
give equal values. Source: docs/reference/jedi.md, "Learned requirements".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median

from commands.task.measured import Measure, nearest_rank
from schemas.records import replace
from schemas.types import LearnedRequirement, ScoutRules, TaskDefinition

CPU_TIME_MARGIN_PERCENT, WALLTIME_MARGIN_PERCENT = 50, 50
BASE_WALLTIME_SECONDS = 600
LONG_JOB_SECONDS = 6 * 3600
#: A shorter wall time is not asked for.
WALLTIME_SECONDS_MIN = 3600
#: HS06 of a core where no benchmark of the node is known, and the share of time in which cores compute.
CORE_POWER, CPU_EFFICIENCY = 10.0, 0.9
#: Output tells of events when a job had so many; of input it is at most so many times as much.
EVENTS_MIN, OUTPUT_BY_INPUT_MAX = 10, 10
OUTPUT_PERCENTILE = 75
#: Files of a job whose task shall make longer jobs.
FILES_OF_LONGER_JOBS = 200
MEGABYTE = 1024**2
#: Rules for a task without scouts.
USUAL = ScoutRules(success_tenths=5)
#: Fields of the definition's rules; all other requirements are fields of its `requirements`.
OF_RULES = frozenset({"hs06_seconds_per_event", "files_per_job", "gigabytes_per_job", "files_per_job_max"})
WHOLE = frozenset({"ram_mb", "walltime_seconds", "disk_mb", "files_per_job", "files_per_job_max"})
#: Of which 0 is none.
NONE_IS_ZERO = frozenset({"files_per_job", "gigabytes_per_job"})
Sample = Mapping[int, float]


def requirements_learned(
    definition: TaskDefinition, measures: Sequence[Measure], *, made_up: bool, library_bytes: int = 0, grow: bool = False
) -> tuple[LearnedRequirement, ...]:
    """Each requirement of which the measures say something.

    made_up: the task has no input files. library_bytes: of what its build made. grow: its jobs are too short and shall have as
    much input as the limit of files allows.
    """
    rules, cores = definition.scouts or USUAL, max(1, definition.requirements.core_count)
    cpu_time = _cpu_time(definition, rules, measures, cores, made_up=made_up)
    found = (
        _ram(definition, rules, measures, cores),
        cpu_time,
        None if cpu_time else _walltime(definition, rules, measures, made_up=made_up),
        _disk(definition, measures, library_bytes),
        _output(definition, rules, measures, made_up=made_up),
        _io_intensity(definition, measures, cores),
        _disk_io(definition, rules, measures),
        _recorded("cpu_efficiency_percent", "median", _of(measures, lambda one: one.efficiency_percent(cores))),
        _recorded("leak_kbps_of_core", "mean", leaks(measures, cores)),
        *(_longer_jobs(definition, measures) if grow else ()),
    )
    return tuple(one for one in found if one is not None)


def leaks(measures: Sequence[Measure], cores: int) -> Sample:
    """By job, the slope of the memory of a core (kB/s)."""
    return _of(measures, lambda one: _divided(one.leak_bytes_per_second, 1024 * cores))


def _ram(
    definition: TaskDefinition, rules: ScoutRules, measures: Sequence[Measure], cores: int
) -> LearnedRequirement | None:
    required = definition.requirements
    divisor = 1024 * (cores if required.ram_per_core else 1)
    sample = {one.job_id: one.memory_kb / divisor for one in measures if one.memory_kb}
    if not sample:
        return None
    value = nearest_rank(sample.values(), rules.ram_percentile) * (100 + rules.ram_margin_percent) / 100
    new = max(min(required.ram_mb, rules.ram_mb_min), -(-value // 1))
    reduction, margin = f"percentile {rules.ram_percentile}", rules.ram_margin_percent
    return _learned("ram_mb", required.ram_mb, new, reduction, sample, margin, applied=not rules.ram_fixed)


def _cpu_time(
    definition: TaskDefinition, rules: ScoutRules, measures: Sequence[Measure], cores: int, *, made_up: bool
) -> LearnedRequirement | None:
    sample = {}
    for one in measures:
        if not one.events or one.walltime_seconds is None:
            continue
        if made_up or one.events >= 10 * cores or one.walltime_seconds > LONG_JOB_SECONDS:
            computed = max(0, one.walltime_seconds - BASE_WALLTIME_SECONDS)
            sample[one.job_id] = computed * CORE_POWER * cores * CPU_EFFICIENCY / one.events
    if not sample or not any(sample.values()):
        return None
    value = nearest_rank(sample.values(), rules.cpu_time_percentile) * (100 + CPU_TIME_MARGIN_PERCENT) / 100
    old, reduction = definition.rules.hs06_seconds_per_event, f"percentile {rules.cpu_time_percentile}"
    margin = CPU_TIME_MARGIN_PERCENT
    return _learned("hs06_seconds_per_event", old, value, reduction, sample, margin, applied=not rules.cpu_time_fixed)


def _walltime(
    definition: TaskDefinition, rules: ScoutRules, measures: Sequence[Measure], *, made_up: bool
) -> LearnedRequirement | None:
    """Of jobs whose time for each event is not known. It is in force where other jobs are as large as the scouts were."""
    sample = {one.job_id: float(one.cpu_seconds) for one in measures if one.cpu_seconds}
    if not sample:
        return None
    value = max(sample.values()) * (100 + WALLTIME_MARGIN_PERCENT) / 100
    old, own = definition.requirements.walltime_seconds, definition.rules
    new = 0 if value < WALLTIME_SECONDS_MIN else -(-value // 1)
    alike = made_up or rules.split_rules_kept or (own.files_per_job, own.events_per_job) != (None, None)
    applied = alike and new > old
    return _learned("walltime_seconds", old, new, "maximum", sample, WALLTIME_MARGIN_PERCENT, applied=applied)


def _disk(definition: TaskDefinition, measures: Sequence[Measure], library_bytes: int) -> LearnedRequirement | None:
    """Working directories, and the library where it is larger; what was asked for where that is larger."""
    sample = {one.job_id: -(-one.work_bytes // MEGABYTE) for one in measures if one.work_bytes}
    if not sample:
        return None
    required = definition.requirements
    work = max(*sample.values(), -(-library_bytes // MEGABYTE), required.disk_mb - required.output_mb)
    new = work + required.output_mb
    return _learned("disk_mb", required.disk_mb, new, "maximum", sample, applied=new > required.disk_mb)


def _output(
    definition: TaskDefinition, rules: ScoutRules, measures: Sequence[Measure], *, made_up: bool
) -> LearnedRequirement | None:
    """By event where jobs had enough of them, else by MB of input."""
    known = [one for one in measures if one.output_bytes is not None]
    by_event = {
        one.job_id: float(-(-(one.output_bytes or 0) // (1024 * one.events)))
        for one in known
        if one.events and one.events >= EVENTS_MIN
    }
    by_input = {
        one.job_id: min(1024.0 * OUTPUT_BY_INPUT_MAX, -(-(one.output_bytes or 0) * 1024 // one.input_bytes))
        for one in known
        if one.input_bytes and not made_up
    }
    name, sample = ("output_kb_per_event", by_event) if by_event else ("output_kb_per_input_mb", by_input)
    if not sample:
        return None
    old: float | None = getattr(definition.requirements, name)
    new, reduction = nearest_rank(sample.values(), OUTPUT_PERCENTILE), f"percentile {OUTPUT_PERCENTILE}"
    return _learned(name, old, new, reduction, sample, applied=not rules.output_fixed)


def _io_intensity(definition: TaskDefinition, measures: Sequence[Measure], cores: int) -> LearnedRequirement | None:
    sample = _of(measures, lambda one: one.io_intensity_kbps(cores))
    if not sample:
        return None
    old = definition.requirements.io_intensity_kbps
    return _learned("io_intensity_kbps", old, max(sample.values()), "maximum", sample, applied=True)


def _disk_io(definition: TaskDefinition, rules: ScoutRules, measures: Sequence[Measure]) -> LearnedRequirement | None:
    sample = _of(measures, lambda one: _divided(one.io_bytes, 1024 * (one.walltime_seconds or 0)))
    if not sample:
        return None
    mean = fmean(sample.values())
    new = mean if rules.disk_io_kbps_cap is None else min(mean, rules.disk_io_kbps_cap)
    return _learned("disk_io_kbps", definition.requirements.disk_io_kbps, new, "mean", sample, applied=True)


def _longer_jobs(definition: TaskDefinition, measures: Sequence[Measure]) -> Iterable[LearnedRequirement]:
    """As many files as a job may have: limits of files and gigabytes are left out."""
    sample = {one.job_id: float(one.walltime_seconds) for one in measures if one.walltime_seconds is not None}
    own = definition.rules
    yield _learned("files_per_job", own.files_per_job, 0, "short jobs", sample, applied=True)
    yield _learned("gigabytes_per_job", own.gigabytes_per_job, 0, "short jobs", sample, applied=True)
    yield _learned("files_per_job_max", own.files_per_job_max, FILES_OF_LONGER_JOBS, "short jobs", sample, applied=True)


def _of(measures: Sequence[Measure], value: Callable[[Measure], float | None]) -> Sample:
    return {one.job_id: found for one in measures if (found := value(one)) is not None}


def _divided(number: float | None, by: float) -> float | None:
    return None if number is None or not by else number / by


def _recorded(parameter: str, reduction: str, sample: Sample) -> LearnedRequirement | None:
    """A value that nothing follows from by itself."""
    if not sample:
        return None
    value = median(sample.values()) if reduction == "median" else fmean(sample.values())
    return _learned(parameter, None, value, reduction, sample)


def _learned(
    parameter: str,
    old: float | None,
    new: float,
    reduction: str,
    sample: Sample,
    margin_percent: int = 0,
    *,
    applied: bool = False,
) -> LearnedRequirement:
    return LearnedRequirement(
        parameter=parameter,
        old=old,
        new=float(new),
        applied=applied,
        reduction=reduction,
        margin_percent=margin_percent,
        jobs=tuple(sample),
        values=tuple(round(value, 3) for value in sample.values()),
    )


def with_values(definition: TaskDefinition, values: Mapping[str, float | None]) -> TaskDefinition:
    """The definition with other requirements, by the names of learned requirements; names it does not have are passed over."""
    required: dict[str, float | None] = {}
    rules: dict[str, float | None] = {}
    for name, value in values.items():
        target = rules if name in OF_RULES else required
        if hasattr(definition.rules if name in OF_RULES else definition.requirements, name):
            none = value is None or (name in NONE_IS_ZERO and not value)
            target[name] = None if none else int(value or 0) if name in WHOLE else value
    return replace(
        definition,
        requirements=replace(definition.requirements, **required),
        rules=replace(definition.rules, **rules),
    )


def value_in(definition: TaskDefinition, name: str) -> float | None:
    """The value of a learned requirement as it stands in the definition."""
    found: float | None = getattr(definition.rules if name in OF_RULES else definition.requirements, name)
    return found
