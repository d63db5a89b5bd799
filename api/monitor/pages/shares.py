"""Global shares: what each may have and what it has."""

from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages.words import LIVE_STATES
from api.queries import job_counts, queues

WAITING = ("defined", "activated", "throttled")


async def load(view: PageView) -> Data:
    """A row per share: its target, and the jobs that wait and run for it."""
    return await view.counted(lambda: _counts(view))


async def _counts(view: PageView) -> Data:
    declared = await queues.declared_shares(view.read_models)
    rows = await job_counts.live_by_share(view.read_models, view.vo, LIVE_STATES)
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


PAGE = MonitorPage("shares", r"/shares/", lambda _: "Shares", load, ("table",))
