"""The figures by which scouts and failures of a task are judged, as the policy of brokers has them. Pure.

In: a definition and the rows of the policy. Out: the definition that has them, so that its task is judged without the policy.
Values beyond their bounds become the nearest bound. Source: docs/reference/jedi.md, "Learned requirements".
"""

from collections.abc import Sequence

from schemas.brokers import NONE, figures_with
from schemas.records import replace
from schemas.types import BrokerFigure, TaskDefinition

SECONDS_A_MINUTE = 60
COUNT_MAX, RAM_MB_MAX, LEAK_MAX = 1_000_000_000, 100_000_000, 1_000_000_000


def with_pause_figures(definition: TaskDefinition, figures: Sequence[BrokerFigure], *, left_out: bool) -> TaskDefinition:
    """`definition` with the share of failed jobs at which a production task is paused; left_out: it asks not to be."""
    rate = figures_with(figures)["MAX_JOB_FAILURE_RATE_TO_PAUSE_managed"]
    if left_out or rate >= NONE or definition.requirements.label != "managed":
        return definition
    found = figures_with(figures)
    return replace(
        definition,
        pause_failed_percent=min(rate, 100.0),
        pause_jobs_min=int(min(found["MIN_JOBS_TO_PAUSE_managed"], COUNT_MAX)),
        pause_units_min=int(min(found["MIN_REMAINING_JOBS_TO_PAUSE_managed"], COUNT_MAX)),
    )


def with_retry_figures(definition: TaskDefinition, figures: Sequence[BrokerFigure]) -> TaskDefinition:
    """`definition` of a user's task with the limits beyond which it is not retried; a figure of 0 is no limit."""
    if definition.requirements.label != "user" or not figures:
        return definition
    found = figures_with(figures)

    def limit(key: str, most: float) -> float | None:
        return None if found[key] >= NONE or found[key] == 0 else min(found[key], most)

    attempts, of_units = limit("TASK_MAX_ATTEMPT_user", COUNT_MAX), limit("JOB_MAX_ATTEMPT_user", COUNT_MAX)
    return replace(
        definition,
        retry_task_attempts_max=None if attempts is None else max(1, int(attempts)),
        retry_unit_attempts_max=None if of_units is None else max(1, int(of_units)),
        retry_failed_percent_max=limit("MAX_JOB_FAILURE_RATE_user", 100.0),
        retry_cpu_efficiency_percent_min=limit("MIN_CPU_EFFICIENCY_user", 100.0),
    )


def with_scout_figures(definition: TaskDefinition, figures: Sequence[BrokerFigure]) -> TaskDefinition:
    """`definition` with the figures of the policy in its rules for scouts; the same where it has no scouts."""
    if definition.scouts is None or not figures:
        return definition
    found = figures_with(figures)

    def whole(key: str, most: int) -> int:
        return int(min(found[key], most))

    def limit(key: str, most: float = NONE) -> float | None:
        return None if found[key] >= NONE else min(found[key], most)

    rules = replace(
        definition.scouts,
        ram_percentile=whole("SCOUT_RAMCOUNT_RANK", 100),
        ram_margin_percent=whole("SCOUT_RAMCOUNT_MARGIN", 1_000),
        ram_mb_min=whole("SCOUT_RAMCOUNT_MIN", RAM_MB_MAX),
        cpu_time_percentile=whole("SCOUT_CPUTIME_RANK", 100),
        disk_io_kbps_cap=limit("SCOUT_DISK_IO_CAP"),
        ram_mb_of_core_max=whole("RAM_THR_EXAUSTED", RAM_MB_MAX),
        cpu_time_factor_max=min(found["SCOUT_WRONG_CPUTIME_THRESHOLD"], 1_000_000.0),
        inefficient_tenths=whole("SCOUT_NUM_CPU_INEFFICIENT", 10),
        inefficient_jobs_min=whole("SCOUT_THR_CPU_INEFFICIENT", COUNT_MAX),
        io_intensity_kbps_exempt=limit("SCOUT_MAX_IO_INTENSITY_FOR_EXHAUSTED"),
        short_seconds=whole("SCOUT_SHORT_EXECTIME", COUNT_MAX // SECONDS_A_MINUTE) * SECONDS_A_MINUTE,
        short_tenths=whole("SCOUT_NUM_SHORT", 10),
        short_jobs_min=whole("SCOUT_THR_SHORT", COUNT_MAX),
        short_jobs_grow=found["SCOUT_CHANGE_SR"] > 0,
        leak_kbps_of_core_max=limit("SCOUT_MEM_LEAK_PER_CORE", LEAK_MAX),
    )
    return replace(definition, scouts=rules)
