"""Workers: pilots in batch systems, by queue and state."""

from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.queries import workers
from api.queries.filters import order_of, where_of


async def load(view: PageView) -> Data:
    """One page of workers with the counts of all that fit."""
    where = where_of(view.parameters, workers.FIELDS, "last_at", view.vo, view.now)
    order = order_of(view.parameters, workers.SORTS, "worker_id", "submittime-descending")
    rows = await workers.page(view.read_models, where, order)
    shown = rows[: order.limit]
    facets = await workers.facets(view.read_models, where)
    return {
        "workers": shown,
        "facets": facets,
        "total": sum(entry["count"] for entry in facets["status"]),
        "next": order.cursor_of(shown[-1]) if len(rows) > order.limit else None,
        "filters": where.words,
    }


def concerned(touched: Touched, _: PageView) -> bool:
    """True when a queue or its workers moved."""
    return bool(touched.queues)


PAGE = MonitorPage("workers", r"/workers/", lambda _: "Workers", load, ("summary", "table"), concerned)
