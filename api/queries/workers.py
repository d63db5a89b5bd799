"""Workers: pilots in batch systems. They live in queues and belong to the VO that reported them first."""

from typing import Any

from api.queries.filters import Field, SortOrder, Where, facets_of, facets_sql
from api.queries.read_models import ReadModels, Row

FIELDS = {
    "computingsite": Field("queue"),
    "status": Field("state", "state"),
    "harvesterinstance": Field("harvester_id"),
    "workerid": Field("worker_id"),
    "nodeid": Field("node"),
}
FACETS = {"status": "state", "computingsite": "queue", "harvesterinstance": "harvester_id"}
LIVING = ("intended", "submitted", "pending", "held", "running")
SORTS = {"submittime": "submitted_at", "workerid": "worker_id"}
SOURCE = (
    "(select w.*, coalesce(w.ended_at, w.started_at, w.submitted_at, w.intended_at) as last_at"
    " from worker w where w.vo = %(vo)s) as workers"
)


async def page(read_models: ReadModels, where: Where, order: SortOrder) -> list[Row]:
    """One row more than a page of the monitor's list has."""
    return await read_models.rows(
        f"select * from {SOURCE} where {where.sql} and {order.sql_after} order by {order.sql} limit %(limit)s",
        {**where.parameters, **order.parameters},
    )


async def facets(read_models: ReadModels, where: Where) -> dict[str, list[dict[str, Any]]]:
    """How many of the workers that fit have which value, by facet."""
    return facets_of(await read_models.rows(facets_sql(SOURCE, FACETS, where.sql), where.parameters), list(FACETS))


async def listed(
    read_models: ReadModels,
    vo: str,
    *,
    queue: str | None,
    states: list[str] | None,
    harvester_id: str | None,
    after: str | None,
    limit: int,
) -> list[Row]:
    """Workers of the VO by their id. states: in lower case. after: a worker id."""
    return await read_models.rows(
        "select queue, worker_id, harvester_id, state, node, exit_code, diagnostic, submitted_at, started_at, ended_at,"
        " is_foreign, tag, batch_id, submit_host, class_name, cores, memory_mb, disk_mb, walltime_seconds, mode, job_id,"
        " intended_at, cancel_ordered, cancel_why, native_state, reason, signal, fingerprint"
        " from worker where vo = %(vo)s"
        " and (%(queue)s::text is null or queue = %(queue)s)"
        " and (%(state)s::text[] is null or lower(state) = any(%(state)s))"
        " and (%(harvester)s::text is null or harvester_id = %(harvester)s)"
        " and (%(after)s::text is null or worker_id > %(after)s) order by worker_id, queue limit %(limit)s",
        {"vo": vo, "queue": queue, "state": states, "harvester": harvester_id, "after": after, "limit": limit},
    )


async def living(read_models: ReadModels, vo: str, queue: str, after: str | None, limit: int) -> list[Row]:
    """Workers of the VO that were intended and have not ended, by their id. after: a worker id."""
    return await read_models.rows(
        "select worker_id, tag, harvester_id, state, epoch, class_name, cores, memory_mb, submit_by, batch_id, submit_host,"
        " cancel_ordered, cancel_why, job_id from worker where queue = %(queue)s and state = any(%(living)s) and vo = %(vo)s"
        " and not is_foreign and (%(after)s::text is null or worker_id > %(after)s) order by worker_id limit %(limit)s",
        {"queue": queue, "living": list(LIVING), "vo": vo, "after": after, "limit": limit},
    )


async def service_of(read_models: ReadModels, queue: str) -> Row | None:
    """Who serves a queue: `epoch`, `harvester_id`, `instance`, `until`, `vo`; None before the first."""
    return await read_models.row("select * from worker_service where queue = %s", (queue,))


async def counts_in_queue(read_models: ReadModels, vo: str, queue: str) -> list[Row]:
    """Of the workers of the VO: `state`, `count`, `last_at`."""
    return await read_models.rows(
        "select state, count(*) as count, max(coalesce(ended_at, started_at, submitted_at, intended_at)) as last_at from worker"
        " where vo = %(vo)s and queue = %(queue)s group by state order by state",
        {"vo": vo, "queue": queue},
    )


async def queue_of(read_models: ReadModels, worker_id: str, harvester_id: str) -> str | None:
    """The queue of a worker; None for one that is not known."""
    row = await read_models.row(
        "select queue from worker where worker_id = %s and harvester_id = %s", (worker_id, harvester_id)
    )
    return None if row is None else str(row["queue"])


async def is_in_queue(read_models: ReadModels, vo: str, queue: str, worker_id: str) -> bool:
    """True when the queue has the worker, and it is the VO's."""
    found = await read_models.row("select 1 from worker where queue = %s and worker_id = %s and vo = %s", (queue, worker_id, vo))
    return found is not None
