"""Due rows of the read model `deadline`, in order of time, page by page.

A row that names no task belongs to no tenant and stops no other. Out of Postgres with a time limit on every step: a database that
hangs is as good as one that is away, and raises.
"""

from collections.abc import Iterator
from typing import Any

import psycopg2
import psycopg2.extensions

from streams.timers.due import Due

SECONDS_MAX = 4
QUERY = """
    SELECT d.kind, d.aggregate_id, d.key, d.due_at, d.sequence, coalesce(t.vo, ''), d.detail
    FROM (SELECT *, CASE WHEN aggregate = 'task' THEN aggregate_id ELSE detail->>'task_id' END AS about FROM deadline) d
    LEFT JOIN task t ON t.task_id = CASE WHEN d.about ~ '^[0-9]{1,18}$' THEN d.about::bigint END
    WHERE d.due_at <= %(now)s AND (d.due_at, d.kind, d.aggregate_id, d.key) > %(after)s
    ORDER BY d.due_at, d.kind, d.aggregate_id, d.key LIMIT %(limit)s
"""


class Deadlines:
    """Opens its connection when it is first needed, and anew after trouble."""

    def __init__(self, postgres: str, page: int) -> None:
        self._postgres, self._page = postgres, page
        self._connection: psycopg2.extensions.connection | None = None

    def due(self, now: int) -> Iterator[Due]:
        """Rows due at `now`, earliest first; raises psycopg2.Error when the database is away or the view is not there yet."""
        after: tuple[Any, ...] = (-(2**63), "", "", "")
        while True:
            rows = self._page_after(now, after)
            yield from rows
            if len(rows) < self._page:
                return
            after = (rows[-1].due_at, rows[-1].kind, rows[-1].aggregate_id, rows[-1].key)

    def close(self) -> None:
        """Give the connection back; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _page_after(self, now: int, after: tuple[Any, ...]) -> list[Due]:
        if self._connection is None:
            self._connection = psycopg2.connect(
                self._postgres,
                connect_timeout=SECONDS_MAX,
                application_name="culm-timers",
                options=f"-c statement_timeout={SECONDS_MAX * 1000}",
                tcp_user_timeout=SECONDS_MAX * 1000,
            )
            self._connection.set_session(readonly=True, autocommit=True)
        with self._connection.cursor() as cursor:
            cursor.execute(QUERY, {"now": now, "after": after, "limit": self._page})
            return [
                Due(kind, aggregate_id, key, due_at, sequence, vo, detail or {})
                for kind, aggregate_id, key, due_at, sequence, vo, detail in cursor.fetchall()
            ]
