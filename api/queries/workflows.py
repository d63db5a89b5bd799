"""Workflows of iDDS: requests, their works, and the states of their jobs, within one organisation.

Rows are dictionaries by column (docs/flow.md). Raises ReadModelsUnavailable, BadRequest (`read_models.py`).
"""

from collections.abc import Sequence

from api.queries.filters import Field, SortOrder, Where
from api.queries.read_models import ReadModels, Row

REQUEST = (
    "request_id, name, vo, owner, user_name, internal_id, request_type, scope, requester, transform_tag, priority, campaign,"
    " campaign_scope, campaign_group, campaign_tag, cloud, site, queue, digest, lifetime_seconds, status, message, attempt,"
    " works, nodes, created_at, modified_at, ended_at"
)
WORK = (
    "request_id, work, internal_id, name, work_type, dataset, first_node, nodes, released, finished, failed, pruned, task_id,"
    " waits, opened_attempt, ended, ended_attempt, created_at, modified_at, started_at, ended_at"
)
#: What a list of workflows can be filtered and sorted by.
FIELDS = {
    "idds_request_id": Field("request_id", "number"), "name": Field("name"), "username": Field("user_name"),
    "status": Field("status", "state"),
}  # fmt: skip
SORTS = {"request_id": "request_id", "modificationtime": "modified_at", "name": "name"}
#: Of one answer.
REQUESTS_MAX, WORKS_MAX = 1_000, 20_000


async def requests(
    read_models: ReadModels, vo: str, *, request_id: int | None = None, task_id: int | None = None
) -> list[Row]:
    """Requests of the VO, the newest first: that of the number, that of a task of one of its works, or the newest 1,000."""
    return await read_models.rows(
        f"select {REQUEST} from workflow where vo = %(vo)s and (%(request_id)s::bigint is null or request_id = %(request_id)s)"
        " and (%(task_id)s::bigint is null or exists (select 1 from workflow_work w where w.request_id = workflow.request_id"
        " and w.task_id = %(task_id)s)) order by request_id desc limit %(limit)s",
        {"vo": vo, "request_id": request_id, "task_id": task_id, "limit": REQUESTS_MAX},
    )


async def numbers_by_name(read_models: ReadModels, vo: str, pattern: str) -> list[Row]:
    """`name` and the newest `request_id` of the VO's requests whose names are like the pattern of SQL."""
    return await read_models.rows(
        "select name, max(request_id) as request_id from workflow where vo = %(vo)s and name like %(pattern)s"
        " group by name order by 2 desc limit %(limit)s",
        {"vo": vo, "pattern": pattern, "limit": REQUESTS_MAX},
    )


async def works(read_models: ReadModels, request_ids: Sequence[int]) -> list[Row]:
    """Works of requests that a question within a VO has found, in the order of their numbers; at most 20,000."""
    return await read_models.rows(
        f"select {WORK} from workflow_work where request_id = any(%(ids)s) order by request_id desc, work limit %(limit)s",
        {"ids": list(request_ids), "limit": WORKS_MAX},
    )


async def tasks_of_works(read_models: ReadModels, vo: str, task_ids: Sequence[int]) -> list[Row]:
    """`task_id`, `status`, times and counts of files of tasks of the VO."""
    return await read_models.rows(
        "select task_id, status, created_at, modified_at, ended_at, files_total, files_finished, files_failed from task"
        " where vo = %(vo)s and task_id = any(%(ids)s)",
        {"vo": vo, "ids": list(task_ids)},
    )


async def node_states(read_models: ReadModels, request_id: int, first_page: int, last_page: int) -> list[Row]:
    """`page`, `states` of a request that a question within a VO has found, by page."""
    return await read_models.rows(
        "select page, states from workflow_nodes where request_id = %(request_id)s and page between %(first)s and %(last)s"
        " order by page",
        {"request_id": request_id, "first": first_page, "last": last_page},
    )


async def units(read_models: ReadModels, vo: str, task_ids: Sequence[int], unit_ids: Sequence[int]) -> list[Row]:
    """Input of tasks of the VO, named by pairs: `task_id`, `unit_id`, `lfn`, `scope`, `size_bytes`, `attempt`, last `job_id`."""
    return await read_models.rows(
        "select f.task_id, f.unit_id, f.lfn, f.scope, f.size_bytes, f.attempt, f.job_id from task_file f"
        " join unnest(%(task_ids)s::bigint[], %(unit_ids)s::bigint[]) as asked(task_id, unit_id)"
        " on asked.task_id = f.task_id and asked.unit_id = f.unit_id"
        " where exists (select 1 from task t where t.task_id = f.task_id and t.vo = %(vo)s)",
        {"vo": vo, "task_ids": list(task_ids), "unit_ids": list(unit_ids)},
    )


async def jobs_of_units(read_models: ReadModels, vo: str, job_ids: Sequence[int]) -> list[Row]:
    """Columns of jobs of the VO but for specification and outputs."""
    return await read_models.rows(
        "select job_id, task_id, attempt, kind, name, queue, status, sub_status, priority, vo, user_name, label,"
        " processing_type, share, resource_type, core_count, ram_mb_min, created_at, modified_at, started_at, ended_at, node,"
        " pilot_id, batch_id, harvester_id, order_kill, exit_code, errors, usage from job"
        " where vo = %(vo)s and job_id = any(%(job_ids)s)",
        {"vo": vo, "job_ids": list(job_ids)},
    )


async def one(read_models: ReadModels, vo: str, request_id: int) -> Row | None:
    """Every column of a workflow; None when there is no such workflow in the VO."""
    return await read_models.row("select * from workflow where request_id = %s and vo = %s", (request_id, vo))


async def page(read_models: ReadModels, where: Where, order: SortOrder) -> list[Row]:
    """One row more than a page of the monitor's list has; `finished`, `failed`: jobs of its graph that ended so."""
    return await read_models.rows(
        "select request_id, name, user_name, status, message, attempt, works, nodes, created_at, modified_at, ended_at,"
        " (select sum(finished) from workflow_work w where w.request_id = workflow.request_id) as finished,"
        " (select sum(failed + pruned) from workflow_work w where w.request_id = workflow.request_id) as failed"
        f" from workflow where {where.sql} and {order.sql_after} order by {order.sql} limit %(limit)s",
        {**where.parameters, **order.parameters},
    )


async def count(read_models: ReadModels, where: Where) -> int:
    """How many workflows fit."""
    row = await read_models.row(f"select count(*) as count from workflow where {where.sql}", where.parameters)
    return int(row["count"]) if row else 0


async def places_of_edges(read_models: ReadModels, vo: str, request_id: int, limit: int) -> list[Row]:
    """`topic`, `partition`, `log_offset` of the events that say which job waits for which, in order."""
    return await read_models.rows(
        "select topic, partition, log_offset from timeline where aggregate = 'workflow' and aggregate_id = %(id)s::bigint::text"
        " and vo = %(vo)s and event_type = 'EdgesAdded' order by sequence limit %(limit)s",
        {"id": request_id, "vo": vo, "limit": limit},
    )
