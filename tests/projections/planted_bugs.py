"""Projections with a bug for some events, and the events that meet it: three tasks of one partition."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from projections.catalogue import PROJECTIONS
from projections.engine.changes import RowChanges
from schemas.partition import partition_of
from schemas.reading import Place, Recorded
from schemas.task import TaskPaused, TaskPriorityChanged
from tests.projections.event_writer import PARTITIONS
from tests.projections.sample_history import submitted
from tests.projections.stage import FIRST, Stage

TASK_TOPIC = "culm.task.events.v1"
JOB_TOPIC = "culm.job.events.v1"
MARKS = "SELECT aggregate, aggregate_id, sequence, log_offset, kind FROM projection_set_aside ORDER BY 1, 2"
STATUS = "SELECT task_id, status, sequence FROM task ORDER BY 1"
#: Three tasks whose events stand in one partition.
ONE, OTHER, THIRD = [n for n in range(FIRST, FIRST + 100) if partition_of(str(n), PARTITIONS) == 0][:3]


@contextmanager
def a_bug(where: str, when: Any) -> Iterator[None]:
    """The projection `where` fails on the events for which `when` is true."""
    sound = PROJECTIONS[where]

    def apply(record: Recorded, changes: RowChanges) -> None:
        sound.apply(record, changes)
        if when(record):
            raise IndexError("a bug")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROJECTIONS, where, replace(sound, apply=apply))
        yield


def priority(task_id: int, value: int) -> tuple[Any, int]:
    """An event that every task takes."""
    return TaskPriorityChanged(priority=value, reason=""), task_id


def is_second_of(task_id: int) -> Any:
    """True for the second event of a task."""
    return lambda record: record.event.aggregate_id == str(task_id) and record.event.sequence == 2


def say_two(stage: Stage) -> Place:
    """Three events of a task whose second will meet a bug, and two of another; place of that second."""
    stage.say([(submitted(ONE), ONE), (submitted(OTHER), OTHER)])
    bad = stage.say([priority(ONE, 7)])
    stage.say([priority(OTHER, 8), (TaskPaused(reason=""), ONE), (TaskPaused(reason=""), OTHER)])
    return bad
