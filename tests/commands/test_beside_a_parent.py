"""A task beside its parent (noWaitParent, as `prun --parentTaskID` asks): it takes what the parent makes and ends after it."""

from typing import Any

from commands.task.transitions import TaskStatus
from commands.undo import UndoDict
from schemas.task import FeedContents, FinishTask, ParkTask, PauseTask, RefineTask, ResumeTask, TaskBroken
from schemas.types import BrokerageEvidence
from tests.commands.builders import TASK, a_queue, generate_all, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_parents import PARENT, ended, refined, status, submitted
from tests.commands.test_waiting_for_input import input_of, ordered, register


def test_the_input_of_an_impatient_child_is_waited_for_while_its_parent_is_at_work() -> None:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    submitted(culm, TASK, PARENT)
    definition = input_of("user.jdoe.made", wait_input=False, no_wait_parent=True)
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    assert status(culm) is TaskStatus.PENDING

    register(culm, "user.jdoe.made", "a")

    assert status(culm) is TaskStatus.READY


def beside_a_parent(*lfns: str, **definition: Any) -> Culm:
    """A task with noWaitParent whose input has these files while its parent is at work; its jobs wait for pilots."""
    culm = a_culm()
    a_queue(culm)
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    register(culm, "user.jdoe.made", *lfns)
    submitted(culm, TASK, PARENT)
    wanted = input_of("user.jdoe.made", wait_input=False, no_wait_parent=True, **definition)
    culm.send(RefineTask(definition=wanted, parameters_revision=0), str(TASK), role="system")
    generate_all(culm)
    return culm


def test_an_impatient_child_takes_what_its_parent_adds_and_has_not_ended_before_it() -> None:
    culm = beside_a_parent("a")
    run_all(culm)
    assert (status(culm), the_task(culm).finished) == (TaskStatus.RUNNING, 1)

    register(culm, "user.jdoe.made", "b", "c")
    assert ordered(culm) == ["b", "c"]
    generate_all(culm)
    run_all(culm)
    assert status(culm) is TaskStatus.RUNNING
    ended(culm, "done")

    assert (status(culm), the_task(culm).finished) == (TaskStatus.DONE, 3)


def test_an_impatient_child_takes_files_while_its_jobs_run_and_while_it_is_paused() -> None:
    for paused in (False, True):
        culm = beside_a_parent("a")
        register(culm, "user.jdoe.made", "b")
        if paused:
            culm.send(PauseTask(), str(TASK))

        ended(culm, "done")
        if paused:
            assert culm.send(ResumeTask(), str(TASK)).accepted
        run_all(culm)

        assert (status(culm), the_task(culm).finished) == (TaskStatus.DONE, 2)


def test_an_impatient_child_that_waits_for_a_queue_takes_files_and_stays_pending() -> None:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    register(culm, "user.jdoe.made", "a")
    submitted(culm, TASK, PARENT)
    wanted = input_of("user.jdoe.made", wait_input=False, no_wait_parent=True)
    culm.send(RefineTask(definition=wanted, parameters_revision=0), str(TASK), role="system")
    parking = ParkTask(order=1, brokerage=BrokerageEvidence(seed="s"), message="no queue")
    assert culm.send(parking, str(TASK), role="system").accepted
    register(culm, "user.jdoe.made", "b")

    ended(culm, "done")

    assert (status(culm), len(the_task(culm).units), the_task(culm).orders[1].parked) == (TaskStatus.PENDING, 2, True)


def test_an_impatient_child_to_whose_input_nothing_was_added_ends_with_its_parent() -> None:
    culm = beside_a_parent("a")
    run_all(culm)

    ended(culm, "finished")

    assert status(culm) is TaskStatus.FINISHED


def test_an_impatient_child_can_be_finished_before_its_parent() -> None:
    culm = beside_a_parent("a")
    run_all(culm)

    culm.send(FinishTask(soft=True), str(TASK))

    assert status(culm) is TaskStatus.FINISHED


def test_a_chunk_that_comes_a_second_time_is_refused() -> None:
    culm = beside_a_parent("a")

    again = FeedContents(dataset="user.jdoe.made", known=True, chunk=0, chunks=2, position=1)
    assert culm.send(again, str(TASK), role="system").reason == "OUT_OF_ORDER"

    assert (len(the_task(culm).units), dict(the_task(culm).followed)) == (1, {"user.jdoe.made": 1})


def test_the_children_of_an_earlier_release_go_on_with_a_reading_that_was_under_way() -> None:
    culm = beside_a_parent("a")
    task = the_task(culm)
    task.reading, task.followed, task.fed = 1, UndoDict(), UndoDict()

    first = FeedContents(dataset="user.jdoe.made", known=True, chunk=0, chunks=1, reading=1)
    assert culm.send(first, str(TASK), role="system").accepted

    assert task.contents_complete


def test_an_impatient_child_breaks_when_its_parent_ended_without_making_its_input() -> None:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    submitted(culm, TASK, PARENT)
    definition = input_of("user.jdoe.made", wait_input=False, no_wait_parent=True)
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")

    ended(culm, "done")

    assert status(culm) is TaskStatus.BROKEN
    assert culm.last(TaskBroken).message == "input dataset user.jdoe.made does not exist"


def test_a_child_that_did_all_beside_a_parent_at_work_is_finished() -> None:
    culm = a_culm()
    submitted(culm, PARENT, None)
    refined(culm, PARENT)
    a_queue(culm)
    submitted(culm, TASK, PARENT)
    refined(culm, no_wait_parent=True)
    generate_all(culm)

    run_all(culm)

    assert status(culm) is TaskStatus.FINISHED
