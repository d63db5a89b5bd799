"""What jobs of a task used as a row of its snapshot. Pure."""

from commands.task.measured import Learning, Measure
from commands.undo import UndoDict
from schemas.ids import JOBS_PER_TASK
from schemas.task import MeasuredSnapshot

NOTHING = -1


def measured_row(learning: Learning) -> MeasuredSnapshot | None:
    """None where nothing was measured."""
    if learning == Learning():
        return None
    measures, asked = tuple(learning.measures.values()), learning.asked or ()
    return MeasuredSnapshot(
        finished_jobs=learning.finished_jobs,
        learned_at=learning.learned_at,
        reverted=learning.reverted,
        jobs=tuple(one.job_id for one in measures),
        events=_column([one.events for one in measures]),
        walltime_seconds=_column([one.walltime_seconds for one in measures]),
        cpu_seconds=_column([one.cpu_seconds for one in measures]),
        memory_kb=_column([one.memory_kb for one in measures]),
        io_bytes=_column([one.io_bytes for one in measures]),
        input_bytes=_column([one.input_bytes for one in measures]),
        output_bytes=_column([one.output_bytes for one in measures]),
        work_bytes=_column([one.work_bytes for one in measures]),
        leak_bytes_per_second=_column([one.leak_bytes_per_second for one in measures]),
        efficiency_jobs=learning.efficiency_jobs,
        efficiency_percents=learning.efficiency_percents,
        asked_parameters=tuple(name for name, _ in asked),
        asked_values=tuple(NOTHING if value is None else value for _, value in asked),
    )


def restored_learning(row: MeasuredSnapshot | None) -> Learning:
    """What the row says."""
    if row is None:
        return Learning()
    first = (row.events, row.walltime_seconds, row.cpu_seconds, row.memory_kb, row.io_bytes)
    later = (row.input_bytes, row.output_bytes, row.work_bytes, row.leak_bytes_per_second)
    # Rows of earlier releases have none of these.
    columns = (*first, *(column or (NOTHING,) * len(row.jobs) for column in later))
    measures = {
        job_id % JOBS_PER_TASK: Measure(job_id, *(None if value == NOTHING else value for value in values))
        for job_id, *values in zip(row.jobs, *columns, strict=True)
    }
    counts = (row.finished_jobs, row.learned_at, row.reverted)
    return Learning(UndoDict(measures), *counts, _asked(row), row.efficiency_jobs, row.efficiency_percents)


def _asked(row: MeasuredSnapshot) -> tuple[tuple[str, float | None], ...] | None:
    """Rows of earlier releases have memory and CPU time alone."""
    if row.ram_mb_asked is not None:
        return (("hs06_seconds_per_event", row.hs06_asked), ("ram_mb", row.ram_mb_asked))
    names = zip(row.asked_parameters, row.asked_values, strict=True)
    return tuple((name, None if value == NOTHING else value) for name, value in names) or None


def _column(values: list[int | None]) -> tuple[int, ...]:
    return tuple(NOTHING if value is None else value for value in values)
