"""One Harvester of PanDA's: signs of life, release, what was ordered of it, what it counts, and its log."""

from api.http.errors import NotFound
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.queries import harvesters

ORDERS_MAX, DIALOGS_MAX = 50, 100


async def load(view: PageView) -> Data:
    """Everything about the Harvester; raises NotFound."""
    harvester_id = view.names["harvester"]
    read_models, vo = view.read_models, view.vo
    harvester = await harvesters.one(read_models, vo, harvester_id)
    if harvester is None:
        raise NotFound(f"no Harvester {harvester_id} in {vo}")
    orders = await harvesters.orders_of(read_models, harvester["name"], ORDERS_MAX)
    dialogs = await harvesters.dialogs_of(read_models, harvester["name"], DIALOGS_MAX)
    return {
        "harvester": harvester,
        "orders": orders,
        "orders_total": orders[0]["total"] if orders else 0,
        "counts": await harvesters.counts_of(read_models, harvester["name"]),
        "dialogs": dialogs,
        "dialogs_total": dialogs[0]["total"] if dialogs else 0,
        **await view.counted(lambda: _workers(view, harvester_id)),
    }


async def _workers(view: PageView, harvester_id: str) -> Data:
    return {"workers": await harvesters.workers_of(view.read_models, view.vo, harvester_id)}


def concerned(touched: Touched, view: PageView) -> bool:
    """True when it said something, or something was ordered of it."""
    return f"{view.vo}/{view.names['harvester']}" in touched.harvesters


PAGE = MonitorPage(
    "harvester",
    r"/harvesters/(?P<harvester>.{1,165})/",
    lambda data: f"Harvester {data['harvester']['harvester_id']}",
    load,
    ("head", "orders", "counts", "dialogs"),
    concerned,
)
