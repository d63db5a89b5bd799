"""Workers: pilots in batch systems, by queue and state."""

from api.monitor.filters import Field, facets_of, facets_sql, order_of, where_of
from api.monitor.page import Data, Page, Touched, View

FIELDS = {
    "computingsite": Field("queue"),
    "status": Field("state", "state"),
    "harvesterinstance": Field("harvester_id"),
    "workerid": Field("worker_id"),
    "nodeid": Field("node"),
}
FACETS = {"status": "state", "computingsite": "queue", "harvesterinstance": "harvester_id"}
SORTS = {"submittime": "submitted_at", "workerid": "worker_id"}
#: Workers belong to queues; those of a queue that serves the VO may be seen.
SOURCE = (
    "(select w.*, %(vo)s as vo, coalesce(w.ended_at, w.started_at, w.submitted_at) as last_at from worker w"
    " join queue q on q.name = w.queue where coalesce(json_array_length(q.settings->'vos'), 0) = 0"
    " or %(vo)s in (select json_array_elements_text(q.settings->'vos'))) as workers"
)


async def load(view: View) -> Data:
    """One page of workers with the counts of all that fit."""
    where = where_of(view.parameters, FIELDS, "last_at", view.vo, view.now)
    order = order_of(view.parameters, SORTS, "worker_id", "submittime-descending")
    rows = await view.rows(
        f"select * from {SOURCE} where {where.sql} and {order.sql_after} order by {order.sql} limit %(limit)s",
        {**where.parameters, **order.parameters},
    )
    shown = rows[: order.limit]
    facets = facets_of(await view.rows(facets_sql(SOURCE, FACETS, where.sql), where.parameters), list(FACETS))
    return {
        "workers": shown,
        "facets": facets,
        "total": sum(entry["count"] for entry in facets["status"]),
        "next": order.cursor_of(shown[-1]) if len(rows) > order.limit else None,
        "filters": where.words,
    }


def concerned(touched: Touched, _: View) -> bool:
    """True when a queue or its workers moved."""
    return bool(touched.queues)


PAGE = Page("workers", r"/workers/", lambda _: "Workers", load, ("summary", "table"), concerned)
