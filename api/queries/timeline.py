"""The timeline: what happened to tasks, jobs, queues and workers, within a VO.

Two orders, because time within a partition may step back: pages go by (time, aggregate, id, sequence), news by log
offset, so that nothing which arrives late is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.queries.read_models import ReadModels, Row

COLUMNS = (
    "aggregate, aggregate_id, sequence, at, event_type, actor, command_id, correlation_id, topic, partition,"
    " log_offset, summary, body, task_id, job_id"
)
#: An event is not older than this against the newest one seen when it arrives late.
LATE_MICROS_MAX = 600 * 1_000_000
NEWS_MAX = 5_000
Offsets = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class WorkSubject:
    """Whose timeline: a task with its jobs (`task_id`), or one job (`job_id`); only within a VO."""

    column: str
    number: int
    vo: str

    @property
    def where(self) -> str:
        """SQL condition; `%(number)s` and `%(vo)s` are its parameters."""
        return f"{self.column} = %(number)s and vo = %(vo)s"

    @property
    def parameters(self) -> dict[str, Any]:
        """Values for `where`."""
        return {"number": self.number, "vo": self.vo}


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the order of pages."""

    at: int
    aggregate: str
    aggregate_id: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.at}.{self.aggregate}.{self.sequence}.{self.aggregate_id}"


def cursor_of(row: Row) -> Cursor:
    """The place of a timeline row."""
    return Cursor(row["at"], row["aggregate"], row["aggregate_id"], row["sequence"])


async def page_of(read_models: ReadModels, subject: WorkSubject, after: Cursor | None, limit: int) -> list[Row]:
    """Up to `limit` rows that follow `after`, in order of time."""
    parameters: dict[str, Any] = {**subject.parameters, "limit": limit}
    beyond = ""
    if after is not None:
        beyond = "and (at, aggregate, aggregate_id, sequence) > (%(at)s, %(aggregate)s, %(aggregate_id)s, %(sequence)s)"
        parameters |= {
            "at": after.at,
            "aggregate": after.aggregate,
            "aggregate_id": after.aggregate_id,
            "sequence": after.sequence,
        }
    return await read_models.rows(
        f"select {COLUMNS} from timeline where {subject.where} {beyond}"
        " order by at, aggregate, aggregate_id, sequence limit %(limit)s",
        parameters,
    )


async def newest_offsets(read_models: ReadModels, subject: WorkSubject) -> Offsets:
    """The last offset of the subject in each partition, as far as the read models know."""
    rows = await read_models.rows(
        f"select topic, partition, max(log_offset) as log_offset from timeline where {subject.where} group by topic, partition",
        subject.parameters,
    )
    return {(row["topic"], row["partition"]): row["log_offset"] for row in rows}


async def news_of(read_models: ReadModels, subject: WorkSubject, seen: Offsets, newest_at: int) -> list[Row]:
    """Rows beyond `seen`, in order of time; `seen` is moved on."""
    parameters: dict[str, Any] = {
        **subject.parameters,
        "since": newest_at - LATE_MICROS_MAX,
        "topics": [topic for topic, _ in seen],
        "partitions": [partition for _, partition in seen],
        "offsets": list(seen.values()),
        "limit": NEWS_MAX,
    }
    rows = await read_models.rows(
        f"select {COLUMNS} from timeline"
        " left join unnest(%(topics)s::text[], %(partitions)s::int[], %(offsets)s::bigint[])"
        " as seen (seen_topic, seen_partition, seen_offset) on seen_topic = topic and seen_partition = partition"
        f" where {subject.where} and at >= %(since)s and log_offset > coalesce(seen_offset, -1)"
        " order by topic, partition, log_offset limit %(limit)s",
        parameters,
    )
    for row in rows:
        seen[row["topic"], row["partition"]] = row["log_offset"]
    return sorted(rows, key=cursor_of)


