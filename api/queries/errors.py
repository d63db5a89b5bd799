"""Why jobs fail: causes with an example each, by queue and by user, and of one task's attempts."""

from api.queries.filters import Where
from api.queries.read_models import ReadModels, Row
from schemas.ids import JOBS_PER_TASK


async def causes(read_models: ReadModels, where: Where, count: int) -> list[Row]:
    """The commonest first errors of the jobs that fit, with an example each."""
    return await read_models.rows(
        "select error_source, error_code, error_cluster, count(*) as count, count(distinct queue) as queues,"
        " count(distinct user_name) as users, count(distinct task_id) as tasks, max(job_id) as example, max(ended_at) as last_at"
        f" from job where {where.sql} and error_source is not null group by 1, 2, 3 order by 4 desc, 1, 2 limit %(causes)s",
        {**where.parameters, "causes": count},
    )


async def causes_since(read_models: ReadModels, vo: str, since: int, count: int) -> list[Row]:
    """The commonest first errors of the VO's jobs that ended since."""
    return await read_models.rows(
        "select error_source, error_code, error_cluster, count(*) as count, count(distinct queue) as queues,"
        " count(distinct user_name) as users, max(job_id) as example from job where vo = %(vo)s and ended_at >= %(since)s"
        " and error_source is not null group by 1, 2, 3 order by 4 desc limit %(count)s",
        {"vo": vo, "since": since, "count": count},
    )


async def failures_by_queue(read_models: ReadModels, where: Where) -> list[Row]:
    """`name`, `failed`, `finished`, `ended` by queue, where any failed."""
    return await _failures_by(read_models, "queue", where)


async def failures_by_user(read_models: ReadModels, where: Where) -> list[Row]:
    """`name`, `failed`, `finished`, `ended` by user, where any failed."""
    return await _failures_by(read_models, "user_name", where)


async def causes_of_task(read_models: ReadModels, task_id: int, count: int) -> list[Row]:
    """Why attempts failed, and of how many a later job took the input (`retried`)."""
    return await read_models.rows(
        "select error_source, error_code, text, count(*) as count, count(*) filter (where retried) as retried,"
        " max(attempt) as attempt, max(job_id) as example from (select job_id, attempt, error_source, error_code,"
        " left(regexp_replace(error_diagnostic, '\\d+', '#', 'g'), 200) as text, exists (select 1 from attempt_unit mine"
        " join attempt_unit later on later.task_id = mine.task_id and later.unit_id = mine.unit_id and later.job_id > mine.job_id"
        " where mine.job_id = a.job_id) as retried from attempt_job a where job_id >= %(first)s and job_id < %(beyond)s"
        " and outcome = 'failed') as failed group by 1, 2, 3 order by 4 desc, 1, 2 limit %(causes)s",
        {"causes": count, "first": task_id * JOBS_PER_TASK, "beyond": (task_id + 1) * JOBS_PER_TASK},
    )


async def _failures_by(read_models: ReadModels, column: str, where: Where) -> list[Row]:
    return await read_models.rows(
        f"select {column} as name, count(*) filter (where status = 'failed') as failed,"
        f" count(*) filter (where status = 'finished') as finished, count(*) as ended from job where {where.sql}"
        " and ended_at is not null group by 1 having count(*) filter (where status = 'failed') > 0 order by 2 desc limit 50",
        where.parameters,
    )
