"""Which files a task takes: not those that others have processed, not empty ones, in an order drawn for it."""

from typing import Any

from commands.task.input_units import UnitStatus
from commands.task.transitions import TaskStatus
from schemas.dataset import RegisterFiles
from schemas.records import replace
from schemas.task import MarkFilesUsed, RefineTask, TaskBroken
from schemas.types import DatasetFile, DatasetRole, SplitRules
from tests.commands.builders import TASK, a_definition, a_queue, a_submission, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_orders_do_not_show import plan_all

FIRST, SECOND = TASK + 1, TASK + 2
RULES = SplitRules(files_per_job=1)


def files(culm: Culm, count: int, dataset: str = "in", start: int = 0, **changes: Any) -> None:
    file = DatasetFile(lfn="f", scope="user.jdoe", size_bytes=5, checksum="ad:1", endpoint="LOCAL_DISK")
    rows = tuple(replace(file, lfn=f"f{number:04d}", **changes) for number in range(start, start + count))
    assert culm.send(RegisterFiles(files=rows, role=DatasetRole.INPUT), dataset).accepted


def refined(culm: Culm, task: int = TASK, **changes: Any) -> Culm:
    """A task over the dataset `in`."""
    common = {"events_total": None, "sequence_offset": None, "parameters": "", "input_datasets": ("in",), "rules": RULES}
    culm.send(a_submission(task_id=task, name=f"user.jdoe.t{task}/"), str(task))
    definition = a_definition(**(common | changes))
    assert culm.send(RefineTask(definition=definition, parameters_revision=0), str(task), role="system").accepted
    return culm


def a_system(count: int = 4) -> Culm:
    culm = a_culm()
    a_queue(culm)
    files(culm, count)
    return culm


def taken(culm: Culm, task: int = TASK) -> list[str]:
    state: Any = culm.state("task", task)
    return [unit.spec.lfn for unit in state.units.values()]


def done_of(culm: Culm, task: int, units: tuple[int, ...]) -> None:
    """What the log says of another task: these of its units are finished."""
    state: Any = culm.state("task", task)
    state.units.move(units, UnitStatus.FINISHED)


def test_files_that_other_tasks_have_processed_are_left_out() -> None:
    culm = a_system()
    refined(culm, FIRST)
    refined(culm, SECOND)
    done_of(culm, FIRST, (1,))
    done_of(culm, SECOND, (1, 3))

    refined(culm, skips_files_of=(FIRST, SECOND))

    assert taken(culm) == ["f0001", "f0003"]
    assert the_task(culm).contents_complete


def test_a_file_of_which_another_task_has_done_a_part_is_taken() -> None:
    culm = a_culm()
    a_queue(culm)
    files(culm, 2, events=20)
    refined(culm, FIRST, rules=SplitRules(events_per_job=10))
    done_of(culm, FIRST, (1, 3, 4))

    refined(culm, skips_files_of=(FIRST,))

    assert taken(culm) == ["f0000"]


def test_files_that_are_left_out_do_not_count_in_the_number_that_is_asked_for() -> None:
    culm = a_system()
    refined(culm, FIRST)
    done_of(culm, FIRST, (1, 2))

    refined(culm, skips_files_of=(FIRST,), input_files_max=1)

    assert taken(culm) == ["f0002"]


def test_a_dataset_of_many_chunks_is_looked_through_chunk_by_chunk() -> None:
    culm = a_culm()
    a_queue(culm)
    for start in range(0, 1200, 400):
        files(culm, 400, start=start)
    refined(culm, FIRST)
    done_of(culm, FIRST, tuple(range(1, 1200, 2)))

    refined(culm, skips_files_of=(FIRST,), rules=SplitRules(files_per_job=100))

    assert taken(culm) == [f"f{number:04d}" for number in range(1, 1200, 2)]


def test_a_task_whose_files_were_all_processed_by_others_breaks() -> None:
    culm = a_system(1)
    refined(culm, FIRST)
    done_of(culm, FIRST, (1,))

    refined(culm, skips_files_of=(FIRST,))

    assert the_task(culm).status is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == "input dataset in has no file that the task could use"


def test_a_task_that_names_one_that_does_not_exist_breaks_with_its_number() -> None:
    culm = refined(a_system(), skips_files_of=(99_000_000,))

    assert the_task(culm).status is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == "skipFilesUsedBy names task 99000000, which does not exist"


def test_a_task_of_another_organisation_says_nothing_of_its_files() -> None:
    culm = a_system()
    refined(culm, FIRST)
    done_of(culm, FIRST, (1,))
    question = MarkFilesUsed(task_id=TASK, dataset="in", files=(), chunk=0, chunks=1)
    refined(culm)

    culm.send(question, str(FIRST), role="system", vo="other")

    assert not [event for event, _ in culm.events if isinstance(event, TaskBroken) and "does not exist" not in event.message]
    assert taken(culm) == ["f0000", "f0001", "f0002", "f0003"]


def test_empty_files_are_left_out_where_the_task_says_so() -> None:
    culm = a_culm()
    a_queue(culm)
    files(culm, 2, events=0)
    files(culm, 2, start=2, events=7)
    files(culm, 1, start=4)

    refined(culm, skip_empty_files=True)

    assert taken(culm) == ["f0002", "f0003", "f0004"]


def test_input_in_random_order_is_another_one_for_each_task_and_the_same_again() -> None:
    orders = [taken(refined(a_system(30), task, rules=replace(RULES, ordered_by="random")), task) for task in (TASK, TASK, FIRST)]

    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == [f"f{number:04d}" for number in range(30)] != orders[0]


def test_input_in_random_order_ends_as_any_other() -> None:
    culm = refined(a_system(), rules=replace(RULES, ordered_by="random"))
    plan_all(culm)
    run_all(culm)

    assert the_task(culm).status is TaskStatus.DONE
