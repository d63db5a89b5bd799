"""Statements that Postgres plans once: sent together, and prepared again after any error."""

from collections.abc import Iterator
from contextlib import closing
from math import inf, isnan, nan

import psycopg2
import psycopg2.errors
import pytest

from projections.catalogue import PROJECTIONS
from projections.engine.changes import RowChanges
from projections.engine.migrate import migrate
from projections.engine.positions import Connection
from projections.engine.statements import BY_KEY_ONLY, Statement, send
from projections.engine.writing import statements_for, write_changes

INSERT = "INSERT INTO number SELECT n FROM json_to_recordset($1) v(n int)"
COUNT = "SELECT count(*) FROM number JOIN json_to_recordset($1) v(n int) USING (n)"


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """A connection as the projector has it, to a database with a table of its own."""
    with closing(psycopg2.connect(database, options=BY_KEY_ONLY)) as opened:
        with opened, opened.cursor() as cursor:
            cursor.execute("CREATE TABLE number (n int PRIMARY KEY)")
        yield opened


def numbers(connection: Connection) -> int:
    """How many of 1, 2 and 3 are there."""
    with connection, connection.cursor() as cursor:
        send(cursor, [Statement(COUNT, '[{"n":1},{"n":2},{"n":3}]')])
        (count,) = cursor.fetchone() or (None,)
    assert isinstance(count, int)
    return count


def test_statements_are_done_in_order_in_the_transaction_of_the_caller(connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        send(cursor, [Statement(INSERT, '[{"n":1}]'), Statement(INSERT, '[{"n":2},{"n":3}]')])
        assert cursor.rowcount == 2
        connection.rollback()

    assert numbers(connection) == 0


def test_a_statement_that_failed_is_sent_again_with_other_rows(connection: Connection) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation), connection, connection.cursor() as cursor:
        send(cursor, [Statement(INSERT, '[{"n":1},{"n":1}]'), Statement(COUNT, "[]")])

    with connection, connection.cursor() as cursor:
        send(cursor, [Statement(INSERT, '[{"n":1}]')])

    assert numbers(connection) == 1


def test_kept_plans_outlive_a_rollback(connection: Connection) -> None:
    for _ in range(2):
        with connection, connection.cursor() as cursor:
            send(cursor, [Statement(INSERT, '[{"n":1}]')])
            connection.rollback()

    assert numbers(connection) == 0


def test_numbers_that_json_has_no_word_for_are_written(database: str) -> None:
    migrate(database)
    tasks = PROJECTIONS["tasks"]
    changes = RowChanges(tasks.shapes)
    texts = {"queue": "Q", "code": "", "message": "", "change": ""}
    row = {"task_id": 1, "sequence": 1, "order_number": 1, "at": 1, "taken": True, **texts}
    for place, weight in enumerate((nan, inf, -inf, 0.1 + 0.2)):
        changes.insert("brokerage", row | {"place": place, "weight": weight, "parked": False})

    with closing(psycopg2.connect(database)) as opened, opened, opened.cursor() as cursor:
        write_changes(cursor, tasks.tables, tasks.first_schema, changes)
        cursor.execute("SELECT weight FROM brokerage ORDER BY place")
        weights = [weight for (weight,) in cursor.fetchall()]

    assert isnan(weights[0])
    assert weights[1:] == [inf, -inf, 0.1 + 0.2]


def test_the_same_work_is_the_same_statements_for_any_rows() -> None:
    jobs = PROJECTIONS["jobs"]
    said = []
    for numbers_of_jobs in ((1,), (2, 3, 4)):
        changes = RowChanges(jobs.shapes)
        for number in numbers_of_jobs:
            changes.update("job", (number,), {"status": "sent", "sequence": number})
        said.append([statement.sql for statement in statements_for(jobs.tables, "rm_jobs_v2", changes)])

    assert said[0] == said[1]
    assert len(said[0]) == 1
