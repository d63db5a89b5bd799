"""Questions to the read models: SQL on the views, answered as dictionaries, off the event loop.

Each of a few threads keeps one connection of its own, read-only and in autocommit, so a question costs one hop and one
round trip. A lost connection is replaced once per question; after that the database counts as away. So it does for a question
that its tables cannot answer, as they are of another version of Culm, and for one that comes while this process ends.
"""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import psycopg2
import psycopg2.extensions
import psycopg2.extras
import structlog

from api.http.errors import BadRequest, ReadModelsUnavailable
from api.queries.left_out import LIVE, left_out

CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 30_000
Row = dict[str, Any]
Parameters = Sequence[Any] | dict[str, Any]
#: What a question to tables of another version meets.
OTHER_TABLES = (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn)
#: What a question meets that costs more than the database gives to one; the next question may still be asked.
TOO_MUCH = (
    psycopg2.errors.ProgramLimitExceeded,
    psycopg2.errors.StatementTooComplex,
    psycopg2.errors.InternalError_,
)
log = structlog.get_logger()


class ReadModels:
    """The views of Postgres; safe to share between coroutines and threads."""

    def __init__(self, postgres: str, *, connections: int = 8) -> None:
        self._address = postgres
        self._local = threading.local()
        self._ends = False
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="read-models")

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query; raises ReadModelsUnavailable, BadRequest for values that no column holds or that cost too much."""
        try:
            asked = self._pool.submit(self.rows_now, sql, parameters)
            return await asyncio.wrap_future(asked)
        except (RuntimeError, asyncio.CancelledError) as problem:
            # The pool takes nothing more, or let go of what waited; a caller that was cancelled itself gets that.
            task = asyncio.current_task()
            if not self._ends or (task is not None and task.cancelling()):
                raise
            raise ReadModelsUnavailable("this process of Culm ends", retry_after_seconds=2) from problem

    async def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query, None when there is none; raises ReadModelsUnavailable."""
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    def rows_now(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """As `rows`, in the calling thread."""
        for fresh in (False, True):
            try:
                return self._ask(sql, parameters, fresh=fresh)
            except psycopg2.DataError as problem:
                message = str(problem).strip().splitlines()[0]
                raise BadRequest(f"a value of the request has the wrong form: {message[:160]}") from problem
            except psycopg2.errors.QueryCanceled as problem:
                # The time of a statement is up: asked again, it would only hold this connection twice as long.
                log.warning("question_takes_too_long", sql=sql[:200])
                told = f"the database did not find the answer within {STATEMENT_MILLISECONDS // 1_000} s"
                raise ReadModelsUnavailable(told, retry_after_seconds=STATEMENT_MILLISECONDS // 1_000) from problem
            except TOO_MUCH as problem:
                message = str(problem).strip().splitlines()[0]
                log.warning("question_is_too_much", sql=sql[:200], problem=message[:200])
                raise BadRequest(f"the request asks too much of the database: {message[:160]}") from problem
            except psycopg2.Error as problem:
                if isinstance(problem, OTHER_TABLES):
                    raise self._not_as_expected(problem) from problem
                if not self._is_lost(problem):
                    raise
                self._forget()
                if fresh:
                    log.warning("read_models_unavailable", problem=str(problem).strip()[:200])
                    raise ReadModelsUnavailable("the read models cannot be asked now", retry_after_seconds=2) from problem
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Take no more questions."""
        self._ends = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _is_lost(self, problem: psycopg2.Error) -> bool:
        """True when the connection is of no use; libpq gives some losses no class of their own."""
        if isinstance(problem, (psycopg2.OperationalError, psycopg2.InterfaceError)):
            return True
        connection = getattr(self._local, "connection", None)
        return connection is None or bool(connection.closed)

    def _not_as_expected(self, problem: psycopg2.Error) -> Exception:
        """What to tell whose question names what the tables do not have; `problem` itself when they are of this version."""
        try:
            found = left_out(self._ask(LIVE, (), fresh=False))
        except psycopg2.Error:
            found = ()
        if not found and isinstance(problem, psycopg2.errors.UndefinedColumn):
            return problem
        told = " ".join(found) or "the read models are not built yet"
        return ReadModelsUnavailable(told, retry_after_seconds=5)

    def _ask(self, sql: str, parameters: Parameters, *, fresh: bool) -> list[Row]:
        connection = getattr(self._local, "connection", None)
        if connection is None or connection.closed or fresh:
            connection = self._local.connection = self._connect()
        with connection.cursor() as cursor:
            try:
                cursor.execute(sql, parameters or None)
            except ValueError as problem:  # psycopg2's word for a NUL, Python's for half a surrogate pair
                raise BadRequest("a text of the request holds a NUL or half a surrogate pair, no stored text does") from problem
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _connect(self) -> "psycopg2.extensions.connection":
        connection = psycopg2.connect(
            self._address,
            connect_timeout=CONNECT_SECONDS,
            application_name="culm-api",
            options=f"-c statement_timeout={STATEMENT_MILLISECONDS}",
        )
        connection.autocommit = True
        psycopg2.extras.register_default_json(connection, globally=False, loads=orjson.loads)
        psycopg2.extras.register_default_jsonb(connection, globally=False, loads=orjson.loads)
        return connection

    def _forget(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None and not connection.closed:
            connection.close()
