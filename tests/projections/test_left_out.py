"""Read models of another version: health says which and what helps, and questions that they cannot answer are answered so."""

import psycopg2
import pytest

from api.http.errors import ReadModelsUnavailable
from api.log.condition import sentences
from api.queries import positions
from api.queries.left_out import left_out
from api.queries.read_models import ReadModels
from api.queries.set_aside import Standing
from projections.catalogue import PROJECTIONS
from tests.api.builders import run
from tests.projections.stage import Stage, a_stage, catch_up


@pytest.fixture
def stage(database: str) -> Stage:
    """An empty log and empty read models."""
    return a_stage(database)


def test_before_the_first_start_nothing_is_left_out() -> None:
    assert left_out([]) == ()


def test_read_models_of_this_version_are_all_there() -> None:
    live = [{"projection": name, "version": projection.version} for name, projection in PROJECTIONS.items()]

    assert left_out(live) == ()


def test_health_names_a_read_model_of_another_version_and_one_without_tables_with_the_remedy() -> None:
    live = [
        {"projection": name, "version": 0 if name == "jobs" else projection.version}
        for name, projection in PROJECTIONS.items()
        if name != "tasks"
    ]
    jobs, tasks = PROJECTIONS["jobs"].version, PROJECTIONS["tasks"].version

    assert sentences([], {}, [], Standing(), left_out(live)) == (
        f"Read model jobs is at version 0, Culm at {jobs}: it stands still until `culm rebuild jobs`.",
        f"Read model tasks has no tables, Culm at {tasks}: it stands still until `culm rebuild tasks`.",
    )


def test_a_question_that_older_tables_cannot_answer_is_answered_with_what_helps(stage: Stage) -> None:
    catch_up(stage.projector())
    with psycopg2.connect(stage.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE projection_live SET version = 0 WHERE projection = 'jobs'")
    read_models = ReadModels(stage.postgres, connections=1)

    with pytest.raises(ReadModelsUnavailable, match=r"Read model jobs is at version 0, .*`culm rebuild jobs`"):
        run(read_models.rows("select no_such_column from job"))

    assert len(run(positions.left_out_now(read_models))) == 1
    read_models.close()


def test_a_column_that_no_version_has_stays_a_bug(stage: Stage) -> None:
    catch_up(stage.projector())
    read_models = ReadModels(stage.postgres, connections=1)

    with pytest.raises(psycopg2.errors.UndefinedColumn):
        run(read_models.rows("select no_such_column from job"))
    read_models.close()


def test_a_question_to_a_process_that_ends_is_answered_so() -> None:
    read_models = ReadModels("postgresql://nowhere", connections=1)
    read_models.close()

    with pytest.raises(ReadModelsUnavailable, match="this process of Culm ends"):
        run(read_models.rows("select 1"))
