"""A record that cannot be applied sets its own aggregate aside: the partition goes on, and fixed code folds the rest."""


import pytest

from projections.engine import batch
from projections.tasks.tables import VERSION
from schemas.partition import partition_of
from schemas.policy import SharesSet
from schemas.records import replace
from schemas.task import TaskPaused, TaskResumed
from tests.projections.event_writer import PARTITIONS
from tests.projections.planted_bugs import (
    JOB_TOPIC,
    MARKS,
    ONE,
    OTHER,
    STATUS,
    TASK_TOPIC,
    THIRD,
    a_bug,
    is_second_of,
    priority,
    say_two,
)
from tests.projections.sample_history import a_task, an_answer, submitted
from tests.projections.stage import FIRST, Stage, a_stage, catch_up


@pytest.fixture
def stage(database: str) -> Stage:
    """An empty log and empty read models."""
    return a_stage(database)


@pytest.mark.parametrize("size", [1, 2, 2000])
@pytest.mark.parametrize("where", ["heads", "tasks", "timeline", "deadlines"])
def test_a_bug_sets_its_aggregate_aside_and_the_partition_goes_on(stage: Stage, where: str, size: int) -> None:
    bad = say_two(stage)

    with a_bug(where, is_second_of(ONE)):
        catch_up(stage.projector(batch=size))

    assert stage.rows(MARKS) == [("task", str(ONE), 1, bad.offset, "bug")]
    assert stage.rows(STATUS) == [(ONE, "registered", 1), (OTHER, "paused", 3)]
    told = stage.rows("SELECT aggregate_id, max(sequence) FROM timeline GROUP BY 1 ORDER BY 1")
    assert told == [(str(ONE), 1), (str(OTHER), 3)]
    assert stage.rows("SELECT 1 FROM projection_problem") == []
    positions = "SELECT DISTINCT next_offset FROM projection_position WHERE topic = %s AND partition = 0"
    assert stage.rows(positions, TASK_TOPIC) == [(stage.log.kept[TASK_TOPIC, 0][-1].place.offset + 1,)]


@pytest.mark.parametrize("size", [1, 2000])
def test_fixed_code_folds_what_was_missed_when_it_starts(stage: Stage, size: int) -> None:
    say_two(stage)
    with a_bug("tasks", is_second_of(ONE)):
        catch_up(stage.projector(batch=size))
    stage.say([(TaskResumed(reason=""), ONE), (submitted(THIRD), THIRD)])

    projector = stage.projector(batch=size)
    catch_up(projector)
    stage.say([priority(ONE, 9)])
    catch_up(projector)

    assert stage.rows(MARKS) == []
    assert stage.rows("SELECT status, sequence, current_priority FROM task WHERE task_id = %s", ONE) == [("registered", 5, 9)]
    done = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == done


def test_code_that_is_not_fixed_sets_the_aggregate_aside_again_where_it_was(stage: Stage) -> None:
    bad = say_two(stage)

    with a_bug("tasks", is_second_of(ONE)):
        catch_up(stage.projector())
        before = stage.checksums(), stage.rows("SELECT since FROM projection_set_aside")
        catch_up(stage.projector())

    assert stage.rows(MARKS) == [("task", str(ONE), 1, bad.offset, "bug")]
    assert (stage.checksums(), stage.rows("SELECT since FROM projection_set_aside")) == before


def test_fixed_code_that_meets_another_bug_stands_still_there(stage: Stage) -> None:
    say_two(stage)
    with a_bug("tasks", is_second_of(ONE)):
        catch_up(stage.projector())

    with a_bug("timeline", lambda r: r.event.aggregate_id == str(ONE) and r.event.sequence == 3):
        catch_up(stage.projector())

    assert [row[:3] for row in stage.rows(MARKS)] == [("task", str(ONE), 2)]
    assert stage.rows(STATUS)[0] == (ONE, "registered", 2)


def test_a_hole_sets_its_aggregate_aside(stage: Stage) -> None:
    stage.say([(submitted(ONE), ONE)])
    stage.writer.envelope(submitted(ONE), ONE)
    hole = stage.say([priority(ONE, 7)])
    stage.say([priority(ONE, 8)], a_task(OTHER))

    catch_up(stage.projector())
    catch_up(stage.projector())

    assert stage.rows(MARKS) == [("task", str(ONE), 1, hole.offset, "hole")]
    assert stage.rows("SELECT task_id, status FROM task ORDER BY 1") == [(ONE, "registered"), (OTHER, "finished")]


