"""Workflows of iDDS: filters, sort, pages."""

from api.monitor.page import Data, MonitorPage, PageView
from api.queries import workflows
from api.queries.filters import order_of, where_of


async def load(view: PageView) -> Data:
    """One page of workflows and how many fit."""
    where = where_of(view.parameters, workflows.FIELDS, "modified_at", view.vo, view.now)
    order = order_of(view.parameters, workflows.SORTS, "request_id", "request_id-descending")
    rows = await workflows.page(view.read_models, where, order)
    shown = rows[: order.limit]

    async def counts() -> Data:
        return {"total": await workflows.count(view.read_models, where)}

    return {
        **await view.counted(counts),
        "workflows": shown,
        "next": order.cursor_of(shown[-1]) if len(rows) > order.limit else None,
        "filters": where.words,
    }


def document(data: Data) -> list[Data]:
    """The workflows of the page."""
    return list(data["workflows"])


PAGE = MonitorPage("workflows", r"/workflows/", lambda _: "Workflows", load, ("table",), document=document)
