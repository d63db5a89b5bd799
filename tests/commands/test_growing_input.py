"""Input that grows while a task is at work: each file is taken once, and the end comes after the close."""

from typing import Any

import pytest

from commands.dataset import subscriptions
from commands.dataset.snapshot import SNAPSHOT as DATASET_ROWS
from commands.snapshot import MAIN
from commands.task.snapshot import SNAPSHOT as TASK_ROWS
from commands.task.transitions import TaskStatus
from schemas.dataset import (
    CloseDataset,
    ContentsSubscribed,
    EndWriting,
    FilesRegistered,
    RegisterFiles,
    SubscribeContents,
    SubscriptionEnded,
)
from schemas.task import (
    ContentsFed,
    FinishTask,
    KillTask,
    PauseTask,
    RefineTask,
    ReloadTask,
    ResumeTask,
    RetryTask,
    TaskBroken,
    TaskFinalized,
)
from schemas.types import DatasetFile, SplitRules, TaskVerdict
from tests.commands.builders import TASK, a_queue, generate_all, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_waiting_for_input import input_of, ordered, refined, register

MADE = "user.jdoe.made"
WRITER, OTHER_WRITER, OTHER_READER = 10_000_700, 10_000_701, 10_000_702


def written(culm: Culm, *lfns: str, by: int = WRITER, name: str = MADE, size_bytes: int = 1, events: int | None = None) -> None:
    """A task at work adds files to a dataset."""
    files = tuple(
        DatasetFile(lfn=lfn, scope="user.jdoe", size_bytes=size_bytes, checksum="ad:00000001", endpoint="SE", events=events)
        for lfn in lfns
    )
    command = RegisterFiles(files=files, task_id=by, until_task_ends=True)
    assert culm.send(command, name, role="system").accepted


def writer_ended(culm: Culm, task: int = WRITER, name: str = MADE) -> None:
    assert culm.send(EndWriting(task_id=task), name, role="system").accepted


def a_reader(*first: str, inline: bool = True, **definition: Any) -> Culm:
    """A task whose input is a dataset in which another task writes, with these files so far."""
    culm = a_culm(inline=inline)
    a_queue(culm)
    written(culm, *first)
    return refined(input_of(MADE, wait_input=False, **definition), culm)


def inputs(culm: Culm) -> list[str]:
    return [unit.spec.lfn for unit in the_task(culm).units.values()]


@pytest.mark.parametrize("inline", [True, False])
def test_a_task_works_on_files_while_another_writes_them_and_ends_after_it(inline: bool) -> None:
    culm = a_reader("a", inline=inline)
    generate_all(culm)
    assert ordered(culm) == ["a"]

    written(culm, "c", "b")
    assert ordered(culm) == ["c", "b"]
    run_all(culm)
    assert the_task(culm).status is TaskStatus.RUNNING

    writer_ended(culm)
    assert the_task(culm).status is TaskStatus.DONE
    assert inputs(culm) == ["a", "c", "b"]


def test_a_dataset_that_a_user_keeps_open_is_read_once() -> None:
    culm = a_culm()
    register(culm, MADE, "a")
    refined(input_of(MADE), culm)
    assert the_task(culm).contents_complete

    register(culm, MADE, "b")

    assert inputs(culm) == ["a"]


def test_with_run_until_closed_a_dataset_is_followed_until_its_owner_closes_it() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, MADE, "a")
    refined(input_of(MADE, run_until_closed=True), culm)
    register(culm, MADE, "b")
    run_all(culm)
    assert (the_task(culm).status, the_task(culm).finished) == (TaskStatus.RUNNING, 2)

    assert culm.send(CloseDataset(), MADE).accepted

    assert the_task(culm).status is TaskStatus.DONE


def test_with_run_until_closed_a_dataset_that_did_not_exist_is_followed_too() -> None:
    culm = refined(input_of(MADE, run_until_closed=True))
    assert the_task(culm).status is TaskStatus.PENDING

    register(culm, MADE, "b")
    register(culm, MADE, "a")

    assert (inputs(culm), dict(the_task(culm).followed)) == (["b", "a"], {MADE: 2})


def test_a_dataset_that_was_waited_for_is_followed_when_a_task_writes_it() -> None:
    culm = refined(input_of(MADE))

    written(culm, "a")
    written(culm, "b")

    assert inputs(culm) == ["a", "b"]


def test_a_file_of_a_user_ends_the_wait_for_the_tasks_of_a_dataset() -> None:
    culm = a_reader("a")

    register(culm, MADE, "b")

    assert (inputs(culm), the_task(culm).contents_complete) == (["a", "b"], True)


def test_a_dataset_is_followed_until_the_last_of_its_tasks_ended() -> None:
    culm = a_reader("a")
    written(culm, "b", by=OTHER_WRITER)

    writer_ended(culm)
    assert not the_task(culm).contents_complete

    writer_ended(culm, OTHER_WRITER)
    assert the_task(culm).contents_complete


def test_a_task_that_has_a_closed_dataset_takes_nothing_that_comes_when_it_opens_again() -> None:
    culm = a_reader("a")
    writer_ended(culm)

    written(culm, "b")

    assert culm.last(FilesRegistered).reopened
    assert inputs(culm) == ["a"]


def test_a_task_does_not_follow_what_it_writes_itself() -> None:
    own = "user.jdoe.t1_out.txt"
    culm = a_culm()
    written(culm, "a", name=own)

    refined(input_of(own), culm)

    assert the_task(culm).contents_complete


