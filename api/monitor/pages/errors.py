"""Errors grouped by cause, with examples; whether it is the site or the payload."""

from api.monitor.page import Data, MonitorPage, PageView
from api.queries import errors
from api.queries.filters import where_of
from api.queries.jobs import FIELDS

CAUSES, DEFAULT_HOURS = 100, "24"


async def load(view: PageView) -> Data:
    """Causes, the most frequent first, and the same by queue and by user."""
    return await view.counted(lambda: _counts(view))


async def _counts(view: PageView) -> Data:
    given = dict(view.parameters)
    if not any(given.get(name) for name in ("hours", "days", "date_from", "jeditaskid", "pandaid")):
        given["hours"] = DEFAULT_HOURS
    where = where_of(given, FIELDS, "ended_at", view.vo, view.now)
    found = await errors.causes(view.read_models, where, CAUSES)
    for cause in found:
        cause["verdict"] = _verdict(cause)
    return {
        "causes": found,
        "by_queue": await errors.failures_by_queue(view.read_models, where),
        "by_user": await errors.failures_by_user(view.read_models, where),
        "total": sum(cause["count"] for cause in found),
        "truncated": len(found) == CAUSES,
        "filters": where.words,
    }


def _verdict(cause: Data) -> str:
    """Is it the site or the payload? Said only when the numbers say so."""
    if cause["count"] < 5:
        return "few cases"
    if cause["queues"] == 1 and cause["users"] > 2:
        return f"one queue, {cause['users']} users: look at the site"
    if cause["users"] == 1 and cause["queues"] > 2:
        return f"one user on {cause['queues']} queues: look at the payload"
    return ""


PAGE = MonitorPage("errors", r"/errors/", lambda _: "Errors", load, ("table", "queues", "users"))
