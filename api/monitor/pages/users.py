"""Users of the VO: who works, with how much, and how it goes."""

from api.monitor.filters import Field, where_of
from api.monitor.page import Data, Page, View
from api.monitor.pages.words import LIVE_STATES

FIELDS = {"username": Field("user_name")}
AT_WORK = ("registered", "defined", "ready", "pending", "running", "paused", "finishing", "aborting", "rerefine")


async def load(view: View) -> Data:
    """A row per user: tasks and jobs by what became of them."""
    return await view.counted(lambda: _counts(view))


async def _counts(view: View) -> Data:
    where = where_of(view.parameters, FIELDS, "modified_at", view.vo, view.now)
    tasks = await view.rows(
        f"select user_name, status, count(*) as count, max(modified_at) as last_at from task where {where.sql} group by 1, 2",
        where.parameters,
    )
    jobs = await view.rows(
        f"select user_name, status, count(*) as count from job where {where.sql} group by 1, 2", where.parameters
    )
    users: dict[str, Data] = {}
    for row in tasks:
        user = users.setdefault(row["user_name"], _nobody(row["user_name"]))
        user["tasks"] += row["count"]
        user["tasks_at_work"] += row["count"] if row["status"] in AT_WORK else 0
        user["last_at"] = max(user["last_at"], row["last_at"])
    for row in jobs:
        user = users.setdefault(row["user_name"], _nobody(row["user_name"]))
        user["jobs"] += row["count"]
        kind = row["status"] if row["status"] in ("finished", "failed", "cancelled", "closed") else "live"
        user[f"jobs_{'cancelled' if kind == 'closed' else kind}"] += row["count"]
    return {
        "users": sorted(users.values(), key=lambda user: (-user["last_at"], user["user_name"])),
        "filters": where.words,
        "at_work": AT_WORK,
        "live": LIVE_STATES,
    }


def _nobody(name: str) -> Data:
    counts = dict.fromkeys(("tasks", "tasks_at_work", "jobs", "jobs_live", "jobs_finished", "jobs_failed", "jobs_cancelled"), 0)
    return {"user_name": name, "last_at": 0, **counts}


PAGE = Page("users", r"/users/", lambda _: "Users", load, ("table",))
