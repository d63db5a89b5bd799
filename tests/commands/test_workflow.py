"""Workflows: what arrives, what is released, pruned and run again, and what the tasks of works get."""

from itertools import pairwise

import pytest

from commands.workflow import slices
from commands.workflow.settle import outcome_of
from schemas.task import KillTask
from schemas.types import WorkEnd, WorkflowEnding, WorkflowOutcome
from schemas.workflow import (
    AbortWorkflow,
    AdvanceWorkflow,
    CloseWorkflow,
    NodesAdvanced,
    RecordUnitEnds,
    RecordWorkEnd,
    ResumeWorkflow,
    RetryWorkflow,
    StartWork,
    SuspendWorkflow,
    WorkEnded,
    WorkflowFinalized,
)
from tests.commands.in_memory import a_culm
from tests.commands.workflow_scenes import REQUEST, Alone, Jobs, a_workflow, compiled, submission, task_of

#: Nodes 0, 1 (first work), 2, 3 (second work): 2 waits for 0, 3 for both.
DIAMOND: Jobs = {"top": {"a": [], "b": []}, "low": {"c": [("top", "a")], "d": [("top", "a"), ("top", "b")]}}


def told(alone: Alone, since: int = 0) -> list[tuple[str, str, list[tuple[int, int]]]]:
    """Task, command and units of what tasks got."""
    return [
        (task, type(command).__name__, [(one.first, one.last) for one in getattr(command, "units", ())])
        for task, command in alone.told[since:]
    ]


def test_jobs_that_wait_for_nothing_are_released_and_the_others_with_their_last_parent() -> None:
    alone = a_workflow(DIAMOND)
    released = told(alone)

    alone.end(0)
    alone.end(1)

    assert released == [("20000000", "ReleaseInput", [(1, 2)])]
    assert told(alone)[1:] == [("20000001", "ReleaseInput", [(1, 1)]), ("20000001", "ReleaseInput", [(2, 2)])]
    assert alone.states() == ["finished", "finished", "released", "released"]


def test_a_job_is_pruned_when_all_its_parents_ended_and_not_before() -> None:
    alone = a_workflow(DIAMOND)

    alone.end(0, well=False)
    before = alone.states()
    alone.end(1)

    assert before == ["failed", "released", "pruned", "waiting"]
    assert alone.states() == ["failed", "finished", "pruned", "pruned"]
    assert told(alone)[1:] == [("20000001", "DropInput", [(1, 1)]), ("20000001", "DropInput", [(2, 2)])]


def test_pruning_goes_on_behind_what_is_pruned() -> None:
    chain: Jobs = {"w": {f"j{number}": [("w", f"j{number - 1}")] if number else [] for number in range(5)}}
    alone = a_workflow(chain)

    alone.end(0, well=False)

    assert told(alone)[1:] == [("20000000", "DropInput", [(2, 5)])]
    assert alone.events[-1].pruned_total == 4


def test_an_end_that_is_said_twice_releases_once() -> None:
    alone = a_workflow(DIAMOND)
    alone.end(0)

    again = alone.end(0)

    assert (again.events, again.follow_ups) == ((), ())


def test_a_parent_with_many_children_is_counted_slice_by_slice() -> None:
    children = 3 * slices.SLICE_STEPS
    alone = a_workflow({"w": {"p": []}, "v": {f"c{number}": [("w", "p")] for number in range(children)}})
    before = len(alone.events)

    first = alone.end(0)
    in_first = alone.states().count("released")
    alone.go_on()

    advanced = [event for event in alone.events[before:] if isinstance(event, NodesAdvanced)]
    assert first.events[0].partial_children > 0
    assert 0 < in_first < children
    assert [one.more for one in advanced] == [True] * (len(advanced) - 1) + [False]
    assert max(one.released_total for one in advanced) <= slices.SLICE_STEPS
    assert sum(one.released_total for one in advanced) == children
    assert alone.states() == ["finished", *["released"] * children]


def test_a_failure_that_prunes_many_leaves_room_for_others_between_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_STEPS", 10)
    chain = {f"j{number}": [("w", f"j{number - 1}")] if number else [] for number in range(50)}
    alone = a_workflow({"w": chain, "v": {"x": [], "y": []}})
    alone.end(0, well=False)
    waiting = alone.slices

    alone.end(50)

    assert waiting == 1
    assert alone.slices == 1, "one command to go on is under way, not two"
    assert alone.states()[50] == "finished"
    alone.go_on()
    assert alone.states() == ["failed", *["pruned"] * 49, "finished", "released"]


