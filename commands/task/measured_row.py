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
    found, (ram_mb, hs06) = learning.measures, learning.asked or (None, None)
    measures = tuple(found.values())
    return MeasuredSnapshot(
        finished_jobs=learning.finished_jobs,
        learned_at=learning.learned_at,
        reverted=learning.reverted,
        ram_mb_asked=ram_mb,
        hs06_asked=hs06,
        jobs=tuple(one.job_id for one in measures),
        events=_column([one.events for one in measures]),
        walltime_seconds=_column([one.walltime_seconds for one in measures]),
        cpu_seconds=_column([one.cpu_seconds for one in measures]),
        memory_kb=_column([one.memory_kb for one in measures]),
        io_bytes=_column([one.io_bytes for one in measures]),
    )


def restored_learning(row: MeasuredSnapshot | None) -> Learning:
    """What the row says."""
    if row is None:
        return Learning()
    columns = (row.events, row.walltime_seconds, row.cpu_seconds, row.memory_kb, row.io_bytes)
    measures = {
        job_id % JOBS_PER_TASK: Measure(job_id, *(None if value == NOTHING else value for value in values))
        for job_id, *values in zip(row.jobs, *columns, strict=True)
    }
    asked = None if row.ram_mb_asked is None else (row.ram_mb_asked, row.hs06_asked)
    return Learning(UndoDict(measures), row.finished_jobs, row.learned_at, row.reverted, asked)


def _column(values: list[int | None]) -> tuple[int, ...]:
    return tuple(NOTHING if value is None else value for value in values)
