"""When a task is expected to end, with its spread, from its pace so far. Pure.

The pace is what was processed of the input since the first job began. The spread is that of a count: of n ends that do not
depend on each other one may see n +- 2 sqrt(n), in 19 of 20 cases. It does not foresee what changes the pace: other tasks,
queues that close.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from schemas.instants import DAY, MINUTE

#: With fewer ends the slow end of the spread has no bound.
ENDS_MIN = 5
#: Farther ahead than this an end is not named.
AHEAD_MICROS_MAX = 400 * DAY


@dataclass(frozen=True, slots=True)
class ExpectedEnd:
    """Microseconds since 1970, to the minute: at the pace so far, at the fastest and at the slowest that may be behind it."""

    at: int
    earliest: int
    latest: int


def expected_end(task: Mapping[str, Any], now: int) -> ExpectedEnd | None:
    """Of a row of a task; None while too little has ended to say, and for one that is not at work."""
    ended = task["files_finished"] + task["files_failed"]
    left = task["files_total"] - ended
    # One job may end the units of many files at once: they are as many observations as jobs.
    seen = min(ended, task["jobs_total"] - task["jobs_live"])
    if task["started_at"] is None or task["ended_at"] is not None or seen < ENDS_MIN or left <= 0:
        return None
    spent = max(1, now - task["started_at"])
    spread = 2 / sqrt(seen)
    ahead = left * spent // ended
    if ahead / (1 - spread) > AHEAD_MICROS_MAX:
        return None
    return ExpectedEnd(*(_to_the_minute(now + int(ahead / pace)) for pace in (1, 1 + spread, 1 - spread)))


def _to_the_minute(at: int) -> int:
    return at // MINUTE * MINUTE
