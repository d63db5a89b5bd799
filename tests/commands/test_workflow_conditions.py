"""Conditions between works: which start, when, once; and what becomes of those that none starts."""

from typing import Any

from commands.workflow.transitions import WorkflowStatus
from schemas.task import HoldInput, KillTask, PauseTask, ReleaseInput, ReloadTask, ResumeTask
from schemas.types import (
    ConditionBranch,
    PredicateMethod,
    PredicateValue,
    WorkEnd,
    WorkflowOutcome,
)
from schemas.workflow import (
    AbortWorkflow,
    CloseWorkflow,
    ConditionEvaluated,
    RecordWorkEnd,
    ResumeWorkflow,
    RetryWorkflow,
    StartWork,
    SuspendWorkflow,
    WorkflowFinalized,
)
from streams.idds.model import ConditionMethod, Operator, Predicate, WorkCondition, WorkMethod
from tests.commands.workflow_scenes import Alone, Jobs, a_workflow, compiled, conditions_of, submission, task_of

M = PredicateMethod
#: Nodes 0 to 3; `d` has no jobs.
JOBS: Jobs = {"a": {"j": []}, "b": {"j": []}, "c": {"j": [], "k": [("c", "j")]}, "d": {}}
A, B, C, D = range(4)


def when(name: str, *predicates: Predicate, true: Any = (), false: Any = (), either: bool = False) -> WorkCondition:
    return WorkCondition(name, Operator.OR if either else Operator.AND, predicates, true, false)


def a_flow(*conditions: WorkCondition, first: tuple[str, ...] = ("a", "b")) -> Alone:
    """The workflow of `JOBS` without the works that nothing starts."""
    found = conditions_of(JOBS, conditions, first)
    jobs = {name: one for name, one in JOBS.items() if name in first or name in found.waiting}
    return a_workflow(jobs, conditions=conditions_of(jobs, conditions, first))


def end_of(alone: Alone, node: int, work: int, *, well: bool = True) -> None:
    alone.end(node, well=well)
    alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FINISHED if well else WorkEnd.FAILED))
    alone.go_on()


def opened(alone: Alone) -> list[str]:
    return [work.name for work in alone.workflow.works.values() if work.is_open]


def told(alone: Alone, work: int, kind: type) -> list[Any]:
    return [command for task, command in alone.told if task == str(task_of(work)) and isinstance(command, kind)]


def outcome(alone: Alone) -> WorkflowOutcome | None:
    ends = [one.outcome for one in alone.events if isinstance(one, WorkflowFinalized)]
    return ends[-1] if ends else None


def finished(work: str) -> WorkMethod:
    return WorkMethod("is_finished", work)


def test_a_true_branch_starts_when_its_predicates_hold_and_not_before() -> None:
    alone = a_flow(when("one", finished("a"), finished("b"), true=("c",)), when("two", finished("a"), true=("d",)))
    before = (opened(alone), alone.states())

    end_of(alone, 0, A)
    one_ended = opened(alone)
    end_of(alone, 1, B)

    assert before == (["a", "b"], ["released", "released", "waiting", "waiting"])
    assert one_ended == ["a", "b", "d"]
    assert opened(alone) == ["a", "b", "c", "d"]
    assert alone.states()[2:] == ["released", "waiting"]


def test_a_false_branch_waits_until_all_that_is_asked_has_ended() -> None:
    alone = a_flow(when("one", WorkMethod("is_failed", "a"), WorkMethod("is_failed", "b"), false=("c",)))

    end_of(alone, 0, A)
    one_ended = opened(alone)
    end_of(alone, 1, B)

    assert one_ended == ["a", "b"]
    assert opened(alone) == ["a", "b", "c"]


def test_what_was_found_is_kept_value_by_value() -> None:
    inner = when("inner", finished("b"))
    alone = a_flow(when("one", WorkMethod("is_processed", "a"), ConditionMethod("is_condition_false", inner), true=("c",)))
    end_of(alone, 0, A)

    end_of(alone, 1, B, well=False)

    (taken,) = [one for one in alone.events if isinstance(one, ConditionEvaluated)]
    assert (taken.condition_id, taken.branch, taken.works, taken.more) == ("one", ConditionBranch.TRUE, (C,), True)
    assert taken.values == (
        PredicateValue(method=M.PROCESSED, work=A, end=WorkEnd.FINISHED, value=True),
        PredicateValue(method=M.FINISHED, work=B, end=WorkEnd.FAILED, value=False),
        PredicateValue(method=M.FAILS, condition=0, value=True),
    )