def test_files_are_taken_once_and_none_is_forgotten_when_a_chunk_is_less_than_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "FILES_PER_CHUNK", 2)
    culm = a_reader("e", "d", "c", "b", "a")

    written(culm, "j", "i", "h")
    writer_ended(culm)

    assert inputs(culm) == ["e", "d", "c", "b", "a", "j", "i", "h"]
    positions = [event.position for event, _ in culm.events if isinstance(event, ContentsFed)]
    assert positions == [2, 4, 5, 7, 8, 8]


def test_a_question_that_was_noted_is_not_noted_again() -> None:
    culm = a_reader("a")
    assert culm.last(ContentsSubscribed) == ContentsSubscribed(task_id=TASK, chunk=1, position=1)
    before = len(culm.events)

    again = SubscribeContents(task_id=TASK, chunk=1, position=1)
    assert culm.send(again, MADE, role="system").accepted

    assert len(culm.events) == before


def test_files_of_another_organisation_come_to_no_task() -> None:
    culm = a_culm()
    register(culm, MADE, "secret", vo="other")

    refined(input_of(MADE, run_until_closed=True), culm)

    assert (the_task(culm).status, dict(culm.state("dataset", MADE).subscribers)) == (TaskStatus.PENDING, {})


@pytest.mark.parametrize("command", [KillTask(), FinishTask(soft=False)])
def test_a_task_that_ends_waits_for_no_more_files(command: KillTask | FinishTask) -> None:
    culm = a_reader("a")
    assert list(culm.state("dataset", MADE).subscribers) == [TASK]

    culm.send(command, str(TASK))
    run_all(culm)

    assert culm.last(SubscriptionEnded) == SubscriptionEnded(task_id=TASK)
    assert dict(culm.state("dataset", MADE).subscribers) == {}


def test_a_task_that_ends_waits_no_longer_for_a_dataset_that_does_not_exist() -> None:
    culm = refined(input_of(MADE, run_until_closed=True))

    culm.send(KillTask(), str(TASK))

    dataset = culm.state("dataset", MADE)
    assert (dict(dataset.awaiting), dict(dataset.subscribers)) == ({}, {})


def test_a_task_that_is_finished_while_its_input_is_open_is_not_done() -> None:
    culm = a_reader("a")
    run_all(culm)

    culm.send(FinishTask(soft=True), str(TASK))

    final = culm.last(TaskFinalized)
    assert final.verdict is TaskVerdict.FINISHED
    assert final.message == f"all input units are done, but input dataset {MADE} is open"


def test_a_task_that_is_executed_again_follows_its_input_again_and_takes_no_file_twice() -> None:
    culm = a_reader("a")
    culm.send(KillTask(), str(TASK))
    written(culm, "b")
    culm.send(ReloadTask(), str(TASK))

    command = RefineTask(definition=input_of(MADE), parameters_revision=1)
    assert culm.send(command, str(TASK), role="system").accepted
    written(culm, "c")

    assert inputs(culm) == ["a", "b", "c"]


def test_a_task_that_was_finished_reads_the_rest_of_its_input_with_a_retry() -> None:
    culm = a_reader("a")
    run_all(culm)
    culm.send(FinishTask(soft=True), str(TASK))
    written(culm, "b")

    assert culm.send(RetryTask(), str(TASK)).accepted

    assert the_task(culm).status is TaskStatus.REREFINE


def test_a_task_takes_files_while_it_is_paused() -> None:
    culm = a_reader("a")
    generate_all(culm)
    culm.send(PauseTask(), str(TASK))
    written(culm, "b")
    assert inputs(culm) == ["a", "b"]

    culm.send(ResumeTask(), str(TASK))

    assert ordered(culm) == ["b"]


def test_a_thousand_tasks_wait_for_a_dataset_and_one_more_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.dataset.decide.AWAITING_MAX", 1)
    monkeypatch.setattr(subscriptions, "AWAITING_MAX", 1)
    culm = a_reader("a")

    refined(input_of(MADE), culm, OTHER_READER)
    asking = input_of(MADE, run_until_closed=True)
    refined(asking, culm, OTHER_READER + 1)

    assert culm.state("task", OTHER_READER).contents_complete
    assert culm.last(TaskBroken).message == f"1 tasks wait for further files of input dataset {MADE} already"


def test_every_task_that_waits_gets_the_files_by_a_decision_of_its_own() -> None:
    culm = a_reader("a")
    refined(input_of(MADE), culm, OTHER_READER)

    written(culm, "b")

    fed = [envelope.aggregate_id for event, envelope in culm.events if isinstance(event, ContentsFed) and event.position == 2]
    assert sorted(fed) == [str(TASK), str(OTHER_READER)]


def test_what_is_followed_outlives_a_restart() -> None:
    culm = a_reader("a", rules=SplitRules(files_per_job=2))
    unborn = refined(input_of("user.jdoe.later", run_until_closed=True))
    task = the_task(culm)

    assert TASK_ROWS.restored(dict(TASK_ROWS.rows(task, {MAIN, *TASK_ROWS.names(task)}))) == task
    for dataset in (culm.state("dataset", MADE), unborn.state("dataset", "user.jdoe.later")):
        assert dataset.subscribers
        assert DATASET_ROWS.restored(dict(DATASET_ROWS.rows(dataset, {MAIN, *DATASET_ROWS.names(dataset)}))) == dataset
