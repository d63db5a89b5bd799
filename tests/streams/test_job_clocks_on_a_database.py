"""Which jobs of a real database have a clock that rang: by state, age, owner, priority, queue and what operators set."""

import json
from collections.abc import Iterator

import psycopg2
import psycopg2.extensions
import pytest
from psycopg2.extensions import make_dsn

from streams.timers.job_clocks import JobClocks

pytestmark = pytest.mark.stack

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOW = 1_796_040_000 * SECOND
DATABASE = "culm_clocks_test"
TABLES = """
    CREATE TABLE job (job_id bigint, task_id bigint, queue text, status text, label text, priority int, vo text, lease_id text,
        created_at bigint, modified_at bigint, ended_at bigint, sequence bigint);
    CREATE TABLE task (task_id bigint, status text);
    CREATE TABLE queue (name text, settings json, leased_at bigint);
    CREATE TABLE policy (name text, document json);
    INSERT INTO task VALUES (1, 'running'), (2, 'paused');
    INSERT INTO queue VALUES ('Q', '{}', 0), ('STOPPED', '{"clocks_stopped": true}', 0), ('KEEPS', '{"keeps_jobs": true}', 0),
        ('SERVES', '{}', 1796032801000000), ('QUIET', '{}', 1796032800000000), ('OFF', '{"status": "OFFLINE"}', 1796039999000000);
"""


@pytest.fixture
def database(postgres: str) -> Iterator[psycopg2.extensions.connection]:
    """A connection to a database with the views that the clocks read, as tables."""
    outside = psycopg2.connect(postgres)
    outside.autocommit = True
    with outside.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    inside = psycopg2.connect(make_dsn(postgres, dbname=DATABASE))
    inside.autocommit = True
    with inside.cursor() as cursor:
        cursor.execute(TABLES)
    yield inside
    inside.close()
    with outside.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    outside.close()