@dataclass(frozen=True, slots=True)
class AggregateEvents:
    """The events of one aggregate (or one worker of a queue) as a VO may see them: its own, and those of `common` types.

    until: the last sequence that counts, None for all.
    """

    aggregate: str
    aggregate_id: str
    worker_id: str | None
    vo: str
    common: Sequence[str]
    until: int | None = None

    @property
    def where(self) -> str:
        """SQL condition."""
        of_worker = " and worker_id = %(worker)s" if self.worker_id is not None else ""
        of_worker += " and sequence <= %(until)s" if self.until is not None else ""
        seen = "(vo = %(vo)s or event_type = any(%(settings)s))"
        return f"aggregate = %(kind)s and aggregate_id = %(id)s{of_worker} and {seen}"

    @property
    def parameters(self) -> dict[str, Any]:
        """Values for `where`."""
        about = {"kind": self.aggregate, "id": self.aggregate_id, "worker": self.worker_id, "until": self.until}
        return {**about, "vo": self.vo, "settings": list(self.common)}


async def spread_over_time(read_models: ReadModels, events: AggregateEvents, most: int) -> list[Row]:
    """`sequence`, `at`, `event_type`, `summary` of at most `most` events, evenly taken, always with the last."""
    return await read_models.rows(
        "select sequence, at, event_type, summary from (select sequence, at, event_type, summary,"
        " row_number() over (order by sequence) as number, count(*) over () as total from timeline"
        f" where {events.where}) as all_of_them"
        " where number = total or total <= %(most)s or number %% (total / %(most)s + 1) = 0 order by sequence",
        {**events.parameters, "most": most},
    )


async def newest_of(read_models: ReadModels, events: AggregateEvents, limit: int) -> list[Row]:
    """The newest events, the newest first."""
    return await read_models.rows(
        "select sequence, at, event_type, actor, role, command_type, command_id, correlation_id, summary from timeline"
        f" where {events.where} order by sequence desc limit %(limit)s",
        {**events.parameters, "limit": limit},
    )


async def last_types_of_jobs(read_models: ReadModels, task_id: int, until: int, known: Sequence[str]) -> list[Row]:
    """`kind`, `event_type`, `count`: which of the `known` events was the last of each job of the task until a moment."""
    return await read_models.rows(
        "select j.kind, last.event_type, count(*) as count from (select distinct on (aggregate_id) job_id, event_type"
        " from timeline where task_id = %(task)s and aggregate = 'job' and at <= %(until)s and event_type = any(%(known)s)"
        " order by aggregate_id, sequence desc) as last join job j on j.job_id = last.job_id group by 1, 2",
        {"task": task_id, "until": until, "known": list(known)},
    )


async def states_of_job(read_models: ReadModels, job_id: int, known: Sequence[str]) -> list[Row]:
    """`at`, `event_type` of the `known` events of a job, in order."""
    return await read_models.rows(
        "select at, event_type from timeline where aggregate = 'job' and aggregate_id = %(id)s::bigint::text"
        " and event_type = any(%(known)s) order by sequence",
        {"id": job_id, "known": list(known)},
    )


async def correlated(read_models: ReadModels, vo: str, correlation_id: str, limit: int) -> list[Row]:
    """Events of the VO that one request led to, in order of time."""
    return await read_models.rows(
        "select * from timeline where correlation_id = %s and vo = %s order by at limit %s", (correlation_id, vo, limit)
    )


async def first_vo(read_models: ReadModels, aggregate: str, aggregate_id: str) -> str | None:
    """The organisation that made it; tasks of others may have waited for it before."""
    row = await read_models.row(
        "select vo from timeline where aggregate = %s and aggregate_id = %s"
        " and event_type not in ('ContentsAwaited', 'SubscriptionEnded') order by sequence limit 1",
        (aggregate, aggregate_id),
    )
    return None if row is None else str(row["vo"])


async def first_correlation(read_models: ReadModels, aggregate: str, aggregate_id: str) -> str | None:
    """The correlation id of an aggregate's first event; None when it has none."""
    row = await read_models.row(
        "select correlation_id from timeline where aggregate = %s and aggregate_id = %s order by sequence limit 1",
        (aggregate, aggregate_id),
    )
    return None if row is None else str(row["correlation_id"])
