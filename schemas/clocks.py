"""Clocks of jobs and tasks: how long one may stay as it is, and what becomes of it then.

The built-in lengths are the reference's; `SetClocks` (policy `clocks`) changes them, for jobs and tasks that exist, too. Lengths
in seconds; 0 is a clock that never rings. Source: docs/reference/jedi.md, "Clocks of jobs", "Clocks of tasks".
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
    quiet_queue_seconds: it rings only where the queue started no job for so long. quiet_task_seconds: only where no job of the
    task at the queue is with a pilot, and none ended for so long. Neither is asked of a queue that is offline or on test; 0: not
    asked.
    """

    name: str
    statuses: tuple[str, ...]
    seconds: int
    code: int
    since_creation: bool = False
    user: bool | None = None
    priority_min: int | None = None
    priority_max: int | None = None
    quiet_queue_seconds: int = 0
    quiet_task_seconds: int = 0


BUILT_IN: tuple[JobClock, ...] = (
    JobClock("sent", ("sent",), 30 * 60, 102),
    JobClock("starting", ("starting",), 48 * HOUR_SECONDS, 100),
    JobClock("holding", ("holding",), 48 * HOUR_SECONDS, 103, user=False, priority_max=URGENT),
    JobClock("holding_user", ("holding",), 3 * HOUR_SECONDS, 103, user=True),
    JobClock("holding_urgent", ("holding",), 3 * HOUR_SECONDS, 103, user=False, priority_min=URGENT + 1),
    JobClock("transferring", ("transferring",), 6 * DAY_SECONDS, 101, priority_max=URGENT - 1),
    JobClock("transferring_urgent", ("transferring",), 2 * DAY_SECONDS, 101, priority_min=URGENT),
    JobClock("activated", ("activated",), 2 * DAY_SECONDS, 51, user=False),
    JobClock(
        "activated_urgent", ("activated",), 4 * HOUR_SECONDS, 51, user=False, priority_min=URGENT,
        quiet_queue_seconds=2 * HOUR_SECONDS,
    ),
    JobClock("activated_user", ("activated",), 12 * HOUR_SECONDS, 51, user=True, quiet_task_seconds=3 * HOUR_SECONDS),
    JobClock("activated_age", ("activated",), 7 * DAY_SECONDS, 2, since_creation=True),
    JobClock("age", LIVE, 21 * DAY_SECONDS, 2, since_creation=True),
)


@dataclass(frozen=True, slots=True)
class TaskClock:
    """A clock of tasks. kind: of the deadlines whose rows it measures (docs/flow.md, "Deadlines"). seconds: built-in length.

    user: false for tasks that are not of users, None for all. priority_min: of tasks it is for. Of several clocks that fit a
    deadline the shortest rings. runs_paused: also while the task is paused.
    """

    name: str
    kind: str
    seconds: int
    user: bool | None = None
    priority_min: int | None = None
    runs_paused: bool = True


OF_TASKS: tuple[TaskClock, ...] = (
    TaskClock("submission", "submission", HOUR_SECONDS),
    TaskClock("parked", "parked", HOUR_SECONDS, runs_paused=False),
    TaskClock("parked_high", "parked", 30 * 60, user=False, priority_min=900, runs_paused=False),
    TaskClock("parked_urgent", "parked", 10 * 60, user=False, priority_min=950, runs_paused=False),
    TaskClock("pending", "pending", 7 * DAY_SECONDS, runs_paused=False),
    TaskClock("input", "input", 7 * DAY_SECONDS),
    TaskClock("exhausted", "exhausted", 48 * HOUR_SECONDS),
)
ALL: tuple[JobClock | TaskClock, ...] = (*BUILT_IN, *OF_TASKS)
BY_NAME: Mapping[str, JobClock | TaskClock] = {clock.name: clock for clock in ALL}


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
    lengths = {clock.name: clock.seconds for clock in ALL}
    lengths |= {one.name: one.seconds for one in clocks if one.name in BY_NAME}
    return {name: seconds for name, seconds in lengths.items() if seconds > 0}


def in_words(seconds: int) -> str:
    """A length in the largest unit that it is a whole number of, days from three days on: `7 days`, `48 hours`, `90 minutes`."""
    if seconds % DAY_SECONDS == 0 and seconds >= 3 * DAY_SECONDS:
        number, unit = seconds // DAY_SECONDS, "day"
    elif seconds % HOUR_SECONDS == 0:
        number, unit = seconds // HOUR_SECONDS, "hour"
    elif seconds % 60 == 0:
        number, unit = seconds // 60, "minute"
    else:
        number, unit = seconds, "second"
    return f"{number:,} {unit}" if number == 1 else f"{number:,} {unit}s"
