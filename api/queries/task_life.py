"""When what happened to a task and its jobs, for its timeline: of tasks that a question within a VO has found.

Times are microseconds since 1970. Raises ReadModelsUnavailable (`read_models.py`).
"""

from collections.abc import Sequence

from api.queries.jobs import attempts_on_same_input
from api.queries.read_models import ReadModels, Row

EVENTS_MAX, IDLE_MAX, STEPS_MAX = 500, 20, 40
#: Shorter times without any job in a pilot's hands are not listed.
IDLE_MICROS_MIN = 1_000_000
CHAIN_COLUMNS = "job_id, kind, attempt, status, created_at, sent_at, ended_at"


async def events_of(read_models: ReadModels, task_id: int, known: Sequence[str]) -> list[Row]:
    """`event_type`, `at` of the first `known` events of the task, in order."""
    return await read_models.rows(
        "select event_type, at from timeline where aggregate = 'task' and aggregate_id = %(id)s::bigint::text"
        " and event_type = any(%(known)s) order by sequence limit %(limit)s",
        {"id": task_id, "known": list(known), "limit": EVENTS_MAX},
    )


async def steps_of(read_models: ReadModels, task_id: int) -> list[Row]:
    """By kind and attempt: `count` of jobs, `failed` of them, `since` the first had a pilot, `until` the last ended.

    until: null while one of them has not ended.
    """
    return await read_models.rows(
        "select kind, attempt, count(*) as count, count(*) filter (where status = 'failed') as failed, min(sent_at) as since,"
        " case when bool_and(ended_at is not null) then max(ended_at) end as until from job where task_id = %(id)s"
        " group by 1, 2 having min(sent_at) is not null order by 5, 1, 2 limit %(limit)s",
        {"id": task_id, "limit": STEPS_MAX},
    )


async def idle_times(read_models: ReadModels, task_id: int) -> list[Row]:
    """`since`, `until`: the longest times between two jobs in which no pilot had a job of the task, in order of time."""
    return await read_models.rows(
        "select * from (select since, until from (select max(coalesce(ended_at, 9000000000000000000)) over (order by sent_at,"
        " job_id rows between unbounded preceding and 1 preceding) as since, sent_at as until from job where task_id = %(id)s"
        " and sent_at is not null) as following where until >= since + %(least)s order by until - since desc limit %(limit)s)"
        " as longest order by since",
        {"id": task_id, "least": IDLE_MICROS_MIN, "limit": IDLE_MAX},
    )


async def last_chain(read_models: ReadModels, task_id: int) -> list[Row]:
    """The job that ended last, or has not ended, with those for which it waited: earlier attempts, and what a merge merges."""
    last = await read_models.row(
        f"select {CHAIN_COLUMNS} from job where task_id = %(id)s order by ended_at desc nulls first, sent_at nulls first,"
        " job_id desc limit 1",
        {"id": task_id},
    )
    if last is None:
        return []
    merged = await read_models.row(
        f"select {CHAIN_COLUMNS} from job where task_id = %(id)s and merge_job_id = %(job)s order by modified_at desc,"
        " job_id desc limit 1",
        {"id": task_id, "job": last["job_id"]},
    )
    first = last if merged is None else merged
    attempts = {row["job_id"] for row in await attempts_on_same_input(read_models, first["job_id"])} | {first["job_id"]}
    return await read_models.rows(
        f"select {CHAIN_COLUMNS} from job where task_id = %(id)s and job_id = any(%(jobs)s) order by job_id",
        {"id": task_id, "jobs": sorted(attempts | {last["job_id"]})},
    )


async def pilot_seconds_of(read_models: ReadModels, job_id: int) -> str | None:
    """What the pilot of a job measured, as it reported it at the end; None when it did not."""
    row = await read_models.row(
        "select body->>'timing' as timing from timeline where aggregate = 'job' and aggregate_id = %(id)s::bigint::text"
        " and event_type = 'JobFinished' order by sequence desc limit 1",
        {"id": job_id},
    )
    return None if row is None else row["timing"]


async def good_job_like(read_models: ReadModels, job_id: int) -> int | None:
    """A job of the same task and kind that finished, the last one; None when there is none."""
    row = await read_models.row(
        "select g.job_id from job j join job g on g.task_id = j.task_id and g.kind = j.kind and g.status = 'finished'"
        " where j.job_id = %(id)s and g.job_id <> j.job_id order by g.job_id desc limit 1",
        {"id": job_id},
    )
    return None if row is None else int(row["job_id"])
