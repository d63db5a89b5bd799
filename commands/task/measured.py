"""What jobs of a task used, and the sample that is drawn of it. Pure.

In: ends of jobs that succeeded. Out: measures. Invariant: equal measures and an equal seed give an equal sample; a percentile is
the nearest rank of the sorted sample. Source: docs/reference/jedi.md, "Learned requirements".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from commands.undo import UndoDict
from schemas.types import JobOutcome

#: A sample is no larger.
SAMPLE_JOBS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Measure:
    """Of one job; None where its pilot said nothing. memory_kb: the largest. io_bytes: read from and written to the local disk.

    input_bytes: of its input units. work_bytes: its working directory at its largest. leak_bytes_per_second: slope of its memory.
    """

    job_id: int
    events: int | None = None
    walltime_seconds: int | None = None
    cpu_seconds: int | None = None
    memory_kb: int | None = None
    io_bytes: int | None = None
    input_bytes: int | None = None
    output_bytes: int | None = None
    work_bytes: int | None = None
    leak_bytes_per_second: int | None = None

    def efficiency_percent(self, cores: int) -> float | None:
        """CPU time by the time of its cores; None where one of them is not known."""
        if self.cpu_seconds is None or not self.walltime_seconds:
            return None
        return 100 * self.cpu_seconds / (self.walltime_seconds * cores)

    def io_intensity_kbps(self, cores: int) -> float | None:
        """kB of input and output by wall time and cores; None where one of them is not known."""
        if not self.walltime_seconds or (self.input_bytes is None and self.output_bytes is None):
            return None
        return ((self.input_bytes or 0) + (self.output_bytes or 0)) / 1024 / self.walltime_seconds / cores


@dataclass(frozen=True, slots=True)
class Learning:
    """What is known of a task's jobs. finished_jobs: how many succeeded. learned_at: of how many requirements were learned last.

    asked: by the name of a learned requirement, what the task asked for, once another value is in force. efficiency_jobs,
    efficiency_percents: of how many jobs that succeeded the CPU efficiency is known, and the sum of these.
    """

    measures: UndoDict[int, Measure] = field(default_factory=UndoDict)
    finished_jobs: int = 0
    learned_at: int = 0
    reverted: bool = False
    asked: tuple[tuple[str, float | None], ...] | None = None
    efficiency_jobs: int = 0
    efficiency_percents: float = 0.0


def measure_of(outcome: JobOutcome, events: int | None, input_bytes: int | None = None) -> Measure | None:
    """What a job that succeeded used; None when its pilot measured nothing. events, input_bytes: of its input units; events where
    it names none itself."""
    usage = outcome.usage
    if usage is None:
        return None
    read, written = usage.read_bytes, usage.written_bytes
    return Measure(
        outcome.job_id,
        outcome.events or events,
        outcome.walltime_seconds,
        None if usage.cpu_seconds is None else round(usage.cpu_seconds),
        usage.pss_kb_max or usage.rss_kb_max,
        None if read is None and written is None else (read or 0) + (written or 0),
        input_bytes,
        sum(file.size_bytes for file in outcome.outputs) if outcome.outputs else None,
        usage.work_dir_bytes,
        None if usage.leak_kb_per_second is None else round(max(0.0, usage.leak_kb_per_second) * 1024),
    )


def nearest_rank(values: Iterable[float], percent: int) -> float:
    """The smallest value that at least `percent` of 100 of the values do not exceed; there is one value at least."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def sample_of(measures: Sequence[Measure], seed: str, jobs_max: int = SAMPLE_JOBS_MAX) -> tuple[Measure, ...]:
    """At most `jobs_max` of the measures in their order, drawn by `seed`: those whose ids hash lowest with it."""
    if len(measures) <= jobs_max:
        return tuple(measures)
    drawn = sorted(measures, key=lambda one: sha256(f"{seed}:{one.job_id}".encode()).digest())[:jobs_max]
    taken = {one.job_id for one in drawn}
    return tuple(one for one in measures if one.job_id in taken)
