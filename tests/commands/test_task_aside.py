"""A task whose record became a dead letter waits, says why, and goes on when the letter is settled."""

from schemas.task import (
    GenerateJobs,
    KillTask,
    PauseTask,
    RefineTask,
    RestoreTask,
    ResumeTask,
    SetTaskAside,
    TaskRestored,
    TaskSetAside,
    WakeTask,
)
from schemas.types import BrokerageEvidence, JobKind, JobPlan
from tests.commands.builders import QUEUE, TASK, a_definition, a_queue, a_running_task, a_submission, run_all, the_task
from tests.commands.in_memory import Culm, a_culm

LETTER, OTHER = "4f1d0f4e-8a39-5d8e-a2b0-2d6f6e1c7a11", "9d2b6a0e-1111-5222-8333-944444444444"
BUG = "reaction generate met a bug"


def say(culm: Culm, command: object) -> str:
    """Send it as the processors do; what the answer says."""
    answer = culm.send(command, str(TASK), role="system")
    return "accepted" if answer.accepted else str(answer.reason)


def a_task(*, refined: bool = True) -> Culm:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    if refined:
        say(culm, RefineTask(definition=a_definition(), parameters_revision=0))
    return culm


def plan(culm: Culm) -> GenerateJobs:
    number, order = next(iter(the_task(culm).orders.items()))
    plans = tuple(JobPlan(unit_ids=(unit,), queue=QUEUE) for unit in order.units)
    return GenerateJobs(order=number, kind=JobKind.NORMAL, plans=plans, brokerage=BrokerageEvidence(seed="s"))


def test_a_task_whose_order_met_a_bug_waits_with_the_letter_and_goes_on_with_the_retry() -> None:
    culm = a_task()

    assert say(culm, SetTaskAside(dead_letter_id=LETTER, message=BUG)) == "accepted"
    assert the_task(culm).status == "pending"
    assert culm.last(TaskSetAside).message == f"set aside: dead letter {LETTER}, {BUG}"

    assert say(culm, RestoreTask(dead_letter_id=LETTER)) == "accepted"
    assert the_task(culm).status == "ready"
    assert say(culm, plan(culm)) == "accepted"
    run_all(culm)
    assert the_task(culm).status == "done"


def test_a_task_that_could_not_be_refined_is_refined_by_the_retry() -> None:
    culm = a_task(refined=False)

    say(culm, SetTaskAside(dead_letter_id=LETTER, message="reaction refine met a bug"))
    assert the_task(culm).status == "pending"
    assert say(culm, PauseTask()) == "WRONG_STATUS"

    say(culm, RestoreTask(dead_letter_id=LETTER))
    assert the_task(culm).status == "registered"
    assert say(culm, RefineTask(definition=a_definition(), parameters_revision=0)) == "accepted"


def test_neither_clock_nor_queue_wakes_a_task_that_was_set_aside() -> None:
    culm = a_task()
    say(culm, SetTaskAside(dead_letter_id=LETTER, message=BUG))

    assert say(culm, WakeTask(cause="TIMER")) == "NOT_PARKED"


def test_the_same_letter_is_said_once_and_a_foreign_one_is_refused() -> None:
    culm = a_task()

    for _ in range(2):
        assert say(culm, SetTaskAside(dead_letter_id=LETTER, message=BUG)) == "accepted"
    assert say(culm, RestoreTask(dead_letter_id=OTHER)) == "NOT_SET_ASIDE"
    assert say(culm, RestoreTask(dead_letter_id=LETTER)) == "accepted"
    assert say(culm, RestoreTask(dead_letter_id=LETTER)) == "NOT_SET_ASIDE"


def test_the_status_comes_back_with_the_last_letter() -> None:
    culm = a_running_task()
    for letter in (LETTER, OTHER):
        say(culm, SetTaskAside(dead_letter_id=letter, message=BUG))

    say(culm, RestoreTask(dead_letter_id=OTHER))
    assert the_task(culm).status == "pending"
    assert culm.last(TaskRestored).message == f"set aside: dead letter {LETTER}, {BUG}"

    say(culm, RestoreTask(dead_letter_id=LETTER))
    assert the_task(culm).status == "running"
    run_all(culm)
    assert the_task(culm).status == "done"


def test_a_paused_task_resumes_to_what_the_letter_interrupted() -> None:
    culm = a_running_task()
    say(culm, SetTaskAside(dead_letter_id=LETTER, message=BUG))
    say(culm, PauseTask())

    say(culm, RestoreTask(dead_letter_id=LETTER))
    say(culm, ResumeTask())

    assert the_task(culm).status == "running"


def test_a_task_that_was_set_aside_can_be_killed_and_forgets_its_letters() -> None:
    culm = a_task(refined=False)
    say(culm, SetTaskAside(dead_letter_id=LETTER, message=BUG))

    say(culm, KillTask(reason="no more"))

    assert the_task(culm).status == "aborted"
    assert say(culm, RestoreTask(dead_letter_id=LETTER)) == "NOT_SET_ASIDE"
    assert say(culm, SetTaskAside(dead_letter_id=OTHER, message=BUG)) == "WRONG_STATUS"
