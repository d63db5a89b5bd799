"""Which broker chooses queues for which work, and the figures of the brokers under PanDA's configuration keys. Pure.

Source: docs/reference/jedi.md, "Brokers"; keys without a value there stand with the value that tests nothing.
"""

from collections.abc import Mapping, Sequence

from schemas.types import BrokerFigure, BrokerKind, BrokerRule

BROKERS_KEY = "brokers"
#: A limit that nothing reaches.
NONE = 1e15
FIGURES: Mapping[str, float] = {
    "MAX_DISKIO_DEFAULT": NONE,
    "IO_INTENSITY_CUTOFF": 200,
    "IO_INTENSITY_CUTOFF_USER": NONE,
    "MIN_BAD_JOBS_TO_SKIP_PQ": 5,
    "BASE_QUEUE_LENGTH_PER_PQ": 100,
    "BASE_EXPECTED_WAIT_HOUR_ON_PQ": 8,
    "STATIC_MAX_QUEUE_RUNNING_RATIO": 2,
    "MAX_EXPECTED_WAIT_HOUR": 12,
    "BASE_DEFAULT_QUEUE_LENGTH_PER_PQ_USER": 5,
    "BASE_QUEUE_RATIO_ON_PQ": 0.05,
    "OVERLOAD_MIN_QUEUE": 20,
    "OVERLOAD_RATIO_OFFSET": 1.2,
    "STORAGE_MIN_FREE_SIZE": 200,
    "NQUEUELIMITSITE": 20,
    "NQUEUED_NUC_CAP": NONE,
    "NQUEUED_NUC_CAP_FOR_JOBS": 10_000,
    "NQUEUED_SAT_CAP": 150,
    "NW_ACTIVE": 0,
    "WORK_SHORTAGE": 0,
    "MIN_WEIGHT": 0,
    "DISK_THRESHOLD": 100_000,
    "INPUT_SIZE_FRACTION": 0,
    "INPUT_SIZE_THRESHOLD": NONE,
    "INPUT_NUM_FRACTION": 0,
    "INPUT_NUM_THRESHOLD": NONE,
    "MIN_IO_INTENSITY_WITH_LOCAL_DATA": 0,
    "MIN_INPUT_SIZE_WITH_LOCAL_DATA": 0,
    "MAX_TASK_PRIO_WITH_LOCAL_DATA": NONE,
    "FREE_DISK_CUTOFF": NONE,
    "USER_USAGE_THRESHOLD_A": 1_000,
    "USER_USAGE_THRESHOLD_B": 10_000,
    "MAX_JOB_FAILURE_RATE_TO_PAUSE_managed": NONE,
    "MIN_JOBS_TO_PAUSE_managed": 1_000,
    "MIN_REMAINING_JOBS_TO_PAUSE_managed": 100,
    "TASK_MAX_ATTEMPT_user": NONE,
    "JOB_MAX_ATTEMPT_user": NONE,
    "MAX_JOB_FAILURE_RATE_user": NONE,
    "MIN_CPU_EFFICIENCY_user": 0,
    "SCOUT_RAMCOUNT_RANK": 75,
    "SCOUT_RAMCOUNT_MARGIN": 10,
    "SCOUT_RAMCOUNT_MIN": 1_000,
    "SCOUT_CPUTIME_RANK": 95,
    "SCOUT_DISK_IO_CAP": NONE,
    "SCOUT_WRONG_CPUTIME_THRESHOLD": 2,
    "RAM_THR_EXAUSTED": 4_096,
    "SCOUT_NUM_CPU_INEFFICIENT": 0,
    "SCOUT_THR_CPU_INEFFICIENT": 0,
    "SCOUT_MAX_IO_INTENSITY_FOR_EXHAUSTED": NONE,
    "SCOUT_SHORT_EXECTIME": 0,
    "SCOUT_NUM_SHORT": 0,
    "SCOUT_THR_SHORT": 0,
    "SCOUT_CHANGE_SR": 0,
    "SCOUT_MEM_LEAK_PER_CORE": NONE,
    "FAST_REBRO_THRESHOLD_NQNR_RATIO": 3,
    "FAST_REBRO_THRESHOLD_NQUEUE_FRAC": 0.3,
    "FAST_REBRO_THRESHOLD_NQUEUE": NONE,
}


#: With the name of a share behind it, blanks as `_`: how many jobs of the share may wait at a queue before some of them leave it.
OF_A_SHARE = "FAST_REBRO_THRESHOLD_NQUEUE_"


def broker_for(rules: Sequence[BrokerRule], vo: str, label: str) -> BrokerKind:
    """The broker of the first rule that fits; the generic one when none does."""
    found = (rule.broker for rule in rules if rule.vo in ("", vo) and rule.label in ("", label))
    first = next(found, BrokerKind.GENERIC)
    return BrokerKind.GENERIC if first is BrokerKind.UNKNOWN else first


def chooses_nucleus(rules: Sequence[BrokerRule], vo: str, label: str) -> bool:
    """True when the first rule that fits says that a nucleus is chosen."""
    return next((rule.nuclei for rule in rules if rule.vo in ("", vo) and rule.label in ("", label)), False)


def figures_with(rows: Sequence[BrokerFigure]) -> Mapping[str, float]:
    """All figures, with those of `rows` over the defaults."""
    return {**FIGURES, **{row.key: row.value for row in rows}} if rows else FIGURES


def problem_of_brokers(rules: Sequence[BrokerRule], figures: Sequence[BrokerFigure]) -> str:
    """What is wrong with the rows of a policy; empty when nothing is."""
    for number, row in enumerate(figures):
        if row.key not in FIGURES and not (row.key.startswith(OF_A_SHARE) and row.key != OF_A_SHARE):
            return f"figures {number}: key is {row.key}, expected one of {', '.join(sorted(FIGURES))}"
        if row.value < 0:
            return f"figures {number}: {row.key} is {row.value:g}, expected 0 or more"
    if len({row.key for row in figures}) < len(figures):
        return "figures: a key stands twice, expected each at most once"
    if any(rule.broker is BrokerKind.UNKNOWN for rule in rules):
        return "rules: broker is UNKNOWN, expected GENERIC, ANALYSIS or PRODUCTION"
    if len({(rule.vo, rule.label) for rule in rules}) < len(rules):
        return "rules: a vo with a label stands twice, expected each at most once"
    return ""