def test_an_event_with_a_number_that_is_too_high_hurts_nothing_when_the_next_one_follows(stage: Stage) -> None:
    stage.say([(submitted(ONE), ONE)])
    forged = stage.writer.envelope(TaskPaused(reason=""), ONE)
    stage.writer.sequences["task", str(ONE)] = 1
    value = stage.log.codec.encode(TaskPaused(reason=""), replace(forged, sequence=999))
    place = stage.log.append_bytes(TASK_TOPIC, 0, str(ONE).encode(), value)
    projector = stage.projector()
    catch_up(projector)
    marked = stage.rows(MARKS)

    stage.say([priority(ONE, 7)])
    catch_up(projector)

    assert marked == [("task", str(ONE), 1, place.offset, "hole")]
    assert stage.rows(MARKS) == []
    assert stage.rows(STATUS) == [(ONE, "registered", 2)]


def test_an_unreadable_record_under_the_key_of_an_aggregate_marks_it_until_an_event_shows_that_none_is_missing(
    stage: Stage,
) -> None:
    stage.say([(submitted(ONE), ONE)])
    poison = stage.log.append_bytes(TASK_TOPIC, 0, str(ONE).encode(), b"\x00\x00\x00\x00\x01rubbish")
    projector = stage.projector()
    catch_up(projector)
    marked = stage.rows(MARKS)

    stage.say([priority(ONE, 7)])
    catch_up(projector)

    assert marked == [("task", str(ONE), 1, poison.offset, "poison")]
    assert stage.rows(MARKS) == []
    assert stage.rows(STATUS) == [(ONE, "registered", 2)]


def test_an_event_that_could_not_be_read_is_folded_by_code_that_can(stage: Stage) -> None:
    stage.say([(submitted(ONE), ONE)])
    envelope = stage.writer.envelope(TaskPaused(reason=""), ONE)
    sound = stage.log.codec.encode(TaskPaused(reason=""), envelope)
    stage.log.append_bytes(TASK_TOPIC, 0, str(ONE).encode(), b"\x00\x00\x00\x00\x01rubbish")
    stage.say([priority(ONE, 7), (submitted(OTHER), OTHER)])
    catch_up(stage.projector())
    marked = stage.rows(MARKS)

    # As after a release that can read it.
    kept = stage.log.kept[TASK_TOPIC, 0]
    kept[1] = kept[1]._replace(value=sound)
    catch_up(stage.projector())

    assert [row[:3] + row[4:] for row in marked] == [("task", str(ONE), 1, "poison")]
    assert stage.rows(MARKS) == []
    assert stage.rows(STATUS) == [(ONE, "paused", 3), (OTHER, "registered", 1)]


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe", b"with\x00nul", b"k" * 5000])
def test_an_unreadable_record_of_no_aggregate_is_noted_and_passed_over(stage: Stage, key: bytes | None) -> None:
    stage.log.append_bytes(TASK_TOPIC, 0, key, b"rubbish")
    stage.say([(submitted(ONE), ONE)])

    catch_up(stage.projector())

    assert stage.rows("SELECT topic, partition, records, log_offset FROM projection_skipped") == [(TASK_TOPIC, 0, 1, 0)]
    assert stage.rows(MARKS) == []
    assert stage.rows(STATUS) == [(ONE, "registered", 1)]


def test_an_event_under_a_foreign_key_hurts_only_the_aggregate_that_misses_it(stage: Stage) -> None:
    stage.say([(submitted(ONE), ONE), (submitted(OTHER), OTHER)])
    lost = stage.writer.envelope(TaskPaused(reason=""), ONE)
    stage.log.append_bytes(TASK_TOPIC, 0, str(OTHER).encode(), stage.log.codec.encode(TaskPaused(reason=""), lost))
    stage.say([priority(OTHER, 7)])
    after = stage.say([priority(ONE, 7)])

    catch_up(stage.projector())

    assert stage.rows(MARKS) == [("task", str(ONE), 1, after.offset, "hole")]
    assert stage.rows(STATUS) == [(ONE, "registered", 1), (OTHER, "registered", 2)]


