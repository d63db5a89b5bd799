"""What the timelines of tasks and jobs ask of the read models, on a real database."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from api.queries import task_life
from api.queries.read_models import ReadModels, Row
from projections.engine.migrate import migrate
from tests.api.builders import run

#: Job n * 10 million + m of task n; times are seconds, null while it has not come so far.
FILL = """
INSERT INTO job (job_id, task_id, attempt, serial, kind, name, queue, status, priority, vo, owner, user_name, label,
  processing_type, share, resource_type, core_count, ram_mb_min, created_at, sent_at, ended_at, modified_at, merge_job_id,
  errors, outputs, order_kill, sequence)
SELECT id, id / 10000000, attempt, 1, kind, 'j', 'Q', status, 1, 'wlcg', 'o', 'o', 'user', 'p', 's', 'SCORE', 1, 1, 0,
  sent * 1000000::bigint, ended * 1000000::bigint, coalesce(ended, 0) * 1000000::bigint, merged, '[]'::json, '[]'::json, false, 1
FROM (VALUES (10000001, 1, 'NORMAL', 'failed', 10, 20, NULL::bigint), (10000002, 1, 'NORMAL', 'finished', 12, 25, 10000004),
  (10000003, 2, 'NORMAL', 'finished', 40, 50, 10000004), (10000004, 1, 'MERGE', 'finished', 60, 70, NULL),
  (20000001, 1, 'NORMAL', 'running', 5, NULL, NULL), (20000002, 1, 'NORMAL', 'finished', 7, 9, NULL))
  AS t (id, attempt, kind, status, sent, ended, merged);
INSERT INTO attempt_unit (task_id, unit_id, job_id) VALUES (1, 1, 10000001), (1, 1, 10000003), (1, 2, 10000002);
INSERT INTO timeline (aggregate, aggregate_id, sequence, at, event_type, actor, role, command_type, command_id, event_id,
  correlation_id, vo, topic, partition, log_offset, summary, body, task_id, job_id)
SELECT aggregate, id, sequence, sequence, event_type, 'a', 'r', 'c', 'c', 'e' || sequence, 'c', 'wlcg', 't', 0, sequence, '',
  body::json, 1, NULL
FROM (VALUES ('task', '1', 1, 'TaskSubmitted', '{}'), ('task', '1', 2, 'ContentsFed', '{}'),
  ('task', '1', 3, 'JobsOrdered', '{}'),
  ('job', '10000002', 4, 'JobFinished', '{"timing": "1|2|3|4|5|6"}'),
  ('job', '10000003', 5, 'JobFinished', '{}'))
  AS t (aggregate, id, sequence, event_type, body);
"""


@pytest.fixture
def read_models(database: str) -> Iterator[ReadModels]:
    """A task with a failed attempt, its second one and a merge, and one of which a job runs."""
    migrate(database)
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tables_in FROM projection_live WHERE projection IN ('tasks', 'jobs', 'timeline')")
        cursor.execute(f"SET search_path = {', '.join(name for (name,) in cursor.fetchall())}, public")
        cursor.execute(FILL)
        connection.commit()
    found = ReadModels(database)
    yield found
    found.close()


def between(row: Row) -> tuple[int, int]:
    """Seconds at which it began and ended."""
    return row["since"] // 1_000_000, row["until"] // 1_000_000


def test_the_steps_of_a_task_and_the_times_without_a_pilot_are_found(read_models: ReadModels) -> None:
    steps = run(task_life.steps_of(read_models, 1))
    idle = run(task_life.idle_times(read_models, 1))

    assert [(*(row[name] for name in ("kind", "attempt", "count", "failed")), *between(row)) for row in steps] == [
        ("NORMAL", 1, 2, 1, 10, 25), ("NORMAL", 2, 1, 0, 40, 50), ("MERGE", 1, 1, 0, 60, 70),
    ]  # fmt: skip
    assert [between(row) for row in idle] == [(25, 40), (50, 60)]


def test_a_task_of_which_a_job_runs_is_not_idle_and_its_step_goes_on(read_models: ReadModels) -> None:
    assert run(task_life.idle_times(read_models, 2)) == []
    assert [row["until"] for row in run(task_life.steps_of(read_models, 2))] == [None]
    assert [row["job_id"] for row in run(task_life.last_chain(read_models, 2))] == [20000001]


def test_the_merge_that_ended_last_waited_for_a_second_attempt(read_models: ReadModels) -> None:
    assert [row["job_id"] for row in run(task_life.last_chain(read_models, 1))] == [10000001, 10000003, 10000004]
    assert run(task_life.last_chain(read_models, 3)) == []


def test_events_and_what_a_pilot_measured_are_found(read_models: ReadModels) -> None:
    rows = run(task_life.events_of(read_models, 1, ("TaskSubmitted", "JobsOrdered")))

    assert [(row["event_type"], row["at"]) for row in rows] == [("TaskSubmitted", 1), ("JobsOrdered", 3)]
    assert run(task_life.pilot_seconds_of(read_models, 10000002)) == "1|2|3|4|5|6"
    assert run(task_life.pilot_seconds_of(read_models, 10000003)) is None
    assert run(task_life.pilot_seconds_of(read_models, 10000001)) is None


def test_a_good_job_of_the_same_kind_is_offered_for_comparison(read_models: ReadModels) -> None:
    assert run(task_life.good_job_like(read_models, 10000001)) == 10000003
    assert run(task_life.good_job_like(read_models, 10000004)) is None
