"""Jobs: one by its number, a list by what is asked for, counts, and what pilots and clients ask of many at once.

Shapes and errors as in `tasks.py`.
"""

from collections.abc import Sequence
from typing import Any

from api.queries.comparisons import containing
from api.queries.filters import Field, SortOrder, Where, facets_of, facets_sql
from api.queries.read_models import ReadModels, Row

SUMMARY = (
    "job_id, task_id, attempt, serial, kind, name, queue, status, sub_status, priority, vo, owner, user_name, label,"
    " processing_type, share, resource_type, core_count, ram_mb_min, created_at, activated_at, sent_at, started_at,"
    " ended_at, modified_at, node, pilot, pilot_id, batch_id, lease_id, harvester_id,"
    " worker_id, order_kill, kill_code, exit_code, errors,"
    " merge_job_id, sequence"
)
DESCRIBED = f"{SUMMARY}, spec, usage, outputs, metadata, log_extract"
PAGE_COLUMNS = (
    "job_id, task_id, attempt, kind, name, queue, status, sub_status, priority, vo, user_name, label, processing_type, share,"
    " resource_type, core_count, created_at, started_at, ended_at, modified_at, node, exit_code, errors, error_source,"
    " error_code, batch_id, pilot_id"
)
ATTEMPT_COLUMNS = ("job_id", "attempt", "kind", "status", "queue", "node", "created_at", "started_at", "ended_at", "errors")
#: What a list of jobs can be filtered by, sorted by and counted by; names are BigPanDA's.
FIELDS = {
    "pandaid": Field("job_id", "number"),
    "jeditaskid": Field("task_id", "number"),
    "jobname": Field("name"),
    "jobstatus": Field("status", "state"),
    "jobsubstatus": Field("sub_status"),
    "computingsite": Field("queue"),
    "produsername": Field("user_name"),
    "kind": Field("kind", "state"),
    "gshare": Field("share"),
    "resourcetype": Field("resource_type"),
    "processingtype": Field("processing_type"),
    "prodsourcelabel": Field("label"),
    "attemptnr": Field("attempt", "number"),
    "modificationhost": Field("node"),
    "batchid": Field("batch_id"),
    "errorsource": Field("error_source"),
    "errorcode": Field("error_code", "number"),
    "errormessage": Field("error_cluster"),
    "transexitcode": Field("exit_code", "number"),
}
SORTS = {"pandaid": "job_id", "modificationtime": "modified_at"}
FACETS = {"jobstatus": "status", "computingsite": "queue", "produsername": "user_name", "gshare": "share"}


async def whole(read_models: ReadModels, vo: str, job_id: int) -> Row | None:
    """Every column of a job; None when there is no such job in the VO."""
    return await read_models.row("select * from job where job_id = %(id)s and vo = %(vo)s", {"id": job_id, "vo": vo})


async def described(read_models: ReadModels, vo: str, job_id: int) -> Row | None:
    """A job's summary with specification, usage, outputs, metadata and log extract; None when the VO has none such."""
    return await read_models.row(f"select {DESCRIBED} from job where job_id = %s and vo = %s", (job_id, vo))


async def files_and_status(read_models: ReadModels, vo: str, job_id: int) -> Row | None:
    """`job_id`, `status`, `spec`, `outputs`; None when the VO has none such."""
    return await read_models.row("select job_id, status, spec, outputs from job where job_id = %s and vo = %s", (job_id, vo))


async def times(read_models: ReadModels, vo: str, job_id: int) -> Row | None:
    """`sent_at`, `ended_at`; None when the VO has none such."""
    row = await read_models.row("select vo, sent_at, ended_at from job where job_id = %s", (job_id,))
    return row if row is not None and row["vo"] == vo else None


async def is_in(read_models: ReadModels, vo: str, job_id: int | None) -> bool:
    """True when the VO has the job."""
    row = await read_models.row("select vo from job where job_id = %s", (job_id,))
    return row is not None and row["vo"] == vo


async def owner_of(read_models: ReadModels, job_id: int) -> Row | None:
    """`owner` and `vo` of a job of any VO, to judge whether a member may act on it; None when there is none."""
    return await read_models.row("select owner, vo from job where job_id = %s", (job_id,))


async def for_its_pilot(read_models: ReadModels, job_id: int) -> Row | None:
    """`status`, `attempt`, `order_kill`, `queue`, `vo`, `holder` of a job of any VO: what a pilot's report is judged by."""
    return await read_models.row("select status, attempt, order_kill, queue, vo, holder from job where job_id = %s", (job_id,))


async def holding(read_models: ReadModels, job_id: int) -> Row | None:
    """`status`, `vo`, `holder`, `lease_id` of a job of any VO: whose ranges of events are its pilot's."""
    return await read_models.row("select status, vo, holder, lease_id from job where job_id = %s", (job_id,))


async def lease_of(read_models: ReadModels, job_id: int) -> Row | None:
    """The lease of a job that a pilot holds."""
    return await read_models.row(
        "select lease_id, pilot, node, lease_seconds, leased_at, seen_at, due_at from lease where job_id = %s", (job_id,)
    )


