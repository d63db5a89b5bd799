"""Queues: what runs and waits where, and how many pilots are wanted and alive."""

from api.monitor.filters import Field, where_of
from api.monitor.page import Data, Page, Touched, View
from schemas.instants import HOUR

FIELDS = {"site": Field("name"), "status": Field("status", "state")}


async def load(view: View) -> Data:
    """All queues that serve the VO, with what ended there in the last hour."""
    where = where_of(view.parameters, FIELDS, "modified_at", view.vo, view.now)
    rows = await view.rows(
        "select * from (select q.name, lower(q.settings->>'status') as status, q.settings, q.waiting, q.leased, q.modified_at,"
        " coalesce(d.wanted, 0) as wanted, coalesce(d.live, 0) as live, d.reason, %(vo)s as vo from queue q"
        f" left join worker_demand d on d.queue = q.name) as queues where {where.sql} order by waiting + leased desc, name",
        where.parameters,
    )
    ended = await view.rows(
        "select queue, status, count(*) as count from job where vo = %(vo)s and ended_at >= %(since)s group by 1, 2",
        {"vo": view.vo, "since": view.now - HOUR},
    )
    seen = await view.rows(
        "select l.queue, max(l.seen_at) as seen_at from lease l join job j using (job_id) where j.vo = %(vo)s group by 1",
        {"vo": view.vo},
    )
    seen_at = {row["queue"]: row["seen_at"] for row in seen}
    counts: dict[str, dict[str, int]] = {}
    for row in ended:
        counts.setdefault(row["queue"], {})[row["status"]] = row["count"]
    shown = []
    for row in rows:
        served = (row["settings"] or {}).get("vos") or []
        if served and view.vo not in served:
            continue
        done = counts.get(row["name"], {})
        finished, failed = done.get("finished", 0), done.get("failed", 0)
        percent = 100 * failed // (finished + failed) if finished + failed else None
        ended_here = {"finished": finished, "failed": failed, "failed_percent": percent}
        shown.append({**row, **ended_here, "seen_at": seen_at.get(row["name"])})
    running = sum(row["leased"] for row in shown)
    for row in shown:
        row["part"] = row["leased"] / running if running else None
    return {"queues": shown, "filters": where.words}


def concerned(touched: Touched, _: View) -> bool:
    """True when a queue moved."""
    return bool(touched.queues)


PAGE = Page("queues", r"/queues/", lambda _: "Queues", load, ("table",), concerned)
