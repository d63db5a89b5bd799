"""A task with a parent: it waits for the parent's end, or not; ends with one that is lost; is never better than it."""

from typing import Any

import pytest

from commands.dataset.snapshot import SNAPSHOT as DATASET_ROWS
from commands.snapshot import MAIN
from commands.task.model import Task
from commands.task.parents import CHILDREN_MAX
from commands.task.settle import verdict_beside_parent
from commands.task.snapshot import SNAPSHOT as TASK_ROWS
from commands.task.transitions import TaskStatus
from schemas.task import (
    AddInputNames,
    ContentsFed,
    FinishTask,
    KillTask,
    ParentAwaited,
    ParentEnded,
    PauseTask,
    RecordParentEnd,
    RefineTask,
    RegisterChild,
    ReloadTask,
    TaskBroken,
    TaskFinalized,
    TaskKillOrdered,
)
from schemas.types import NameList, TaskVerdict
from streams.jedi.parents import tell_children
from tests.commands.builders import TASK, a_definition, a_running_task, a_submission, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_waiting_for_input import input_of, ordered, register
from tests.streams.builders import record_read

PARENT, GRANDCHILD = 10_000_900, 10_000_901


def submitted(culm: Culm, task: int, parent: int | None, *, vo: str = "wlcg", **changes: Any) -> None:
    submission = a_submission(task_id=task, name=f"user.jdoe.t{task}/", parent_task_id=parent, **changes)
    assert culm.send(submission, str(task), vo=vo).accepted


def refined(culm: Culm, task: int = TASK, vo: str = "wlcg", **definition: Any) -> None:
    command = RefineTask(definition=a_definition(**definition), parameters_revision=0)
    assert culm.send(command, str(task), role="system", vo=vo).accepted


def a_child(culm: Culm | None = None, **definition: Any) -> Culm:
    """A refined task whose parent is refined and at work."""
    culm = culm or a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    submitted(culm, TASK, PARENT)
    refined(culm, **definition)
    return culm


def status(culm: Culm, task: int = TASK) -> TaskStatus:
    return TaskStatus(culm.state("task", task).status)


def ended(culm: Culm, verdict: str, task: int = TASK, parent: int = PARENT) -> None:
    command = RecordParentEnd(parent_task_id=parent, parent_status=verdict)
    assert culm.send(command, str(task), role="system").accepted


def test_a_child_waits_for_its_parent_and_begins_with_its_end() -> None:
    culm = a_child()
    assert status(culm) is TaskStatus.PENDING
    assert culm.last(ParentAwaited).message == f"waits for the end of parent task {PARENT}"
    assert list(culm.state("task", PARENT).children) == [TASK]
    assert len(the_task(culm).units) == 0

    ended(culm, "done")

    assert status(culm) is TaskStatus.READY
    assert len(the_task(culm).units) == 3


def test_every_child_learns_of_the_end_of_the_parent() -> None:
    culm = a_child()
    submitted(culm, GRANDCHILD, PARENT)
    refined(culm, GRANDCHILD)

    culm.send(FinishTask(soft=False), str(PARENT))

    assert culm.last(TaskFinalized).children == (TASK, GRANDCHILD)
    end = RecordParentEnd(parent_task_id=PARENT, parent_status="failed")
    event = culm.last(TaskFinalized)
    assert [
        (made.envelope.aggregate_id, made.command)
        for made in tell_children([record_read(event, aggregate_id=str(PARENT))])
    ] == [(str(TASK), end), (str(GRANDCHILD), end)]


def test_an_exhausted_parent_has_not_ended() -> None:
    event = TaskFinalized(verdict=TaskVerdict.EXHAUSTED, accounts=a_child().last(ContentsFed).accounts, children=(TASK,))

    assert list(tell_children([record_read(event)])) == []


def test_with_no_wait_parent_a_child_begins_at_once() -> None:
    culm = a_child(no_wait_parent=True)

    assert status(culm) is TaskStatus.READY
    assert the_task(culm).parent_status == "at_work"


def test_a_child_of_a_parent_that_has_ended_begins_at_once() -> None:
    culm = a_running_task()
    run_all(culm)
    assert status(culm) is TaskStatus.DONE

    submitted(culm, GRANDCHILD, TASK)
    refined(culm, GRANDCHILD)

    assert status(culm, GRANDCHILD) is TaskStatus.READY
    assert culm.last(ParentEnded).parent_status == "done"


def test_the_input_of_a_child_is_asked_for_when_its_parent_has_ended() -> None:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    submitted(culm, TASK, PARENT)
    command = RefineTask(definition=input_of("user.jdoe.made", wait_input=False), parameters_revision=0)
    culm.send(command, str(TASK), role="system")
    register(culm, "user.jdoe.made", "a")
    register(culm, "user.jdoe.made", "b")
    assert status(culm) is TaskStatus.PENDING

    ended(culm, "finished")

    assert ordered(culm) == ["a", "b"]


@pytest.mark.parametrize("verdict", ["failed", "broken", "aborted"])
def test_with_a_lost_parent_a_child_is_killed_waiting_or_at_work(verdict: str) -> None:
    for no_wait_parent in (False, True):
        culm = a_child(no_wait_parent=no_wait_parent)

        ended(culm, verdict)

        assert status(culm) is TaskStatus.ABORTED
        assert culm.last(TaskKillOrdered).reason == f"parent task {PARENT} is {verdict}"


