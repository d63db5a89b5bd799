"""Global shares: what each may have and what it has. Dispatch does not look at shares yet, and the page says so."""

from api.monitor.page import Data, Page, View
from api.monitor.pages.words import LIVE_STATES

WAITING = ("defined", "activated", "throttled")


async def load(view: View) -> Data:
    """A row per share: its target, and the jobs that wait and run for it."""
    return await view.counted(lambda: _counts(view))


async def _counts(view: View) -> Data:
    policy = await view.row("select document from policy where name = 'shares'")
    declared = (policy["document"].get("shares") or []) if policy else []
    rows = await view.rows(
        "select share, status, count(*) as count from job where vo = %(vo)s and status = any(%(live)s) group by 1, 2",
        {"vo": view.vo, "live": list(LIVE_STATES)},
    )
    shares: dict[str, Data] = {one["name"]: _empty(one["name"], one) for one in declared}
    for row in rows:
        share = shares.setdefault(row["share"], _empty(row["share"], None))
        share["waiting" if row["status"] in WAITING else "running"] += row["count"]
    running = sum(share["running"] for share in shares.values())
    for share in shares.values():
        share["running_percent"] = round(100 * share["running"] / running, 1) if running else 0.0
    return {"shares": sorted(shares.values(), key=lambda share: share["name"]), "declared": bool(declared)}


def _empty(name: str, declared: Data | None) -> Data:
    return {"name": name, "declared": declared, "waiting": 0, "running": 0}


PAGE = Page("shares", r"/shares/", lambda _: "Shares", load, ("table",))
