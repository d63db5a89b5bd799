"""Read models rebuilt: equal byte for byte, while reads and the projector go on."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import psycopg2
import pytest

from projections.catalogue import PROJECTIONS
from projections.engine.errors import RebuildRefused
from projections.engine.migrate import migrate
from projections.engine.rebuild import ADVISORY_LOCK
from projections.engine.replay import split
from projections.tasks.tables import VERSION
from tests.projections.event_writer import PARTITIONS
from tests.projections.sample_history import a_task
from tests.projections.stage import FIRST, Stage, a_stage, catch_up

TASK_TOPIC = "culm.task.events.v1"
EVERYTHING = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"


@pytest.fixture
def stage(database: str) -> Stage:
    """Two tasks and all around them, projected."""
    stage = a_stage(database)
    stage.say_everything()
    catch_up(stage.projector())
    return stage


@contextmanager
def reading(stage: Stage, failures: list[str]) -> Iterator[None]:
    """A reader reads two views, over and over, and finds both tasks every time."""
    stop = threading.Event()

    def read() -> None:
        with closing(psycopg2.connect(stage.postgres)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            while not stop.is_set():
                try:
                    cursor.execute("SELECT count(DISTINCT t.task_id) FROM task t JOIN job j ON j.task_id = t.task_id")
                    if cursor.fetchall() != [(2,)]:
                        failures.append("a task is missing")
                except psycopg2.Error as problem:
                    failures.append(str(problem))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("records_max", [20_000, 7])
def test_read_models_rebuilt_are_equal_byte_for_byte(stage: Stage, records_max: int) -> None:
    before = stage.checksums()

    rebuilt = stage.rebuild(records_max=records_max)

    assert stage.checksums() == before
    assert rebuilt.records == sum(len(records) for records in stage.log.kept.values())
    live = stage.rows("SELECT DISTINCT tables_in FROM projection_live WHERE projection = 'tasks'")
    assert live == [(f"rm_tasks_v{VERSION}r1",)]


def test_read_models_dropped_as_a_whole_come_back_equal_byte_for_byte(stage: Stage) -> None:
    before = stage.checksums()
    schemas = stage.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rm\\_%'")
    for (schema,) in schemas:
        stage.change(f"DROP SCHEMA {schema} CASCADE")
    stage.change(EVERYTHING)

    stage.rebuild()

    assert stage.checksums() == before
    assert catch_up(stage.projector()) == 0


def test_tables_dropped_under_a_running_projector_come_back_and_it_goes_on(stage: Stage) -> None:
    projector = stage.projector()
    stage.change(f"DROP SCHEMA rm_tasks_v{VERSION} CASCADE")
    stage.say(a_task(FIRST + 2))

    catch_up(projector)
    stage.rebuild("tasks")
    stage.say(a_task(FIRST + 3))
    catch_up(projector)

    assert stage.rows("SELECT count(*) FROM task") == [(4,)]
    done = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == done


def test_reads_do_not_fail_while_tables_change_over(stage: Stage) -> None:
    failures: list[str] = []

    with reading(stage, failures):
        for _ in range(3):
            stage.rebuild()

    assert failures == []


def test_a_running_projector_goes_on_in_the_new_tables(stage: Stage) -> None:
    projector = stage.projector()

    stage.rebuild("tasks", "timeline")
    stage.say(a_task(FIRST + 2))
    catch_up(projector)

    assert stage.rows("SELECT task_id FROM task ORDER BY 1") == [(FIRST,), (FIRST + 1,), (FIRST + 2,)]
    done = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == done


def test_some_read_models_rebuilt_do_not_get_ahead_of_the_others(stage: Stage) -> None:
    stage.say(a_task(FIRST + 2))

    stage.rebuild("tasks")

    assert stage.rows("SELECT count(*) FROM task") == [(2,)]
    catch_up(stage.projector())
    assert stage.rows("SELECT count(*) FROM task") == [(3,)]
    assert stage.rows("SELECT count(*) FROM job") == [(6,)]


def test_all_read_models_rebuilt_get_to_the_end_of_the_log_without_a_projector(stage: Stage) -> None:
    stage.say(a_task(FIRST + 2))

    stage.rebuild()

    assert stage.rows("SELECT count(*) FROM task") == [(3,)]
    assert catch_up(stage.projector()) == 0


def test_what_a_killed_rebuild_left_is_dropped_by_the_next(stage: Stage) -> None:
    stage.change(f"CREATE SCHEMA rm_tasks_v{VERSION}r1; CREATE TABLE rm_tasks_v{VERSION}r1.task (half int)")

    stage.rebuild("tasks")

    assert stage.rows("SELECT count(*) FROM task") == [(2,)]


def test_only_one_rebuild_runs_at_a_time(stage: Stage) -> None:
    with closing(psycopg2.connect(stage.postgres)) as other:
        other.cursor().execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))

        with pytest.raises(RebuildRefused, match="another rebuild is running"):
            stage.rebuild()


def test_a_rebuild_that_cannot_read_what_was_read_before_changes_nothing(stage: Stage) -> None:
    before = stage.checksums()
    key = next(k for k, records in stage.log.kept.items() if k[0] == TASK_TOPIC and records)
    stage.log.kept[key][0] = stage.log.kept[key][0]._replace(value=b"rubbish")

    with pytest.raises(RebuildRefused, match=r"the live tables stay as they are: .*poison"):
        stage.rebuild()

    assert stage.checksums() == before


def test_a_log_that_lost_its_beginning_is_not_rebuilt_from(stage: Stage) -> None:
    before = stage.checksums()
    for partition in range(PARTITIONS):
        stage.log.delete_before(TASK_TOPIC, partition, 1)

    with pytest.raises(RebuildRefused, match=r"begins at 1, expected 0"):
        stage.rebuild()

    assert stage.checksums() == before


def test_a_partition_that_stopped_stops_at_the_same_place_in_the_new_tables(stage: Stage) -> None:
    stage.log.append_bytes(TASK_TOPIC, 0, b"1", b"rubbish")
    stage.say(*(a_task(number) for number in range(FIRST + 2, FIRST + 6)))
    catch_up(stage.projector())
    before = stage.checksums()

    stage.rebuild()

    assert stage.checksums() == before


def test_a_new_version_is_built_beside_the_old_one_and_then_kept_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = PROJECTIONS["jobs"]
    second = replace(jobs, version=jobs.version + 1, views={"job": "SELECT job_id, status, 'new' AS age FROM {schema}.job"})
    monkeypatch.setitem(PROJECTIONS, "jobs", second)
    migrate(stage.postgres)
    projector = stage.projector()
    stage.say(a_task(FIRST + 2))
    catch_up(projector)
    old = stage.rows("SELECT count(*), count(node) FROM job")

    stage.rebuild("jobs")
    stage.say(a_task(FIRST + 3))
    catch_up(projector)

    assert old == [(4, 4)]
    assert stage.rows("SELECT count(*), min(age) FROM job") == [(8, "new")]
    assert stage.rows("SELECT tables_in, version FROM projection_live WHERE projection = 'jobs'") == [
        (f"rm_jobs_v{jobs.version + 1}", jobs.version + 1)
    ]


def test_partitions_are_split_so_that_every_process_has_about_as_much_to_do() -> None:
    starts = {("t", number): 0 for number in range(4)}
    limits = {("t", 0): 100, ("t", 1): 60, ("t", 2): 50, ("t", 3): 0}

    assert split(limits, starts, 2) == [[("t", 0), ("t", 3)], [("t", 1), ("t", 2)]]
    assert split({("t", 0): 5}, starts, 2) == [[("t", 0)]]
