"""What the scouts of a task used that a person should look at before many more jobs are made. Pure.

In: measures of scouts, and how many jobs are to follow. Out: a sentence with the figures, empty when there is nothing.
Source: docs/reference/jedi.md, "Learned requirements".
"""

from collections.abc import Sequence
from statistics import fmean, median

from commands.task.learned_values import USUAL, leaks, requirements_learned
from commands.task.measured import Measure
from schemas.types import ScoutRules, TaskDefinition

DAY_SECONDS = 24 * 3600
SECONDS_A_MINUTE = 60


def too_much(definition: TaskDefinition, measures: Sequence[Measure], jobs_to_come: int = 0, *, made_up: bool = False) -> str:
    """Why the task is exhausted: CPU time, memory, inefficient jobs, cores, short jobs; else empty."""
    rules, cores = definition.scouts or USUAL, max(1, definition.requirements.core_count)
    return (
        _cpu_time(definition, rules, measures, made_up=made_up)
        or _memory(definition, rules, measures, cores)
        or _inefficient(rules, measures, cores, jobs_to_come)
        or _cores(measures, cores)
        or ("" if rules.short_jobs_grow else short_jobs(rules, measures, jobs_to_come))
    )


def _cpu_time(definition: TaskDefinition, rules: ScoutRules, measures: Sequence[Measure], *, made_up: bool) -> str:
    preset = definition.rules.hs06_seconds_per_event
    longest = max((one.walltime_seconds or 0 for one in measures), default=0)
    if not preset or longest <= DAY_SECONDS:
        return ""
    learned = {one.parameter: one.new for one in requirements_learned(definition, measures, made_up=made_up)}
    found = learned.get("hs06_seconds_per_event", 0.0)
    if found <= rules.cpu_time_factor_max * preset:
        return ""
    what = f"an event takes {found:,.1f} HS06 s in jobs of up to {longest // 3600} h, {preset:,.1f} were asked for"
    return f"{what}; expected at most {rules.cpu_time_factor_max:g} times as many"


def _memory(definition: TaskDefinition, rules: ScoutRules, measures: Sequence[Measure], cores: int) -> str:
    required = definition.requirements
    learned = {one.parameter: one.new for one in requirements_learned(definition, measures, made_up=True)}
    divisor, limit = 1 if required.ram_per_core else cores, rules.ram_mb_of_core_max
    used, asked = learned.get("ram_mb", 0.0) / divisor, required.ram_mb / divisor
    if not asked < limit < used:
        return ""
    return f"jobs use {used:,.0f} MB for each core, {asked:,.0f} MB were asked for; expected at most {limit:,} MB"


def _inefficient(rules: ScoutRules, measures: Sequence[Measure], cores: int, jobs_to_come: int) -> str:
    least, exempt = rules.cpu_efficiency_percent_min, rules.io_intensity_kbps_exempt
    found = [value for one in measures if (value := one.efficiency_percent(cores)) is not None]
    if least is None or not found:
        return ""
    busiest = max((one.io_intensity_kbps(cores) or 0.0 for one in measures), default=0.0)
    if exempt is not None and busiest > exempt:
        return ""
    middle, low = median(found), sum(1 for value in found if value < least)
    if middle < least:
        return f"the median CPU efficiency is {middle:.0f} %, expected {least} % at least"
    many = rules.inefficient_tenths and 10 * low >= rules.inefficient_tenths * len(found)
    if many and jobs_to_come >= rules.inefficient_jobs_min:
        what = f"{low} of {len(found)} jobs have a CPU efficiency below {least} %"
        return f"{what}, expected fewer than {rules.inefficient_tenths} in 10"
    return ""


def _cores(measures: Sequence[Measure], cores: int) -> str:
    for one in measures:
        if one.cpu_seconds and one.walltime_seconds and one.cpu_seconds > 2 * one.walltime_seconds * cores:
            used_cores = one.cpu_seconds / one.walltime_seconds
            return f"job {one.job_id} used {used_cores:.1f} cores, {cores} were asked for; expected at most twice as many"
    return ""


def short_jobs(rules: ScoutRules, measures: Sequence[Measure], jobs_to_come: int) -> str:
    """Why jobs are too short for as many as are to follow; else empty."""
    found = [one.walltime_seconds for one in measures if one.walltime_seconds is not None]
    short = sum(1 for value in found if value < rules.short_seconds)
    if not rules.short_tenths or not found or 10 * short < rules.short_tenths * len(found) or jobs_to_come < rules.short_jobs_min:
        return ""
    minutes = rules.short_seconds / SECONDS_A_MINUTE
    return f"{short} of {len(found)} jobs ran less than {minutes:g} min, expected fewer than {rules.short_tenths} in 10"


def memory_leak(definition: TaskDefinition, measures: Sequence[Measure]) -> str:
    """What the verdict tells of memory that grows while jobs run; else empty. It does not change the verdict."""
    rules, cores = definition.scouts or USUAL, max(1, definition.requirements.core_count)
    found = leaks(measures, cores).values()
    if rules.leak_kbps_of_core_max is None or not found or (mean := fmean(found)) <= rules.leak_kbps_of_core_max:
        return ""
    return f"the memory of a core grows by {mean:,.1f} kB/s, expected at most {rules.leak_kbps_of_core_max:,g}"