def test_that_another_condition_does_not_hold_is_true_only_when_its_works_have_ended() -> None:
    inner = when("inner", finished("b"))
    alone = a_flow(when("one", ConditionMethod("is_condition_false", inner), true=("c",)))
    at_first = opened(alone)

    end_of(alone, 1, B, well=False)

    assert (at_first, opened(alone)) == (["a", "b"], ["a", "b", "c"])


def test_a_condition_behind_a_branch_is_asked_when_the_branch_is_taken() -> None:
    inner = when("inner", WorkMethod("is_failed", "b"), true=("c",), false=("d",))
    alone = a_flow(when("outer", finished("a"), false=(inner,)))

    end_of(alone, 1, B, well=False)
    only_b = opened(alone)
    end_of(alone, 0, A, well=False)

    assert (only_b, opened(alone)) == (["a", "b"], ["a", "b", "c"])
    assert [one.condition_id for one in alone.events if isinstance(one, ConditionEvaluated)] == ["outer", "inner"]


def test_a_target_of_two_conditions_starts_once() -> None:
    alone = a_flow(when("one", finished("a"), true=("c",)), when("two", finished("b"), true=("c",)))

    end_of(alone, 0, A)
    end_of(alone, 1, B)

    assert [one.works for one in alone.events if isinstance(one, ConditionEvaluated)] == [(C,), ()]
    assert alone.releases[2] == 1


def test_a_work_without_jobs_is_released_as_a_whole() -> None:
    alone = a_flow(when("one", finished("a"), true=("c", "d")))
    before = told(alone, D, ReleaseInput)

    end_of(alone, 0, A)

    assert before == []
    (released,) = told(alone, D, ReleaseInput)
    assert [(one.first, one.last) for one in released.units] == [(1, 1)]


def test_a_task_that_comes_after_its_work_was_opened_learns_what_may_run() -> None:
    alone = Alone()
    conditions = conditions_of(JOBS, (when("one", true=("c", "d")),), ("a", "b"))
    for command in submission(compiled(JOBS), conditions=conditions):
        alone.send(command)
    alone.go_on()

    for work in (C, D):
        alone.send(StartWork(work=work, task_id=task_of(work)))

    assert [[(one.first, one.last) for one in told(alone, work, ReleaseInput)[0].units] for work in (C, D)] == [[(1, 1)]] * 2


def test_what_no_condition_started_is_killed_and_the_request_ends_subfinished() -> None:
    alone = a_flow(when("one", finished("a"), true=("c",), false=("d",)))
    end_of(alone, 0, A)
    end_of(alone, 1, B)
    for node in (2, 3):
        alone.end(node)

    alone.send(RecordWorkEnd(task_id=task_of(C), end=WorkEnd.FINISHED))
    after = len(alone.events)
    alone.send(RecordWorkEnd(task_id=task_of(D), end=WorkEnd.CANCELLED))

    assert outcome(alone) is WorkflowOutcome.SUBFINISHED
    assert [type(one) for one in told(alone, D, KillTask)] == [KillTask]
    assert len(alone.events) == after


def test_all_works_started_and_well_is_finished() -> None:
    alone = a_flow(when("one", finished("a"), true=("c", "d")))
    end_of(alone, 0, A)
    end_of(alone, 1, B)
    for node in (2, 3):
        alone.end(node)

    for work in (C, D):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FINISHED))

    assert outcome(alone) is WorkflowOutcome.FINISHED


