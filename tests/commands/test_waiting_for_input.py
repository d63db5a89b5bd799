"""A task whose input does not exist yet waits for its first files, wakes with them, and gives up after a week."""

from typing import Any

import pytest

from commands.task.transitions import TaskStatus
from schemas.dataset import ContentsAwaited, RegisterFiles
from schemas.task import (
    ExpireInput,
    FinishTask,
    InputAwaited,
    JobsOrdered,
    KillTask,
    PauseTask,
    RefineTask,
    RestoreTask,
    SetTaskAside,
    TaskBroken,
    TaskFinalized,
)
from schemas.types import DatasetFile, DatasetRole, TaskDefinition
from tests.commands.builders import TASK, a_definition, a_submission, the_task
from tests.commands.in_memory import Culm, a_culm

WEEK = 7 * 86_400
LETTER = "00000000-0000-4000-8000-00000000000a"


def input_of(*datasets: str, **changes: Any) -> TaskDefinition:
    return a_definition(events_total=None, input_datasets=datasets, **{"wait_input": True, **changes})


def refined(definition: TaskDefinition, culm: Culm | None = None, task: int = TASK, vo: str = "wlcg") -> Culm:
    culm = culm or a_culm()
    culm.send(a_submission(task_id=task, name=f"user.jdoe.t{task}/"), str(task), vo=vo)
    command = RefineTask(definition=definition, parameters_revision=0)
    assert culm.send(command, str(task), role="system", vo=vo).accepted
    return culm


def register(culm: Culm, dataset: str, *lfns: str, vo: str = "wlcg") -> None:
    files = tuple(DatasetFile(lfn=lfn, scope="user.jdoe", size_bytes=1, checksum="ad:00000001", endpoint="SE") for lfn in lfns)
    assert culm.send(RegisterFiles(files=files, role=DatasetRole.INPUT), dataset, vo=vo).accepted


def ordered(culm: Culm) -> list[str]:
    return [unit.lfn for unit in culm.last(JobsOrdered).units]


def test_a_dataset_that_does_not_exist_is_waited_for() -> None:
    culm = refined(input_of("user.jdoe.later"))

    assert the_task(culm).status is TaskStatus.PENDING
    awaited = culm.last(InputAwaited)
    assert awaited.message == "waits for input dataset user.jdoe.later, which does not exist yet; it is waited for 7 days"
    assert (awaited.dataset, awaited.limit_seconds) == ("user.jdoe.later", WEEK)


def test_the_first_files_wake_the_task_in_the_same_transaction() -> None:
    culm = refined(input_of("user.jdoe.later"))

    register(culm, "user.jdoe.later", "b", "a")

    assert the_task(culm).status is TaskStatus.READY
    assert ordered(culm) == ["a", "b"]


def test_without_wait_input_a_dataset_that_does_not_exist_breaks_the_task() -> None:
    culm = refined(input_of("user.jdoe.later", wait_input=False))

    assert the_task(culm).status is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == "input dataset user.jdoe.later does not exist"
    assert culm.state("dataset", "user.jdoe.later").awaiting == {}


@pytest.mark.parametrize("first", ["user.jdoe.one", "user.jdoe.two"])
def test_a_task_with_several_datasets_waits_for_the_last_of_them(first: str) -> None:
    other = {"user.jdoe.one": "user.jdoe.two", "user.jdoe.two": "user.jdoe.one"}[first]
    culm = refined(input_of("user.jdoe.one", "user.jdoe.two"))

    register(culm, first, "a")
    assert (the_task(culm).status, list(the_task(culm).awaited)) == (TaskStatus.PENDING, [other])

    register(culm, other, "b")
    assert the_task(culm).status is TaskStatus.READY
    assert sorted(ordered(culm)) == ["a", "b"]


def test_a_dataset_of_another_organisation_is_waited_for_like_any_other_and_never_told() -> None:
    culm = a_culm()
    register(culm, "user.eve.data", "secret", vo="other")
    refined(input_of("user.eve.data"), culm)

    register(culm, "user.eve.data", "more", vo="other")

    assert the_task(culm).status is TaskStatus.PENDING
    assert "which does not exist yet" in culm.last(InputAwaited).message
    assert not any(isinstance(event, ContentsAwaited) for event, _ in culm.events)


def test_a_dataset_that_another_organisation_makes_wakes_none_of_ours() -> None:
    culm = refined(input_of("data.later"))

    register(culm, "data.later", "a", vo="other")

    assert the_task(culm).status is TaskStatus.PENDING


def test_after_a_week_the_task_is_exhausted_and_can_be_ended() -> None:
    culm = refined(input_of("user.jdoe.later"))

    assert culm.send(ExpireInput(), str(TASK), role="system").accepted
    assert the_task(culm).status is TaskStatus.EXHAUSTED
    assert culm.last(TaskFinalized).message == "input dataset user.jdoe.later did not come into existence within 7 days"

    culm.send(FinishTask(soft=False), str(TASK))
    assert the_task(culm).status is TaskStatus.FAILED


def test_a_late_clock_hurts_no_task_that_has_its_input() -> None:
    culm = refined(input_of("user.jdoe.later"))
    register(culm, "user.jdoe.later", "a")

    answer = culm.send(ExpireInput(), str(TASK), role="system")

    assert (answer.accepted, answer.reason) == (False, "NOT_AWAITING")


def test_a_task_that_was_killed_while_it_waited_is_not_woken() -> None:
    culm = refined(input_of("user.jdoe.later"))
    culm.send(KillTask(), str(TASK))

    register(culm, "user.jdoe.later", "a")

    assert the_task(culm).status is TaskStatus.ABORTED


def test_a_task_that_waits_cannot_be_paused() -> None:
    culm = refined(input_of("user.jdoe.later"))

    assert culm.send(PauseTask(), str(TASK)).reason == "WRONG_STATUS"


def test_a_dead_letter_does_not_end_the_wait() -> None:
    culm = refined(input_of("user.jdoe.later"))
    culm.send(SetTaskAside(dead_letter_id=LETTER, message="x"), str(TASK), role="system")
    culm.send(RestoreTask(dead_letter_id=LETTER), str(TASK), role="system")
    assert the_task(culm).status is TaskStatus.PENDING

    register(culm, "user.jdoe.later", "a")

    assert the_task(culm).status is TaskStatus.READY


def test_a_thousand_tasks_of_a_tenant_wait_for_one_dataset_and_no_more() -> None:
    culm = a_culm()
    state = culm.state("dataset", "user.jdoe.later")
    for number in range(1_000):
        state.awaiting[number + 1] = "wlcg"

    refined(input_of("user.jdoe.later"), culm)

    assert the_task(culm).status is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == (
        "input dataset user.jdoe.later does not exist, and 1,000 tasks of wlcg wait for it already"
    )


def test_tasks_of_one_tenant_that_wait_leave_the_room_of_another() -> None:
    culm = a_culm()
    state = culm.state("dataset", "user.jdoe.later")
    for number in range(1_000):
        state.awaiting[number + 1] = "juno"

    refined(input_of("user.jdoe.later"), culm)

    assert the_task(culm).status is TaskStatus.PENDING
    assert state.awaiting[TASK] == "wlcg"
