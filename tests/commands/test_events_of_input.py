"""`nEvents` of a task with real files: as many files as hold so many events by their catalogue."""

from typing import Any

from commands.task.transitions import TaskStatus
from schemas.dataset import RegisterFiles
from schemas.task import RefineTask, TaskBroken
from schemas.types import DatasetFile, DatasetRole, SplitRules
from tests.commands.builders import TASK, a_definition, a_submission, the_order, the_task
from tests.commands.in_memory import Culm, a_culm

DATASET = "user.jdoe.in"


def a_task(events: dict[str, int | None], limit: int, **changes: Any) -> Culm:
    """A task of files with these numbers of events."""
    culm = a_culm()
    files = tuple(
        DatasetFile(lfn=lfn, scope="user.jdoe", size_bytes=1, checksum="ad:00000001", endpoint="SE", events=number)
        for lfn, number in events.items()
    )
    assert culm.send(RegisterFiles(files=files, role=DatasetRole.INPUT), DATASET).accepted
    culm.send(a_submission(), str(TASK))
    input_of_it = {"events_total": None, "input_datasets": (DATASET,), "input_events_max": limit, "rules": SplitRules()}
    definition = a_definition(**(input_of_it | changes))
    assert culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system").accepted
    return culm


def units(culm: Culm) -> list[tuple[str, int | None, int | None]]:
    return [(unit.lfn, unit.start_event, unit.end_event) for unit in the_order(culm).units]


def test_whole_files_are_used_until_they_hold_so_many_events() -> None:
    assert units(a_task({"a": 10, "b": 10, "c": 10, "d": 10}, 25)) == [("a", None, None), ("b", None, None), ("c", None, None)]
    assert units(a_task({"a": 10, "b": 10, "c": 10}, 20)) == [("a", None, None), ("b", None, None)]


def test_ranges_of_events_end_with_the_last_that_is_asked_for() -> None:
    culm = a_task({"a": 20, "b": 20}, 35, rules=SplitRules(events_per_job=10))

    assert units(culm) == [("a", 0, 9), ("a", 10, 19), ("b", 0, 9), ("b", 10, 14)]
    assert the_task(culm).input_events == 35


def test_the_limit_of_files_holds_beside_that_of_events() -> None:
    assert units(a_task({"a": 10, "b": 10, "c": 10}, 25, input_files_max=2)) == [("a", None, None), ("b", None, None)]


def test_a_file_without_a_count_breaks_the_task_that_needs_one() -> None:
    culm = a_task({"a": 10, "b": None, "c": 10}, 25)

    assert the_task(culm).status is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == (
        f"input dataset {DATASET}: file b has no number of events; nEvents needs one, or nEventsPerFile"
    )
    assert the_task(a_task({"a": 30, "b": None}, 25)).status is TaskStatus.READY
