"""Clocks of jobs: how long a job may stay in a state, and what becomes of it then.

The built-in lengths are the reference's; `SetClocks` (policy `clocks`) changes them, for jobs that exist, too. Lengths in
seconds; 0 is a clock that never rings. Source: docs/reference/jedi.md, "Clocks of jobs".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.types import ClockSetting

CLOCKS_KEY = "clocks"
HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400
#: A job of this priority or above has the shorter time for its transfers.
URGENT = 800
LIVE = ("activated", "sent", "starting", "running", "holding", "transferring")


@dataclass(frozen=True, slots=True)
class JobClock:
    """A clock. statuses: those in which it runs. since_creation: counted from the job's definition, else from its last change.

    seconds: built-in length. code: kill code of a job that waits (51: it is brokered again), error code of one that a pilot
    holds.
    user: true for jobs of users alone, false for all others alone, None for all. priority_min, priority_max: of jobs it is for.
    """

    name: str
    statuses: tuple[str, ...]
    seconds: int
    code: int
    since_creation: bool = False
    user: bool | None = None
    priority_min: int | None = None
    priority_max: int | None = None


BUILT_IN: tuple[JobClock, ...] = (
    JobClock("sent", ("sent",), 30 * 60, 102),
    JobClock("starting", ("starting",), 48 * HOUR_SECONDS, 100),
    JobClock("holding", ("holding",), 48 * HOUR_SECONDS, 103, user=False, priority_max=URGENT),
    JobClock("holding_user", ("holding",), 3 * HOUR_SECONDS, 103, user=True),
    JobClock("holding_urgent", ("holding",), 3 * HOUR_SECONDS, 103, user=False, priority_min=URGENT + 1),
    JobClock("transferring", ("transferring",), 6 * DAY_SECONDS, 101, priority_max=URGENT - 1),
    JobClock("transferring_urgent", ("transferring",), 2 * DAY_SECONDS, 101, priority_min=URGENT),
    JobClock("activated", ("activated",), 2 * DAY_SECONDS, 51, user=False),
    JobClock("activated_age", ("activated",), 7 * DAY_SECONDS, 2, since_creation=True),
    JobClock("age", LIVE, 21 * DAY_SECONDS, 2, since_creation=True),
)
BY_NAME: Mapping[str, JobClock] = {clock.name: clock for clock in BUILT_IN}


def problem_of_clocks(clocks: Sequence[ClockSetting]) -> str:
    """What is wrong with settings: key, value and what was expected; empty when all is well."""
    names = [one.name for one in clocks]
    for name in names:
        if name not in BY_NAME:
            return f"clocks.name is {name!r}, expected one of {', '.join(BY_NAME)}"
        if names.count(name) > 1:
            return f"clock {name} is named twice, expected each once"
    return ""


def lengths_of(clocks: Sequence[ClockSetting]) -> dict[str, int]:
    """Length in seconds of every clock that rings, by name; `clocks`: those that were set."""
    lengths = {clock.name: clock.seconds for clock in BUILT_IN} | {one.name: one.seconds for one in clocks if one.name in BY_NAME}
    return {name: seconds for name, seconds in lengths.items() if seconds > 0}
