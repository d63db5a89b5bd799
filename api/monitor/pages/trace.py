"""A request and everything that followed from it, as a tree of commands with their events."""

from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.native.audit import node_document

#: Pages that show what an event happened to, as it was then.
PLACES = {"task": "/task/", "job": "/job/", "queue": "/queue/"}


async def load(view: PageView) -> Data:
    """The tree; raises NotFound, BadRequest."""
    correlation, roots, whole = await view.audit_service.trace(view.identity, view.names["trace"])
    commands = [node_document(node) for node in roots]
    return {"correlation_id": correlation, "whole": whole, "commands": commands, "places": PLACES}


def concerned(touched: Touched, _: PageView) -> bool:
    """True when any task moved: a request may reach far."""
    return bool(touched.tasks)


def document(data: Data) -> Data:
    """As `/v1/trace` says it."""
    return {name: data[name] for name in ("correlation_id", "whole", "commands")}


PAGE = MonitorPage(
    "trace",
    r"/trace/(?P<trace>[0-9A-Za-z-]{1,40})/",
    lambda data: f"Trace {data['correlation_id']}",
    load,
    ("tree",),
    concerned,
    document,
)
