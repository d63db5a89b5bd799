"""What jobs of a task used, and the requirements that follow from it. Pure.

In: measures of jobs that succeeded. Out: values with the sample they rest on. Invariant: equal samples give equal values; a
percentile is the nearest rank of the sorted sample. Source: docs/reference/jedi.md, "Learned requirements".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from commands.undo import UndoDict
from schemas.records import replace
from schemas.types import JobOutcome, LearnedRequirement, TaskDefinition

#: A sample is no larger.
SAMPLE_JOBS_MAX = 1_000
RAM_PERCENTILE, RAM_MARGIN_PERCENT = 75, 10
CPU_TIME_PERCENTILE, CPU_TIME_MARGIN_PERCENT = 95, 50
#: Less memory is asked for only by tasks that asked for less from the beginning.
RAM_MB_MIN = 1_000
BASE_WALLTIME_SECONDS = 600
#: Above it, memory that was not asked for is a case for a person.
RAM_MB_OF_A_CORE_MAX = 4_096
LONG_JOB_SECONDS = 6 * 3600
#: HS06 of a core where no benchmark of the node is known, and the share of time in which cores compute.
CORE_POWER, CPU_EFFICIENCY = 10.0, 0.9


@dataclass(frozen=True, slots=True)
class Measure:
    """Of one job; None where its pilot said nothing."""

    job_id: int
    events: int | None = None
    walltime_seconds: int | None = None
    cpu_seconds: int | None = None
    memory_kb: int | None = None
    io_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Learning:
    """What is known of a task's jobs. finished_jobs: how many succeeded. learned_at: of how many requirements were learned last.

    asked: memory (MB) and CPU time (HS06 s for each event) that the task asked for, once others are in force.
    """

    measures: UndoDict[int, Measure] = field(default_factory=UndoDict)
    finished_jobs: int = 0
    learned_at: int = 0
    reverted: bool = False
    asked: tuple[int, float | None] | None = None


def measure_of(outcome: JobOutcome, events: int | None) -> Measure | None:
    """What a job that succeeded used; None when its pilot measured nothing. events: of its input, where it names none itself."""
    usage = outcome.usage
    if usage is None:
        return None
    read, written = usage.read_bytes, usage.written_bytes
    return Measure(
        outcome.job_id,
        outcome.events or events,
        outcome.walltime_seconds,
        None if usage.cpu_seconds is None else round(usage.cpu_seconds),
        usage.pss_kb_max or usage.rss_kb_max,
        None if read is None and written is None else (read or 0) + (written or 0),
    )


def nearest_rank(values: Iterable[float], percent: int) -> float:
    """The smallest value that at least `percent` of 100 of the values do not exceed; there is one value at least."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def requirements_learned(
    definition: TaskDefinition, measures: Sequence[Measure], *, made_up: bool
) -> tuple[LearnedRequirement, ...]:
    """Each requirement of which the measures say something."""
    measures = measures[:SAMPLE_JOBS_MAX]
    cores = max(1, definition.requirements.core_count)
    found = (
        _ram(definition, measures, cores),
        _cpu_time(definition, measures, cores, made_up=made_up),
        _recorded("cpu_efficiency_percent", "median", _efficiencies(measures, cores)),
        _recorded("io_kb_per_second", "maximum", _rates(measures, cores)),
    )
    return tuple(one for one in found if one is not None)


def too_much(definition: TaskDefinition, measures: Sequence[Measure]) -> str:
    """Why a person should look before many more jobs are made: memory or CPU far from what was asked for; else empty."""
    required, cores = definition.requirements, max(1, definition.requirements.core_count)
    ram = _ram(definition, measures, cores)
    divisor = 1 if required.ram_per_core else cores
    if ram is not None and required.ram_mb / divisor < RAM_MB_OF_A_CORE_MAX < ram.new / divisor:
        used, asked = ram.new / divisor, required.ram_mb / divisor
        found = f"jobs use {used:,.0f} MB for each core, {asked:,.0f} MB were asked for"
        return f"{found}; expected at most {RAM_MB_OF_A_CORE_MAX:,} MB"
    for one in measures:
        if one.cpu_seconds and one.walltime_seconds and one.cpu_seconds > 2 * one.walltime_seconds * cores:
            used_cores = one.cpu_seconds / one.walltime_seconds
            return f"job {one.job_id} used {used_cores:.1f} cores, {cores} were asked for; expected at most twice as many"
    return ""


def _ram(definition: TaskDefinition, measures: Sequence[Measure], cores: int) -> LearnedRequirement | None:
    required = definition.requirements
    divisor = 1024 * (cores if required.ram_per_core else 1)
    sample = {one.job_id: one.memory_kb / divisor for one in measures if one.memory_kb}
    if not sample:
        return None
    value = nearest_rank(sample.values(), RAM_PERCENTILE) * (100 + RAM_MARGIN_PERCENT) / 100
    least = min(required.ram_mb, RAM_MB_MIN)
    fixed = definition.scouts is not None and definition.scouts.ram_fixed
    new, reduction = max(least, -(-value // 1)), f"percentile {RAM_PERCENTILE}"
    return _learned("ram_mb", required.ram_mb, new, reduction, sample, RAM_MARGIN_PERCENT, applied=not fixed)


def _cpu_time(
    definition: TaskDefinition, measures: Sequence[Measure], cores: int, *, made_up: bool
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
    value = nearest_rank(sample.values(), CPU_TIME_PERCENTILE) * (100 + CPU_TIME_MARGIN_PERCENT) / 100
    fixed = definition.scouts is not None and definition.scouts.cpu_time_fixed
    old = definition.rules.hs06_seconds_per_event
    reduction = f"percentile {CPU_TIME_PERCENTILE}"
    return _learned("hs06_seconds_per_event", old, value, reduction, sample, CPU_TIME_MARGIN_PERCENT, applied=not fixed)


def _efficiencies(measures: Sequence[Measure], cores: int) -> dict[int, float]:
    return {
        one.job_id: 100 * one.cpu_seconds / (one.walltime_seconds * cores)
        for one in measures
        if one.cpu_seconds is not None and one.walltime_seconds
    }


def _rates(measures: Sequence[Measure], cores: int) -> dict[int, float]:
    return {
        one.job_id: one.io_bytes / 1024 / one.walltime_seconds / cores
        for one in measures
        if one.io_bytes is not None and one.walltime_seconds
    }


def _recorded(parameter: str, reduction: str, sample: dict[int, float]) -> LearnedRequirement | None:
    """A value that nothing follows from yet."""
    if not sample:
        return None
    value = median(sample.values()) if reduction == "median" else max(sample.values())
    return _learned(parameter, None, value, reduction, sample)


def _learned(
    parameter: str,
    old: float | None,
    new: float,
    reduction: str,
    sample: dict[int, float],
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


def with_values(definition: TaskDefinition, ram_mb: int, hs06_seconds_per_event: float | None) -> TaskDefinition:
    """The definition with another memory and CPU time."""
    return replace(
        definition,
        requirements=replace(definition.requirements, ram_mb=ram_mb),
        rules=replace(definition.rules, hs06_seconds_per_event=hs06_seconds_per_event),
    )
