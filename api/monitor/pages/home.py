"""Home: what runs, what waits, what fails, now."""

from api.monitor.page import Data, Page, View
from api.monitor.pages.charts import minutes
from api.monitor.pages.words import JOB_STATES, LIVE_STATES, TASK_STATES
from schemas.instants import HOUR

QUEUES, TASKS, CAUSES = 12, 12, 6


async def load(view: View) -> Data:
    """Counts, the last hour by minute, the busiest queues, the latest tasks, the commonest causes of failure."""
    return {
        **await view.counted(lambda: _counts(view)),
        "queues": await _queues(view),
        "latest": await view.rows(
            "select task_id, name, user_name, status, modified_at, files_total, files_finished, files_failed from task"
            " where vo = %(vo)s order by task_id desc limit %(count)s",
            {"vo": view.vo, "count": TASKS},
        ),
    }


async def _counts(view: View) -> Data:
    since = {"vo": view.vo, "since": view.now - HOUR, "live": list(LIVE_STATES)}
    tasks = await view.rows("select status, count(*) as count from task where vo = %(vo)s group by status", since)
    live = await view.rows(
        "select status, count(*) as count from job where vo = %(vo)s and status = any(%(live)s) group by status", since
    )
    ended = await view.rows(
        "select ended_at / 60000000 as minute, status, count(*) as count from job"
        " where vo = %(vo)s and ended_at >= %(since)s and status <> all(%(live)s) group by 1, 2",
        since,
    )
    return {
        "tasks": in_order(tasks, TASK_STATES),
        "jobs_live": in_order(live, JOB_STATES),
        "jobs_ended_last_hour": in_order(_summed(ended), JOB_STATES),
        "chart": minutes(ended, view.now, 60),
        "causes": await view.rows(
            "select error_source, error_code, error_cluster, count(*) as count, count(distinct queue) as queues,"
            " count(distinct user_name) as users, max(job_id) as example from job where vo = %(vo)s and ended_at >= %(since)s"
            " and error_source is not null group by 1, 2, 3 order by 4 desc limit %(count)s",
            {**since, "count": CAUSES},
        ),
    }


async def _queues(view: View) -> list[Data]:
    rows = await view.rows(
        "select q.name, q.settings->>'status' as status, q.waiting, q.leased, coalesce(d.wanted, 0) as wanted,"
        " coalesce(d.live, 0) as live, q.settings->'vos' as vos from queue q left join worker_demand d on d.queue = q.name"
        " order by q.waiting + q.leased desc, q.name limit 200"
    )
    return [row for row in rows if not row["vos"] or view.vo in row["vos"]][:QUEUES]


def in_order(rows: list[Data], words: tuple[str, ...]) -> list[Data]:
    """Counts by status in the order in which things go through them."""
    place = {word: number for number, word in enumerate(words)}
    return sorted(rows, key=lambda row: (place.get(row["status"], len(words)), row["status"]))


def _summed(rows: list[Data]) -> list[Data]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["status"]] = sums.get(row["status"], 0) + row["count"]
    return [{"status": status, "count": count} for status, count in sums.items()]


PAGE = Page(
    "home", r"/", lambda _: "Now", load, ("counts", "chart", "queues", "causes", "latest")
)
