"""One workflow: its works as a graph with counts, and its jobs by page as runs of equal states."""

import asyncio

from api.http.errors import BadRequest, NotFound
from api.http.plain_requests import whole_from
from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages.workflow_graph import WORKS_DRAWN_MAX, drawn, edges_of_works, runs_of
from api.queries import workflows
from api.queries.read_models import Row
from projections.workflows.nodes import PAGE_NODES
from schemas.workflow import EdgesAdded

#: Of larger graphs arrows are not drawn: each edge is read from the log.
EDGES_MAX, PLACES_MAX = 200_000, 400
RUNS_MAX = 200
STATES = ("waiting", "released", "finished", "failed", "pruned")


async def load(view: PageView) -> Data:
    """The workflow with its works, the drawing of them, and one page of its jobs; raises NotFound, BadRequest."""
    request_id = int(view.names["request"])
    found = await workflows.one(view.read_models, view.vo, request_id)
    if found is None:
        raise NotFound(f"no workflow {request_id} in {view.vo}")
    works = [_with_waiting(row) for row in await workflows.works(view.read_models, [request_id])]
    firsts = [work["first_node"] for work in works]
    pages = max(1, -(-found["nodes"] // PAGE_NODES))
    page = whole_from(view.parameters.get("page") or "1", 1, pages)
    if page is None:
        raise BadRequest(f"page: found {view.parameters['page'][:20]!r}, expected 1 to {pages}")
    rows = await workflows.node_states(view.read_models, request_id, page - 1, page - 1)
    runs = runs_of(rows[0]["states"], (page - 1) * PAGE_NODES, firsts) if rows and firsts else []
    return {
        "workflow": found,
        "works": works,
        "graph": await _graph(view, found, works),
        "states": [{"status": name, "count": sum(work[name] for work in works)} for name in STATES],
        "runs": runs[:RUNS_MAX],
        "runs_left": max(0, len(runs) - RUNS_MAX),
        "nodes_left": found["nodes"] if not runs else max(0, runs[-1].last - runs[: RUNS_MAX][-1].last),
        "page_number": page,
        "pages": pages,
        "names": {work["work"]: work["name"] for work in works},
    }


def _with_waiting(work: Row) -> Row:
    """The row of a work with its jobs that are in no other state, and the word of its own state."""
    waiting = work["nodes"] - work["released"] - work["finished"] - work["failed"] - work["pruned"]
    return {**work, "waiting": waiting, "status": work["ended"] or ("waiting" if work["task_id"] is None else "running")}


async def _graph(view: PageView, workflow: Row, works: list[Row]) -> Data:
    """Boxes and arrows; `left_out` says why there are no arrows, or nothing at all."""
    if len(works) > WORKS_DRAWN_MAX:
        return {**drawn([], {}), "left_out": f"More than {WORKS_DRAWN_MAX} works are not drawn; the table has all of them."}
    if workflow["edges"] > EDGES_MAX:
        return {**drawn(works, {}), "left_out": f"More than {EDGES_MAX:,} edges between jobs are not drawn."}
    places = await workflows.places_of_edges(view.read_models, view.vo, workflow["request_id"], PLACES_MAX)
    counted = await view.counted(lambda: _edges(view, places, works), ("edges", len(places), len(works)))
    return {**drawn(works, counted["edges"]), "left_out": ""}


async def _edges(view: PageView, places: list[Row], works: list[Row]) -> Data:
    """How many edges lead from each work to each other; the log has them, no row does."""
    records = await view.audit_service.records_at(places)
    said = [(one.first_parent, one.counts, one.children) for one in (record.message for record in records)
            if isinstance(one, EdgesAdded)]  # fmt: skip
    firsts = [work["first_node"] for work in works]
    return {"edges": await asyncio.to_thread(edges_of_works, said, firsts)}


def document(data: Data) -> Data:
    """`workflow`, its `works`, the `edges` between them, and the runs of a page of its jobs."""
    edges = [{"before": arrow.before, "after": arrow.after, "jobs": arrow.jobs} for arrow in data["graph"]["arrows"]]
    kept = ("workflow", "works", "states", "runs", "runs_left", "page_number", "pages")
    return {**{name: data[name] for name in kept}, "edges": edges}


PAGE = MonitorPage(
    "workflow",
    r"/workflow/(?P<request>\d{1,18})/",
    lambda data: f"Workflow {data['workflow']['request_id']}",
    load,
    ("head", "graph", "works", "nodes"),
    document=document,
)