async def payloads_of(read_models: ReadModels, vo: str, actor: str, count_max: int) -> list[Row]:
    """Jobs of the VO that a pilot holds and that `actor` owns or holds: `job_id`, `task_id`, `queue`, `pilot`, `lease_seconds`,
    `is_owner`, by id."""
    return await read_models.rows(
        "select l.job_id, j.task_id, l.queue, l.pilot, l.lease_seconds, j.owner = %(actor)s as is_owner"
        " from lease l join job j on j.job_id = l.job_id and j.lease_id = l.lease_id"
        " where j.vo = %(vo)s and (j.owner = %(actor)s or j.holder = %(actor)s) order by l.job_id limit %(count_max)s",
        {"vo": vo, "actor": actor, "count_max": count_max},
    )


async def statuses(read_models: ReadModels, vo: str, job_ids: Sequence[int]) -> dict[int, Row]:
    """`job_id`, `status`, `attempt` of those that the VO has, by id."""
    rows = await read_models.rows(
        "select job_id, status, attempt from job where job_id = any(%s) and vo = %s", (list(job_ids), vo)
    )
    return {row["job_id"]: row for row in rows}


async def several(read_models: ReadModels, vo: str, job_ids: Sequence[int]) -> dict[int, Row]:
    """Every column of those that the VO has, by id."""
    rows = await read_models.rows("select * from job where job_id = any(%s) and vo = %s", [list(job_ids), vo])
    return {row["job_id"]: row for row in rows}


async def ids_of_task(read_models: ReadModels, task_id: int) -> list[int]:
    """Ids of all jobs of the task."""
    rows = await read_models.rows("select job_id from job where task_id = %s order by job_id", [task_id])
    return [row["job_id"] for row in rows]


async def unfinished_of_task(read_models: ReadModels, vo: str, task_id: int) -> list[Row]:
    """`job_id` of the jobs of the task that have not ended, by id."""
    return await read_models.rows(
        "select job_id from job where task_id = %(task)s and vo = %(vo)s"
        " and status not in ('finished', 'failed', 'cancelled', 'closed') order by job_id",
        {"task": task_id, "vo": vo},
    )


async def ids_of_tasks(read_models: ReadModels, task_ids: Sequence[int]) -> list[Row]:
    """`task_id`, `job_id`, `kind`, by id."""
    return await read_models.rows(
        "select task_id, job_id, kind from job where task_id = any(%s) order by job_id", [list(task_ids)]
    )


async def of_task(read_models: ReadModels, task_id: int, statuses: Sequence[str], limit: int, *, only: bool) -> list[Row]:
    """Every column of the task's first jobs; with `only` those in one of `statuses`."""
    return await read_models.rows(
        "select * from job where task_id = %s and (not %s or status = any(%s)) order by job_id limit %s",
        [task_id, only, list(statuses), limit],
    )


async def metadata_of_task(read_models: ReadModels, task_id: int, bytes_max: int) -> list[Row]:
    """`job_id`, `metadata` of finished jobs that have any; None from where all of it together is more than `bytes_max`."""
    return await read_models.rows(
        "select job_id, case when sum(octet_length(metadata)) over (order by job_id) <= %s then metadata end as metadata"
        " from job where task_id = %s and status = 'finished' and metadata is not null order by job_id",
        [bytes_max, task_id],
    )


async def summaries(
    read_models: ReadModels,
    vo: str,
    *,
    task_id: int | None,
    status: list[str] | None,
    owner: str | None,
    owners: Sequence[str] | None = None,
    queue: str | None,
    text: str | None,
    since: int | None,
    after: int | None,
    limit: int,
) -> list[Row]:
    """Jobs of the VO, newest first.

    owner: subject or user name; owners: one of these subjects. text: in the name. after: a job id.
    """
    return await read_models.rows(
        f"select {SUMMARY} from job where vo = %(vo)s"
        " and (%(task)s::bigint is null or task_id = %(task)s)"
        " and (%(status)s::text[] is null or status = any(%(status)s))"
        " and (%(owner)s::text is null or %(owner)s in (owner, user_name))"
        " and (%(owners)s::text[] is null or owner = any(%(owners)s))"
        " and (%(queue)s::text is null or queue = %(queue)s)"
        " and (%(text)s::text is null or name ilike %(text)s)"
        " and (%(since)s::bigint is null or modified_at >= %(since)s)"
        " and (%(after)s::bigint is null or job_id < %(after)s)"
        " order by job_id desc limit %(limit)s",
        {
            "vo": vo,
            "task": task_id,
            "status": status,
            "owner": owner,
            "owners": None if owners is None else list(owners),
            "queue": queue,
            "text": containing(text),
            "since": since,
            "after": after,
            "limit": limit,
        },
    )


async def page(read_models: ReadModels, where: Where, order: SortOrder) -> list[Row]:
    """One row more than a page of the monitor's list has."""
    return await read_models.rows(
        f"select {PAGE_COLUMNS} from job where {where.sql} and {order.sql_after} order by {order.sql} limit %(limit)s",
        {**where.parameters, **order.parameters},
    )


async def facets(read_models: ReadModels, where: Where) -> dict[str, list[dict[str, Any]]]:
    """How many of the jobs that fit have which value, by facet."""
    return facets_of(await read_models.rows(facets_sql("job", FACETS, where.sql), where.parameters), list(FACETS))


async def attempts_on_same_input(read_models: ReadModels, job_id: int) -> list[Row]:
    """All jobs that had an input unit in common with this one, in their order; none for a job without input."""
    return await read_models.rows(
        f"select {', '.join(ATTEMPT_COLUMNS)} from job where job_id in"
        " (select o.job_id from attempt_unit m join attempt_unit o on o.task_id = m.task_id and o.unit_id = m.unit_id"
        " where m.job_id = %(id)s) order by job_id limit 50",
        {"id": job_id},
    )
