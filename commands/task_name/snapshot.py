"""A task name as one row."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from commands.task_name.model import TaskName
from schemas.task_name import TaskNameSnapshot


def rows(name: TaskName, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    yield MAIN, TaskNameSnapshot(task_id=name.task_id)


def restored(found: Mapping[str, Any]) -> TaskName:
    """The name of its row."""
    return TaskName(found[MAIN].task_id)


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
