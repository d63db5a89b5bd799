"""Deadlines of a real read model become commands on a real log, and leases only after listening for a whole lease."""

import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from schemas.heartbeat import PilotHeartbeat
from schemas.queue import ExpireLease
from schemas.task import FinishTask, WakeTask
from streams.config import TimersConfig
from streams.timers.clockwork import TimerLoop
from streams.timers.deadlines import Deadlines
from tests.streams.log_of_tasks import TaskLog

pytestmark = pytest.mark.stack

NOW, MINUTE = 1_700_000_000_000_000, 60_000_000
SEEN_AT = 1_700_000_000_000_000

DATABASE = "culm_timers_test"
TABLES = """
    CREATE TABLE deadline (kind text, aggregate text, aggregate_id text, key text, due_at bigint, sequence bigint, detail json,
        counted_from bigint);
    CREATE TABLE task (task_id bigint, vo text, status text, label text, current_priority bigint);
    CREATE TABLE policy (name text, document json);
    INSERT INTO task VALUES (10500001, 'lsst', 'pending', 'user', 1000), (10500002, 'lsst', 'paused', 'managed', 100),
        (10500003, 'lsst', 'pending', 'managed', 899), (10500004, 'lsst', 'pending', 'managed', 900),
        (10500005, 'lsst', 'pending', 'managed', 949), (10500006, 'lsst', 'pending', 'managed', 950);
"""


@pytest.fixture(scope="module")
def log(kafka: str, registry: str) -> TaskLog:
    """A log with all topics and schemas."""
    return TaskLog(kafka, registry)


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """Address of a database with the two views that timers read, as tables."""
    outside = psycopg2.connect(postgres)
    outside.autocommit = True
    with outside.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    address = make_dsn(postgres, dbname=DATABASE)
    inside = psycopg2.connect(address)
    inside.autocommit = True
    with inside.cursor() as cursor:
        cursor.execute(TABLES)
    inside.close()
    yield address
    with outside.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    outside.close()


def insert(address: str, *rows: tuple[object, ...]) -> None:
    """Rows of `deadline`; those of tasks count from the time given, those of leases are due at it."""
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO deadline VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", [(*row, row[4]) for row in rows])
    connection.close()


def due(address: str, now: int) -> list[tuple[str, str, int, int]]:
    """Kind, task, due time and length in seconds of what is due."""
    deadlines = Deadlines(address, page=2)
    found = [(row.kind, row.aggregate_id, row.due_at, row.seconds) for row in deadlines.due(now)]
    deadlines.close()
    return found


def parked(task: int, at: int, kind: str = "parked") -> tuple[object, ...]:
    return (kind, "task", str(task), "", at, 3, "{}")


def test_a_task_is_tried_again_after_a_time_by_its_priority_and_not_while_it_is_paused(database: str) -> None:
    insert(database, *(parked(10_500_000 + number, NOW) for number in range(1, 7)))

    for minutes, tasks in ((9, ""), (10, "6"), (29, "6"), (30, "456"), (59, "456"), (60, "13456")):
        found = due(database, NOW + minutes * MINUTE)
        assert sorted(task[-1] for _, task, _, _ in found) == list(tasks), minutes
    assert {(task[-1], seconds) for _, task, _, seconds in due(database, NOW + 60 * MINUTE)} == {
        ("1", 3600), ("3", 3600), ("4", 1800), ("5", 1800), ("6", 600),
    }  # fmt: skip


def test_lengths_that_operators_set_hold_for_tasks_that_exist(database: str) -> None:
    insert(database, parked(10_500_001, NOW), parked(10_500_003, NOW, "pending"), parked(10_500_004, NOW, "exhausted"))
    assert due(database, NOW + 50 * MINUTE) == []
    connection = psycopg2.connect(database)
    clocks = [("parked", 7_200), ("pending", 600), ("exhausted", 0)]
    document = {"clocks": [{"name": name, "seconds": seconds} for name, seconds in clocks]}
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO policy VALUES ('clocks', %s)", (json.dumps(document),))
    connection.close()

    assert due(database, NOW + 119 * MINUTE) == [("pending", "10500003", NOW + 10 * MINUTE, 600)]
    assert [kind for kind, *_ in due(database, NOW + 9_999 * MINUTE)] == ["pending", "parked"]


def test_deadlines_go_on_while_the_policies_cannot_be_read(database: str) -> None:
    insert(database, parked(10_500_001, NOW))
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE policy")
    connection.close()

    assert [kind for kind, *_ in due(database, NOW + 60 * MINUTE)] == ["parked"]


def a_lease(job_id: int) -> tuple[object, ...]:
    """The lease of one second, long over, of a job."""
    detail = {"job_id": job_id, "lease_id": f"l{job_id}", "lease_seconds": 1, "task_id": 10_500_001}
    return ("lease", "queue", "Q1", str(job_id), 1_700_000_000_000_000, 7, json.dumps(detail))


