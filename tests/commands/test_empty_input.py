"""Input without any file: it breaks a task, unless the task allows it (allowEmptyInput)."""

import pytest

from commands.task.transitions import TaskStatus
from schemas.task import RefineTask, TaskBroken, TaskFinalized
from schemas.types import TaskVerdict
from tests.commands.builders import TASK, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_growing_input import MADE, a_reader, writer_ended
from tests.commands.test_parents import PARENT, ended, refined, submitted
from tests.commands.test_waiting_for_input import input_of, register
from tests.commands.test_waiting_for_input import refined as refined_over


def a_child_without_its_dataset(**definition: bool) -> Culm:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    submitted(culm, TASK, PARENT)
    wanted = input_of(MADE, **{"wait_input": False, "no_wait_parent": True, "allow_empty_input": True, **definition})
    culm.send(RefineTask(definition=wanted, parameters_revision=0), str(TASK), role="system")
    assert the_task(culm).status is TaskStatus.PENDING
    return culm


def test_a_task_that_allows_empty_input_is_done_when_no_file_is_of_use() -> None:
    culm = a_culm()
    register(culm, MADE, "a")

    refined_over(input_of(MADE, input_include=("never",), allow_empty_input=True), culm)

    assert the_task(culm).status is TaskStatus.DONE


def test_a_task_that_allows_empty_input_waits_for_the_end_of_what_grows() -> None:
    culm = a_reader("a", input_include=("never",), allow_empty_input=True)
    assert the_task(culm).status is TaskStatus.DEFINED

    writer_ended(culm)

    assert the_task(culm).status is TaskStatus.DONE


@pytest.mark.parametrize(("parent", "verdict"), [("done", TaskVerdict.DONE), ("finished", TaskVerdict.FINISHED)])
def test_a_child_whose_parent_made_nothing_ends_by_its_parent(parent: str, verdict: TaskVerdict) -> None:
    culm = a_child_without_its_dataset()

    ended(culm, parent)

    assert culm.last(TaskFinalized).verdict is verdict


def test_a_child_whose_parent_made_nothing_breaks_without_the_word() -> None:
    culm = a_child_without_its_dataset(allow_empty_input=False)

    ended(culm, "done")

    assert culm.last(TaskBroken).message == f"input dataset {MADE} does not exist"


def test_a_dataset_that_does_not_exist_is_not_empty_input_without_a_parent() -> None:
    culm = refined_over(input_of(MADE, wait_input=False, allow_empty_input=True))

    assert culm.last(TaskBroken).reason == "UNKNOWN_DATASET"
