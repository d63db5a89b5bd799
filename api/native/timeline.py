"""The timeline of a task or a job: pages in order of time, and what is new since a place in the log.

Two orders, because time within a partition may step back: pages go by (time, aggregate, id, sequence), news by log
offset, so that nothing which arrives late is missed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.http.errors import BadRequest
from api.native.forms import with_times
from api.queries.read_models import ReadModels, Row
from schemas.instants import MINUTE

COLUMNS = (
    "aggregate, aggregate_id, sequence, at, event_type, actor, command_id, correlation_id, topic, partition,"
    " log_offset, summary, body, task_id, job_id"
)
#: An event is not older than this against the newest one seen when it arrives late.
LATE_MICROS_MAX = 10 * MINUTE
NEWS_MAX = 5_000
Offsets = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose timeline: a task with its jobs, or one job; only within a VO."""

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


def cursor_from(text: str | None) -> Cursor | None:
    """The place that `after` or `Last-Event-ID` names; raises BadRequest."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,18})\.([a-z_]{1,40})\.(\d{1,18})\.(.{1,400})", text)
    if found is None:
        raise BadRequest(f"after: found {text[:80]!r}, expected the id of an event or `next` of a page")
    return Cursor(int(found[1]), found[2], found[4], int(found[3]))


async def page_of(read_models: ReadModels, subject: Subject, after: Cursor | None, limit: int) -> list[Row]:
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


async def newest_offsets(read_models: ReadModels, subject: Subject) -> Offsets:
    """The last offset of the subject in each partition, as far as the read models know."""
    rows = await read_models.rows(
        f"select topic, partition, max(log_offset) as log_offset from timeline where {subject.where} group by topic, partition",
        subject.parameters,
    )
    return {(row["topic"], row["partition"]): row["log_offset"] for row in rows}


async def news_of(read_models: ReadModels, subject: Subject, seen: Offsets, newest_at: int) -> list[Row]:
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


def event_document(row: Row) -> dict[str, Any]:
    """A timeline row as JSON; `id` is its place for `after` and `Last-Event-ID`."""
    return {"id": str(cursor_of(row)), **with_times(row)}


def page_document(rows: list[Row], limit: int) -> Mapping[str, Any]:
    """A page of events, asked for with one row more than `limit`."""
    shown = rows[:limit]
    following = str(cursor_of(shown[-1])) if len(rows) > limit else None
    return {"events": [event_document(row) for row in shown], "next": following}