def test_after_an_abort_a_true_branch_starts_and_a_false_one_does_not() -> None:
    ended = (WorkMethod("is_terminated", "a"), WorkMethod("is_terminated", "b"))
    alone = a_flow(when("final", *ended, true=("c",)), when("one", finished("a"), false=("d",)))
    end_of(alone, 1, B)

    alone.send(AbortWorkflow())
    alone.go_on()
    killed = [bool(told(alone, work, KillTask)) for work in (A, B, C, D)]
    alone.send(RecordWorkEnd(task_id=task_of(A), end=WorkEnd.CANCELLED))
    alone.go_on()
    after = (opened(alone), alone.states())
    alone.end(2)
    alone.end(3)
    alone.send(RecordWorkEnd(task_id=task_of(C), end=WorkEnd.FINISHED))

    assert killed == [True, False, False, False]
    assert after == (["a", "b", "c"], ["failed", "finished", "released", "waiting"])
    assert [(one.first, one.last) for command in told(alone, C, ReleaseInput) for one in command.units] == [(1, 1), (2, 2)]
    assert outcome(alone) is WorkflowOutcome.CANCELLED


def test_a_second_abort_ends_what_started_after_the_first() -> None:
    alone = a_flow(when("final", WorkMethod("is_terminated", "a"), true=("c",)))
    end_of(alone, 1, B)
    alone.send(AbortWorkflow())
    alone.send(RecordWorkEnd(task_id=task_of(A), end=WorkEnd.CANCELLED))
    alone.go_on()

    alone.send(AbortWorkflow())
    alone.send(RecordWorkEnd(task_id=task_of(C), end=WorkEnd.CANCELLED))
    alone.go_on()

    assert len(told(alone, C, KillTask)) == 1
    assert outcome(alone) is WorkflowOutcome.CANCELLED


def test_a_suspended_workflow_takes_no_branch_until_it_is_resumed() -> None:
    alone = a_flow(when("one", finished("a"), true=("c",)))
    alone.send(SuspendWorkflow())
    end_of(alone, 0, A)
    end_of(alone, 1, B)
    resting = (alone.workflow.status, opened(alone))

    alone.send(ResumeWorkflow())
    alone.go_on()

    assert resting == (WorkflowStatus.SUSPENDED, ["a", "b"])
    assert opened(alone) == ["a", "b", "c"]
    assert alone.states()[2] == "released"
    assert [bool(told(alone, work, kind)) for work in (B, C) for kind in (PauseTask, ResumeTask)] == [True, False, False, False]


def test_a_workflow_that_is_closed_starts_no_more_works() -> None:
    alone = a_flow(when("one", finished("a"), true=("c",)))
    alone.send(CloseWorkflow())

    end_of(alone, 0, A)
    end_of(alone, 1, B)

    assert opened(alone) == ["a", "b"]
    assert outcome(alone) is WorkflowOutcome.SUBFINISHED


def test_a_retry_asks_all_conditions_again_and_holds_what_waits_for_them() -> None:
    alone = a_flow(when("one", finished("a"), true=("c",), false=("d",)))
    end_of(alone, 1, B)
    end_of(alone, 0, A, well=False)
    alone.send(RecordWorkEnd(task_id=task_of(D), end=WorkEnd.FINISHED))
    alone.send(RecordWorkEnd(task_id=task_of(C), end=WorkEnd.CANCELLED))
    assert outcome(alone) is WorkflowOutcome.SUBFINISHED

    alone.send(RetryWorkflow())
    alone.go_on()
    again = opened(alone)
    end_of(alone, 0, A)

    assert again == ["a", "b", "d"]
    assert [(one.first, one.last) for one in told(alone, C, HoldInput)[0].units] == [(1, 2)]
    assert [bool(told(alone, work, ReloadTask)) for work in (A, B, C, D)] == [True, False, True, False]
    assert opened(alone) == ["a", "b", "c", "d"]
    assert alone.states() == ["finished", "finished", "released", "waiting"]


def test_what_is_started_starting_and_running_is_asked_at_once() -> None:
    alone = Alone()
    conditions = conditions_of(JOBS, (
        when("starting", WorkMethod("is_starting", "a"), true=("c",)),
        when("running", WorkMethod("is_running", "a"), WorkMethod("is_started", "a"), true=("d",)),
    ), ("a", "b"))  # fmt: skip
    for command in submission(compiled(JOBS), conditions=conditions):
        alone.send(command)
    before = opened(alone)
    alone.send(StartWork(work=A, task_id=task_of(A)))

    assert (before, opened(alone)) == (["a", "b", "c"], ["a", "b", "c", "d"])
