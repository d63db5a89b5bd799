"""Law about what tasks learn from their jobs: samples of their own successes, values that follow, and orders with them.

The values are worked out here once more, from docs/reference/jedi.md, "Learned requirements", and not by the code that learns.
Pure.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from check.laws import Seen, Violation

SAMPLE_JOBS_MAX = 1_000
SUCCESSES = frozenset({"FINISHED", "MERGING"})
#: Values whose reduction and margin say all; others have bounds beside.
PLAIN = frozenset(
    {"hs06_seconds_per_event", "output_kb_per_event", "output_kb_per_input_mb", "cpu_efficiency_percent", "leak_kbps_of_core"}
)
#: Values of a sample are kept to three places.
TOLERANCE = 0.01
#: After these another memory than the learned one may be in force.
CHANGES_MEMORY = frozenset({"TaskRefined", "RequirementsReverted", "TaskAttributeChanged"})


@dataclass
class LearnedFromSamples:
    """What a task learned follows from its own jobs, and its orders ask for it."""

    name: str = "requirements follow from samples of jobs that succeeded"
    checked: int = 0
    succeeded: dict[str, set[int]] = field(default_factory=dict)
    ram_mb: dict[str, int] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A sample of other jobs, a value that it does not give, an order that asks for something else."""
        if record.role != "events" or record.aggregate != "task":
            return
        task = record.envelope.aggregate_id
        match record.name:
            case "JobOutcomesRecorded":
                ended = {one.job_id for one in record.message.outcomes if one.kind.value in SUCCESSES}
                self.succeeded.setdefault(task, set()).update(ended)
            case "RequirementsLearned":
                self.checked += 1
                for one in record.message.learned:
                    if problem := self._problem_of(task, one):
                        yield Violation(self.name, str(record.place), f"task {task}: {one.parameter} {problem}")
                    if one.parameter == "ram_mb" and one.applied:
                        self.ram_mb[task] = int(one.new)
            case "JobsOrdered" if self.ram_mb.get(task, record.message.definition.requirements.ram_mb) != (
                asked := record.message.definition.requirements.ram_mb
            ):
                yield Violation(self.name, str(record.place), f"task {task} orders {asked} MB, it learned {self.ram_mb[task]}")
            case name if name in CHANGES_MEMORY:
                self.ram_mb.pop(task, None)

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()

    def _problem_of(self, task: str, one: Any) -> str:
        strangers = set(one.jobs) - self.succeeded.get(task, set())
        if strangers:
            return f"rests on job {min(strangers)}, which did not succeed"
        if len(one.jobs) > SAMPLE_JOBS_MAX or len(set(one.jobs)) < len(one.jobs) or len(one.jobs) != len(one.values):
            return f"has a sample of {len(one.jobs)} jobs with {len(one.values)} values"
        expected = reduced(one.reduction, one.values)
        if expected is None or not (one.parameter in PLAIN or one.parameter == "ram_mb"):
            return ""
        expected *= (100 + one.margin_percent) / 100
        if one.parameter == "ram_mb":
            # Whole MB, and not below what tasks ask for at least, which is not above what this one asked for.
            fits = math.ceil(expected - TOLERANCE) <= one.new <= max(math.ceil(expected + TOLERANCE), one.old or 0)
        else:
            fits = math.isclose(one.new, expected, rel_tol=0.001, abs_tol=TOLERANCE)
        return "" if fits else f"is {one.new:g}, the sample gives {expected:g}"


def reduced(reduction: str, values: Sequence[float]) -> float | None:
    """The sample as one value; None for a reduction that is not known here."""
    word, _, number = reduction.partition(" ")
    ordered = sorted(values)
    if not ordered:
        return None
    match word:
        case "percentile" if number.isdigit():
            return ordered[max(1, math.ceil(int(number) * len(ordered) / 100)) - 1]
        case "median":
            return median(ordered)
        case "mean":
            return fmean(ordered)
        case "maximum":
            return ordered[-1]
        case _:
            return None
