"""Due rows of the read model `deadline`, in order of time, page by page, for the one instance that is on duty.

A row that names no task belongs to no tenant and stops no other. Out of Postgres with a time limit on every step: a database that
hangs is as good as one that is away, and raises. On duty is whose session holds the lock; rows are read in the same session, so
that an instance that lost it reads none. A session that is silent for a while is ended by Postgres, and another instance goes on.
"""

from collections.abc import Iterator
from typing import Any

import psycopg2
import psycopg2.extensions
import structlog

from streams.timers.due import Due
from streams.timers.job_clocks import JobClocks

SECONDS_MAX = 4
#: Far above a round of the timers: a process that stands still must not keep the others from their duty.
SILENT_SECONDS_MAX = 20
SESSION = (
    f"-c statement_timeout={SECONDS_MAX * 1000} -c idle_session_timeout={SILENT_SECONDS_MAX * 1000} "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)
TAKE_DUTY = "SELECT pg_try_advisory_lock(hashtext('culm-timers'))"
log = structlog.get_logger()
QUERY = """
    SELECT d.kind, d.aggregate_id, d.key, d.due_at, d.sequence, coalesce(t.vo, ''), d.detail
    FROM (SELECT *, CASE WHEN aggregate = 'task' THEN aggregate_id ELSE detail->>'task_id' END AS about FROM deadline) d
    LEFT JOIN task t ON t.task_id = CASE WHEN d.about ~ '^[0-9]{1,18}$' THEN d.about::bigint END
    WHERE d.due_at <= %(now)s AND (d.due_at, d.kind, d.aggregate_id, d.key) > %(after)s
    ORDER BY d.due_at, d.kind, d.aggregate_id, d.key LIMIT %(limit)s
"""


class Deadlines:
    """Opens its connection when it is first needed, and another one after trouble."""

    def __init__(self, postgres: str, page: int) -> None:
        self._postgres, self._page = postgres, page
        self._connection: psycopg2.extensions.connection | None = None
        self._on_duty = False
        self._clocks = JobClocks()

    def due(self, now: int) -> Iterator[Due]:
        """Rows due at `now`, earliest first, then jobs whose clock has rung; none while another instance is on duty.

        Raises psycopg2.Error when the database is away or the view is not there yet.
        """
        if not self._is_on_duty():
            return
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

    def _page_after(self, now: int, after: tuple[Any, ...]) -> list[Due]:
        with self._session().cursor() as cursor:
            cursor.execute(QUERY, {"now": now, "after": after, "limit": self._page})
            return [
                Due(kind, aggregate_id, key, due_at, sequence, vo, detail or {})
                for kind, aggregate_id, key, due_at, sequence, vo, detail in cursor.fetchall()
            ]
