"""The state of work in numbers, for scrapes: jobs, tasks, workers and queues."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.queries.read_models import ReadModels, Row
from schemas.instants import HOUR, MICROSECONDS


@dataclass(frozen=True, slots=True)
class StoredMetric:
    """A metric: rows of `labels` in their order, and its value last."""

    name: str
    text: str
    labels: tuple[str, ...]
    sql: str


#: The time of a read, in microseconds, and an hour before it.
LAST_HOUR = (
    f"with hour as (select t, t - {HOUR} as began from"
    f" (select (extract(epoch from now()) * {MICROSECONDS})::bigint as t) as now)"
)
PILOT_SECONDS = (
    f"{LAST_HOUR} select queue, (sum(greatest(0, coalesce(ended_at, t) - greatest(started_at, began)))"
    f" / {MICROSECONDS}.0)::float8 as seconds"
    " from worker, hour where started_at is not null and (ended_at is null or ended_at > began) group by queue"
)
#: Jobs that ended within the hour, by when they changed last, and those that pilots hold.
BUSY_SECONDS = (
    f"{LAST_HOUR} select queue, (sum(greatest(0, until - greatest(since, began))) / {MICROSECONDS}.0)::float8 as seconds"
    " from hour, ("
    " select queue, sent_at as since, ended_at as until from job, hour"
    " where modified_at > began and ended_at > began and sent_at is not null"
    " union all select queue, leased_at, t from lease, hour) as held group by queue"
)
#: Seconds of the last hour in which a pilot had not asked for a job yet: of one that did later or still may, of one that ended.
NOT_ASKED_SECONDS = (
    f"{LAST_HOUR} select queue,"
    " case when asked_at is null and ended_at is not null then 'never asked' else 'starting' end as reason,"
    " (sum(greatest(0, coalesce(least(asked_at, ended_at), t) - greatest(started_at, began)))"
    f" / {MICROSECONDS}.0)::float8 as seconds"
    " from worker, hour where started_at is not null and (ended_at is null or ended_at > began) group by 1, 2"
)
#: What pilots' time without a job went for; none held one and the rest is the time of those that waited for one.
WASTED_SECONDS = (
    f"with ran as ({PILOT_SECONDS}), busy as ({BUSY_SECONDS}), not_asked as ({NOT_ASKED_SECONDS})"
    " select queue, reason, seconds from not_asked union all"
    " select queue, 'waiting' as reason, greatest(0, seconds"
    " - coalesce((select sum(seconds) from busy where busy.queue = ran.queue), 0)"
    " - coalesce((select sum(seconds) from not_asked where not_asked.queue = ran.queue), 0)) as seconds from ran"
)
STORED_METRICS = (
    StoredMetric("culm_jobs", "Jobs by state.", ("state", "queue"),
                 "select status, queue, count(*) from job where vo = any(%s) group by 1, 2"),
    StoredMetric("culm_tasks", "Tasks by status.", ("status",),
                 "select status, count(*) from task where vo = any(%s) group by 1"),
    StoredMetric("culm_workers", "Workers by state.", ("state", "queue"),
                 "select state, queue, count(*) from worker group by 1, 2"),
    StoredMetric("culm_queue_waiting", "Jobs that wait in a queue.", ("queue",), "select name, waiting from queue"),
    StoredMetric("culm_queue_leased", "Jobs in pilots' hands.", ("queue",), "select name, leased from queue"),
    StoredMetric("culm_pilots_wanted", "Pilots that a queue wants.", ("queue",), "select queue, wanted from worker_demand"),
    StoredMetric("culm_pilots_live", "Pilots that are alive.", ("queue",), "select queue, live from worker_demand"),
    StoredMetric("culm_pilots_held_back", "1 while a reduction of pilots waits to be confirmed.", ("queue",),
                 "select queue, case when held_back = '' then 0 else 1 end from worker_demand"),
    StoredMetric("culm_pilot_seconds_last_hour", "Seconds that pilots ran within the last hour.", ("queue",), PILOT_SECONDS),
    StoredMetric("culm_pilot_busy_seconds_last_hour", "Seconds of these in which a pilot held a job.", ("queue",), BUSY_SECONDS),
    StoredMetric("culm_pilot_wasted_seconds_last_hour", "Seconds of these in which it held none, by what the time went for.",
                 ("queue", "reason"), WASTED_SECONDS),
)  # fmt: skip


def values_now(read_models: ReadModels, metric: StoredMetric, vos: Sequence[str]) -> list[Row]:
    """The rows of a metric over `vos`, in the calling thread."""
    return read_models.rows_now(metric.sql, (list(vos),) if "%s" in metric.sql else ())
