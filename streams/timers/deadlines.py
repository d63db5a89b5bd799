"""Due rows of the read model `deadline`, in order of time, page by page, for the one instance that is on duty.

A row of a task is due by the lengths of the clocks in force, so that one that is changed holds for tasks that exist, too.
A row that names no task belongs to no tenant and stops no other. Out of Postgres with a time limit on every step: a database that
hangs is as good as one that is away, and raises. On duty is whose session holds the lock; rows are read in the same session, so
that an instance that lost it reads none. A session that is silent for a while is ended by Postgres, and another instance goes on.
"""

from collections.abc import Iterator
from typing import Any

import psycopg2
import psycopg2.extensions
import structlog

from schemas.clocks import OF_TASKS, TaskClock, lengths_of
from schemas.instants import MICROSECONDS
from streams.timers.due import Due
from streams.timers.job_clocks import UNREADABLE, JobClocks, lengths_in_force

SECONDS_MAX = 4
#: Far above a round of the timers: a process that stands still must not keep the others from their duty.
SILENT_SECONDS_MAX = 20
SESSION = (
    f"-c statement_timeout={SECONDS_MAX * 1000} -c idle_session_timeout={SILENT_SECONDS_MAX * 1000} "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)
TAKE_DUTY = "SELECT pg_try_advisory_lock(hashtext('culm-timers'))"
log = structlog.get_logger()
#: Rows that say themselves when they are due, and rows of tasks by the shortest clock that fits them.
QUERY = """
    WITH ringing AS (
        SELECT DISTINCT ON (d.aggregate_id, d.kind, d.key)
            d.kind, d.aggregate, d.aggregate_id, d.key, d.sequence, d.detail, d.counted_from + c.length AS at, c.length
        FROM unnest(%(kinds)s::text[], %(lengths)s::bigint[], %(of_users)s::boolean[], %(priorities)s::bigint[],
            %(paused)s::boolean[]) AS c(kind, length, of_users, priority_min, paused)
        JOIN deadline d ON d.kind = c.kind AND d.counted_from <= %(now)s - c.length
        LEFT JOIN task t ON d.aggregate = 'task' AND t.task_id::text = d.aggregate_id
        WHERE (c.paused OR t.status IS DISTINCT FROM 'paused')
        AND (c.of_users IS NULL OR (t.label IN ('user', 'panda')) = c.of_users)
        AND (c.priority_min IS NULL OR t.current_priority >= c.priority_min)
        ORDER BY d.aggregate_id, d.kind, d.key, c.length
    ), due AS (
        SELECT kind, aggregate, aggregate_id, key, sequence, detail, at, length FROM ringing
        UNION ALL
        SELECT kind, aggregate, aggregate_id, key, sequence, detail, due_at, 0 FROM deadline
        WHERE due_at <= %(now)s AND kind <> ALL(%(of_tasks)s::text[])
    )
    SELECT d.kind, d.aggregate_id, d.key, d.at, d.sequence, coalesce(t.vo, d.detail->>'vo', ''), d.detail, d.length
    FROM (SELECT *, CASE WHEN aggregate = 'task' THEN aggregate_id ELSE detail->>'task_id' END AS about FROM due) d
    LEFT JOIN task t ON t.task_id = CASE WHEN d.about ~ '^[0-9]{1,18}$' THEN d.about::bigint END
    WHERE (d.at, d.kind, d.aggregate_id, d.key) > %(after)s
    ORDER BY d.at, d.kind, d.aggregate_id, d.key LIMIT %(limit)s
"""


class Deadlines:
    """Opens its connection when it is first needed, and another one after trouble."""

    def __init__(self, postgres: str, page: int) -> None:
        self._postgres, self._page = postgres, page
        self._connection: psycopg2.extensions.connection | None = None
        self._on_duty = False
        self._clocks = JobClocks()
        self._lengths = lengths_of(())

    def due(self, now: int) -> Iterator[Due]:
        """Rows due at `now`, earliest first, then jobs whose clock has rung; none while another instance is on duty.

        Raises psycopg2.Error when the database is away or the view is not there yet.
        """
        if not self._is_on_duty():
            return
        self._read_lengths()
        after: tuple[Any, ...] = (-(2**63), "", "", "")
        while True:
            rows = self._page_after(now, after)
            yield from rows
            if len(rows) < self._page:
                break
            after = (rows[-1].due_at, rows[-1].kind, rows[-1].aggregate_id, rows[-1].key)
        yield from self._clocks.due(self._session(), now)

    def close(self) -> None:
        """Give the connection back; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._on_duty = False

    def _is_on_duty(self) -> bool:
        if not self._on_duty:
            with self._session().cursor() as cursor:
                cursor.execute(TAKE_DUTY)
                self._on_duty = bool(cursor.fetchall()[0][0])
            if self._on_duty:
                log.info("duty_taken")
        return self._on_duty

    def _session(self) -> psycopg2.extensions.connection:
        if self._connection is None:
            self._connection = psycopg2.connect(
                self._postgres,
                connect_timeout=SECONDS_MAX,
                application_name="culm-timers",
                options=SESSION,
                tcp_user_timeout=SECONDS_MAX * 1000,
            )
            self._connection.set_session(readonly=True, autocommit=True)
        return self._connection

    def _read_lengths(self) -> None:
        """The lengths in force; the last ones known while a read model that is rebuilt does not say."""
        try:
            self._lengths = lengths_in_force(self._session())
        except UNREADABLE as problem:
            log.warning("clocks_unreadable", problem=str(problem).strip()[:300])

    def _page_after(self, now: int, after: tuple[Any, ...]) -> list[Due]:
        clocks = [clock for clock in OF_TASKS if clock.name in self._lengths]
        asked = {**_columns(clocks, self._lengths), "now": now, "after": after, "limit": self._page}
        with self._session().cursor() as cursor:
            cursor.execute(QUERY, asked)
            return [
                Due(kind, aggregate_id, key, at, sequence, vo, detail or {}, length // MICROSECONDS)
                for kind, aggregate_id, key, at, sequence, vo, detail, length in cursor.fetchall()
            ]


def _columns(clocks: list[TaskClock], lengths: dict[str, int]) -> dict[str, list[Any]]:
    """The clocks as the columns that the query asks with."""
    return {
        "kinds": [clock.kind for clock in clocks],
        "lengths": [lengths[clock.name] * MICROSECONDS for clock in clocks],
        "of_users": [clock.user for clock in clocks],
        "priorities": [clock.priority_min for clock in clocks],
        "paused": [clock.runs_paused for clock in clocks],
        "of_tasks": sorted({clock.kind for clock in OF_TASKS}),
    }
