"""Users of the VO: who works, with how much, and how it goes."""

from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages.words import LIVE_STATES
from api.queries import job_counts, tasks
from api.queries.filters import where_of

AT_WORK = (
    "waiting", "registered", "defined", "ready", "pending", "scouting", "running", "paused", "finishing", "aborting", "rerefine",
)  # fmt: skip


async def load(view: PageView) -> Data:
    """A row per user: tasks and jobs by outcome."""
    return await view.counted(lambda: _counts(view))


async def _counts(view: PageView) -> Data:
    where = where_of(view.parameters, tasks.USER_FIELDS, "modified_at", view.vo, view.now)
    by_task = await tasks.counts_by_user(view.read_models, where)
    by_job = await job_counts.by_user(view.read_models, where)
    users: dict[str, Data] = {}
    for row in by_task:
        user = users.setdefault(row["user_name"], _unknown(row["user_name"]))
        user["tasks"] += row["count"]
        user["tasks_at_work"] += row["count"] if row["status"] in AT_WORK else 0
        user["last_at"] = max(user["last_at"], row["last_at"])
    for row in by_job:
        user = users.setdefault(row["user_name"], _unknown(row["user_name"]))
        user["jobs"] += row["count"]
        kind = row["status"] if row["status"] in ("finished", "failed", "cancelled", "closed") else "live"
        user[f"jobs_{'cancelled' if kind == 'closed' else kind}"] += row["count"]
    return {
        "users": sorted(users.values(), key=lambda user: (-user["last_at"], user["user_name"])),
        "filters": where.words,
        "at_work": AT_WORK,
        "live": LIVE_STATES,
    }


def _unknown(name: str) -> Data:
    counts = dict.fromkeys(("tasks", "tasks_at_work", "jobs", "jobs_live", "jobs_finished", "jobs_failed", "jobs_cancelled"), 0)
    return {"user_name": name, "last_at": 0, **counts}


PAGE = MonitorPage("users", r"/users/", lambda _: "Users", load, ("table",))