def test_a_suspended_workflow_counts_ends_and_releases_when_it_is_resumed() -> None:
    alone = a_workflow(DIAMOND)
    alone.send(SuspendWorkflow())

    alone.end(0, 1)
    held = alone.states()
    alone.send(ResumeWorkflow())
    alone.go_on()

    assert held == ["finished", "finished", "waiting", "waiting"]
    assert alone.states() == ["finished", "finished", "released", "released"]
    assert [name for _, name, _ in told(alone)[1:]] == ["PauseTask", "PauseTask", "ResumeTask", "ResumeTask", "ReleaseInput"]


def test_a_work_that_gets_its_task_passes_on_what_was_released_before() -> None:
    alone = Alone()
    for command in submission(compiled(DIAMOND)):
        alone.send(command)
    alone.send(StartWork(work=0, task_id=task_of(0)))
    alone.go_on()
    alone.end(0)
    nothing = told(alone)[1:]

    alone.send(StartWork(work=1, task_id=task_of(1)))

    assert nothing == []
    assert told(alone)[1:] == [("20000001", "ReleaseInput", [(1, 1)])]


def test_a_work_whose_jobs_were_all_pruned_needs_no_task() -> None:
    alone = Alone()
    for command in submission(compiled(DIAMOND)):
        alone.send(command)
    alone.send(StartWork(work=0, task_id=task_of(0)))
    alone.go_on()

    alone.end(0, 1, well=False)
    late = alone.send(StartWork(work=1, task_id=task_of(1))).refusal

    assert late is not None
    assert (alone.events[-1].name, alone.events[-1].end, late.reason) == ("low", WorkEnd.FAILED, "WRONG_STATUS")
    assert told(alone)[1:] == [("20000001", "KillTask", [])]


def test_a_work_ends_when_its_jobs_and_its_task_have_ended_and_the_workflow_with_its_works() -> None:
    alone = a_workflow(DIAMOND)
    alone.end(0, 1)
    alone.end(2)
    alone.end(3, well=False)
    by_jobs = [event for event in alone.events if isinstance(event, WorkEnded)]

    for work in (0, 1):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FINISHED))

    ends = [(event.name, event.end) for event in alone.events if isinstance(event, WorkEnded)]
    assert by_jobs == []
    assert ends == [("top", WorkEnd.FINISHED), ("low", WorkEnd.SUBFINISHED)]
    assert alone.events[-1] == WorkflowFinalized(outcome=WorkflowOutcome.SUBFINISHED, finished=3, failed=1, pruned=0)


def test_jobs_of_a_task_that_ended_are_given_up_and_what_waits_for_them_is_pruned() -> None:
    alone = a_workflow(DIAMOND)
    alone.end(0)

    alone.send(RecordWorkEnd(task_id=task_of(0), end=WorkEnd.FAILED))
    alone.go_on()

    assert alone.states() == ["finished", "failed", "released", "pruned"]


def test_an_abort_kills_the_tasks_prunes_what_waits_and_ends_cancelled() -> None:
    alone = a_workflow(DIAMOND)
    alone.end(0)
    before = len(alone.told)

    alone.send(AbortWorkflow(reason="enough"))
    alone.go_on()
    for work in (0, 1):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.CANCELLED))
        alone.go_on()

    assert [(task, type(one), one.reason) for task, one in alone.told[before:]] == [
        ("20000000", KillTask, "enough"), ("20000001", KillTask, "enough"),
    ]  # fmt: skip
    assert alone.states() == ["finished", "failed", "failed", "pruned"]
    assert (alone.events[-1].outcome, alone.events[-1].message) == (WorkflowOutcome.CANCELLED, "enough")


def test_a_retry_runs_what_failed_and_what_was_pruned_and_nothing_that_ended_well() -> None:
    alone = a_workflow(DIAMOND)
    alone.end(0)
    alone.end(1, well=False)
    alone.end(2)
    for work in (0, 1):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FINISHED))
    before = len(alone.told)

    alone.send(RetryWorkflow())
    alone.send(RetryWorkflow())
    alone.go_on()

    assert alone.states() == ["finished", "released", "finished", "waiting"]
    assert told(alone, before) == [
        ("20000000", "ReloadTask", []), ("20000000", "HoldInput", [(2, 2)]), ("20000001", "ReloadTask", []),
        ("20000001", "HoldInput", [(2, 2)]), ("20000000", "ReleaseInput", [(2, 2)]),
    ]  # fmt: skip
    alone.end(1)
    assert told(alone)[-1] == ("20000001", "ReleaseInput", [(2, 2)])