def test_a_value_that_postgres_refuses_sets_its_aggregate_aside_and_names_no_value_of_the_row(stage: Stage) -> None:
    stage.say([(submitted(ONE), ONE), (submitted(OTHER), OTHER)])
    bad = stage.say([priority(ONE, 7)])
    stage.say([(TaskPaused(reason=""), ONE), (TaskPaused(reason=""), OTHER)])
    stage.change(f"ALTER TABLE rm_tasks_v{VERSION}.task ADD CHECK (current_priority <> 7)")

    catch_up(stage.projector())
    marks = stage.rows(MARKS)
    (message,) = stage.rows("SELECT message FROM projection_set_aside")[0]
    stage.change(f"ALTER TABLE rm_tasks_v{VERSION}.task DROP CONSTRAINT task_current_priority_check")
    catch_up(stage.projector())

    assert marks == [("task", str(ONE), 1, bad.offset, "value")]
    assert "task_current_priority_check" in message
    assert "jdoe" not in message
    assert stage.rows(MARKS) == []
    assert stage.rows(STATUS) == [(ONE, "paused", 3), (OTHER, "paused", 2)]


def test_an_id_that_cannot_be_a_key_of_rows_is_passed_over(stage: Stage) -> None:
    stage.say([(SharesSet(), "sha\x00res"), (SharesSet(), "s" * 3000)], a_task(FIRST))

    catch_up(stage.projector())

    assert stage.rows("SELECT sum(records) FROM projection_skipped") == [(2,)]
    assert stage.rows("SELECT status FROM task") == [("finished",)]


def test_an_aggregate_whose_id_is_no_number_is_set_aside(stage: Stage) -> None:
    stage.say([(submitted(ONE), "not-a-number"), (submitted(ONE), 10**30), (submitted(OTHER), OTHER)])

    catch_up(stage.projector())

    assert [row[1] for row in stage.rows(MARKS)] == [str(10**30), "not-a-number"]
    assert stage.rows(STATUS)[-1] == (OTHER, "registered", 1)


def test_an_answer_that_cannot_be_filed_is_noted_and_passed_over(stage: Stage) -> None:
    bad = replace(an_answer(1), actor="x" * 10)
    stage.change("ALTER TABLE rm_answers_v2.answer ADD CHECK (actor <> 'xxxxxxxxxx')")
    stage.log.append(bad, None, bad.command_id)
    good = an_answer(2)
    stage.log.append(good, None, good.command_id)

    catch_up(stage.projector())

    assert stage.rows("SELECT command_id FROM answer") == [(good.command_id,)]
    assert stage.rows("SELECT records FROM projection_skipped") == [(1,)]


def test_a_flood_of_aggregates_to_set_aside_stops_its_partition(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "SET_ASIDE_MAX", 2)
    in_one = [n for n in range(FIRST, FIRST + 100) if partition_of(str(n), PARTITIONS) == 0][:4]
    other = next(n for n in range(FIRST, FIRST + 100) if partition_of(str(n), PARTITIONS) == 1)
    stage.say([(submitted(n), n) for n in in_one[:2]])
    third = stage.say([(submitted(in_one[2]), in_one[2])])
    stage.say([(submitted(in_one[3]), in_one[3]), (submitted(other), other)])

    with a_bug("tasks", lambda record: record.place.partition == 0):
        catch_up(stage.projector())

    assert stage.rows("SELECT topic, partition, log_offset, kind FROM projection_problem") == [
        (TASK_TOPIC, 0, third.offset, "flood")
    ]
    assert stage.rows("SELECT count(*) FROM projection_set_aside") == [(2,)]
    assert stage.rows(STATUS) == [(other, "registered", 1)]


def test_rubbish_under_keys_of_nothing_known_cannot_stop_a_partition(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "UNKNOWN_MAX", 3)
    for number in range(10):
        stage.log.append_bytes(JOB_TOPIC, 0, b"%d" % number, b"rubbish")

    catch_up(stage.projector())

    assert stage.rows("SELECT count(*) FROM projection_set_aside") == [(3,)]
    assert stage.rows("SELECT records FROM projection_skipped") == [(7,)]
    assert stage.rows("SELECT count(*) FROM projection_problem") == [(0,)]
