"""Workers: pilots in batch systems. They belong to queues; those of a queue that serves the VO may be seen."""

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
SORTS = {"submittime": "submitted_at", "workerid": "worker_id"}
SOURCE = (
    "(select w.*, %(vo)s as vo, coalesce(w.ended_at, w.started_at, w.submitted_at) as last_at from worker w"
    " join queue q on q.name = w.queue where coalesce(json_array_length(q.settings->'vos'), 0) = 0"
    " or %(vo)s in (select json_array_elements_text(q.settings->'vos'))) as workers"
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
    """Workers by their id, without those of queues that serve other VOs only. states: in lower case. after: a worker id."""
    return await read_models.rows(
        "select * from worker where not exists (select 1 from queue q where q.name = worker.queue"
        " and json_array_length(q.settings->'vos') > 0 and %(vo)s not in (select json_array_elements_text(q.settings->'vos')))"
        " and (%(queue)s::text is null or queue = %(queue)s)"
        " and (%(state)s::text[] is null or lower(state) = any(%(state)s))"
        " and (%(harvester)s::text is null or harvester_id = %(harvester)s)"
        " and (%(after)s::text is null or worker_id > %(after)s) order by worker_id, queue limit %(limit)s",
        {"vo": vo, "queue": queue, "state": states, "harvester": harvester_id, "after": after, "limit": limit},
    )


async def counts_in_queue(read_models: ReadModels, queue: str) -> list[Row]:
    """`state`, `count`, `last_at`."""
    return await read_models.rows(
        "select state, count(*) as count, max(coalesce(ended_at, started_at, submitted_at)) as last_at from worker"
        " where queue = %(queue)s group by state order by state",
        {"queue": queue},
    )


async def queue_of(read_models: ReadModels, worker_id: str, harvester_id: str) -> str | None:
    """The queue of a worker; None for one that is not known."""
    row = await read_models.row(
        "select queue from worker where worker_id = %s and harvester_id = %s", (worker_id, harvester_id)
    )
    return None if row is None else str(row["queue"])


async def is_in_queue(read_models: ReadModels, queue: str, worker_id: str) -> bool:
    """True when the queue has the worker."""
    return await read_models.row("select 1 from worker where queue = %s and worker_id = %s", (queue, worker_id)) is not None
