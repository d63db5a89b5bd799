"""Each parameter that a task learns: a table of samples and what they give (docs/reference/jedi.md, "Learned requirements")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from commands.task.learned_values import requirements_learned, with_values
from commands.task.measured import Measure, sample_of
from schemas.types import Requirements, ScoutRules, SplitRules
from tests.commands.builders import a_definition

MB = 1024
DRAWN_OF_TWELVE = [7, 10, 11]
KB, GB = 1024, 1024**3
HOURS = 3600


@dataclass(frozen=True)
class Row:
    """A parameter of the reference's table of metrics, with a sample and what it gives."""

    named: str
    parameter: str
    measures: tuple[Measure, ...]
    new: float
    reduction: str
    applied: bool = True
    old: float | None = None
    margin_percent: int = 0
    made_up: bool = False
    definition: Mapping[str, Any] = field(default_factory=dict)
    library_bytes: int = 0


INPUT = {"input_datasets": ("in.put",), "events_total": None}
ONE_FILE = {**INPUT, "rules": SplitRules(files_per_job=1)}
ROWS = [
    Row(
        "output by event, where jobs had ten of them", "output_kb_per_event",
        (
            Measure(1, events=10, output_bytes=10 * KB + 1), Measure(2, events=10, output_bytes=30 * KB),
            Measure(3, events=9, output_bytes=GB),
        ),
        3.0, "percentile 75",
    ),
    Row(
        "output by MB of input, where events are not known", "output_kb_per_input_mb",
        (Measure(1, input_bytes=1024 * KB, output_bytes=2 * KB), Measure(2, input_bytes=2048 * KB, output_bytes=2 * KB)),
        2.0, "percentile 75", definition=INPUT,
    ),
    Row(
        "output is at most ten times the input", "output_kb_per_input_mb",
        (Measure(1, input_bytes=1024 * KB, output_bytes=11 * 1024 * KB),), 10_240.0, "percentile 75", definition=INPUT,
    ),
    Row(
        "output whose space is fixed", "output_kb_per_event", (Measure(1, events=10, output_bytes=10 * KB),), 1.0,
        "percentile 75", applied=False, definition={"scouts": ScoutRules(success_tenths=5, output_fixed=True)},
    ),
    Row(
        "wall time of jobs without events", "walltime_seconds",
        (Measure(1, cpu_seconds=2 * HOURS), Measure(2, cpu_seconds=HOURS)),
        3 * HOURS, "maximum", old=0, margin_percent=50, definition=ONE_FILE,
    ),
    Row(
        "wall time of just an hour", "walltime_seconds", (Measure(1, cpu_seconds=2400),), 3600, "maximum", old=0,
        margin_percent=50, definition=ONE_FILE,
    ),
    Row(
        "wall time of less than an hour is none", "walltime_seconds", (Measure(1, cpu_seconds=2399),), 0, "maximum", old=0,
        margin_percent=50, applied=False, definition=ONE_FILE,
    ),
    Row(
        "wall time below what was asked for", "walltime_seconds", (Measure(1, cpu_seconds=2 * HOURS),), 3 * HOURS, "maximum",
        old=9 * HOURS, margin_percent=50, applied=False,
        definition={**ONE_FILE, "requirements": Requirements(walltime_seconds=9 * HOURS)},
    ),
    Row(
        "wall time of scouts that are smaller than other jobs", "walltime_seconds", (Measure(1, cpu_seconds=2 * HOURS),),
        3 * HOURS, "maximum", old=0, margin_percent=50, applied=False, definition={**INPUT, "rules": SplitRules()},
    ),
    Row(
        "disk is the largest working directory beside the output asked for", "disk_mb",
        (Measure(1, work_bytes=700 * MB * KB), Measure(2, work_bytes=500 * MB * KB)), 900.0, "maximum", old=300.0,
        definition={"requirements": Requirements(disk_mb=300, output_mb=200)},
    ),
    Row(
        "disk is the library where that is larger", "disk_mb", (Measure(1, work_bytes=700 * MB * KB),), 800.0, "maximum", old=0.0,
        library_bytes=800 * MB * KB,
    ),
    Row(
        "disk that was asked for stays where it is more", "disk_mb", (Measure(1, work_bytes=MB),), 300.0, "maximum", old=300.0,
        applied=False, definition={"requirements": Requirements(disk_mb=300)},
    ),
    Row(
        "I/O intensity is the maximum, by core", "io_intensity_kbps",
        (
            Measure(1, walltime_seconds=100, input_bytes=300 * KB, output_bytes=100 * KB),
            Measure(2, walltime_seconds=100, input_bytes=0),
        ),
        2.0, "maximum", definition={"requirements": Requirements(core_count=2)},
    ),
    Row(
        "disk traffic is the mean", "disk_io_kbps",
        (Measure(1, walltime_seconds=100, io_bytes=500 * KB), Measure(2, walltime_seconds=100, io_bytes=100 * KB)), 3.0, "mean",
    ),
    Row(
        "disk traffic has a cap", "disk_io_kbps", (Measure(1, walltime_seconds=100, io_bytes=500 * KB),), 4.0, "mean",
        definition={"scouts": ScoutRules(success_tenths=5, disk_io_kbps_cap=4)},
    ),
    Row(
        "CPU efficiency is the median and recorded", "cpu_efficiency_percent",
        (Measure(1, walltime_seconds=100, cpu_seconds=80), Measure(2, walltime_seconds=100, cpu_seconds=40)), 60.0, "median",
        applied=False,
    ),
    Row(
        "the slope of memory is the mean by core and recorded", "leak_kbps_of_core",
        (Measure(1, leak_bytes_per_second=4 * KB), Measure(2, leak_bytes_per_second=0)), 1.0, "mean", applied=False,
        definition={"requirements": Requirements(core_count=2)},
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.named)
def test_each_parameter_follows_its_row_of_the_table(row: Row) -> None:
    definition = a_definition(**row.definition)

    learned = requirements_learned(definition, row.measures, made_up=row.made_up, library_bytes=row.library_bytes)

    (found,) = [one for one in learned if one.parameter == row.parameter]
    assert (found.old, found.new, found.applied) == (row.old, row.new, row.applied)
    assert (found.reduction, found.margin_percent) == (row.reduction, row.margin_percent)
    assert set(found.jobs) <= {one.job_id for one in row.measures}


def test_a_sample_of_more_than_a_thousand_is_drawn_by_a_seed_that_says_all() -> None:
    measures = [Measure(number) for number in range(1, 1_501)]

    one, same, other = (sample_of(measures, seed) for seed in ("7:100", "7:100", "8:100"))

    assert (len(one), one == same, one == other) == (1_000, True, False)
    assert [measure.job_id for measure in one] == sorted(measure.job_id for measure in one)
    assert [measure.job_id for measure in sample_of(measures[:12], "7:5", jobs_max=3)] == DRAWN_OF_TWELVE


def test_short_jobs_that_may_grow_get_as_many_files_as_the_limit_allows() -> None:
    definition = a_definition(**{**INPUT, "rules": SplitRules(files_per_job=2, gigabytes_per_job=1, files_per_job_max=50)})

    learned = requirements_learned(definition, [Measure(1, walltime_seconds=9)], made_up=False, grow=True)
    changed = with_values(definition, {one.parameter: one.new for one in learned if one.applied})

    rules = changed.rules
    assert (rules.files_per_job, rules.gigabytes_per_job, rules.files_per_job_max) == (None, None, 200)
    assert with_values(changed, {one.parameter: one.old for one in learned if one.applied}) == definition
