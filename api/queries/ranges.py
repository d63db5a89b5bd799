"""Ranges of the event service that jobs were given; shapes and errors as in `tasks.py`."""

from collections.abc import Sequence

from api.queries.read_models import ReadModels, Row


async def of_jobs(read_models: ReadModels, vo: str, job_ids: Sequence[int]) -> list[Row]:
    """`task_id`, `job_id`, `file_id`, `ranges`, `is_over` of those of the VO that take ranges, by id."""
    return await read_models.rows(
        "select task_id, job_id, file_id, ranges, is_over from job_ranges where job_id = any(%s) and vo = %s order by job_id",
        [list(job_ids), vo],
    )