def a_job(
    connection: psycopg2.extensions.connection,
    job_id: int,
    status: str,
    age: int,
    *,
    of: str = "managed",
    priority: int = 0,
    queue: str = "Q",
    task: int = 1,
    created: int | None = None,
    ended: bool = False,
) -> None:
    """A job that is in `status` since `age` microseconds."""
    row = (
        job_id, task, queue, status, of, priority, "wlcg", "l", NOW - (created or age), NOW - age, NOW if ended else None, 9,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO job VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", row)


def rung(connection: psycopg2.extensions.connection) -> list[tuple[str, str]]:
    return [(row.aggregate_id, row.kind.removeprefix("clock:")) for row in JobClocks().due(connection, NOW)]


def test_a_clock_rings_at_its_length_and_not_before(database: psycopg2.extensions.connection) -> None:
    a_job(database, 1, "sent", 1_800 * SECOND)
    a_job(database, 2, "sent", 1_800 * SECOND - 1)
    a_job(database, 3, "running", 20 * DAY)
    a_job(database, 4, "finished", 30 * DAY, ended=True)
    a_job(database, 5, "running", 1, created=21 * DAY)

    assert rung(database) == [("1", "sent"), ("5", "age")]


def test_clocks_tell_users_and_priorities_apart(database: psycopg2.extensions.connection) -> None:
    three_hours, two_days = 10_800 * SECOND, 2 * DAY
    a_job(database, 1, "holding", three_hours, of="user", priority=900)
    a_job(database, 2, "holding", three_hours, priority=800)
    a_job(database, 3, "holding", three_hours, priority=801)
    a_job(database, 4, "transferring", two_days, priority=799)
    a_job(database, 5, "transferring", two_days, priority=800)
    a_job(database, 6, "activated", two_days, of="user")

    assert rung(database) == [("1", "holding_user"), ("3", "holding_urgent"), ("5", "transferring_urgent")]


def test_what_stopped_queues_and_paused_tasks_have_is_left_alone(database: psycopg2.extensions.connection) -> None:
    a_job(database, 1, "activated", 3 * DAY)
    a_job(database, 2, "activated", 3 * DAY, queue="KEEPS")
    a_job(database, 3, "activated", 30 * DAY, queue="STOPPED")
    a_job(database, 4, "activated", 30 * DAY, task=2)
    a_job(database, 5, "sent", DAY, queue="KEEPS")
    a_job(database, 6, "sent", DAY, queue="STOPPED")

    assert rung(database) == [("5", "sent"), ("1", "activated")]


def test_lengths_that_operators_set_hold_for_jobs_that_exist(database: psycopg2.extensions.connection) -> None:
    a_job(database, 1, "sent", 60 * SECOND)
    a_job(database, 2, "running", 30 * DAY)
    clocks = [{"name": "sent", "seconds": 60}, {"name": "age", "seconds": 0}]
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO policy VALUES ('clocks', %s)", (json.dumps({"clocks": clocks}),))

    assert rung(database) == [("1", "sent")]


def test_a_job_that_waits_is_seen_without_its_last_lease(database: psycopg2.extensions.connection) -> None:
    a_job(database, 1, "activated", 3 * DAY)

    (row,) = JobClocks().due(database, NOW)

    assert row.detail == {"status": "activated", "lease_id": None, "code": 51, "seconds": 172_800, "task_id": 1}
    assert row.due_at == NOW - DAY


def test_a_clock_whose_turn_has_not_come_is_not_looked_at_unless_there_were_more(
    database: psycopg2.extensions.connection,
) -> None:
    for job_id in (1, 2, 3):
        a_job(database, job_id, "activated", 3 * DAY)
    clocks = JobClocks(jobs_max=2)

    first = [row.aggregate_id for row in clocks.due(database, NOW)]
    at_once = [row.aggregate_id for row in clocks.due(database, NOW + SECOND)]
    with database.cursor() as cursor:
        cursor.execute("UPDATE job SET ended_at = 1 WHERE job_id < 3")
    soon = [row.aggregate_id for row in clocks.due(database, NOW + 30 * SECOND)]
    later = [row.aggregate_id for row in clocks.due(database, NOW + 60 * SECOND)]

    assert (first, at_once, soon, later) == (["1", "2"], [], ["3"], [])


def test_without_its_tables_nothing_rings_and_nothing_breaks(postgres: str) -> None:
    connection = psycopg2.connect(make_dsn(postgres, dbname="template1"))
    connection.autocommit = True
    try:
        assert list(JobClocks().due(connection, NOW)) == []
    finally:
        connection.close()


def test_an_urgent_job_leaves_a_queue_that_gave_no_job_for_two_hours_or_is_offline(
    database: psycopg2.extensions.connection,
) -> None:
    four_hours = 4 * 3_600 * SECOND
    a_job(database, 1, "activated", four_hours, priority=800, queue="SERVES")
    a_job(database, 2, "activated", four_hours, priority=800, queue="QUIET")
    a_job(database, 3, "activated", four_hours, priority=799, queue="QUIET")
    a_job(database, 4, "activated", four_hours - 1, priority=800, queue="QUIET")
    a_job(database, 5, "activated", four_hours, priority=800, queue="OFF")
    a_job(database, 6, "activated", four_hours, priority=800, queue="QUIET", of="user")
    a_job(database, 7, "activated", four_hours, priority=800, queue="KEEPS")

    assert rung(database) == [("2", "activated_urgent"), ("5", "activated_urgent")]


def test_a_job_of_a_user_leaves_a_queue_where_nothing_of_its_task_moved_for_three_hours(
    database: psycopg2.extensions.connection,
) -> None:
    half_day, three_hours = 12 * 3_600 * SECOND, 3 * 3_600 * SECOND
    for task, queue, status, age in (
        (7, "Q", "finished", three_hours),
        (3, "Q", "failed", three_hours - 1),
        (4, "Q", "running", 20 * 3_600 * SECOND),
        (5, "Q", "closed", 1),
        (6, "OFF", "running", SECOND),
    ):
        with database.cursor() as cursor:
            cursor.execute("INSERT INTO task VALUES (%s, 'running')", (task,))
        ended = status in ("finished", "failed", "closed")
        a_job(database, 100 + task, status, age, of="user", task=task, queue=queue, ended=ended)
        a_job(database, 200 + task, "activated", half_day, of="user", task=task, queue=queue)
    a_job(database, 301, "activated", half_day - 1, of="user")

    assert rung(database) == [("205", "activated_user"), ("206", "activated_user"), ("207", "activated_user")]
