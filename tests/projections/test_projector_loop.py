"""The loop on a real database: rows and position together, one owner, nothing skipped."""

from contextlib import closing

import psycopg2
import pytest

from projections.catalogue import PROJECTIONS
from projections.engine.errors import TablesMissing
from projections.engine.migrate import migrate
from projections.engine.positions import read_positions
from schemas.queue import TaskHeld
from tests.projections.event_writer import PARTITIONS
from tests.projections.sample_history import a_task, citing_orders, failed_job, submitted, world
from tests.projections.stage import FIRST, Stage, a_stage, catch_up
from tests.projections.tables_in_memory import after

TASK_TOPIC = "culm.task.events.v1"


@pytest.fixture
def stage(database: str) -> Stage:
    """An empty log and empty read models."""
    return a_stage(database)


def test_tables_hold_what_the_fold_in_memory_holds(stage: Stage) -> None:
    stage.say_everything()
    expected = after(world(), a_task(FIRST), a_task(FIRST + 1))

    catch_up(stage.projector())

    for projection in PROJECTIONS.values():
        for name, table in projection.tables.items():
            if name in ("answer", "timeline", "worker", "worker_demand", "aggregate_head"):
                continue
            columns = [column.name for column in table.columns if column.computed is None and column.name != "at"]
            keys = ", ".join(column.name for column in table.primary_key.columns)
            rows = stage.rows(f"SELECT {', '.join(columns)} FROM {projection.first_schema}.{name} ORDER BY {keys}")
            folded = [tuple(_as_json(row[column]) for column in columns) for row in expected.all(name)]
            assert rows == folded, name


def test_every_view_can_be_read(stage: Stage) -> None:
    stage.say_everything()
    catch_up(stage.projector())

    attempts = stage.rows("SELECT unit_id, outcome, error_code FROM job_attempt WHERE task_id = %s ORDER BY 1", FIRST)
    held = stage.rows("SELECT held_tasks FROM queue")
    stage.say([(TaskHeld(task_id=FIRST), "LOCAL")])
    catch_up(stage.projector())

    assert attempts == [(1, "finished", None), (2, "failed", 100)]
    assert held == [([],)]
    assert stage.rows("SELECT held_tasks FROM queue") == [([FIRST],)]
    for projection in PROJECTIONS.values():
        for view in projection.view_texts("any"):
            stage.rows(f"SELECT * FROM {view}")


def test_the_verdicts_of_an_order_are_found_in_it_or_in_the_decision_that_it_cites(stage: Stage) -> None:
    stage.say(world(), a_task(FIRST))
    cited, _ = citing_orders(FIRST, stage.writer.written)
    stage.say(cited)

    catch_up(stage.projector())

    found = stage.rows(
        "SELECT order_number, queue, parked, sequence - decided_sequence FROM order_brokerage ORDER BY sequence, place"
    )
    assert found == [
        (1, "LOCAL", True, 0),
        (1, "OTHER", True, 0),
        (2, "LOCAL", False, 0),
        (2, "OTHER", False, 0),
        (2, "LOCAL", False, 1),
        (2, "OTHER", False, 1),
        (3, "LOCAL", False, 2),
        (3, "OTHER", False, 2),
    ]


def test_text_that_postgres_cannot_hold_is_stored_without_it(stage: Stage) -> None:
    stage.say(a_task(FIRST), [failed_job(FIRST * 10_000_000 + 1)])

    catch_up(stage.projector())

    found = stage.rows("SELECT log_extract, errors->0->>'diagnostic' FROM job WHERE status = 'failed' AND serial = 1")
    assert found == [("a\ufffdb", "core\ufffddumped")]


def test_positions_are_the_offset_after_the_last_event_of_each_partition(stage: Stage) -> None:
    place = stage.say([(submitted(FIRST), FIRST)])

    catch_up(stage.projector())

    with closing(psycopg2.connect(stage.postgres)) as connection:
        positions = read_positions(connection)
    assert positions[place.topic, place.partition] == place.offset + 1
    assert len(positions) == (len(PROJECTIONS["heads"].topics) + 1) * PARTITIONS


@pytest.mark.parametrize("batch", [1, 5])
def test_a_projector_that_is_killed_between_batches_loses_and_doubles_nothing(stage: Stage, batch: int) -> None:
    stage.say_everything()
    whole = Stage(stage.postgres, stage.log, stage.writer)

    while stage.projector(batch=batch).step(0):
        pass

    in_pieces = stage.checksums()
    whole.rebuild()
    assert whole.checksums() == in_pieces


def test_a_batch_whose_end_was_lost_is_done_again_once(stage: Stage) -> None:
    stage.say_everything()
    projector = stage.projector()
    stage.change("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'culm-projector'")

    with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
        projector.step(0)
    projector.start()
    catch_up(projector)

    assert stage.rows("SELECT count(*) FROM task") == [(2,)]
    done = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == done


def test_events_delivered_again_change_nothing(stage: Stage) -> None:
    stage.say_everything()
    projector = stage.projector()
    catch_up(projector)
    before = stage.rows("SELECT * FROM job ORDER BY job_id"), stage.rows("SELECT * FROM task_dataset ORDER BY 1, 2")
    for partition in range(PARTITIONS):
        for record in list(stage.log.kept[TASK_TOPIC, partition]):
            stage.log.append_bytes(TASK_TOPIC, partition, record.key, record.value)

    again = catch_up(projector)

    assert again > 0
    assert before == (
        stage.rows("SELECT * FROM job ORDER BY job_id"),
        stage.rows("SELECT * FROM task_dataset ORDER BY 1, 2"),
    )


def test_old_answers_that_the_log_gave_up_are_passed_and_old_events_are_not(stage: Stage) -> None:
    stage.say_everything()
    for partition in range(PARTITIONS):
        for topic in ("culm.command.answers.v1", TASK_TOPIC):
            stage.log.delete_before(topic, partition, stage.log.ends[topic, partition])
    gone = {partition for partition in range(PARTITIONS) if stage.log.ends[TASK_TOPIC, partition]}

    catch_up(stage.projector())

    assert stage.rows("SELECT count(*) FROM answer") == [(0,)]
    problems = stage.rows("SELECT topic, partition, kind FROM projection_problem ORDER BY partition")
    assert problems == [(TASK_TOPIC, partition, "gone") for partition in sorted(gone)]


def test_read_models_that_are_not_made_yet_are_waited_for(database: str) -> None:
    stage = Stage(database)
    stage.say_everything()

    with pytest.raises((TablesMissing, psycopg2.errors.UndefinedTable)):
        stage.projector()
    migrate(database)
    catch_up(stage.projector())

    assert stage.rows("SELECT count(*) FROM task") == [(2,)]


def test_a_projection_that_no_longer_exists_holds_up_no_one(stage: Stage) -> None:
    stage.change("INSERT INTO projection_live VALUES ('gone', 1, 'rm_gone_v1')")
    stage.change("INSERT INTO projection_position VALUES ('gone', 'culm.task.events.v1', 0, 0, 1, 0)")

    migrate(stage.postgres)

    assert stage.rows("SELECT 1 FROM projection_position WHERE projection = 'gone'") == []


def test_making_read_models_twice_changes_nothing(stage: Stage) -> None:
    stage.say_everything()
    catch_up(stage.projector())
    before = stage.checksums()

    assert migrate(stage.postgres) == []

    assert stage.checksums() == before


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
