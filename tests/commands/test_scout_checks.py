"""What scouts used that makes a task a case for a person, at its figures (docs/reference/jedi.md, "Learned requirements")."""

import dataclasses
from typing import Any

import pytest

from commands.task.measured import Measure
from commands.task.scout_checks import too_much
from schemas.types import ScoutRules, SplitRules
from tests.commands.builders import a_definition

KB, HOURS = 1024, 3600
JOBS_OF = {"low": Measure(1, walltime_seconds=100, cpu_seconds=30), "high": Measure(2, walltime_seconds=100, cpu_seconds=90)}
LEAST = {"cpu_efficiency_percent_min": 50, "inefficient_tenths": 5, "inefficient_jobs_min": 100}
SHORT = {"short_seconds": 600, "short_tenths": 5, "short_jobs_min": 100}
DAY = 24 * HOURS
LONG = "an event takes 11,664.0 HS06 s in jobs of up to 24 h"


@pytest.mark.parametrize(
    ("rules", "measures", "jobs_to_come", "found"),
    [
        (LEAST, [JOBS_OF["low"]], 0, "the median CPU efficiency is 30 %, expected 50 % at least"),
        (LEAST, [JOBS_OF["low"], JOBS_OF["high"]], 99, ""),
        (LEAST, [JOBS_OF["low"], JOBS_OF["high"]], 100,
         "1 of 2 jobs have a CPU efficiency below 50 %, expected fewer than 5 in 10"),
        ({**LEAST, "io_intensity_kbps_exempt": 9}, [dataclasses.replace(JOBS_OF["low"], input_bytes=1000 * KB)], 100, ""),
        ({**LEAST, "io_intensity_kbps_exempt": 10}, [dataclasses.replace(JOBS_OF["low"], input_bytes=1000 * KB)], 100,
         "the median CPU efficiency is 30 %, expected 50 % at least"),
        ({}, [JOBS_OF["low"]], 100, ""),
        (SHORT, [Measure(1, walltime_seconds=599), Measure(2, walltime_seconds=600)], 100,
         "1 of 2 jobs ran less than 10 min, expected fewer than 5 in 10"),
        (SHORT, [Measure(1, walltime_seconds=599), Measure(2, walltime_seconds=600)], 99, ""),
        (SHORT, [Measure(1, walltime_seconds=600), Measure(2, walltime_seconds=600)], 100, ""),
        ({**SHORT, "short_jobs_grow": True}, [Measure(1, walltime_seconds=599)], 100, ""),
    ],
)  # fmt: skip
def test_inefficient_and_short_jobs_exhaust_a_task_at_the_figures_of_its_rules(
    rules: dict[str, Any], measures: list[Measure], jobs_to_come: int, found: str
) -> None:
    definition = a_definition(scouts=ScoutRules(success_tenths=5, **rules))

    assert too_much(definition, measures, jobs_to_come) == found


@pytest.mark.parametrize(
    ("seconds", "preset", "found"),
    [
        (DAY, 1.0, ""),
        (DAY + 600, 5_832.0, ""),
        (DAY + 600, 5_831.0, f"{LONG}, 5,831.0 were asked for; expected at most 2 times as many"),
    ],
)  # fmt: skip
def test_cpu_time_far_above_what_was_asked_for_exhausts_a_task_of_long_jobs(seconds: int, preset: float, found: str) -> None:
    definition = a_definition(rules=SplitRules(hs06_seconds_per_event=preset))

    assert too_much(definition, [Measure(1, events=100, walltime_seconds=seconds)]) == found
