"""Queues: what runs and waits where, and how many pilots are wanted and alive."""

from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.queries import job_counts, queues
from api.queries.filters import where_of
from schemas.instants import HOUR


async def load(view: PageView) -> Data:
    """All queues that serve the VO, with what ended there in the last hour."""
    where = where_of(view.parameters, queues.FIELDS, "modified_at", view.vo, view.now)
    rows = await queues.overview(view.read_models, view.vo, where)
    ended = await job_counts.ended_by_queue(view.read_models, view.vo, view.now - HOUR)
    seen_at = await queues.last_seen(view.read_models, view.vo)
    counts: dict[str, dict[str, int]] = {}
    for row in ended:
        counts.setdefault(row["queue"], {})[row["status"]] = row["count"]
    shown = []
    for row in rows:
        done = counts.get(row["name"], {})
        finished, failed = done.get("finished", 0), done.get("failed", 0)
        percent = 100 * failed // (finished + failed) if finished + failed else None
        ended_here = {"finished": finished, "failed": failed, "failed_percent": percent}
        shown.append({**row, **ended_here, "seen_at": seen_at.get(row["name"])})
    running = sum(row["leased"] for row in shown)
    for row in shown:
        row["part"] = row["leased"] / running if running else None
    return {"queues": shown, "filters": where.words}


def concerned(touched: Touched, _: PageView) -> bool:
    """True when a queue moved."""
    return bool(touched.queues)


PAGE = MonitorPage("queues", r"/queues/", lambda _: "Queues", load, ("table",), concerned)