def test_a_job_that_ends_well_after_all_is_not_run_again() -> None:
    alone = a_workflow(DIAMOND)
    alone.end(0, well=False)
    alone.end(1)

    alone.end(0)

    assert alone.states() == ["finished", "finished", "pruned", "pruned"]
    for work in (0, 1):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FINISHED))
    alone.send(RetryWorkflow())
    alone.go_on()
    assert alone.states() == ["finished", "finished", "released", "released"]


def test_a_closed_workflow_starts_no_works_and_lets_the_others_go_on() -> None:
    alone = Alone()
    for command in submission(compiled(DIAMOND)):
        alone.send(command)
    alone.send(StartWork(work=0, task_id=task_of(0)))
    alone.go_on()

    alone.send(CloseWorkflow())
    alone.go_on()
    alone.end(0, 1)
    alone.send(RecordWorkEnd(task_id=task_of(0), end=WorkEnd.FINISHED))
    late = alone.send(StartWork(work=1, task_id=task_of(1)))

    assert alone.states() == ["finished", "finished", "pruned", "pruned"]
    assert alone.events[-1].outcome is WorkflowOutcome.SUBFINISHED
    assert late.refusal is not None
    assert (late.refusal.reason, told(alone)[-1]) == ("WRONG_STATUS", ("20000001", "KillTask", []))


def test_works_without_jobs_end_with_their_tasks_or_without_one() -> None:
    alone = a_workflow({"w": {}, "v": {}})

    alone.send(RecordWorkEnd(task_id=task_of(0), end=WorkEnd.FINISHED))
    alone.send(RecordWorkEnd(task_id=task_of(1), end=WorkEnd.FINISHED))

    assert alone.events[-1].outcome is WorkflowOutcome.FINISHED


F, S, X, C = WorkEnd.FINISHED, WorkEnd.SUBFINISHED, WorkEnd.FAILED, WorkEnd.CANCELLED


@pytest.mark.parametrize(
    ("ends", "ending", "expected"),
    [
        ([F, F], None, "FINISHED"),
        ([F, None], WorkflowEnding.CLOSE, "SUBFINISHED"),
        ([X, C], None, "FAILED"),
        ([F, X], None, "SUBFINISHED"),
        ([S], None, "SUBFINISHED"),
        ([F, F], WorkflowEnding.ABORT, "FINISHED"),
        ([F, None], WorkflowEnding.ABORT, "CANCELLED"),
        ([C, C], WorkflowEnding.ABORT, "CANCELLED"),
        ([C, F], WorkflowEnding.EXPIRE, "EXPIRED"),
        ([], WorkflowEnding.ABORT, "CANCELLED"),
        ([None, None], WorkflowEnding.CLOSE, "FAILED"),
        ([S, X], WorkflowEnding.FINISH, "SUBFINISHED"),
    ],
)
def test_a_workflow_ends_as_its_works_did(ends: list[WorkEnd | None], ending: WorkflowEnding | None, expected: str) -> None:
    assert outcome_of(ends, ending) is WorkflowOutcome(expected)


def test_a_workflow_is_its_owners_and_no_one_of_another_organisation_learns_or_changes_it() -> None:
    culm = a_culm()
    commands = submission(compiled(DIAMOND))
    answers = [culm.send(command, REQUEST) for command in commands]

    others = [
        culm.send(AbortWorkflow(), REQUEST, actor="bob"),
        culm.send(AbortWorkflow(), REQUEST, vo="lsst"),
        culm.send(RecordUnitEnds(task_id=1), REQUEST),
        culm.send(AdvanceWorkflow(), REQUEST),
    ]
    mine = culm.send(AbortWorkflow(), REQUEST)

    assert all(answer.accepted for answer in answers)
    assert [answer.reason for answer in others] == ["NOT_PERMITTED"] * 4
    assert mine.event_types[0] == "WorkflowEndOrdered"
    assert culm.letters == []


def test_events_of_a_workflow_are_numbered_and_it_goes_on_by_itself_through_the_log() -> None:
    culm = a_culm()
    for command in submission(compiled(DIAMOND)):
        culm.send(command, REQUEST)

    names = culm.names()

    assert names[-2:] == ["WorkflowSealed", "NodesAdvanced"]
    sequences = [envelope.sequence for _, envelope in culm.events]
    assert all(after == before + 1 for before, after in pairwise(sequences))