def test_a_lost_parent_takes_the_children_of_its_children_with_it() -> None:
    culm = a_child()
    submitted(culm, GRANDCHILD, TASK)
    refined(culm, GRANDCHILD)

    ended(culm, "failed")
    assert culm.last(TaskFinalized).children == (GRANDCHILD,)
    ended(culm, "aborted", task=GRANDCHILD, parent=TASK)

    assert (status(culm), status(culm, GRANDCHILD)) == (TaskStatus.ABORTED, TaskStatus.ABORTED)


def test_a_task_whose_parent_was_lost_before_is_broken() -> None:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    culm.send(KillTask(), str(PARENT))

    submitted(culm, TASK, PARENT)
    refined(culm)

    assert status(culm) is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == f"parent task {PARENT} is aborted"


@pytest.mark.parametrize("vo", ["wlcg", "other"])
def test_a_parent_that_does_not_exist_for_the_organisation_breaks_the_task(vo: str) -> None:
    culm = a_culm()
    if vo == "other":
        submitted(culm, PARENT, None, vo="other")

    submitted(culm, TASK, PARENT)
    refined(culm)

    assert status(culm) is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == f"parent task {PARENT} does not exist"


def test_a_task_that_is_its_own_parent_has_none() -> None:
    culm = a_culm()
    submitted(culm, TASK, TASK)
    refined(culm)

    assert status(culm) is TaskStatus.READY


def test_names_that_are_complete_before_the_parent_ended_wait_with_the_task() -> None:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    names = NameList(list="pfnList", count=2)
    submitted(culm, TASK, PARENT, lists=(names,))
    refined(culm, listed=names, events_total=None)
    culm.send(AddInputNames(chunk=0, list="pfnList", names=("a", "b")), str(TASK))
    assert status(culm) is TaskStatus.PENDING

    ended(culm, "done")

    assert status(culm) is TaskStatus.READY
    assert len(the_task(culm).units) == 2


def test_a_child_that_waits_can_be_killed_and_not_paused() -> None:
    culm = a_child()
    assert culm.send(PauseTask(), str(TASK)).reason == "WRONG_STATUS"

    culm.send(KillTask(), str(TASK))
    ended(culm, "done")

    assert status(culm) is TaskStatus.ABORTED


def test_a_reloaded_child_asks_its_parent_again() -> None:
    culm = a_child()
    culm.send(KillTask(), str(TASK))
    culm.send(ReloadTask(), str(TASK))

    command = RefineTask(definition=a_definition(), parameters_revision=1)
    assert culm.send(command, str(TASK), role="system").accepted
    assert status(culm) is TaskStatus.PENDING
    ended(culm, "done")

    assert status(culm) is TaskStatus.READY


def test_the_end_of_another_task_means_nothing() -> None:
    culm = a_child()

    answer = culm.send(RecordParentEnd(parent_task_id=7, parent_status="failed"), str(TASK), role="system")

    assert (answer.accepted, answer.reason, status(culm)) == (False, "OTHER_PARENT", TaskStatus.PENDING)


def test_a_task_has_a_thousand_children_and_no_more() -> None:
    culm = a_child()
    parent = culm.state("task", PARENT)
    for number in range(CHILDREN_MAX):
        parent.children[number + 1] = None

    submitted(culm, GRANDCHILD, PARENT)
    refined(culm, GRANDCHILD)

    assert status(culm, GRANDCHILD) is TaskStatus.BROKEN
    assert "children, expected fewer than 1,000" in culm.last(TaskBroken).message


def test_a_child_is_registered_once() -> None:
    culm = a_child()
    before = len(culm.events)

    assert culm.send(RegisterChild(child_task_id=TASK), str(PARENT), role="system").accepted

    assert len(culm.events) == before


#: docs/reference/jedi.md, "Final status": all of the input done, by the parent.
VERDICTS = [
    ("", TaskVerdict.DONE, ""),
    ("done", TaskVerdict.DONE, ""),
    ("finished", TaskVerdict.FINISHED, "all input units are done, but parent task 10000900 is finished"),
    ("at_work", TaskVerdict.FINISHED, "all input units are done, but parent task 10000900 is at work"),
    ("failed", TaskVerdict.FAILED, "all input units are done, but parent task 10000900 is failed"),
    ("broken", TaskVerdict.FAILED, "all input units are done, but parent task 10000900 is broken"),
    ("aborted", TaskVerdict.FAILED, "all input units are done, but parent task 10000900 is aborted"),
]


@pytest.mark.parametrize(("parent", "verdict", "message"), VERDICTS)
def test_a_task_is_not_better_than_its_parent(parent: str, verdict: TaskVerdict, message: str) -> None:
    assert verdict_beside_parent(Task(parent_task_id=PARENT, parent_status=parent)) == (verdict, message)


def test_what_is_known_of_parent_and_children_outlives_a_restart() -> None:
    culm = a_child()
    refined_late = a_culm()
    refined_late.send(a_submission(), str(TASK))
    command = RefineTask(definition=input_of("user.jdoe.later", "user.jdoe.too"), parameters_revision=0)
    refined_late.send(command, str(TASK), role="system")

    for task in (the_task(culm), culm.state("task", PARENT), the_task(refined_late)):
        assert TASK_ROWS.restored(dict(TASK_ROWS.rows(task, {MAIN, *TASK_ROWS.names(task)}))) == task
    dataset = refined_late.state("dataset", "user.jdoe.later")
    assert DATASET_ROWS.restored(dict(DATASET_ROWS.rows(dataset, {MAIN}))) == dataset
    assert dict(dataset.awaiting) == {TASK: "wlcg"}
