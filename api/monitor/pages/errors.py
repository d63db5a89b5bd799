"""Errors grouped by cause, with examples; whether it is the site or the payload."""

from api.monitor.filters import where_of
from api.monitor.page import Data, Page, View
from api.monitor.pages.jobs import FIELDS, causes

CAUSES, DEFAULT_HOURS = 100, "24"


async def load(view: View) -> Data:
    """Causes, the most frequent first, and the same by queue and by user."""
    return await view.counted(lambda: _counts(view))


async def _counts(view: View) -> Data:
    given = dict(view.parameters)
    if not any(given.get(name) for name in ("hours", "days", "date_from", "jeditaskid", "pandaid")):
        given["hours"] = DEFAULT_HOURS
    where = where_of(given, FIELDS, "ended_at", view.vo, view.now)
    found = await causes(view, where.sql, where.parameters, CAUSES)
    for cause in found:
        cause["verdict"] = _verdict(cause)
    return {
        "causes": found,
        "by_queue": await _by(view, "queue", where.sql, where.parameters),
        "by_user": await _by(view, "user_name", where.sql, where.parameters),
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


async def _by(view: View, column: str, where: str, parameters: Data) -> list[Data]:
    return await view.rows(
        f"select {column} as name, count(*) filter (where status = 'failed') as failed,"
        f" count(*) filter (where status = 'finished') as finished, count(*) as ended from job where {where}"
        " and ended_at is not null group by 1 having count(*) filter (where status = 'failed') > 0 order by 2 desc limit 50",
        parameters,
    )


PAGE = Page("errors", r"/errors/", lambda _: "Errors", load, ("table", "queues", "users"))
