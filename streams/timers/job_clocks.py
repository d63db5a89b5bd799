"""Jobs whose clock has rung: from the read model `job`, with the lengths that the policy `clocks` says.

A clock counts from the job's last change, or from its definition; both stand in the job's row, which is a fold of the log, so
that a length that is changed holds for jobs that exist, too. A clock is not looked at each second, but after a sixtieth of its
length, at the latest every hour. It does not run in queues whose clocks are stopped (PanDA's state `paused`); a job that waits is
not taken from a queue that keeps its jobs (`disableReassign`), nor from a task that is paused.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg2.errors
import psycopg2.extensions
import structlog

from schemas.clocks import BUILT_IN, CLOCKS_KEY, JobClock, lengths_of
from schemas.instants import HOUR, MICROSECONDS, MINUTE
from schemas.types import ClockSetting
from streams.timers.due import Due

#: Where the sum of waiting and looking is about a sixtieth of the length.
LOOKS = 60
LOOK_MICROS_MIN, LOOK_MICROS_MAX = MINUTE // 2, HOUR
#: At one look; the next one follows after the shortest time while there are more.
JOBS_MAX = 2_000
SETTINGS = "SELECT document->'clocks' FROM policy WHERE name = %(name)s"
QUERY = """
    SELECT j.job_id, j.{since}, j.sequence, j.vo, j.status, CASE WHEN j.status <> 'activated' THEN j.lease_id END, j.task_id
    FROM job j JOIN task t ON t.task_id = j.task_id LEFT JOIN queue q ON q.name = j.queue
    WHERE j.ended_at IS NULL AND j.status IN %(statuses)s AND j.{since} <= %(before)s
    AND (%(user)s::boolean IS NULL OR (j.label IN ('user', 'panda')) = %(user)s)
    AND j.priority >= %(priority_min)s AND j.priority <= %(priority_max)s
    AND (q.settings->>'clocks_stopped') IS DISTINCT FROM 'true'
    AND (j.status <> 'activated' OR t.status <> 'paused')
    AND (%(code)s <> 51 OR (q.settings->>'keeps_jobs') IS DISTINCT FROM 'true')
    {quiet}
    ORDER BY j.{since}, j.job_id LIMIT %(limit)s
"""
CLOSED = "coalesce(q.settings->>'status' IN ('OFFLINE', 'TEST'), false)"
#: The queue gave no job to a pilot of late.
QUIET_QUEUE = f"AND ({CLOSED} OR coalesce(q.leased_at, 0) <= %(quiet_queue_since)s)"
#: No pilot has a job of the task at the queue, and none changed of late. Asked once for each task and queue.
QUIET_TASK = f"""AND ({CLOSED} OR (j.task_id, j.queue) IN (
    SELECT s.task_id, s.queue FROM (
        SELECT DISTINCT c.task_id, c.queue FROM job c
        WHERE c.ended_at IS NULL AND c.status IN %(statuses)s AND c.{{since}} <= %(before)s
    ) s WHERE NOT EXISTS (
        SELECT FROM job o WHERE o.task_id = s.task_id AND o.queue = s.queue
        AND (o.status IN ('sent', 'starting', 'running', 'holding', 'transferring')
            OR o.status IN ('merging', 'finished', 'failed') AND o.modified_at > %(quiet_task_since)s)
    )
))"""
PRIORITY_FAR = 2**31 - 1
#: Tables that are not there, or of another version, and a question that took too long.
UNREADABLE = (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn, psycopg2.errors.QueryCanceled)
log = structlog.get_logger()


class JobClocks:
    """Asked in each round of the timers; asks the database when a clock's turn has come."""

    def __init__(self, jobs_max: int = JOBS_MAX) -> None:
        self._next: dict[str, int] = {}
        self._jobs_max = jobs_max

    def due(self, connection: psycopg2.extensions.connection, now: int) -> Iterator[Due]:
        """Jobs whose clock has rung at `now` (microseconds UTC), the oldest of each clock first.

        What the database cannot answer is asked again: a read model that is rebuilt holds up no deadline of another kind.
        Raises psycopg2.OperationalError when the database is away.
        """
        clocks = [clock for clock in BUILT_IN if self._next.get(clock.name, 0) <= now]
        if not clocks:
            return
        self._next |= {clock.name: now + LOOK_MICROS_MIN for clock in clocks}
        try:
            lengths = lengths_in_force(connection)
            for clock in clocks:
                if seconds := lengths.get(clock.name):
                    yield from self._look(connection, clock, seconds, now)
        except UNREADABLE as problem:
            log.warning("clocks_unreadable", problem=str(problem).strip()[:300])

    def _look(
        self, connection: psycopg2.extensions.connection, clock: JobClock, seconds: int, now: int
    ) -> Sequence[Due]:
        rows = list(_rows(connection, clock, seconds, now, self._jobs_max))
        if len(rows) < self._jobs_max:
            self._next[clock.name] = now + look_micros(seconds)
        return rows


def look_micros(seconds: int) -> int:
    """How long after one look at a clock of this length the next one comes."""
    return min(max(seconds * MICROSECONDS // LOOKS, LOOK_MICROS_MIN), LOOK_MICROS_MAX)


def _rows(
    connection: psycopg2.extensions.connection, clock: JobClock, seconds: int, now: int, jobs_max: int
) -> Iterator[Due]:
    length = seconds * MICROSECONDS
    asked = {
        "statuses": clock.statuses,
        "before": now - length,
        "user": clock.user,
        "code": clock.code,
        "priority_min": -PRIORITY_FAR if clock.priority_min is None else clock.priority_min,
        "priority_max": PRIORITY_FAR if clock.priority_max is None else clock.priority_max,
        "limit": jobs_max,
        "quiet_queue_since": now - clock.quiet_queue_seconds * MICROSECONDS,
        "quiet_task_since": now - clock.quiet_task_seconds * MICROSECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_query(clock), asked)
        for job_id, since, sequence, vo, status, lease_id, task_id in cursor.fetchall():
            detail = {"status": status, "lease_id": lease_id, "code": clock.code, "seconds": seconds, "task_id": task_id}
            yield Due(f"clock:{clock.name}", str(job_id), "", since + length, sequence, vo or "", detail)


def _query(clock: JobClock) -> str:
    since = "created_at" if clock.since_creation else "modified_at"
    quiet = (QUIET_QUEUE if clock.quiet_queue_seconds else "") + (QUIET_TASK if clock.quiet_task_seconds else "")
    return QUERY.format(since=since, quiet=quiet.format(since=since))


def lengths_in_force(connection: psycopg2.extensions.connection) -> dict[str, int]:
    """Seconds of every clock that rings, by name. Raises one of UNREADABLE while a read model is rebuilt."""
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS, {"name": CLOCKS_KEY})
        found = cursor.fetchone()
    return lengths_of(_settings_in(found[0] if found else None))


def _settings_in(document: Any) -> Sequence[ClockSetting]:
    return [ClockSetting(name=row["name"], seconds=row["seconds"]) for row in document or ()]
