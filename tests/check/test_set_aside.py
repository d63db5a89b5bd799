"""Rows of an aggregate that stands still are compared as of its last applied event, and the fact is listed."""

from typing import Any

from check.laws import Seen
from check.reading import ReadModel, SetAside
from check.report import judge_log, laws_of_the_rows, set_aside_lines
from check.rows import views
from schemas.reading import Place
from schemas.task import TaskPriorityChanged
from tests.projections.event_writer import EventWriter
from tests.projections.sample_history import submitted

TOPIC = "culm.task.events.v1"
TASK = 10_000_001
STANDS = SetAside("task", str(TASK), 2, 1_800_000_000_000_000, "bug", "tasks fails on TaskPriorityChanged: IndexError: a bug")


def log_of(*messages: Any) -> list[Seen]:
    """Events of one task in one partition."""
    writer = EventWriter()
    return [
        Seen(Place(TOPIC, 0, number), "events", "task", type(message).__name__, writer.envelope(message, TASK), message)
        for number, message in enumerate(messages)
    ]


def a_model(priority: int, sequence: int, *set_aside: SetAside) -> ReadModel:
    """The row of the task, with everything read."""
    return ReadModel({"tasks": {(TOPIC, 0): 99}}, {"task": {str(TASK): ("registered", priority, 0, 0, 0, sequence)}}, set_aside)


def test_a_row_that_stands_still_equals_the_events_up_to_there() -> None:
    records = log_of(submitted(TASK), *(TaskPriorityChanged(priority=value, reason="") for value in (7, 8)))

    aside = judge_log(records, laws_of_the_rows(a_model(7, 2, STANDS), views_of_task()))
    unnamed = judge_log(records, laws_of_the_rows(a_model(7, 2), views_of_task()))
    wrong = judge_log(records, laws_of_the_rows(a_model(8, 3, STANDS), views_of_task()))

    assert [result.violations for result in (*aside, *unnamed, *wrong)] == [0, 1, 1]


def test_what_is_set_aside_is_listed() -> None:
    assert set_aside_lines([STANDS]) == [
        ("set aside: task 10000001, rows as of event 2, since 2027-01-15T08:00:00.000Z: bug:"
        " tasks fails on TaskPriorityChanged: IndexError: a bug")
    ]
    assert set_aside_lines([STANDS] * 22)[20:] == ["... and 2 more are set aside"]


def test_a_record_that_a_law_cannot_judge_is_a_violation_of_it_and_not_the_end_of_the_check() -> None:
    records = log_of(submitted(TASK))
    odd = Seen(Place(TOPIC, 0, 1), "events", "task", "TaskUnheardOf", records[0].envelope, records[0].message)

    (result,) = judge_log([*records, odd], laws_of_the_rows(a_model(1000, 1), views_of_task()))

    assert result.violations == 1
    assert result.first is not None
    assert result.first.found == "TaskUnheardOf of task cannot be judged: KeyError: 'TaskUnheardOf'"


def views_of_task() -> list[Any]:
    """Its view, with a fold that has seen nothing."""
    return [view for view in views() if view.table == "task"]
