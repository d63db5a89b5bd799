"""The outputs of a task close when it ended: with the last of the tasks that write in them, until the next file."""

import pytest

from commands.dataset.model import WRITERS_MAX
from commands.dataset.snapshot import SNAPSHOT
from commands.snapshot import MAIN
from schemas.dataset import CloseDataset, DatasetClosed, EndWriting, FilesRegistered, RegisterFiles, WritingEnded
from schemas.records import replace
from schemas.task import KillTask, RetryTask
from schemas.types import DatasetFile, OutcomeKind, RetryAction, StepDefinition
from tests.commands.builders import (
    TASK,
    a_definition,
    a_merging_definition,
    a_running_task,
    account,
    culm_outputs,
    end,
    generate_all,
    job,
    lease,
    run_all,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm

OUTPUT = "user.jdoe.t1_out.txt"
LOG = "user.jdoe.t1.log"
OTHER_TASK = 20_000_002


def a_file(name: str) -> DatasetFile:
    return DatasetFile(lfn=name, scope="user.jdoe", size_bytes=1, checksum="ad:1", endpoint="E")


def written(culm: Culm, name: str, task_id: int | None = TASK) -> None:
    """A task at work adds a file to the dataset `d`; None: its owner does."""
    is_task = task_id is not None
    command = RegisterFiles(files=(a_file(name),), task_id=task_id, until_task_ends=is_task)
    assert culm.send(command, "d", role="system" if is_task else "user").accepted


def ended(culm: Culm, task_id: int = TASK) -> tuple[str, ...]:
    """The events of the end of a task in the dataset `d`."""
    return culm.send(EndWriting(task_id=task_id), "d", role="system").event_types


def run_one(culm: Culm, number: int, *, succeeded: bool, attempt: int = 1) -> None:
    """The next job runs to its end."""
    assert lease(culm) == job(number)
    end(culm, job(number), succeeded=succeeded, attempt=attempt)
    if succeeded:
        account(culm, job(number), OutcomeKind.FINISHED, outputs=culm_outputs(culm, job(number)))
    else:
        account(culm, job(number), OutcomeKind.FAILED, action=RetryAction.NO_RETRY)


@pytest.mark.parametrize("inline", [True, False])
def test_the_end_of_a_task_closes_its_outputs(inline: bool) -> None:
    culm = a_running_task(inline=inline)
    assert not culm.state("dataset", OUTPUT).closed

    run_all(culm)

    assert (culm.state("dataset", OUTPUT).closed, culm.state("dataset", LOG).closed) == (True, True)
    assert culm.last(DatasetClosed) == DatasetClosed(reason=f"task {TASK} ended", task_id=TASK)


def test_outputs_are_open_while_jobs_of_the_task_live() -> None:
    culm = a_running_task()

    run_one(culm, 1, succeeded=True)

    assert not culm.state("dataset", OUTPUT).closed
    assert culm.state("dataset", OUTPUT).writers == (TASK,)


def test_a_killed_task_closes_what_it_has_written() -> None:
    culm = a_running_task()
    run_one(culm, 1, succeeded=True)

    culm.send(KillTask(), str(TASK))
    for number in (2, 3):
        account(culm, job(number), OutcomeKind.CANCELLED)

    assert the_task(culm).status == "aborted"
    assert culm.state("dataset", OUTPUT).closed


def test_a_retry_opens_outputs_with_its_first_file_and_its_end_closes_them_again() -> None:
    culm = a_running_task(a_definition(events_total=2))
    run_one(culm, 1, succeeded=True)
    run_one(culm, 2, succeeded=False)
    assert culm.state("dataset", OUTPUT).closed

    culm.send(RetryTask(), str(TASK))
    generate_all(culm)
    before = culm.state("dataset", OUTPUT).closed
    run_one(culm, 3, succeeded=True, attempt=2)

    assert before is True
    opened = [message for message, by in culm.events if isinstance(message, FilesRegistered) and by.aggregate_id == OUTPUT]
    assert [one.reopened for one in opened] == [False, True]
    assert culm.names().count("DatasetClosed") == 4
    assert culm.state("dataset", OUTPUT).closed


def test_unmerged_outputs_and_the_library_close_too() -> None:
    step = StepDefinition(transformation="t", parameters="-o ${OUT}")
    culm = a_running_task(replace(a_merging_definition(), build=step))

    run_all(culm)

    assert the_task(culm).status == "done"
    written_in = {by.aggregate_id for message, by in culm.events if isinstance(message, FilesRegistered)}
    assert {OUTPUT, f"panda.um.{OUTPUT}", f"panda.{TASK}.lib", LOG} <= written_in
    assert [name for name in sorted(written_in) if not culm.state("dataset", name).closed] == []


def test_a_dataset_stays_open_under_another_task_that_writes() -> None:
    culm = a_culm()
    written(culm, "a")
    written(culm, "b", OTHER_TASK)

    first = ended(culm)
    is_closed = culm.state("dataset", "d").closed
    second = ended(culm, OTHER_TASK)

    assert (first, is_closed, second) == (("WritingEnded",), False, ("DatasetClosed",))
    assert culm.last(WritingEnded) == WritingEnded(task_id=TASK, writers_left=1)


def test_the_end_of_a_task_that_is_reported_again_changes_nothing() -> None:
    culm = a_culm()
    written(culm, "a")
    ended(culm)

    assert ended(culm) == ()
    assert ended(culm, OTHER_TASK) == ()
    assert culm.send(EndWriting(task_id=TASK), "no-such-dataset", role="system").accepted


def test_a_dataset_of_files_of_its_owner_closes_when_the_owner_says_so() -> None:
    culm = a_culm()
    written(culm, "a", None)
    written(culm, "b")

    assert ended(culm) == ()
    assert not culm.state("dataset", "d").closed


def test_a_file_of_its_owner_opens_what_a_task_had_closed_and_it_stays_open() -> None:
    culm = a_culm()
    written(culm, "a")
    ended(culm)

    written(culm, "b", None)
    written(culm, "c")

    assert ended(culm) == ()
    assert not culm.state("dataset", "d").closed


def test_what_its_owner_closed_is_not_opened_by_a_task() -> None:
    culm = a_culm()
    written(culm, "a")
    ended(culm)

    closed = culm.send(CloseDataset(), "d").event_types
    late = culm.send(RegisterFiles(files=(a_file("b"),), task_id=TASK, until_task_ends=True), "d", role="system")

    assert closed == ("DatasetClosed",)
    assert late.reason == "DATASET_CLOSED"
    assert culm.send(CloseDataset(), "d").event_types == ()


def test_a_user_cannot_say_that_a_task_reports_its_end() -> None:
    culm = a_culm()

    culm.send(RegisterFiles(files=(a_file("a"),), task_id=TASK, until_task_ends=True), "d")

    assert culm.last(FilesRegistered).until_task_ends is False
    assert culm.state("dataset", "d").writers == ()


def test_a_dataset_of_more_tasks_than_it_remembers_stays_open() -> None:
    culm = a_culm()
    for number in range(WRITERS_MAX + 1):
        written(culm, f"f{number}", TASK + number)

    assert culm.state("dataset", "d").writers == ()
    assert ended(culm, TASK + WRITERS_MAX) == ()


def test_a_node_that_takes_over_knows_which_tasks_write() -> None:
    culm = a_culm()
    written(culm, "a")
    written(culm, "b", OTHER_TASK)
    ended(culm)
    state = culm.state("dataset", "d")
    rows = dict(SNAPSHOT.rows(state, {MAIN, *SNAPSHOT.names(state)}))

    assert SNAPSHOT.restored(rows) == state
    assert state.writers == (OTHER_TASK,)
