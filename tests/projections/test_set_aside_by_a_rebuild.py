"""A rebuild tries again what was set aside, and sets aside what still cannot be applied."""

import pytest

from projections.engine.errors import RebuildRefused
from tests.projections.planted_bugs import MARKS, ONE, OTHER, STATUS, TASK_TOPIC, THIRD, a_bug, is_second_of, say_two
from tests.projections.sample_history import submitted
from tests.projections.stage import Stage, a_stage, catch_up


@pytest.fixture
def stage(database: str) -> Stage:
    """An empty log and empty read models."""
    return a_stage(database)


def test_all_read_models_rebuilt_try_what_was_set_aside_again(stage: Stage) -> None:
    say_two(stage)
    with a_bug("tasks", is_second_of(ONE)):
        catch_up(stage.projector())

    stage.rebuild()

    assert stage.rows(MARKS) == []
    assert stage.rows(STATUS) == [(ONE, "paused", 3), (OTHER, "paused", 3)]
    assert catch_up(stage.projector()) == 0


@pytest.mark.parametrize("records_max", [1, 2, 20_000])
def test_read_models_rebuilt_with_the_bug_still_there_are_equal_byte_for_byte(stage: Stage, records_max: int) -> None:
    say_two(stage)
    stage.log.append_bytes(TASK_TOPIC, 0, str(THIRD).encode(), b"rubbish")

    with a_bug("tasks", is_second_of(ONE)):
        catch_up(stage.projector())
        before, marks = stage.checksums(), stage.rows(MARKS)
        stage.rebuild(records_max=records_max)

    assert stage.checksums() == before
    assert stage.rows(MARKS) == marks


def test_a_value_that_postgres_refuses_is_set_aside_by_a_rebuild_as_well(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.say([(submitted(ONE), 10**30), (submitted(OTHER), OTHER)])

    stage.rebuild()

    assert [row[1:3] for row in stage.rows(MARKS)] == [(str(10**30), 0)]
    assert stage.rows(STATUS) == [(OTHER, "registered", 1)]


def test_some_read_models_rebuilt_stop_where_the_others_did(stage: Stage) -> None:
    say_two(stage)
    with a_bug("timeline", is_second_of(ONE)):
        catch_up(stage.projector())
    before = stage.checksums()

    stage.rebuild("tasks")
    after_some = stage.checksums()
    catch_up(stage.projector())

    assert after_some == before
    assert stage.rows(MARKS) == []
    assert stage.rows(STATUS) == [(ONE, "paused", 3), (OTHER, "paused", 3)]


def test_a_rebuild_whose_code_fails_where_the_live_tables_did_not_changes_nothing(stage: Stage) -> None:
    say_two(stage)
    catch_up(stage.projector())
    before = stage.checksums()

    with a_bug("tasks", is_second_of(ONE)), pytest.raises(RebuildRefused, match=r"the live tables stay as they are: .*bug"):
        stage.rebuild()

    assert stage.checksums() == before
    assert stage.rows(MARKS) == []
