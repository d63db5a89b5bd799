"""Harvesters of PanDA's: which there are, their release, and when each gave its last sign of life."""

from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.queries import harvesters


async def load(view: PageView) -> Data:
    """Those of the VO, the one seen last first."""
    return {"harvesters": await harvesters.overview(view.read_models, view.vo)}


def concerned(touched: Touched, _: PageView) -> bool:
    """True when any Harvester said something."""
    return bool(touched.harvesters)


PAGE = MonitorPage("harvesters", r"/harvesters/", lambda _: "Harvesters", load, ("table",), concerned)
