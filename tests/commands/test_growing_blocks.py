"""Groups of files, luminosity blocks and secondary input of datasets that still grow."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from commands.task.transitions import TaskStatus
from schemas.dataset import RegisterFiles
from schemas.records import replace
from schemas.task import JobsGenerated, KillTask, SecondaryInputFed, TaskFinalized
from schemas.types import DatasetFile, SplitRules, TaskVerdict
from tests.commands.builders import TASK, a_queue, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_boundaries import GROUP, LUMI, WHOLE, blocks
from tests.commands.test_growing_input import MADE, WRITER, writer_ended, written
from tests.commands.test_orders_do_not_show import plan_all
from tests.commands.test_secondary_input import a_stream, inputs
from tests.commands.test_waiting_for_input import input_of, refined, register

FILE = DatasetFile(lfn="f", scope="user.jdoe", size_bytes=5, checksum="ad:1", endpoint="LOCAL_DISK")
SECOND = "user.jdoe.second"


def comes(culm: Culm, numbers: Sequence[int | None], start: int = 0, dataset: str = MADE) -> None:
    """A task at work adds a file for each of these blocks (and groups), in this order."""
    files = tuple(
        replace(FILE, lfn=f"f{start + at:04d}", lumi_block=number, boundary_id=number) for at, number in enumerate(numbers)
    )
    command = RegisterFiles(files=files, task_id=WRITER, until_task_ends=True)
    assert culm.send(command, dataset, role="system").accepted


def a_reader(numbers: Sequence[int | None], **rules: Any) -> Culm:
    culm = a_culm()
    a_queue(culm)
    comes(culm, numbers)
    refined(input_of(MADE, wait_input=False, rules=SplitRules(**rules)), culm)
    plan_all(culm)
    return culm


def test_full_jobs_of_a_block_are_made_while_files_come_and_the_rest_at_the_end() -> None:
    culm = a_reader([2, 1, 2], **LUMI, files_per_job=2)
    assert blocks(culm) == [[2, 2]]

    comes(culm, [3, 1, 3, 3], start=3)
    plan_all(culm)
    assert blocks(culm) == [[2, 2], [1, 1], [3, 3]]

    writer_ended(culm)
    plan_all(culm)
    assert blocks(culm) == [[2, 2], [1, 1], [3, 3], [3]]
    run_all(culm)
    assert the_task(culm).status is TaskStatus.DONE


def test_a_group_that_must_stay_whole_waits_for_the_end_of_the_input() -> None:
    culm = a_reader([2, 1, 2], **WHOLE, files_per_job=1)
    comes(culm, [1, 3], start=3)
    assert blocks(culm) == []

    writer_ended(culm)
    plan_all(culm)

    assert blocks(culm) == [[1, 1], [2, 2], [3]]


def test_without_a_number_of_files_a_job_has_the_files_of_one_block_that_are_there() -> None:
    culm = a_reader([2, 1, 2], **LUMI)
    comes(culm, [1, 2], start=3)
    plan_all(culm)

    assert blocks(culm) == [[1], [2, 2], [1], [2]]


def test_an_order_of_blocks_holds_for_the_files_that_wait() -> None:
    culm = a_reader([3, 1, 2], ordered_by="lumi_block", files_per_job=3)
    comes(culm, [2, 1], start=3)
    writer_ended(culm)
    plan_all(culm)

    assert blocks(culm) == [[1, 2, 3], [1, 2]]


def test_blocks_of_a_dataset_that_was_waited_for_are_followed_too() -> None:
    culm = a_culm()
    a_queue(culm)
    by_group = SplitRules(boundary="boundary_id", ordered_by="boundary_id", files_per_job=2)
    refined(input_of(MADE, rules=by_group), culm)
    comes(culm, [2, 1])
    comes(culm, [1, 2], start=2)
    plan_all(culm)

    assert blocks(culm) == [[1, 1], [2, 2]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rules", [{**LUMI, "files_per_job": 3}, {**WHOLE, "files_per_job": 1}, LUMI, GROUP])
def test_in_any_order_each_file_is_in_one_job_and_each_job_has_one_block(seed: int, rules: dict[str, Any]) -> None:
    chance = random.Random(seed)
    culm = a_reader([chance.randint(1, 4) for _ in range(7)], **rules)
    for round_of in range(1, 6):
        comes(culm, [chance.randint(1, 4) for _ in range(chance.randint(1, 90))], start=round_of * 100)
        plan_all(culm)
    writer_ended(culm)
    plan_all(culm)
    run_all(culm)

    made = [job.unit_ids for event, _ in culm.events if isinstance(event, JobsGenerated) for job in event.jobs]
    assert sorted(unit for units in made for unit in units) == list(range(1, len(the_task(culm).units) + 1))
    assert all(len(set(one)) == 1 for one in blocks(culm))
    assert the_task(culm).status is TaskStatus.DONE


def test_input_in_random_order_is_taken_once() -> None:
    culm = a_reader([1, 1], ordered_by="random")
    comes(culm, [1], start=2)

    assert len(the_task(culm).units) == 2
    assert the_task(culm).contents_complete


def beside(second: Sequence[str], **stream: Any) -> Culm:
    """A task over one file, with a stream of a dataset in which another task is at work."""
    culm = a_culm()
    a_queue(culm)
    register(culm, MADE, "a", "b")
    written(culm, *second, name=SECOND)
    definition = input_of(MADE, secondaries=(a_stream(**stream),), rules=SplitRules(files_per_job=1))
    return refined(definition, culm)


def test_secondary_input_in_which_a_task_is_at_work_is_read_to_its_end() -> None:
    culm = beside(["s1"], ratio=2)
    assert (the_task(culm).status, len(the_task(culm).units)) == (TaskStatus.DEFINED, 0)

    written(culm, "s3", "s2", name=SECOND)
    written(culm, "s4", name=SECOND)
    assert len(the_task(culm).units) == 0
    writer_ended(culm, name=SECOND)
    plan_all(culm)

    assert inputs(culm) == [["a", "s1", "s3"], ["b", "s2", "s4"]]
    run_all(culm)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_each_file_of_secondary_input_that_grows_is_taken_once() -> None:
    culm = beside(["s1"])
    written(culm, "s2", name=SECOND)
    written(culm, "s1", "s2", "s3", name=SECOND)
    writer_ended(culm, name=SECOND)

    fed = [file.lfn for event, _ in culm.events if isinstance(event, SecondaryInputFed) for file in event.files]
    assert fed == ["s1", "s2", "s3"]
    assert [event.dataset_complete for event, _ in culm.events if isinstance(event, SecondaryInputFed)][-1]


def test_one_dataset_may_be_master_and_secondary_input_while_it_grows() -> None:
    culm = a_culm()
    a_queue(culm)
    written(culm, "a")
    refined(input_of(MADE, secondaries=(a_stream(datasets=(MADE,), reusable=True),), rules=SplitRules(files_per_job=1)), culm)
    written(culm, "b")
    writer_ended(culm)
    plan_all(culm)

    assert inputs(culm) == [["a"], ["b"]]


def test_a_task_that_is_killed_waits_for_no_more_secondary_input() -> None:
    culm = beside(["s1"])
    assert list(culm.state("dataset", SECOND).subscribers) == [TASK]

    culm.send(KillTask(), str(TASK))

    assert list(culm.state("dataset", SECOND).subscribers) == []
    assert the_task(culm).status is TaskStatus.ABORTED


def test_secondary_input_that_did_not_exist_is_followed_from_its_first_file() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, MADE, "a")
    refined(input_of(MADE, secondaries=(a_stream(),)), culm)
    assert the_task(culm).status is TaskStatus.PENDING

    written(culm, "s1", name=SECOND)
    assert len(the_task(culm).units) == 0
    writer_ended(culm, name=SECOND)
    plan_all(culm)

    assert inputs(culm) == [["a", "s1"]]
