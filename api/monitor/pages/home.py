"""Now: what runs, what waits, what fails in the organisation at this moment."""

from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages.charts import minutes
from api.monitor.pages.words import JOB_STATES, LIVE_STATES, TASK_STATES
from api.queries import errors, job_counts, queues, tasks
from schemas.instants import HOUR

QUEUES, TASKS, CAUSES = 12, 12, 6


async def load(view: PageView) -> Data:
    """Counts, the last hour by minute, the busiest queues, the latest tasks, the commonest causes of failure."""
    return {
        **await view.counted(lambda: _counts(view)),
        "queues": await queues.busiest(view.read_models, view.vo, QUEUES),
        "latest": await tasks.latest(view.read_models, view.vo, TASKS),
    }


async def _counts(view: PageView) -> Data:
    read_models, vo, since = view.read_models, view.vo, view.now - HOUR
    by_status = await tasks.counts_by_status(read_models, vo)
    live = await job_counts.live_by_status(read_models, vo, LIVE_STATES)
    ended = await job_counts.ended_by_minute(read_models, vo, LIVE_STATES, since)
    return {
        "tasks": in_order(by_status, TASK_STATES),
        "jobs_live": in_order(live, JOB_STATES),
        "jobs_ended_last_hour": in_order(_summed(ended), JOB_STATES),
        "chart": minutes(ended, view.now, 60),
        "causes": await errors.causes_since(read_models, vo, since, CAUSES),
    }


def in_order(rows: list[Data], words: tuple[str, ...]) -> list[Data]:
    """Counts by status in the order in which things go through them."""
    place = {word: number for number, word in enumerate(words)}
    return sorted(rows, key=lambda row: (place.get(row["status"], len(words)), row["status"]))


def _summed(rows: list[Data]) -> list[Data]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["status"]] = sums.get(row["status"], 0) + row["count"]
    return [{"status": status, "count": count} for status, count in sums.items()]


PAGE = MonitorPage(
    "home", r"/now/", lambda _: "Now", load, ("counts", "chart", "queues", "causes", "latest")
)