def test_due_rows_become_commands_and_leases_only_after_a_watch(log: TaskLog, database: str) -> None:
    insert(
        database,
        ("parked", "task", "10500001", "", 1_700_000_000_000_000, 3, "{}"),
        ("exhausted", "task", "10500001", "", 1_700_000_000_000_000, 4, "{}"),
        ("parked", "task", "10500001", "later", time.time_ns() // 1000, 5, "{}"),
        a_lease(77),
        a_lease(78),
    )
    clockwork = TimerLoop(TimersConfig(log.kafka, log.registry, database, batch_max=2), log.codec)
    heartbeat = PilotHeartbeat(job_id=78, attempt=1, queue="Q1", state="running", seen_at=SEEN_AT, actor="pilot", vo="lsst")

    with log.reader("culm.task.commands.v1", "culm.queue.commands.v1") as next_command:
        assert clockwork.tick() == 2
        first = [next_command(lambda one: True) for _ in range(2)]
        log.writer().begin_transaction()
        beaten_at = time.time_ns() // 1000
        log.write("culm.pilot.heartbeats.v1", "78", log.codec.encode(heartbeat))
        log.writer().commit_transaction(30)
        sent = 0
        while sent < 2:
            sent += clockwork.tick()
        leases = [next_command(lambda one: isinstance(one.message, ExpireLease)) for _ in range(2)]
    clockwork.close()

    assert [one.message for one in first] == [WakeTask(cause="TIMER"), FinishTask(soft=False, reason="exhausted for 48 hours")]
    assert {(one.envelope.aggregate_id, one.envelope.vo, one.envelope.role) for one in first} == {("10500001", "lsst", "system")}
    assert [one.message.job_id for one in leases] == [77, 78]
    assert all(one.message.at >= one.message.watched_since + 1_000_000 for one in leases)
    assert leases[1].message.at >= beaten_at + 990_000
    assert {one.envelope.vo for one in leases} == {"lsst"}


def test_a_database_that_goes_away_begins_a_new_watch(log: TaskLog, database: str) -> None:
    clockwork = TimerLoop(TimersConfig(log.kafka, log.registry, database), log.codec)
    clockwork.tick()
    before = clockwork.watched_since
    outside = psycopg2.connect(make_dsn(database, dbname="postgres"))
    outside.autocommit = True
    with outside.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (DATABASE,))
    outside.close()

    clockwork.tick()
    during = clockwork.watched_since
    clockwork.tick()

    assert before is not None
    assert during is None
    assert clockwork.watched_since is not None
    assert clockwork.watched_since > before
    clockwork.close()


def test_rows_with_odd_content_stop_no_other(log: TaskLog, database: str) -> None:
    beyond = {"lease_seconds": 1, "job_id": 10**30, "lease_id": "l"}
    odd: tuple[Any, ...] = ({"job_id": 79}, {"lease_seconds": "soon", "job_id": 79}, beyond, [], {})
    insert(
        database,
        *(
            ("lease", "queue", f"ODD{number}", str(number), 1_600_000_000_000_000, 1, json.dumps(detail))
            for number, detail in enumerate(odd)
        ),
        ("lunch", "task", "no number", "", 1_600_000_000_000_000, 1, "{}"),
        ("parked", "task", "9" * 40, "", 1_600_000_000_000_000, 1, "{}"),
        ("parked", "task", "10500002", "", -(2**62), 1, "{}"),
        ("parked", "task", "10500003", "", 1_700_000_000_000_000, 3, "{}"),
    )
    clockwork = TimerLoop(TimersConfig(log.kafka, log.registry, database, batch_max=2), log.codec)

    with log.reader("culm.task.commands.v1") as next_command:
        clockwork.tick()
        found = next_command(lambda one: one.envelope.aggregate_id == "10500003")
        assert clockwork.tick() >= 0
    clockwork.close()

    assert found.message == WakeTask(cause="TIMER")


def test_of_two_instances_one_is_on_duty_and_the_other_takes_over_with_its_watch(log: TaskLog, database: str) -> None:
    insert(database, ("parked", "task", "10500001", "", 1_700_000_000_000_000, 3, "{}"), a_lease(81))
    config = TimersConfig(log.kafka, log.registry, database)
    first, second = TimerLoop(config, log.codec), TimerLoop(config, log.codec)

    assert (first.tick(), second.tick()) == (1, 0)
    since = second.watched_since
    while not first.tick():
        assert second.tick() == 0
    first.close()
    taken_over = 0
    while not taken_over:
        taken_over += second.tick()
    second.close()

    assert taken_over == 2
    assert second.watched_since == since
