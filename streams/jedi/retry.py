"""What the retry rules say about a failed job's input.

In: the job's errors, the rules, the memory it had and used. Out: an action, the memory for the next attempt, and the error that
decided. Pure. Source: docs/reference/jedi.md, "Retry rules" and "Error families"; docs/reference/pilot.md, "Error codes".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.patterns import PatternRefused, compile_pattern
from schemas.resource_types import MEMORY_LADDER_MB
from schemas.types import JobError, RetryAction, RetryRule

#: Families in the order in which their errors are looked at.
FAMILIES = ("pilot", "exe", "ddm", "jobdispatcher", "taskbuffer", "trans", "sup")
STEP_MB, MEMORY_MB_MAX = 1000, 100_000_000
RAM_COMPENSATION = 0.9


def _rules(source: str, action: RetryAction, *codes: int) -> tuple[RetryRule, ...]:
    return tuple(RetryRule(source=source, code=code, action=action) for code in codes)


#: Rules in force until an operator sets others.
DEFAULT_RULES: tuple[RetryRule, ...] = (
    # out of memory: by the kernel, bad alloc, by the pilot's memory monitor
    *_rules("pilot", RetryAction.MORE_MEMORY, 1212, 1223, 1235),
    # the same input and payload cannot end otherwise: output missing, too large or empty, wrapper or image unknown, looping
    *_rules("pilot", RetryAction.NO_RETRY, 1103, 1104, 1106, 1124, 1150, 1165, 1168, 1191, 1346, 1350, 1355, 1360),
    # the place failed, not the payload: local disk, transfer, credentials, signals to the pilot, its own trouble
    *_rules("pilot", RetryAction.SYSTEM, 1098, 1099, 1137, 1151, 1152, 1163, 1177, 1199, 1200, 1201, 1301, 1318, 1319),
    *_rules("pilot", RetryAction.SYSTEM, 1320, 1332, 1373, 1376, 1382),
    # lost heartbeat and the other ends that the server notices
    *_rules("jobdispatcher", RetryAction.SYSTEM, 100, 101, 102, 103, 104, 105),
    # expired in the queue, reassigned, worker ended without a report
    *_rules("taskbuffer", RetryAction.SYSTEM, 102, 105, 300),
)


@dataclass(frozen=True, slots=True)
class Advice:
    """ram_mb: memory per core (or per job) for the next attempt, only with MORE_MEMORY. attempts_max: only with LIMIT_RETRY.
    on_trial: what the first inactive rule would have said of an error that was looked at."""

    action: RetryAction
    error: JobError | None = None
    ram_mb: int | None = None
    attempts_max: int | None = None
    on_trial: RetryAction | None = None


@dataclass(frozen=True, slots=True)
class RulesScope:
    """What rules may be limited to, of one job. work_queue: its global share. rule_set: the set that its task names, or empty."""

    architecture: str | None = None
    release: str = ""
    work_queue: str = ""
    rule_set: str = ""

    def takes(self, rule: RetryRule) -> bool:
        """True when the rule is for such jobs."""
        limits = ((rule.architecture, self.architecture), (rule.release, self.release), (rule.work_queue, self.work_queue))
        return rule.rule_set == self.rule_set and all(limit in (None, found) for limit, found in limits)


#: Of a job that nothing is known of: rules with limits are not for it.
UNKNOWN_SCOPE = RulesScope()


@dataclass(frozen=True, slots=True)
class MemoryGiven:
    """What a job's definition says of its memory, and what its rules are; ram_mb_min is for all its cores."""

    core_count: int
    ram_mb_min: int
    scope: RulesScope = UNKNOWN_SCOPE


def advise(
    errors: Sequence[JobError], rules: Sequence[RetryRule], ram_mb: int, used_mb: int = 0, scope: RulesScope = UNKNOWN_SCOPE
) -> Advice:
    """What to do with the input of a job that failed with `errors`, having had `ram_mb`.

    used_mb: what it used for certain, in the unit of `ram_mb`, 0 if that is not known. More memory is then more than this, also
    above the ladder: a payload that needs more than the slot that it had is not sent to such a slot again.

    scope: rules that are limited to other jobs do not count.

    The first error, in family order, for which an active rule acts decides; without one the input is tried again. Inactive rules
    are only recorded. At
    the top of the ladder more memory is not to be had: the input is tried again as it is.
    """
    ordered = sorted(errors, key=lambda error: _rank(error.source))
    on_trial: RetryAction | None = None
    for error in ordered:
        matching = [rule for rule in rules if scope.takes(rule) and _matches(rule, error)]
        on_trial = on_trial or next((rule.action for rule in matching if not rule.active), None)
        acting = [rule for rule in matching if rule.active]
        if acting:
            return replace(_applied(acting, error, ram_mb, used_mb), on_trial=on_trial)
    return Advice(RetryAction.RETRY, ordered[0] if ordered else None, on_trial=on_trial)


def next_memory(ram_mb: int) -> int | None:
    """The first step of the ladder above `ram_mb`; None at the top."""
    return next((step for step in MEMORY_LADDER_MB if step > ram_mb), None)


def memory_above(used_mb: int) -> int:
    """What to ask for so that a pilot must offer more than `used_mb`, of whose offer the compensation is taken off."""
    return math.floor(used_mb / RAM_COMPENSATION / STEP_MB) * STEP_MB + STEP_MB


def memory_of(ram_mb_min: int, core_count: int) -> int:
    """MB per core that a job with `ram_mb_min` was given: without the compensation that job specifications carry."""
    return round(ram_mb_min / RAM_COMPENSATION / max(1, core_count))


def _applied(acting: Sequence[RetryRule], error: JobError, ram_mb: int, used_mb: int) -> Advice:
    """What the first of the rules says; of limits the narrowest."""
    action = acting[0].action
    if action is RetryAction.LIMIT_RETRY:
        limits = [rule.attempts_max for rule in acting if rule.action is action and rule.attempts_max is not None]
        return Advice(action, error, attempts_max=min(limits, default=None))
    if action not in (RetryAction.MORE_MEMORY, RetryAction.MEMORY_BY_FACTOR):
        return Advice(action, error)
    step = next_memory(ram_mb)
    if used_mb and used_mb >= ram_mb:
        step = min(max(step or 0, memory_above(used_mb)), MEMORY_MB_MAX)
    if step is None and action is RetryAction.MORE_MEMORY:
        return Advice(RetryAction.RETRY, error)
    return Advice(action, error, step)


def _matches(rule: RetryRule, error: JobError) -> bool:
    """Codes of pilots come negated when the pilot asks for a retry elsewhere; a pattern that cannot be used matches nothing."""
    if rule.source != error.source or rule.code != abs(error.code):
        return False
    if rule.pattern is None:
        return True
    try:
        return compile_pattern(rule.pattern, dot_all=True).match(error.diagnostic)
    except PatternRefused:
        return False


def _rank(source: str) -> int:
    return FAMILIES.index(source) if source in FAMILIES else len(FAMILIES)
